//! Invariants and probes: what they see, what is told of them, and what they must not do.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use selvedge::explore::Explorer;
use selvedge::report::{Finding, Report, Style, text};
use selvedge::{Semaphore, invariant, note, probe, task, thread};

fn shown(report: &Report) -> String {
    text(report, &Style::default())
}

fn explorer() -> Explorer {
    Explorer {
        runs: Some(500),
        ..Explorer::closures()
    }
}

/// The only finding, which has these words.
#[track_caller]
fn one<'a>(report: &'a Report, words: &str) -> &'a Finding {
    assert_eq!(report.findings.len(), 1, "{}", shown(report));
    assert!(
        report.findings[0].detail.contains(words),
        "{}",
        shown(report)
    );
    &report.findings[0]
}

/// Two may be inside, and three come.
fn too_many_inside() {
    let inside = Arc::new(AtomicU32::new(0));
    let seen = Arc::clone(&inside);
    invariant("at most two inside", move || {
        seen.load(Ordering::Relaxed) <= 2
    });
    let threads = [(); 3].map(|()| {
        let inside = Arc::clone(&inside);
        thread::spawn(move || {
            inside.fetch_add(1, Ordering::Relaxed);
            thread::yield_now();
            inside.fetch_sub(1, Ordering::Relaxed);
        })
    });
    for thread in threads {
        thread.join().unwrap();
    }
}

#[test]
fn an_invariant_of_a_run_sees_the_data_of_the_run() {
    let report = explorer().explore_threads("subject", too_many_inside);
    let finding = one(&report, "invariant `at most two inside` does not hold");
    // main spawns all of them in its first step, and each goes in with one
    assert_eq!(
        (finding.steps, finding.faults),
        (4, 0),
        "{}",
        shown(&report)
    );
    let replayed = explorer().replay_threads("subject", &finding.schedule, too_many_inside);
    let replayed = replayed.expect("it is a schedule");
    assert_eq!(one(&replayed, "at most two inside").id, finding.id);
}

#[test]
fn an_invariant_of_a_run_is_watched_over_futures() {
    let report = explorer().explore_async("subject", || async {
        let inside = Arc::new(AtomicU32::new(0));
        let seen = Arc::clone(&inside);
        invariant("at most one inside", move || {
            seen.load(Ordering::Relaxed) <= 1
        });
        for _ in 0..2 {
            let inside = Arc::clone(&inside);
            task::spawn(async move {
                inside.fetch_add(1, Ordering::Relaxed);
                task::yield_now().await;
                inside.fetch_sub(1, Ordering::Relaxed);
            });
        }
    });
    one(&report, "invariant `at most one inside` does not hold");
}

/// The last step of a run is a step.
#[test]
fn an_invariant_is_judged_at_the_end() {
    let ends_badly = || {
        let left = Arc::new(AtomicU32::new(0));
        let seen = Arc::clone(&left);
        invariant("none is left", move || seen.load(Ordering::Relaxed) == 0);
        thread::yield_now();
        left.store(1, Ordering::Relaxed);
    };
    one(
        &explorer().explore_threads("subject", ends_badly),
        "none is left",
    );
    let gets_stuck = || {
        let left = Arc::new(AtomicU32::new(0));
        let seen = Arc::clone(&left);
        invariant("none is left", move || seen.load(Ordering::Relaxed) == 0);
        left.store(1, Ordering::Relaxed);
        let pool = Semaphore::new(1).named("pool");
        let _permit = pool.acquire_blocking().unwrap();
        left.store(0, Ordering::Relaxed);
        let _again = pool.acquire_blocking().unwrap();
    };
    let report = explorer().explore_threads("subject", gets_stuck);
    let told: Vec<&str> = report
        .findings
        .iter()
        .map(|f| f.property.as_str())
        .collect();
    assert_eq!(told, ["deadlock", "assertion"], "{}", shown(&report));
}

#[test]
fn an_invariant_that_panics_is_told_by_its_name() {
    let report = explorer().explore_threads("subject", || {
        invariant("sane", || panic!("it is not"));
        thread::yield_now();
    });
    one(&report, "invariant `sane` panicked: it is not");
}

/// Outside of an exploration it is nothing.
#[test]
fn an_invariant_outside_of_an_exploration_is_nothing() {
    invariant("false", || false);
}

/// What one run has left is no business of the next one before that has done anything.
#[test]
fn an_invariant_over_all_runs_is_judged_from_the_first_step_on() {
    let count = Arc::new(AtomicU32::new(0));
    let seen = Arc::clone(&count);
    let explorer = explorer().invariant("at most one at work", move |now| {
        now.running() == 0 || seen.load(Ordering::Relaxed) < 2
    });
    let report = explorer.explore_threads("subject", move || {
        count.store(0, Ordering::Relaxed);
        thread::yield_now();
        count.store(2, Ordering::Relaxed);
    });
    assert!(report.findings.is_empty(), "{}", shown(&report));
}

#[test]
fn an_invariant_over_all_runs_is_told_by_its_name_and_schedule() {
    let explorer = explorer().invariant("one is free", |now| now.available("pool") != Some(0));
    let closure = || {
        let pool = Semaphore::new(1).named("pool");
        drop(pool.acquire_blocking());
    };
    let report = explorer.explore_threads("subject", closure);
    let finding = one(&report, "invariant `one is free` does not hold");
    assert!(finding.steps > 0);
    let replayed = explorer.replay_threads("subject", &finding.schedule, closure);
    one(&replayed.expect("it is a schedule"), "one is free");
}

const SWITCHES: &str = "comes to a scheduling point";

/// One finding, and nothing that shuttle prints.
#[test]
fn a_probe_that_reads_an_atomic_of_shuttles_is_refused() {
    let report = explorer().explore_threads("subject", || {
        let free = Arc::new(shuttle::sync::atomic::AtomicUsize::new(2));
        let seen = Arc::clone(&free);
        probe("pool", 2, move || seen.load(Ordering::SeqCst));
        let threads = [(); 2].map(|()| {
            let free = Arc::clone(&free);
            thread::spawn(move || {
                free.fetch_sub(1, Ordering::SeqCst);
                free.fetch_add(1, Ordering::SeqCst);
            })
        });
        for thread in threads {
            thread.join().unwrap();
        }
    });
    one(&report, SWITCHES);
}

/// The same where it does so only later.
#[test]
fn a_probe_that_takes_a_lock_of_shuttles_at_times_is_refused() {
    let report = explorer().explore_threads("subject", || {
        let free = Arc::new(shuttle::sync::Mutex::new(2));
        let seen = Arc::clone(&free);
        let calls = AtomicU32::new(0);
        probe("pool", 2, move || {
            match calls.fetch_add(1, Ordering::Relaxed) {
                0..3 => 2,
                _ => *seen.lock().unwrap(),
            }
        });
        for _ in 0..3 {
            drop(free.lock().unwrap());
        }
    });
    one(&report, SWITCHES);
}

#[test]
fn an_invariant_that_uses_a_semaphore_is_refused() {
    let over_threads = explorer().explore_threads("subject", || {
        let pool = Arc::new(Semaphore::new(1).named("pool"));
        let seen = Arc::clone(&pool);
        invariant("one is free", move || seen.try_acquire().is_ok());
        drop(pool.acquire_blocking());
    });
    one(&over_threads, SWITCHES);
    let over_futures = explorer().explore_async("subject", || async {
        let pool = Arc::new(Semaphore::new(1).named("pool"));
        let seen = Arc::clone(&pool);
        invariant("one is free", move || seen.try_acquire().is_ok());
        drop(pool.acquire().await);
    });
    one(&over_futures, SWITCHES);
    let pool = Arc::new(Semaphore::new(1).named("pool"));
    let seen = Arc::clone(&pool);
    let explorer = explorer().invariant("one is free", move |_| seen.try_acquire().is_ok());
    let over_all_runs = explorer.explore_threads("subject", move || drop(pool.acquire_blocking()));
    one(&over_all_runs, SWITCHES);
}

/// What a note reads is no step: the run that is reported is the one that was found.
#[test]
fn a_note_that_reads_an_atomic_of_shuttles_changes_nothing() {
    let report = explorer().explore_threads("subject", || {
        let count = Arc::new(shuttle::sync::atomic::AtomicUsize::new(0));
        let there = Arc::clone(&count);
        let thread = thread::spawn(move || there.store(1, Ordering::SeqCst));
        note!("it is {}", count.load(Ordering::SeqCst));
        assert_eq!(count.load(Ordering::SeqCst), 0, "too early");
        thread.join().unwrap();
    });
    one(&report, "too early");
}
