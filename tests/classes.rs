//! The classes of runs: how many there are, and that they show everything that there is to see.
#![cfg(feature = "check")]

#[path = "classes/brute.rs"]
mod brute;
#[path = "classes/known.rs"]
mod known;
#[path = "classes/random.rs"]
mod random;

use std::collections::BTreeSet;

use selvedge::machine::Machine;
use selvedge::program::{Program, Size, generate};
use selvedge::property::StepBound;
use selvedge::property::{Danger, Fact, Identity, cycles};
use selvedge::report::Reduction;
use selvedge::run::{Budget, SemaphoreId, StatementId};
use selvedge::search::{
    Classes, Counted, Exhaustive, Keep, Patience, Reason, Straight, Tally, WaitClasses, Why,
    eligible,
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

/// `examples/classes.rs` prints the same as a table, with what each takes.
#[test]
fn there_are_as_many_classes_as_are_known() {
    for known in known::known() {
        let name = known.name;
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
    let cycles = cycles.cycles.into_iter().map(|c| (c.semaphores, c.danger));
    (failed.collect(), cycles.collect())
}

/// What was checked of a random program.
#[derive(Default)]
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
            reduction: Reduction::None,
            keep: Keep::Whole,
        };
        let found = exhaustive.search(
            &mut |p| (p.states > 20_000).then_some(()),
            Patience::ENDLESS,
        );
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
    for seed in 0..4_000 {
        checked.check(&generate(seed, &size), Budget::default());
    }
    let Checked {
        eligible,
        brute,
        findings,
        ..
    } = checked;
    assert!(
        eligible >= 500 && brute >= 400 && findings >= 500,
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
        checked.check(&read(&random::knit(seed)), budget);
    }
    let Checked {
        eligible,
        brute,
        findings,
        deadlocked,
        ..
    } = checked;
    assert_eq!(eligible, 600);
    assert!(
        brute >= 400 && findings >= 2_000 && deadlocked >= 2_000,
        "{brute} {findings} {deadlocked}"
    );
}

#[test]
fn waits_are_told_apart_as_in_all_interleavings() {
    let (mut checked, mut deadlocked) = (0, 0);
    for seed in 0..3_000 {
        let text = random::straight(seed);
        let program = read(&text);
        let Ok(straight) = Straight::new(&program) else {
            continue;
        };
        if let Some((classes, stuck)) = brute::waits(&program, 3_000) {
            let (tally, _) = WaitClasses { program: &straight }.count(&mut never);
            assert_eq!(
                (tally.classes, tally.deadlocked),
                (classes, stuck),
                "{text}"
            );
            checked += 1;
            deadlocked += stuck;
        }
    }
    assert!(
        checked >= 300 && deadlocked >= 300,
        "{checked} {deadlocked}"
    );
}

fn check_reason(body: &str, expected: Option<Why>) {
    let program = read(&format!(
        "semaphore s permits=1\nsemaphore p permits=1 plain\n\
         semaphore b permits=1 order=barging\n\
         worker w {{ {body} }}\nworker v {{ acquire s; join u }}\nworker u {{ acquire p }}\n\
         worker t spawned {{ acquire s }}\n"
    ));
    let machine = Machine::new(&program);
    let found = count(&machine, Budget::default()).err();
    assert_eq!(found.map(|r| r.why), expected, "{body}");
    if let Some(statement) = found.and_then(|r| r.statement) {
        assert_eq!(statement, StatementId(0), "{body}");
    }
}

#[test]
fn whatever_sees_more_than_the_queue_order_is_refused() {
    check_reason("acquire s; acquire p; release s", None);
    check_reason("with p { work x }; either { panic } or { return }", None);
    check_reason("grow s; forget s; spawn t; join t; join u", None);
    check_reason("release b", None);
    check_reason("acquire b", Some(Why::Barging));
    check_reason("try-acquire s { }", Some(Why::Tries));
    check_reason("acquire-within s { }", Some(Why::Timers));
    check_reason("shrink s", Some(Why::Shrinks));
    check_reason("drain s", Some(Why::Drains));
    check_reason("forget p", Some(Why::ForgetsPlain));
    check_reason("give s to=v", Some(Why::Gives));
    check_reason("release s from=v", Some(Why::ReleasesFrom));
    check_reason("close s", Some(Why::Closes));
    check_reason("cancel v", Some(Why::Cancels));
    check_reason("repeat 60000 { work x; work y }", Some(Why::StepBound));
    let several = "semaphore s permits=1\nworker w count=2 { spawn t }\nworker t spawned { }\n";
    let apart = "semaphore s permits=1\nworker w { spawn t }\nworker v { join t }\n\
                 worker t spawned { }\n";
    for (text, why) in [(several, Why::Spawns), (apart, Why::Joins)] {
        let found = count(&Machine::new(&read(text)), Budget::default()).err();
        assert_eq!(found.map(|r| r.why), Some(why));
    }
    let machine = Machine::new(&read(&known::pool(2, 1)));
    let cancels = Budget {
        cancels: 1,
        ..Budget::default()
    };
    let preemptions = Budget {
        preemptions: Some(2),
        ..Budget::default()
    };
    for (budget, why) in [
        (cancels, Why::InjectedCancels),
        (preemptions, Why::Preemptions),
    ] {
        assert_eq!(count(&machine, budget).err().map(|r| r.why), Some(why));
    }
}

#[test]
fn a_count_stops_when_it_is_told_to() {
    let program = read(&known::pool(6, 3));
    let machine = Machine::new(&program);
    let classes = Classes {
        machine: &machine,
        budget: Budget::default(),
        bound: StepBound::default(),
    };
    let stop = |tally: &Tally| (tally.classes >= 100).then_some("enough");
    let counted = classes
        .count(&mut |tally| stop(tally))
        .expect("an eligible program");
    assert_eq!(
        (counted.stopped, counted.tally.classes),
        (Some("enough"), 100)
    );
    let straight = Straight::new(&program).expect("a program without branches");
    let (tally, stopped) = WaitClasses { program: &straight }.count(&mut |tally| stop(tally));
    assert_eq!(stopped, Some("enough"));
    assert!((100..1_200).contains(&tally.classes));
}

/// Each schedule leads, choice by choice, to a state that shows its fact.
#[test]
fn schedules_show_their_facts() {
    let text = "semaphore a permits=1\nsemaphore b permits=1\n\
                worker left { acquire a; work x; acquire b; release b; release a }\n\
                worker right { acquire b; acquire a; release a; release b }\n";
    let machine = Machine::new(&read(text));
    let counted = count(&machine, Budget::default()).expect("an eligible program");
    let mut properties = BTreeSet::new();
    for (fact, schedule) in &counted.facts {
        let mut state = machine.initial(&mut ());
        for choice in schedule {
            let mut next = machine.successors(&state).into_iter();
            state = next
                .find(|(c, _)| c == choice)
                .expect("an offered choice")
                .1;
        }
        if let Fact::Failed(identity) = fact {
            properties.insert(identity.property().to_string());
            let stuck = !matches!(identity, Identity::Leak { .. });
            assert_eq!(machine.is_stuck(&state), stuck, "{identity:?}");
        }
    }
    assert_eq!(
        Vec::from_iter(properties),
        ["deadlock", "exhaustion", "leak"]
    );
}
