//! The classes of runs: how many there are, and that they show everything that there is to see.
#![cfg(feature = "check")]

#[path = "classes/brute.rs"]
mod brute;
#[path = "classes/programs.rs"]
mod programs;

use std::collections::BTreeSet;

use selvedge::machine::{Machine, StepBound};
use selvedge::program::{Program, Size, generate};
use selvedge::property::{Danger, Fact, Identity, cycles};
use selvedge::run::{Budget, SemaphoreId};
use selvedge::search::{
    Classes, Counted, Exhaustive, Reason, Straight, Tally, WaitClasses, Why, eligible,
};

fn never(_: &Tally) -> Option<()> {
    None
}

fn count(machine: &Machine, budget: Budget) -> Result<Counted<()>, Reason> {
    let bound = StepBound::default();
    Classes {
        machine,
        budget,
        bound,
    }
    .count(&mut never)
}

fn read(text: &str) -> Program {
    Program::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

#[test]
fn there_are_as_many_classes_as_are_known() {
    for known in programs::known().iter().filter(|known| !known.long) {
        let name = &known.name;
        let straight = Straight::new(&known.program).expect("a program without branches");
        let (waits, _) = WaitClasses { program: &straight }.count(&mut never);
        assert_eq!(waits.classes, known.waits, "{name}");
        assert_eq!(waits.deadlocked, known.deadlocked, "{name}");
        let machine = Machine::new(&known.program);
        let queues = count(&machine, Budget::default()).expect("an eligible program");
        assert_eq!(queues.tally.classes, known.queue_order, "{name}");
        assert_eq!(queues.tally.deadlocked, known.deadlocked, "{name}");
    }
}

/// Failed properties, and cycles of the order graph with their danger.
type Findings = (BTreeSet<Identity>, Vec<(Vec<SemaphoreId>, Danger)>);

fn findings<'a>(facts: impl Iterator<Item = &'a Fact> + Clone) -> Findings {
    let failed = facts.clone().filter_map(|fact| match fact {
        Fact::Failed(identity) => Some(identity.clone()),
        _ => None,
    });
    let cycles = cycles(facts, true);
    let cycles = cycles.into_iter().map(|c| (c.semaphores, c.danger));
    (failed.collect(), cycles.collect())
}

/// What was checked of a random program.
#[derive(Debug, Default)]
struct Checked {
    eligible: u32,
    brute: u32,
    findings: usize,
    undecided: usize,
    deadlocked: u64,
    classes: u64,
}

impl Checked {
    fn check(&mut self, program: &Program, budget: Budget) {
        let machine = Machine::new(program);
        let bound = StepBound::default();
        if eligible(&machine, &budget, bound).is_err() {
            return;
        }
        let exhaustive = Exhaustive {
            machine: &machine,
            budget,
            bound,
        };
        let found = exhaustive.search(&mut |p| (p.states > 20_000).then_some(()));
        if found.stopped.is_some() {
            return;
        }
        self.eligible += 1;
        let counted = count(&machine, budget).expect("eligible");
        let mut expected = findings(found.facts.keys());
        let seen = findings(counted.facts.keys());
        for &semaphore in &counted.undecided {
            let admitted = Identity::OverAdmission { semaphore };
            if !seen.0.contains(&admitted) {
                self.undecided += usize::from(expected.0.remove(&admitted));
            }
        }
        assert_eq!(seen, expected, "{}", program.source());
        self.findings += seen.0.len();
        self.deadlocked += counted.tally.deadlocked;
        self.classes += counted.tally.classes;
        if let Some((classes, stuck)) = brute::queue_orders(&machine, budget.panics, 5_000) {
            self.brute += 1;
            let Tally {
                classes: c,
                deadlocked: d,
                ..
            } = counted.tally;
            assert_eq!((c, d), (classes, stuck), "{}", program.source());
        }
    }
}

/// What the language's generator makes: few of its programs are eligible.
#[test]
fn generated_programs_show_the_same_as_all_of_their_states() {
    let size = Size {
        statements: 8,
        plots: 1,
        ..Size::default()
    };
    let mut checked = Checked::default();
    for seed in 0..6_000 {
        checked.check(&generate(seed, &size), Budget::default());
    }
    println!("{checked:?}");
    let Checked {
        eligible,
        brute,
        findings,
        ..
    } = checked;
    assert!(
        eligible >= 300 && brute >= 200 && findings >= 200,
        "{eligible} {brute} {findings}"
    );
}

/// Programs that are all eligible, and tightly knit.
#[test]
fn knit_programs_show_the_same_as_all_of_their_states() {
    let mut checked = Checked::default();
    for seed in 0..600 {
        let budget = Budget {
            panics: (seed % 3) as u32,
            ..Budget::default()
        };
        checked.check(&read(&programs::knit(seed)), budget);
    }
    println!("{checked:?}");
    let Checked {
        eligible,
        brute,
        findings,
        deadlocked,
        ..
    } = checked;
    assert_eq!(eligible, 600);
    assert!(
        brute >= 200 && findings >= 600 && deadlocked >= 600,
        "{brute} {findings} {deadlocked}"
    );
}
