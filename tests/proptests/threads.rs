//! The driver over threads.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use proptest::prelude::*;
use selvedge::program::PropertyName;
use selvedge::{Semaphore, check_cases, fault, thread};

use super::{checks, failed, files};

/// Threads that keep their permits, if there are enough of them; and one that releases too much.
fn two_bugs(threads: u32) {
    let pool = Arc::new(Semaphore::new(9).named("pool"));
    for _ in 0..threads {
        let pool = Arc::clone(&pool);
        thread::spawn(move || {
            if threads >= 4 {
                pool.acquire_raw_blocking().unwrap();
            } else {
                assert!(pool.release(1).is_ok(), "more than there are");
            }
        });
    }
}

#[test]
fn a_value_is_made_smaller_for_as_long_as_it_fails_in_the_same_way() {
    let mut seen = BTreeSet::new();
    for seed in 0..10 {
        let mut checks = checks("threads-values");
        checks.explorer.seed = seed;
        checks.folder = None;
        let failure = failed(checks.try_threads_of(0..10u32, |_| None, two_bugs));
        let text = failure.to_string();
        // which of the bugs a seed meets first is its own affair, and the smaller value is of the other
        let property = failure.finding().expect("a finding").property;
        let smallest = match property {
            PropertyName::Leak => "with\n\n4\n",
            _ => "with\n\n1\n",
        };
        assert!(text.contains(smallest), "{text}");
        let command = "SELVEDGE_REPLAY='selvedge:1:";
        assert!(
            text.contains(command) && text.contains("' cargo test "),
            "{text}"
        );
        seen.insert(property);
    }
    assert_eq!(seen.len(), 2, "{seen:?}");
    assert!(seen.contains(&PropertyName::Leak), "{seen:?}");
}

/// Handlers of which each puts its permits back as its last act.
fn handlers((permits, handlers): (usize, u32)) {
    let pool = Arc::new(Semaphore::new(permits).named("pool"));
    for _ in 0..handlers {
        let pool = Arc::clone(&pool);
        thread::spawn(move || {
            pool.acquire_raw_blocking().unwrap();
            fault::point("query");
            pool.release(1).unwrap();
        });
    }
}

#[test]
fn the_schedule_becomes_smaller_with_the_value() {
    let checks = checks("threads-schedule");
    let failure = failed(checks.try_threads_of((2..9usize, 2..9u32), |_| None, handlers));
    let text = failure.to_string();
    assert!(text.contains("with\n\n(2, 2)\n"), "{text}");
    assert_eq!(text.matches("leak: main.1 panicked").count(), 1, "{text}");
    let finding = failure.finding().expect("a finding");
    // one handler and its panic; the other one and the end of the run
    assert_eq!(finding.faults, 1, "{text}");
    assert!(finding.steps <= 9, "{text}");
    let replay = |value| {
        let name = "threads-schedule";
        let schedule = &finding.schedule.to_string();
        checks
            .explorer
            .replay_threads(name, schedule, move || handlers(value))
    };
    let again = replay((2, 2)).expect("it is of this test");
    assert_eq!(again.findings[0].id, finding.id);
    assert_eq!(again.findings[0].property, PropertyName::Leak);
    // of the value alone, not of what it was made from: there the handlers are missing
    let other = replay((2, 0)).expect("it is of this test");
    assert_eq!(other.findings[0].property, PropertyName::Divergence);
}

#[test]
fn a_value_that_was_kept_is_tried_first_or_told() {
    let mut checks = checks("threads-kept");
    // what is mended does nothing at all
    checks.explorer.allow_vacuous = true;
    let first = failed(checks.try_threads_of(5..40u32, |_| None, two_bugs));
    let kept = files(&checks);
    assert_eq!(kept.len(), 1);
    assert_eq!(first.file(), kept.first());
    let text = fs::read_to_string(&kept[0]).expect("it can be read");
    assert!(text.contains("\nvalue: 5\nschedule: selvedge:1:"), "{text}");
    let read = |text: &str| text.parse().ok();
    let again = failed(checks.try_threads_of(Just(0u32), read, two_bugs));
    assert_eq!(again.file(), first.file());
    assert_eq!(files(&checks), kept, "nothing is kept twice");
    let stale = checks.try_threads_of(Just(0u32), |_| None, two_bugs);
    let stale = stale.expect("nothing fails without it")[0].to_string();
    assert!(stale.contains("nothing reads `5`: "), "{stale}");
    let stale = checks.try_threads_of(Just(0u32), read, |_| ());
    let stale = stale.expect("it is mended")[0].to_string();
    assert!(stale.contains("the schedule does not fit"), "{stale}");
}

#[test]
fn the_runs_are_divided_among_the_cases() {
    let runs = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&runs);
    let mut checks = checks("threads-divided");
    checks.explorer.runs = Some(2_000);
    checks.explorer.allow_vacuous = true;
    checks.folder = None;
    let closure = move |_: u32| {
        counter.fetch_add(1, Ordering::Relaxed);
        thread::yield_now();
    };
    let passed = checks.try_threads_of(any::<u32>(), |_| None, closure);
    assert!(passed.is_ok());
    // 100 runs for each of 20 cases; pilot runs, and those that look for chance, come on top
    let made = runs.load(Ordering::Relaxed);
    assert!((2_000..4_000).contains(&made), "{made}");
}

#[test]
#[should_panic(expected = "threads-panics failed in case ")]
fn what_fails_is_a_panic() {
    checks("threads-panics").threads(5..40u32, two_bugs);
}

#[test]
#[should_panic(expected = "threads-panics-again fails as it did before: ")]
fn what_failed_before_is_a_panic() {
    let checks = checks("threads-panics-again");
    failed(checks.try_threads_of(5..40u32, |_| None, two_bugs));
    checks.threads_of(Just(0), |text| text.parse().ok(), two_bugs);
}

/// The runs of `cases_of_the_macro`.
static RUNS: AtomicU64 = AtomicU64::new(0);

check_cases! {
    #![threads]

    fn cases_of_the_macro(count in 1..4u32, _name in "[a-z]*") {
        RUNS.fetch_add(1, Ordering::Relaxed);
        let other = thread::spawn(thread::yield_now);
        other.join().expect("it does nothing");
        assert!((1..4).contains(&count));
    }
}

#[test]
fn the_macro_explores_threads() {
    cases_of_the_macro();
    let made = RUNS.load(Ordering::Relaxed);
    assert!((10_000..20_000).contains(&made), "{made}");
}

/// The fenced blocks of Rust that the documentation has.
fn documented() -> Vec<String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/property-tests.md");
    let text = fs::read_to_string(file).expect("it is there");
    let blocks = text.split("```rust\n").skip(1);
    let ends = |block: &str| block.split("```").next().map(str::to_owned);
    blocks.filter_map(ends).collect()
}

#[test]
fn the_documented_test_is_one() {
    let shown = documented();
    let file = include_str!("documented.rs");
    assert!(
        shown
            .iter()
            .any(|block| file.ends_with(&format!("\n\n{block}"))),
        "docs/property-tests.md does not show what tests/proptests/documented.rs has"
    );
}

#[test]
fn a_test_in_which_no_case_has_anything_to_decide_fails() {
    let nothing = || {
        let mut checks = checks("threads-vacuous");
        checks.folder = None;
        checks.config.cases = 4;
        checks
    };
    let failure = failed(nothing().try_threads_of(
        0..10u32,
        |_| None,
        |n| {
            std::thread::spawn(move || n + 1).join().unwrap();
        },
    ));
    let property = failure.finding().expect("a finding").property;
    assert_eq!(property, PropertyName::Vacuous);
    let text = failure.to_string();
    assert!(text.contains("selvedge::thread::spawn"), "{text}");
    // one case is enough
    let some = |n| {
        for _ in 0..n {
            thread::spawn(|| ());
        }
    };
    nothing().try_threads_of(0..2u32, |_| None, some).unwrap();

    let mut allowed = nothing();
    allowed.explorer.allow_vacuous = true;
    allowed.try_threads_of(0..2u32, |_| None, |_| ()).unwrap();

    let mut reaching = nothing();
    reaching.explorer = reaching.explorer.must_reach("one").must_reach("nine");
    let reach = |n| selvedge::reached(if n == 0 { "zero" } else { "one" });
    let failure = failed(reaching.try_threads_of(0..2u32, |_| None, reach));
    let finding = failure.finding().expect("a finding");
    assert_eq!(finding.property, PropertyName::Unreached);
    assert!(finding.detail.contains("`nine`"), "{finding}");
}
