//! The machine against the brute-force interpreter: on random programs that use every statement,
//! every order and every kind of semaphore, both find the same, identities included.
//!
//! `TEST_PROGRAMS=100000 cargo test --release --all-features --test programs two_interpreters`
//! makes a campaign of it.
#![cfg(feature = "check")]

use std::collections::{BTreeMap, BTreeSet};

use crate::brute_force::{Budget, Finding, Outcome, findings};
use selvedge::explore::Explorer;
use selvedge::program::{BudgetDecl, Program, Size, generate};
use selvedge::property::Identity;
use selvedge::report::{Finding as Reported, Reduction, Report, StrategyName};
use selvedge::run::{Ending, StatementId};

/// Programs that are compared.
const PROGRAMS: u64 = 2000;
/// Larger ones are passed over.
const MOST_STATES: usize = 20_000;

fn numbers(statements: &[StatementId]) -> String {
    let numbers: Vec<String> = statements.iter().map(|s| s.0.to_string()).collect();
    format!("[{}]", numbers.join(","))
}

/// A finding of the machine in the words of the brute-force interpreter.
fn translate(finding: &Reported) -> Finding {
    let identity = match &finding.identity {
        Identity::Leak { acquired, how, .. } => {
            let how = match how {
                Ending::Returned => "returned",
                Ending::Panicked => "panicked",
                Ending::Cancelled => "cancelled",
                Ending::Closed => "closed",
                Ending::OverReleased => "over-release",
            };
            format!("acq={} end={how}", acquired.0)
        }
        Identity::OverRelease { statement, .. } => format!("stmt={}", statement.0),
        Identity::Deadlock { statements, .. } => format!("waiters={}", numbers(statements)),
        Identity::Exhaustion { waiters, .. } | Identity::ImpossibleRequest { waiters, .. } => {
            format!("waiters={}", numbers(waiters))
        }
        Identity::TimedRequest { statement, .. } => format!("timed={}", statement.0),
        Identity::LockOrder { .. } => {
            let mut names = finding.semaphores.clone();
            let least = (0..names.len()).min_by_key(|&i| &names[i]).unwrap_or(0);
            names.rotate_left(least);
            let danger = finding.danger.expect("a cycle has a danger").as_str();
            format!("cycle={} danger={danger}", names.join(">"))
        }
        Identity::OverAdmission { .. } => String::new(),
        other => format!("{other:?}"),
    };
    Finding {
        property: finding.property,
        semaphores: finding.semaphores.iter().cloned().collect(),
        identity,
    }
}

/// Compares a program; whether it was small enough.
fn check(seed: u64, program: &Program, budget: Budget) -> bool {
    let Outcome::Complete(expected) = findings(program, budget, MOST_STATES) else {
        return false;
    };
    let explorer = Explorer {
        budget: BudgetDecl {
            panics: Some(budget.panics),
            timeouts: Some(budget.timeouts),
            cancels: Some(budget.cancels),
            preemptions: budget.preemptions,
        },
        ..Explorer::default()
    };
    let report = explorer.explore(program, "generated", &());
    assert!(report.complete);
    let found: BTreeSet<Finding> = report.findings.iter().map(translate).collect();
    let missed: Vec<&Finding> = expected.difference(&found).collect();
    let invented: Vec<&Finding> = found.difference(&expected).collect();
    assert!(
        missed.is_empty() && invented.is_empty(),
        "seed {seed}: the machine misses {missed:#?}\nand invents {invented:#?}\nin\n{program}"
    );
    true
}

fn programs() -> u64 {
    match std::env::var("TEST_PROGRAMS") {
        Ok(text) => text.parse().expect("TEST_PROGRAMS is a number"),
        Err(_) => PROGRAMS,
    }
}

#[test]
fn both_find_the_same() {
    let mut compared = 0;
    for seed in 0..programs() {
        let program = generate(seed, &Size::default());
        compared += u64::from(check(seed, &program, Budget::of(&program)));
    }
    assert!(compared * 10 > programs() * 8, "only {compared} were small");
}

#[test]
fn both_find_the_same_under_a_preemption_bound() {
    let mut compared = 0;
    let count = programs() / 5;
    for seed in 0..count {
        let program = generate(seed, &Size::default());
        let budget = Budget {
            preemptions: Some((seed % 3) as u32),
            ..Budget::of(&program)
        };
        compared += u64::from(check(seed, &program, budget));
    }
    assert!(compared * 10 > count * 7, "only {compared} were small");
}

/// What is left out changes nothing that is found, nor the schedules that show it.
#[test]
fn reduced_and_unreduced_find_the_same() {
    for seed in 0..programs() {
        let program = generate(seed + 1_000_000, &Size::default());
        let explore = |reduction| {
            let explorer = Explorer {
                reduction,
                states: Some(50_000),
                ..Explorer::default()
            };
            explorer.explore(&program, "generated", &())
        };
        let full = explore(Reduction::None);
        if !full.complete {
            continue;
        }
        for reduction in [Reduction::Sound, Reduction::Symmetry] {
            let reduced = explore(reduction);
            assert!(reduced.complete);
            assert!(
                reduced.stats.states <= full.stats.states,
                "seed {seed}\n{program}"
            );
            let ids = |r: &Report| -> BTreeMap<String, (Finding, usize, u32)> {
                r.findings
                    .iter()
                    .map(|f| (f.id.clone(), (translate(f), f.steps, f.faults)))
                    .collect()
            };
            assert_eq!(
                ids(&reduced),
                ids(&full),
                "seed {seed}, {reduction:?}\n{program}"
            );
        }
    }
}

/// The stateless search knows only the interface between engines and strategies.
#[test]
fn the_two_searches_find_the_same() {
    let mut compared = 0;
    let size = Size {
        instances: 3,
        statements: 5,
        plots: 1,
        ..Size::default()
    };
    for seed in 0..programs() / 3 {
        let program = generate(seed, &size);
        let stateless = Explorer {
            strategy: StrategyName::DepthFirst,
            runs: Some(3000),
            ..Explorer::default()
        }
        .explore(&program, "generated", &());
        let stateful = Explorer::default().explore(&program, "generated", &());
        let set = |r: &Report| -> BTreeSet<Finding> { r.findings.iter().map(translate).collect() };
        if stateless.complete {
            compared += 1;
            assert_eq!(set(&stateless), set(&stateful), "seed {seed}\n{program}");
            // the one has seen every run, so what it kept is the cheapest there is
            for (least, exact) in stateless.findings.iter().zip(&stateful.findings) {
                assert!(exact.cheapest, "seed {seed}\n{program}");
                assert_eq!(least.schedule, exact.schedule, "seed {seed}\n{program}");
            }
        } else {
            let all: BTreeSet<String> = stateful.findings.iter().map(|f| f.id.clone()).collect();
            for finding in &stateless.findings {
                assert!(
                    all.contains(&finding.id),
                    "seed {seed}: {finding:#?}\n{program}"
                );
            }
        }
    }
    assert!(compared > 100, "only {compared} were small");
}
