//! What is said to do about a finding.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use selvedge::explore::{Explorer, Regressions};
use selvedge::{Semaphore, fault, thread};

use super::drive::{faultless, portfolio, semaphore, shown, with_faults};

/// The report of a closure says this, whatever lines it is broken into.
#[track_caller]
fn says(explorer: &Explorer, closure: fn(), expected: &[&str]) {
    let shown = shown(&explorer.explore_threads("subject", closure));
    let words: Vec<&str> = shown.split_whitespace().collect();
    for part in expected {
        assert!(words.join(" ").contains(part), "no `{part}` in\n{shown}");
    }
}

#[test]
fn a_static_that_earlier_runs_have_shrunk() {
    static POOL: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(1).named("pool"));
    says(
        &faultless(portfolio()),
        || POOL.acquire_blocking().unwrap().forget(),
        &[
            "the first run found pool with 1/1: if it is a `static`, which earlier runs have emptied",
        ],
    );
}

#[test]
fn a_static_that_earlier_runs_have_drained() {
    static POOL: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(1).named("pool"));
    says(
        &faultless(portfolio()),
        || POOL.acquire_raw_blocking().unwrap(),
        &[
            "the first run found pool with 1/1: if it is a `static`",
            "pool outlives the run, and is found with 0/1 where the first run found 1/1",
        ],
    );
}

#[test]
fn who_was_to_release_has_panicked() {
    says(
        &with_faults(portfolio(), [1, 0, 0]),
        || {
            let pool = semaphore("pool", 1);
            pool.acquire_raw_blocking().unwrap();
            let there = pool.clone();
            thread::spawn(move || {
                fault::point("work");
                there.release(1).unwrap();
            });
            drop(pool.acquire_blocking());
        },
        &["main.1 panicked: if it was to release pool, hand it a permit that it drops"],
    );
}

/// Nobody else was there.
#[test]
fn who_waits_for_itself() {
    says(
        &faultless(portfolio()),
        || {
            let pool = semaphore("pool", 1);
            let _permit = pool.acquire_blocking();
            drop(pool.acquire_blocking());
        },
        &["remedy acquire all that is needed of pool at once, and wait for nothing between"],
    );
}

#[test]
fn a_receive_of_the_standard_library() {
    let explorer = Explorer {
        patience: Duration::from_millis(200),
        regressions: Regressions::Off,
        ..faultless(portfolio())
    };
    says(
        &explorer,
        || {
            let (_sender, receiver) = std::sync::mpsc::channel::<()>();
            thread::yield_now();
            let _ = receiver.recv();
        },
        &[
            "a `recv()`, a `park()`",
            "`shuttle::sync::mpsc`",
            "`shuttle::thread::park`",
        ],
    );
}

/// What it takes is held by nobody who is known.
#[test]
fn a_thread_that_was_not_spawned_here() {
    says(
        &faultless(portfolio()),
        || {
            let pool = semaphore("pool", 2);
            drop(pool.acquire_blocking());
            let there = pool.clone();
            let other = std::thread::spawn(move || there.acquire_raw_blocking().unwrap());
            other.join().unwrap();
            drop(pool.acquire_blocking());
        },
        &[
            "conservation:",
            "a thread that `selvedge::thread::spawn` did not start",
        ],
    );
}

#[test]
fn a_run_that_the_choices_do_not_decide() {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    says(
        &faultless(portfolio()),
        || {
            let pool = semaphore("pool", 1);
            if RUNS.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) {
                drop(pool.acquire_blocking());
            }
            thread::yield_now();
        },
        &["start threads with `selvedge::thread::spawn` or `scope`"],
    );
}

#[test]
fn threads_are_not_cancelled() {
    let says_bounds =
        |explorer: &Explorer| says(explorer, || (), &["· under panics=1 timeouts=2,"]);
    says_bounds(&portfolio());
}
