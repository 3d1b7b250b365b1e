//! Stacks are kept from run to run, and nothing else.

use std::cell::Cell;
use std::sync::Arc;

use selvedge::{fault, thread};
use shuttle::sync::atomic::{AtomicU32, Ordering};

use super::drive::{depth_first, faultless, finds, replays, semaphore, tells};

shuttle::thread_local! {
    static COUNT: Cell<u32> = Cell::new(0);
}

/// What a worker counts in a value of its own.
fn count() -> u32 {
    COUNT.with(|count| {
        count.set(count.get() + 1);
        count.get()
    })
}

#[test]
fn a_thread_local_value_of_shuttles_is_new_in_each_run() {
    tells(
        [0, 0],
        |told| {
            let threads = [(); 2].map(|()| thread::spawn(count));
            for thread in threads {
                told.tell(thread.join().unwrap());
            }
            told.tell(count());
        },
        &["1"],
    );
}

/// The first runs need no stack for the second thread, and the last ones need both.
#[test]
fn runs_may_differ_in_their_workers() {
    tells(
        [0, 0],
        |told| {
            let more = selvedge::fault::choose(2) == 1;
            let first = thread::spawn(|| 1);
            let second = more.then(|| thread::spawn(|| 2));
            let sum = first.join().unwrap() + second.map_or(0, |thread| thread.join().unwrap());
            told.tell(sum);
        },
        &["1", "3"],
    );
}

/// Whether a run meets what only shuttle knows of is a choice, and so are the points at which it does.
#[test]
fn runs_may_differ_in_what_is_shuttles() {
    tells(
        [1, 0],
        |told| {
            let count = Arc::new(AtomicU32::new(0));
            let threads = [(); 2].map(|()| {
                let count = Arc::clone(&count);
                thread::spawn(move || {
                    if fault::choose(2) == 1 {
                        let before = count.load(Ordering::SeqCst);
                        count.store(before + 1, Ordering::SeqCst);
                    }
                    fault::point("work");
                })
            });
            for thread in threads {
                let _ = thread.join();
            }
            told.tell(count.load(Ordering::SeqCst));
        },
        &["0", "1", "2"],
    );
}

/// One run in the middle loses a stack that shuttle blocks; those before it and after it lose none.
#[test]
fn a_stack_that_is_lost_is_that_of_one_run() {
    let explorer = faultless(depth_first());
    let closure = || {
        let pool = semaphore("pool", 1);
        let there = pool.clone();
        let is_lost = fault::choose(3) == 1;
        let thread = thread::spawn(move || {
            let _permit = there.acquire_blocking();
            if is_lost {
                shuttle::thread::park();
            }
        });
        drop(pool.acquire_blocking());
        thread.join().unwrap();
    };
    let report = finds(&explorer, closure, &["deadlock", "deadlock pool"]);
    assert!(report.complete);
    for finding in &report.findings {
        // main, the second branch
        assert!(finding.schedule.contains("main/2"), "{}", finding.schedule);
    }
    replays(&explorer, &report, closure);
}
