//! What makes two findings one: the same assertion in two runs is one, two assertions are two, and
//! workers that are alike are not told apart.

use std::collections::BTreeSet;
use std::sync::Arc;

use selvedge::explore::{Explorer, Fuzzing};
use selvedge::report::{Finding, Report, Style, text};
use selvedge::strategy::Decisions;
use selvedge::{Semaphore, task, thread};
use shuttle::sync::{Condvar, Mutex};

fn shown(report: &Report) -> String {
    text(report, &Style::default())
}

fn explorer() -> Explorer {
    Explorer {
        runs: Some(1_000),
        ..Explorer::closures()
    }
}

fn threads(closure: impl Fn() + Send + Sync + 'static) -> Report {
    explorer().explore_threads("subject", closure)
}

fn ids(report: &Report) -> BTreeSet<String> {
    report.findings.iter().map(|f| f.id.clone()).collect()
}

/// The only finding.
#[track_caller]
fn one(report: &Report) -> &Finding {
    assert_eq!(report.findings.len(), 1, "{}", shown(report));
    &report.findings[0]
}

fn check_sum(sum: u32) {
    assert!(sum != 3, "the sum is {sum}");
}

fn check_name(name: &str) {
    assert!(name != "three", "the name is {name:?}");
}

/// Rare and frequent: of 60 inputs that fail, each assertion is told by an id of its own.
#[test]
fn two_assertions_of_a_fuzz_target_are_two() {
    let mut target = Fuzzing::threads(&Explorer::closures(), "target", |bytes| {
        if bytes[0] == 7 {
            check_name("three");
        }
        let number = u32::from(bytes[0]);
        assert!(number < 1, "{number} is too much");
    });
    let mut found = BTreeSet::new();
    for byte in 1..=60 {
        let report = target.run(&[byte], &Decisions(Vec::new()), None);
        let report = report.expect("each of them fails");
        found.insert(one(&report).id.clone());
    }
    assert_eq!(found.len(), 2, "{found:?}");
}

#[test]
fn messages_differ_by_more_than_their_values() {
    let of = |sum| one(&threads(move || check_sum(sum))).id.clone();
    let other = threads(|| check_name("three"));
    assert_ne!(of(3), one(&other).id);
    // the same file and message, whatever the line and the numbers
    let [first, second] = [1, 2].map(|n| threads(move || panic!("{n} of {} are left", n + 7)));
    let third = threads(|| panic!("{} of 12 are left", 3));
    assert_eq!(one(&first).id, one(&second).id);
    assert_eq!(one(&first).id, one(&third).id);
    let [first, second] = [1, 2].map(|n| threads(move || assert_eq!(n, 9, "the sum")));
    assert_eq!(one(&first).id, one(&second).id);
}

/// Both are told, in one exploration, each with its own place and words.
#[test]
fn two_assertions_of_one_exploration_are_two() {
    let report = threads(|| {
        let pool = Arc::new(Semaphore::new(1).named("pool"));
        let there = Arc::clone(&pool);
        let thread = thread::spawn(move || {
            let permit = there.acquire_blocking().unwrap();
            thread::yield_now();
            drop(permit);
        });
        thread::yield_now();
        assert!(pool.available_permits() == 1, "it is taken already");
        thread::yield_now();
        assert!(pool.available_permits() == 1, "it is taken now");
        thread.join().unwrap();
    });
    let told: Vec<&str> = report.findings.iter().map(|f| f.detail.as_str()).collect();
    assert_eq!(ids(&report).len(), 2, "{told:?}");
    assert!(told.iter().any(|detail| detail.contains("taken already")));
    assert!(told.iter().any(|detail| detail.contains("taken now")));
}

/// A payload that is no text, and one that nobody's hook has seen.
#[test]
fn payloads_without_a_message_are_told() {
    let number = threads(|| std::panic::panic_any(7u32));
    let resumed = threads(|| std::panic::resume_unwind(Box::new("resumed".to_owned())));
    assert!(one(&number).detail.contains("a panic without a message"));
    assert!(one(&resumed).detail.contains("resumed"));
    assert_ne!(one(&number).id, one(&resumed).id);
}

/// Five workers wait, and one is woken: which of the others sleep on differs from run to run.
#[test]
fn workers_that_are_alike_are_one_finding() {
    let report = threads(|| {
        let gate = Arc::new((Mutex::new(false), Condvar::new()));
        let threads: Vec<_> = (0..5)
            .map(|_| {
                let gate = Arc::clone(&gate);
                thread::spawn(move || {
                    let open = gate.0.lock().unwrap();
                    if !*open {
                        drop(gate.1.wait(open).unwrap());
                    }
                })
            })
            .collect();
        *gate.0.lock().unwrap() = true;
        gate.1.notify_one();
        for thread in threads {
            thread.join().unwrap();
        }
    });
    let finding = one(&report);
    assert_eq!(finding.property.as_str(), "deadlock");
    let all: BTreeSet<&str> = finding
        .workers
        .iter()
        .chain(&finding.also)
        .map(String::as_str)
        .collect();
    let expected = ["main", "main.1", "main.2", "main.3", "main.4", "main.5"];
    assert_eq!(all, BTreeSet::from(expected), "{}", shown(&report));
}

/// The same over futures.
#[test]
fn tasks_that_are_alike_are_one_finding() {
    let report = explorer().explore_async("subject", || async {
        let gate = Arc::new(tokio::sync::Notify::new());
        let tasks: Vec<_> = (0..4)
            .map(|_| {
                let gate = Arc::clone(&gate);
                task::spawn(async move { gate.notified().await })
            })
            .collect();
        gate.notify_one();
        for task in tasks {
            let _ = task.await;
        }
    });
    let finding = one(&report);
    assert_eq!(finding.property.as_str(), "deadlock");
    let expected = ["main", "main.1", "main.2", "main.3", "main.4"];
    let all: BTreeSet<&str> = finding
        .workers
        .iter()
        .chain(&finding.also)
        .map(String::as_str)
        .collect();
    assert_eq!(all, BTreeSet::from(expected), "{}", shown(&report));
}
