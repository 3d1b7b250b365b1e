//! How often the random walk deadlocks, against the exact probability, computed by dynamic
//! programming over the machine's own states.
#![cfg(feature = "check")]

use std::collections::BTreeMap;

use selvedge::machine::{Machine, Run, State};
use selvedge::program::Program;
use selvedge::property::{Situation, Step, StepBound, Witness};
use selvedge::run::{Budget, Strategy, View};
use selvedge::strategy::RandomWalk;

fn philosophers(n: usize) -> Program {
    let mut text = String::new();
    for i in 0..n {
        text += &format!("semaphore fork{i} permits=1\n");
    }
    for i in 0..n {
        let right = (i + 1) % n;
        text += &format!(
            "worker p{i} {{ acquire fork{i}; acquire fork{right}; release fork{right}\n\
             release fork{i} }}\n"
        );
    }
    Program::parse(&text).expect("a valid program")
}

/// The probability that a walk from this state gets stuck, when each enabled choice is as likely
/// as the next.
fn stuck(machine: &Machine, state: &State, known: &mut BTreeMap<String, f64>) -> f64 {
    let key = machine.view(state).to_string();
    if let Some(&probability) = known.get(&key) {
        return probability;
    }
    let mut successors = machine.successors(state);
    successors.retain(|(choice, _)| choice.is_progress());
    let probability = if successors.is_empty() {
        f64::from(u8::from(machine.is_stuck(state)))
    } else {
        let sum: f64 = successors
            .iter()
            .map(|(_, next)| stuck(machine, next, known))
            .sum();
        sum / successors.len() as f64
    };
    known.insert(key, probability);
    probability
}

struct Count {
    stuck: u32,
}

impl Witness for Count {
    fn state(&mut self, _: &dyn View, situation: Situation, _: &Step<'_>) {
        self.stuck += u32::from(situation == Situation::Stuck);
    }
}

const RUNS: u32 = 20_000;

/// `table` is the figure that three decimals of the exact one must show.
fn check(n: usize, table: &str) {
    let program = philosophers(n);
    let machine = Machine::new(&program);
    let exact = stuck(&machine, &machine.initial(&mut ()), &mut BTreeMap::new());
    assert_eq!(format!("{exact:.3}"), table);
    let mut run = Run::new(&machine, Budget::default(), StepBound::default());
    let mut walk = RandomWalk::new(1, &Budget::default());
    let mut count = Count { stuck: 0 };
    for i in 0..u64::from(RUNS) {
        walk.begin(i);
        run.execute(&mut walk, &mut count);
    }
    let rate = f64::from(count.stuck) / f64::from(RUNS);
    let deviation = (exact * (1.0 - exact) / f64::from(RUNS)).sqrt();
    assert!(
        (rate - exact).abs() < 4.0 * deviation,
        "{n} philosophers: the walk is stuck in {rate}, exactly it is {exact}"
    );
}

#[test]
fn three_philosophers() {
    check(3, "0.333");
}

#[test]
fn five_philosophers() {
    check(5, "0.158");
}
