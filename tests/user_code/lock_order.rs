//! Orders that can deadlock, and orders that something keeps apart.

use std::sync::Arc;

use selvedge::program::PropertyName;
use selvedge::report::{Report, Severity};
use selvedge::{Explorer, Semaphore, check, task, thread};

fn named(name: &'static str, permits: usize) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(permits).named(name))
}

fn take(first: &Semaphore, second: &Semaphore) {
    let _first = first.acquire_blocking().unwrap();
    let _second = second.acquire_blocking().unwrap();
}

/// Starts a thread that takes two semaphores, under a gate if there is one.
fn taker(
    first: &Arc<Semaphore>,
    second: &Arc<Semaphore>,
    gate: Option<&Arc<Semaphore>>,
) -> thread::JoinHandle<()> {
    let (first, second, gate) = (first.clone(), second.clone(), gate.cloned());
    thread::spawn(move || {
        let _gate = gate.as_ref().map(|gate| gate.acquire_blocking().unwrap());
        take(&first, &second);
    })
}

fn both(one: thread::JoinHandle<()>, other: thread::JoinHandle<()>) {
    // one may have been struck by a panic
    let _ = (one.join(), other.join());
}

fn gated(permits: usize) {
    let (a, b, gate) = (named("a", 1), named("b", 1), named("gate", permits));
    both(taker(&a, &b, Some(&gate)), taker(&b, &a, Some(&gate)));
}

fn one_after_the_other() {
    let (a, b) = (named("a", 1), named("b", 1));
    let _ = taker(&a, &b, None).join();
    let _ = taker(&b, &a, None).join();
}

fn before_the_spawn() {
    let (a, b) = (named("a", 1), named("b", 1));
    take(&a, &b);
    let _ = taker(&b, &a, None).join();
}

fn scope_after_scope() {
    let (a, b) = (named("a", 1), named("b", 1));
    thread::scope(|s| {
        s.spawn(|| take(&a, &b));
    });
    thread::scope(|s| {
        s.spawn(|| take(&b, &a));
    });
}

fn two_permits_each() {
    let (a, b) = (named("a", 2), named("b", 2));
    both(taker(&a, &b, None), taker(&b, &a, None));
}

fn opposite() {
    gated(2);
}

fn explore(runs: u64, program: fn()) -> Report {
    let explorer = Explorer {
        runs: Some(runs),
        ..Explorer::closures()
    };
    explorer.explore_threads("orders", program)
}

/// Findings by property and severity.
fn found(report: &Report) -> Vec<(PropertyName, Severity)> {
    let findings = report.findings.iter();
    findings.map(|f| (f.property, f.severity)).collect()
}

#[test]
fn what_a_gate_or_a_join_keeps_apart_is_no_cycle() {
    for program in [
        (|| gated(1)) as fn(),
        one_after_the_other,
        before_the_spawn,
        scope_after_scope,
    ] {
        assert_eq!(found(&explore(1000, program)), []);
    }
}

#[test]
fn an_order_that_nothing_confirmed_is_a_warning() {
    let report = explore(1000, two_permits_each);
    assert_eq!(
        found(&report),
        [(PropertyName::LockOrder, Severity::Warning)]
    );
    let told = &report.findings[0].detail;
    assert!(
        told.contains("whether a run deadlocks is not known"),
        "{told}"
    );
    check(two_permits_each);
}

#[test]
fn what_deadlocks_is_an_error() {
    assert_eq!(
        found(&explore(1000, opposite)),
        [
            (PropertyName::Deadlock, Severity::Error),
            (PropertyName::LockOrder, Severity::Error)
        ]
    );
}

/// Starts a task that takes two semaphores, under a gate if there is one.
fn taking(
    first: &Arc<Semaphore>,
    second: &Arc<Semaphore>,
    gate: Option<&Arc<Semaphore>>,
) -> task::JoinHandle<()> {
    let (first, second, gate) = (first.clone(), second.clone(), gate.cloned());
    task::spawn(async move {
        let _gate = match &gate {
            Some(gate) => Some(gate.acquire().await),
            None => None,
        };
        let _first = first.acquire().await;
        let _second = second.acquire().await;
    })
}

#[test]
fn tasks_are_kept_apart_as_threads_are() {
    let explorer = Explorer {
        runs: Some(1000),
        ..Explorer::closures()
    };
    let gate = explorer.explore_async("orders", || async {
        let (a, b, gate) = (named("a", 1), named("b", 1), named("gate", 1));
        let tasks = [taking(&a, &b, Some(&gate)), taking(&b, &a, Some(&gate))];
        for task in tasks {
            let _ = task.await;
        }
    });
    assert_eq!(found(&gate), []);
    let joined = explorer.explore_async("orders", || async {
        let (a, b) = (named("a", 1), named("b", 1));
        let _ = taking(&a, &b, None).await;
        let _ = taking(&b, &a, None).await;
    });
    assert_eq!(found(&joined), []);
}
