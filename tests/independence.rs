//! What is said to commute does: by brute force, both orders of every pair of choices in every
//! small state, and in the states of generated programs.
//!
//! The tables of what is missed, though it commutes: `-- --nocapture`.
#![cfg(feature = "check")]

#[path = "independence/scenes.rs"]
mod scenes;
#[path = "independence/tally.rs"]
mod tally;

use std::collections::{BTreeSet, VecDeque};

use scenes::{Then, play};
use selvedge::machine::{Machine, State};
use selvedge::program::{Program, Size, generate};
use selvedge::run::Budget;
use tally::{Point, Tally};

fn check(order: &str, at_least: u64) {
    let mut tally = Tally::default();
    for (kind, most) in [("", 3), ("plain", 2), ("signal", 3)] {
        for permits in 0..=most {
            play(order, kind, permits, Then::End, &mut tally);
        }
    }
    play(order, "", 2, Then::Barge, &mut tally);
    println!("order={order}\n{tally}");
    assert!(tally.exact > at_least, "{}", tally.exact);
}

#[test]
fn fifo() {
    check("fifo", 26_000);
}

#[test]
fn fifo_partial() {
    check("fifo-partial", 0);
}

#[test]
fn barging() {
    check("barging", 1_000);
}

/// Up to `limit` states of a program, in the order in which they are reached.
fn states(machine: &Machine, limit: usize, mut visit: impl FnMut(&State)) {
    let root = machine.initial(&mut ());
    let mut seen = BTreeSet::from([root.clone()]);
    let mut open = VecDeque::from([root]);
    while let Some(state) = open.pop_front() {
        visit(&state);
        for (_, next) in machine.successors(&state) {
            if seen.len() < limit && seen.insert(next.clone()) {
                open.push_back(next);
            }
        }
    }
}

#[test]
fn generated_programs() {
    let mut tally = Tally::default();
    for seed in 0..300 {
        let program = generate(seed, &Size::default());
        program_states(&program, &mut tally);
    }
    println!("generated programs\n{tally}");
    assert!(tally.exact > 26_000, "{}", tally.exact);
}

fn program_states(program: &Program, tally: &mut Tally) {
    let machine = Machine::new(program);
    tally.program = program.source().to_owned();
    states(&machine, 400, |state| {
        let successors = machine.successors(state);
        Point::new(&machine, state, &successors, |_| true).compare(tally, |_, _| true);
    });
}

/// What the scenes have not: an instance that begins by waiting in barging order, and a give out of
/// a ledger with permits of two statements, from which another worker releases.
#[test]
fn corners() {
    let mut tally = Tally::default();
    for text in [
        "semaphore s permits=0 order=barging\nworker a { spawn b }\nworker c { cancel b }\n\
         worker b spawned { acquire s }",
        "semaphore s permits=2\nworker a { acquire s; acquire s; give s to=b }\n\
         worker b { work on }\nworker c { release s from=a }",
    ] {
        let program = Program::parse(text).unwrap_or_else(|e| panic!("{e}\n{text}"));
        program_states(&program, &mut tally);
    }
}

#[test]
fn within_budgets() {
    let mut claims = 0;
    for seed in 300..400 {
        let program = generate(seed, &Size::default());
        let machine = Machine::new(&program);
        states(&machine, 300, |state| {
            let successors = machine.successors(state);
            let point = Point::new(&machine, state, &successors, |_| true);
            for units in 0..=2 {
                let left = Budget {
                    panics: units,
                    timeouts: units,
                    cancels: units,
                    preemptions: None,
                };
                claims += point.compare_within(&successors, &left, program.source());
            }
        });
    }
    println!("{claims} pairs commute within a budget");
    assert!(claims > 10_000, "{claims}");
}
