//! Threads that borrow.

use std::sync::atomic::{AtomicUsize, Ordering};

use selvedge::{Semaphore, fault, thread};

use super::drive::{check, clean, finds, portfolio, tells, with_faults};

#[test]
fn threads_of_a_scope_borrow_and_are_waited_for() {
    clean(|| {
        let count = AtomicUsize::new(0);
        let pool = Semaphore::new(1).named("pool");
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let _permit = pool.acquire_blocking().unwrap();
                    count.fetch_add(1, Ordering::Relaxed);
                });
            }
        });
        assert_eq!(count.into_inner(), 2);
        assert_eq!(pool.available_permits(), 1);
    });
}

#[test]
fn a_thread_of_a_scope_is_joined() {
    clean(|| {
        let text = "borrowed".to_owned();
        let length = thread::scope(|scope| scope.spawn(|| text.len()).join().unwrap());
        assert_eq!(length, text.len());
    });
}

/// As with the standard library: who does not join hears of it when the scope ends.
#[test]
fn a_panic_that_nobody_joins_is_the_scopes() {
    tells(
        [1, 0],
        |told| {
            let scope = std::panic::catch_unwind(|| {
                thread::scope(|scope| {
                    scope.spawn(|| fault::point("work"));
                });
            });
            told.tell(if scope.is_ok() { "none" } else { "the scope's" });
        },
        &["none", "the scope's"],
    );
}

#[test]
fn a_panic_that_is_joined_is_not_the_scopes() {
    tells(
        [1, 0],
        |told| {
            let joined = thread::scope(|scope| scope.spawn(|| fault::point("work")).join());
            told.tell(if joined.is_ok() { "none" } else { "joined" });
        },
        &["joined", "none"],
    );
}

#[test]
fn a_panic_of_a_scoped_thread_is_told_once() {
    let report = finds(
        &with_faults(portfolio(), [0, 0, 0]),
        || {
            thread::scope(|scope| {
                scope.spawn(|| panic!("of its own"));
            });
        },
        &["of its own"],
    );
    assert_eq!(report.findings.len(), 1);
}

/// The closure of the scope panics: its threads are waited for before that goes on.
#[test]
fn a_scope_that_panics_waits_for_its_threads() {
    clean(|| {
        let count = AtomicUsize::new(0);
        let scope = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            thread::scope(|scope| {
                scope.spawn(|| {
                    thread::yield_now();
                    count.fetch_add(1, Ordering::Relaxed);
                });
                fault::point("work");
            });
        }));
        drop(scope);
        assert_eq!(count.into_inner(), 1);
    });
}

#[test]
fn scopes_nest() {
    clean(|| {
        let count = AtomicUsize::new(0);
        thread::scope(|outer| {
            outer.spawn(|| {
                thread::scope(|inner| {
                    inner.spawn(|| count.fetch_add(1, Ordering::Relaxed));
                    thread::yield_now();
                });
                count.fetch_add(10, Ordering::Relaxed);
            });
            thread::scope(|inner| {
                inner.spawn(|| count.fetch_add(100, Ordering::Relaxed));
            });
        });
        assert_eq!(count.into_inner(), 111);
    });
}

/// A thread of a scope spawns another one of the same.
#[test]
fn a_scope_is_handed_to_its_threads() {
    clean(|| {
        let count = AtomicUsize::new(0);
        let there = &count;
        thread::scope(|scope| {
            scope.spawn(move || {
                thread::yield_now();
                scope.spawn(move || {
                    thread::yield_now();
                    there.fetch_add(1, Ordering::Relaxed);
                });
            });
        });
        assert_eq!(count.into_inner(), 1);
    });
}

/// Both are stuck with borrowed data on their stacks, which are unwound from the inside out.
#[test]
fn a_deadlock_in_a_scope_is_unwound() {
    check(
        [0, 0],
        || {
            let pool = Semaphore::new(1).named("pool");
            let _permit = pool.acquire_blocking().unwrap();
            let text = "borrowed".to_owned();
            thread::scope(|scope| {
                scope.spawn(|| {
                    thread::scope(|inner| {
                        inner.spawn(|| drop((pool.acquire_blocking(), text.len())));
                    });
                });
            });
        },
        &["deadlock pool"],
    );
}

/// An inner scope waits for its own threads alone, though others are started in it.
#[test]
fn a_scope_does_not_wait_for_threads_of_another_one() {
    clean(|| {
        let signal = Semaphore::unbounded(0);
        thread::scope(|outer| {
            let waits = || signal.acquire_raw_blocking().unwrap();
            thread::scope(|inner| {
                outer.spawn(waits);
                inner.spawn(thread::yield_now);
            });
            signal.release(1).unwrap();
        });
    });
}
