//! What reductions leave, against known counts; fingerprints, memory and estimates.
#![cfg(feature = "check")]

use selvedge::explore::Explorer;
use selvedge::program::{Program, Size, generate};
use selvedge::report::{Reduction, Report, Stopped};
use selvedge::search::Keep;

fn explore(text: &str, reduction: Reduction) -> Report {
    let program = match Program::parse(text) {
        Ok(program) => program,
        Err(error) => panic!("{error}"),
    };
    let explorer = Explorer {
        reduction,
        ..Explorer::default()
    };
    let report = explorer.explore(&program, "test", &());
    assert!(report.complete);
    report
}

fn ring(n: usize) -> String {
    let mut text = String::new();
    for i in 0..n {
        text += &format!("semaphore fork{i} permits=1 order=barging\n");
    }
    for i in 0..n {
        let right = (i + 1) % n;
        text += &format!(
            "worker p{i} {{ repeat 3 {{ acquire fork{i}; acquire fork{right}\n\
             release fork{right}; release fork{i} }} }}\n"
        );
    }
    text
}

const POOL: &str = "semaphore s permits=3\n\
                    worker w count=8 { repeat 2 { acquire s; release s } }";

#[test]
fn pool_of_eight() {
    assert_eq!(explore(POOL, Reduction::Symmetry).stats.states, 1077);
    let states = explore(POOL, Reduction::Sound).stats.states;
    assert!(states <= 45, "{states}");
}

#[test]
fn ring_of_six() {
    let report = explore(&ring(6), Reduction::Sound);
    // with releases taken at once there are 7^6
    assert!(report.stats.states <= 117_649, "{}", report.stats.states);
    // the README says so
    assert_eq!(report.stats.states, 34_291);
    assert_eq!(report.findings.len(), 2);
}

/// What a worker would show that is never let go on, it does not show.
#[test]
fn a_step_that_no_state_allows_shows_nothing() {
    let text = include_str!("../corpus/blocked-shows-no-order.sem");
    let properties = |reduction| {
        let findings = explore(text, reduction).findings;
        findings.iter().map(|f| f.property).collect::<Vec<_>>()
    };
    let told = properties(Reduction::Sound);
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(properties(Reduction::None), told);
    assert_eq!(properties(Reduction::Symmetry), told);
}

#[test]
fn two_hundred_handlers() {
    let leaky = "semaphore pool permits=64\n\
                 worker handler count=200 { acquire pool; work query; release pool }";
    let report = explore(leaky, Reduction::Sound);
    // the README says so
    assert_eq!(report.stats.states, 599);
    let ids: Vec<String> = report
        .findings
        .iter()
        .map(|f| f.property.to_string())
        .collect();
    assert_eq!(ids, ["leak"]);
    let fixed = "semaphore pool permits=64\n\
                 worker handler count=200 { with pool { work query } }";
    assert!(explore(fixed, Reduction::Sound).findings.is_empty());
}

/// Only the first instance of `right` is ever started, so no two can take db and pool in a circle.
/// Found by comparing with the unreduced search on random programs.
#[test]
fn instances_that_are_spawned_are_not_alike() {
    let text = "semaphore pool permits=2\nsemaphore db permits=2\n\
                worker left { spawn right; join right }\n\
                worker right count=2 spawned {\n\
                    acquire pool; acquire db; release pool; acquire pool\n\
                    release db; release pool\n\
                }\nbudget panics=0";
    for reduction in [Reduction::Sound, Reduction::Symmetry, Reduction::None] {
        let report = explore(text, reduction);
        assert!(
            report.findings.is_empty(),
            "{reduction:?}: {:#?}",
            report.findings
        );
    }
}

#[test]
fn classes_are_counted_on_request() {
    let pool = "semaphore s permits=2\nworker w count=4 { acquire s; release s }";
    let report = explore(pool, Reduction::QueueOrder);
    assert_eq!(report.reduction, Reduction::QueueOrder);
    assert_eq!(report.stats.classes, Some(24));
    let report = explore(pool, Reduction::Awu);
    assert_eq!(report.stats.classes, Some(648));
    // what is not decided by queue orders is searched, and the report says so
    let barging = "semaphore s permits=1 order=barging\nworker w count=2 { acquire s; release s }";
    let report = explore(barging, Reduction::QueueOrder);
    assert_eq!(report.reduction, Reduction::Sound);
    assert_eq!(report.stats.classes, None);
}

#[test]
fn a_preemption_bound_switches_reductions_off() {
    let report = explore(&format!("{POOL}\nbudget preemptions=0"), Reduction::Sound);
    assert_eq!(report.reduction, Reduction::None);
}

#[test]
fn fingerprints_find_the_same() {
    for seed in 0..300 {
        let program = generate(seed, &Size::default());
        for reduction in [Reduction::Sound, Reduction::None] {
            let ids = |keep| {
                let explorer = Explorer {
                    keep,
                    reduction,
                    states: Some(20_000),
                    ..Explorer::default()
                };
                let report = explorer.explore(&program, "test", &());
                assert_eq!(report.stats.omission.is_some(), keep == Keep::Fingerprints);
                let schedules = report.findings.iter().map(|f| f.schedule.clone());
                (report.stats.states, schedules.collect::<Vec<String>>())
            };
            assert_eq!(
                ids(Keep::Whole),
                ids(Keep::Fingerprints),
                "seed {seed}\n{program}"
            );
        }
    }
}

#[test]
fn a_memory_bound_ends_the_search_cleanly() {
    let program = Program::parse(&ring(6)).expect("a valid program");
    let explorer = Explorer {
        reduction: Reduction::None,
        memory: Some(1 << 20),
        ..Explorer::default()
    };
    let report = explorer.explore(&program, "ring", &());
    assert_eq!(report.stopped, Some(Stopped::Memory));
    assert!(!report.complete);
    assert!(
        report.has_errors(),
        "the deadlock is near the initial state"
    );
}
