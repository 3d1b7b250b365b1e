//! What strategies have to find.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use selvedge::program::{BudgetDecl, PropertyName};
use selvedge::report::Report;
use selvedge::strategy::StrategyName;
use selvedge::{Explorer, Semaphore, thread};

use super::subjects::{ALL, runs_to_find};

/// Few seeds, and as many runs as a check may take; `examples/runs_to_find.rs` has more of both.
#[test]
fn the_portfolio_finds_all() {
    for (name, program) in ALL {
        for seed in 0..2 {
            let find = |most| runs_to_find(program, StrategyName::Portfolio, seed, most);
            // most are found soon
            let found = find(200).or_else(|| find(5000));
            assert!(found.is_some(), "{name}, seed {seed}");
        }
    }
}

fn faultless(strategy: StrategyName, runs: u64) -> Explorer {
    Explorer {
        strategy,
        runs: Some(runs),
        budget: BudgetDecl {
            panics: Some(0),
            timeouts: Some(0),
            cancels: Some(0),
            ..BudgetDecl::default()
        },
        ..Explorer::closures()
    }
}

fn found(report: &Report) -> Vec<PropertyName> {
    report.findings.iter().map(|f| f.property).collect()
}

/// The child reads what its parent writes after the spawn.
fn child_comes_first(scoped: bool) {
    let told = Arc::new(AtomicBool::new(false));
    let child = {
        let told = told.clone();
        move || assert!(told.load(SeqCst), "not told yet")
    };
    if scoped {
        thread::scope(|s| {
            s.spawn(child);
            told.store(true, SeqCst);
        });
    } else {
        let child = thread::spawn(child);
        told.store(true, SeqCst);
        child.join().unwrap();
    }
}

fn check_spawn(program: fn()) {
    let explorer = faultless(StrategyName::Portfolio, 100);
    let report = explorer.explore_threads("spawn", program);
    assert!(!report.findings.is_empty());
    for finding in &report.findings {
        assert_eq!(finding.property, PropertyName::Assertion);
        // the schedule says where the parent stopped
        assert!(
            finding.schedule.contains("main@spawn"),
            "{}",
            finding.schedule
        );
        let replayed = explorer
            .replay_threads("spawn", &finding.schedule, program)
            .unwrap();
        assert!(replayed.findings.iter().any(|f| f.id == finding.id));
    }
}

#[test]
fn a_child_may_run_before_its_parent_goes_on() {
    check_spawn(|| child_comes_first(false));
    check_spawn(|| child_comes_first(true));
}

fn uses(semaphore: &Semaphore, times: usize) {
    for _ in 0..times {
        drop(semaphore.acquire_blocking().unwrap());
    }
}

/// Walks, and so pilots, hardly ever see what comes when the first thread is done before the others
/// begin, and that is long: two locks in opposite order lie far behind the length of a pilot.
fn behind_the_pilots() {
    let done = Arc::new(AtomicBool::new(false));
    let (a, b) = (Arc::new(Semaphore::new(1)), Arc::new(Semaphore::new(1)));
    let first = {
        let done = done.clone();
        thread::spawn(move || {
            uses(&Semaphore::new(1), 8);
            done.store(true, SeqCst);
        })
    };
    let others = [(a.clone(), b.clone()), (b, a)].map(|(one, other)| {
        let done = done.clone();
        thread::spawn(move || {
            let own = Semaphore::new(1);
            uses(&own, 1);
            if done.load(SeqCst) {
                uses(&own, 50);
                let _one = one.acquire_blocking().unwrap();
                let _other = other.acquire_blocking().unwrap();
            }
        })
    });
    for thread in others.into_iter().chain([first]) {
        thread.join().unwrap();
    }
}

#[test]
fn pct_reaches_behind_the_pilots() {
    let report = faultless(StrategyName::Pct, 5000).explore_threads("far", behind_the_pilots);
    assert!(found(&report).contains(&PropertyName::Deadlock));
}

fn check_within(name: &str, strategy: StrategyName, most: u64) {
    let (_, program) = ALL.into_iter().find(|(n, _)| *n == name).unwrap();
    for seed in 0..3 {
        let found = runs_to_find(program, strategy, seed, most);
        assert!(found.is_some(), "{name} by {strategy}, seed {seed}");
    }
}

#[test]
fn a_yield_lowers_a_priority() {
    check_within("resize, semaphore", StrategyName::Pct, 1000);
    check_within("resize, Mutex", StrategyName::Pct, 1000);
    check_within("resize, spinning", StrategyName::Pct, 2000);
}

#[test]
fn foreign_primitives_race() {
    let late = "check, then increment, late";
    check_within(late, StrategyName::Pos, 300);
    check_within(late, StrategyName::Surw, 300);
}
