//! Threads: spawning, joining, names, the end of a run.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use selvedge::{Explorer, Semaphore, thread};

use super::drive::{Told, check, clean, faultless, finds, portfolio, semaphore, tells};

#[test]
fn a_thread_gives_its_result() {
    clean(|| {
        let thread = thread::spawn(|| {
            thread::yield_now();
            7
        });
        assert_eq!(thread.join().unwrap(), 7);
    });
}

#[test]
fn a_thread_that_has_not_run_has_not_ended() {
    tells(
        [0, 0],
        |told: &Told| {
            let thread = thread::spawn(|| ());
            assert!(!thread.is_finished());
            thread::yield_now();
            told.tell(thread.is_finished());
            thread.join().unwrap();
        },
        &["false", "true"],
    );
}

/// Main returns first, and the run goes on until its thread has ended.
#[test]
fn a_run_ends_when_all_threads_have() {
    check(
        [0, 0],
        || {
            drop(thread::spawn(|| {
                thread::yield_now();
                panic!("of the last one");
            }));
        },
        &["of the last one"],
    );
}

#[test]
fn a_result_without_a_handle_is_dropped() {
    clean(|| {
        let pool = semaphore("pool", 1);
        let there = pool.clone();
        drop(thread::spawn(move || there.acquire_owned().wait()));
        drop(pool.acquire_blocking());
    });
}

#[test]
fn a_handle_that_is_dropped_after_the_end_drops_the_result() {
    clean(|| {
        let pool = semaphore("pool", 1);
        let there = pool.clone();
        let thread = thread::spawn(move || there.acquire_owned().wait());
        thread::yield_now();
        drop(thread);
        drop(pool.acquire_blocking());
    });
}

/// A permit that went to another thread with the result is not lost.
#[test]
fn a_result_is_handed_over() {
    clean(|| {
        let pool = semaphore("pool", 1);
        let there = pool.clone();
        let permit = thread::spawn(move || there.acquire_owned().wait().unwrap()).join();
        drop(permit);
        drop(pool.acquire_blocking().unwrap());
    });
}

/// The first child of the second child of main, whoever comes first.
#[test]
fn names_do_not_depend_on_the_schedule() {
    fn closure() {
        for nth in 1..=2 {
            drop(thread::spawn(move || {
                thread::yield_now();
                drop(thread::spawn(move || assert_eq!(nth, 1, "the second's")));
            }));
        }
    }
    check([0, 0], closure, &["the second's"]);
    for seed in 0..8 {
        let explorer = selvedge::Explorer {
            seed,
            ..faultless(portfolio())
        };
        let report = finds(&explorer, closure, &["the second's"]);
        let schedule = &report.findings[0].schedule;
        assert!(schedule.contains("main.2.1"), "{schedule}");
        assert!(!schedule.contains("main.1.2"), "{schedule}");
    }
}

#[test]
fn a_thread_that_waits_for_itself_is_a_deadlock() {
    check(
        [0, 0],
        || {
            let own = Arc::new(std::sync::Mutex::new(None::<thread::JoinHandle<()>>));
            let turn = semaphore("turn", 1);
            let (there, after) = (Arc::clone(&own), turn.clone());
            // it may begin before its handle is where it looks for it
            let turn = turn.acquire_blocking();
            let thread = thread::spawn(move || {
                drop(after.acquire_blocking());
                let me = there.lock().unwrap().take();
                let _ = me.unwrap().join();
            });
            *own.lock().unwrap() = Some(thread);
            drop(turn);
        },
        &["deadlock"],
    );
}

#[test]
fn a_permit_that_nobody_puts_back_is_a_leak() {
    check(
        [0, 0],
        || {
            let pool = semaphore("pool", 1);
            let thread = thread::spawn(move || std::mem::forget(pool.acquire_blocking()));
            thread.join().unwrap();
        },
        &["leak pool"],
    );
}

/// Two that take two in opposite order; the one that is stuck is unwound, and the next run is clean.
#[test]
fn opposite_order_is_a_deadlock() {
    check(
        [0, 0],
        || {
            let (a, b) = (semaphore("a", 1), semaphore("b", 1));
            let (a2, b2) = (a.clone(), b.clone());
            let thread = thread::spawn(move || {
                let _b = b2.acquire_blocking();
                let _a = a2.acquire_blocking();
            });
            {
                let _a = a.acquire_blocking();
                let _b = b.acquire_blocking();
            }
            thread.join().unwrap();
        },
        &["deadlock a b", "lock-order a b reachable"],
    );
}

/// Outside of an exploration they are those of the standard library.
#[test]
#[allow(clippy::disallowed_methods)] // there is nothing else to tell them by
fn outside_threads_are_real() {
    let here = std::thread::current().id();
    let other = thread::spawn(|| std::thread::current().id());
    assert_ne!(here, other.join().unwrap());
    let count = AtomicUsize::new(0);
    let all_went = thread::scope(|scope| {
        let threads = [(); 3].map(|()| {
            scope.spawn(|| {
                thread::yield_now();
                count.fetch_add(1, Ordering::Relaxed);
                std::thread::current().id()
            })
        });
        threads.into_iter().all(|t| t.join().unwrap() != here)
    });
    assert!(all_went);
    assert_eq!(count.into_inner(), 3);
    let ended = Arc::new(AtomicBool::new(false));
    let there = Arc::clone(&ended);
    let thread = thread::spawn(move || there.store(true, Ordering::Release));
    while !thread.is_finished() {
        thread::yield_now();
    }
    assert!(ended.load(Ordering::Acquire));
    let panics = thread::spawn(|| panic!("in a thread of the system"));
    assert!(panics.join().is_err());
}

/// More than the first 64, each of whom lets the next go on and waits for the one before.
#[test]
fn two_hundred_go_on_one_after_the_other() {
    let explorer = Explorer {
        runs: Some(10),
        ..faultless(portfolio())
    };
    let closure = || {
        let signals: Vec<_> = (0..=200)
            .map(|_| Arc::new(Semaphore::unbounded(0)))
            .collect();
        let mut last: Option<thread::JoinHandle<()>> = None;
        for pair in signals.windows(2) {
            let (from, to) = (pair[0].clone(), pair[1].clone());
            let before = last.take();
            last = Some(thread::spawn(move || {
                from.acquire_raw_blocking().unwrap();
                to.release(1).unwrap();
                before.map_or(Ok(()), thread::JoinHandle::join).unwrap();
            }));
        }
        signals[0].release(1).unwrap();
        last.unwrap().join().unwrap();
        assert_eq!(signals[200].available_permits(), 1);
    };
    finds(&explorer, closure, &[]);
}

/// The run waits for who is spawned there too, and when it is over such a thread does not begin.
#[test]
fn a_destructor_spawns_while_its_thread_unwinds() {
    struct Spawns(Arc<Semaphore>);
    impl Drop for Spawns {
        fn drop(&mut self) {
            let pool = Arc::clone(&self.0);
            drop(thread::spawn(move || drop(pool.acquire_blocking())));
        }
    }
    clean(|| {
        let pool = semaphore("pool", 1);
        let there = pool.clone();
        let thread = thread::spawn(move || {
            let _spawns = Spawns(there);
            selvedge::fault::point("work");
        });
        drop(pool.acquire_blocking());
        let _ = thread.join();
    });
    check(
        [0, 0],
        || {
            let pool = semaphore("pool", 1);
            let _permit = pool.acquire_blocking();
            let _spawns = Spawns(pool.clone());
            drop(pool.acquire_blocking());
        },
        &["deadlock pool"],
    );
}

/// Who catches what unwinds it at the end of a run may go on for a while: nothing of it is told.
#[test]
fn what_is_done_after_the_end_is_nothing() {
    check(
        [0, 0],
        || {
            let pool = semaphore("pool", 1);
            let _permit = pool.acquire_blocking();
            let there = pool.clone();
            let stuck = || drop(there.acquire_blocking());
            let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(stuck));
            let _ = std::panic::catch_unwind(|| {
                let _ = thread::spawn(thread::yield_now).join();
                thread::scope(|scope| drop(scope.spawn(thread::yield_now)));
            });
            assert_eq!(pool.available_permits(), 0);
            pool.grow(1);
        },
        &["deadlock pool"],
    );
}
