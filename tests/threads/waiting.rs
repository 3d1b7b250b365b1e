//! Time and interruption: an acquire that is timed out by choice, or called off by another thread.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use selvedge::{AcquireError, Cancel, Semaphore, fault, thread};

use super::drive::{check, finds, portfolio, semaphore, tells, with_faults};

/// The holder puts back in time, or it does not.
#[test]
fn a_timed_acquire_has_two_outcomes() {
    tells(
        [0, 1],
        |told| {
            let pool = semaphore("pool", 1);
            let permit = pool.acquire_blocking().unwrap();
            let (there, outcome) = (pool.clone(), told.clone());
            let waiter =
                thread::spawn(
                    move || match there.acquire_timeout(Duration::from_secs(3600)) {
                        Ok(_) => outcome.tell("in time"),
                        Err(error) => outcome.tell(error == AcquireError::TimedOut),
                    },
                );
            thread::yield_now();
            drop(permit);
            waiter.join().unwrap();
        },
        &["in time", "true"],
    );
}

/// Without a budget it fires only when nothing else can happen, and then it does.
#[test]
#[allow(clippy::disallowed_methods)] // a deadline is of a clock, though nothing waits for it
fn a_timer_fires_when_nothing_else_can_happen() {
    tells(
        [0, 0],
        |told| {
            let pool = semaphore("pool", 1);
            let _permit = pool.acquire_blocking().unwrap();
            let there = pool.clone();
            let waiter = thread::spawn(move || {
                let deadline = Instant::now() + Duration::from_secs(3600);
                there.acquire_deadline(deadline).map(drop)
            });
            told.tell(waiter.join().unwrap() == Err(AcquireError::TimedOut));
        },
        &["true"],
    );
}

/// Which of two timers fires first is a choice.
#[test]
fn timers_fire_in_any_order() {
    tells(
        [0, 0],
        |told| {
            let (pool, order) = (semaphore("pool", 1), semaphore("order", 2));
            let _held = pool.try_acquire().unwrap();
            let waiters = [1, 2].map(|nth| {
                let (pool, order, told) = (pool.clone(), order.clone(), told.clone());
                thread::spawn(move || {
                    pool.acquire_timeout(Duration::from_secs(nth)).unwrap_err();
                    if order.available_permits() == 2 {
                        told.tell(nth);
                    }
                    order.acquire_owned().wait().unwrap()
                })
            });
            let _permits = waiters.map(|waiter| waiter.join().unwrap());
        },
        &["1", "2"],
    );
}

#[test]
fn a_timer_that_has_passed_does_not_wait() {
    tells(
        [0, 0],
        |told| {
            let pool = semaphore("pool", 1);
            let permit = pool.acquire_timeout(Duration::ZERO);
            told.tell(permit.is_ok());
            told.tell(pool.acquire_timeout(Duration::ZERO).is_ok());
        },
        &["false", "true"],
    );
}

/// Granted first, or called off first.
#[test]
fn an_acquire_is_called_off_from_another_thread() {
    tells(
        [0, 0],
        |told| {
            let (pool, cancel) = (semaphore("pool", 1), Cancel::new());
            let permit = pool.acquire_blocking().unwrap();
            let waiter = {
                let (pool, cancel) = (pool.clone(), cancel.clone());
                thread::spawn(move || pool.acquire().or_cancelled(&cancel).wait().map(drop))
            };
            let canceller = thread::spawn(move || cancel.fire());
            drop(permit);
            match waiter.join().unwrap() {
                Ok(()) => told.tell("granted"),
                Err(error) => told.tell(error == AcquireError::Cancelled),
            }
            canceller.join().unwrap();
        },
        &["granted", "true"],
    );
}

/// In each run, as on real threads: what is released later is for others.
#[test]
fn a_release_after_the_fire_is_never_for_who_was_called_off() {
    tells(
        [0, 0],
        |told| {
            let (pool, cancel) = (semaphore("pool", 1), Cancel::new());
            let permit = pool.acquire_blocking().unwrap();
            let (there, stops) = (pool.clone(), cancel.clone());
            let waiter =
                thread::spawn(move || there.acquire().or_cancelled(&stops).wait().map(drop));
            cancel.fire();
            drop(permit);
            told.tell(waiter.join().unwrap() == Err(AcquireError::Cancelled));
        },
        &["true"],
    );
}

/// Who is called off leaves the queue, and who stood behind it is served.
#[test]
fn who_is_called_off_holds_nobody_up() {
    check(
        [0, 0],
        || {
            let (pool, cancel) = (semaphore("pool", 2), Cancel::new());
            let _permit = pool.acquire_blocking().unwrap();
            let large = {
                let (pool, cancel) = (pool.clone(), cancel.clone());
                thread::spawn(move || pool.acquire_many(2).or_cancelled(&cancel).wait().map(drop))
            };
            let small = {
                let pool = pool.clone();
                thread::spawn(move || drop(pool.acquire_blocking().unwrap()))
            };
            cancel.fire();
            small.join().unwrap();
            large.join().unwrap().unwrap_err();
        },
        &[],
    );
}

/// Nobody fires, and nothing comes.
#[test]
fn an_acquire_that_nobody_calls_off_is_a_deadlock() {
    check(
        [0, 0],
        || {
            let (pool, cancel) = (semaphore("pool", 1), Cancel::new());
            let _permit = pool.acquire_blocking().unwrap();
            let _ = pool.acquire().or_cancelled(&cancel).wait();
        },
        &["deadlock pool"],
    );
}

/// A future may be polled by a thread, by whatever blocks on it.
#[test]
fn a_future_is_polled_by_a_thread() {
    check(
        [0, 0],
        || {
            let pool = semaphore("pool", 1);
            let permit = pool.acquire_blocking().unwrap();
            let there = pool.clone();
            let thread = thread::spawn(move || {
                drop(shuttle::future::block_on(there.acquire()).unwrap());
            });
            drop(permit);
            thread.join().unwrap();
        },
        &[],
    );
}

/// More than the first 64: half of them wait with a timer, and may be called off.
#[test]
fn many_wait_while_others_join() {
    let explorer = selvedge::Explorer {
        runs: Some(20),
        ..with_faults(portfolio(), [1, 2, 0])
    };
    let closure = || {
        let (pool, cancel) = (semaphore("pool", 1), Cancel::new());
        let _permit = pool.acquire_blocking();
        let threads: Vec<_> = (0..70)
            .map(|nth| {
                let (pool, cancel) = (pool.clone(), cancel.clone());
                thread::spawn(move || {
                    if nth % 2 == 0 {
                        let acquire = pool.acquire().or_cancelled(&cancel);
                        acquire.wait_timeout(Duration::from_secs(1)).unwrap_err();
                    } else {
                        let inner = thread::spawn(move || nth);
                        fault::point("work");
                        assert_eq!(inner.join().unwrap(), nth);
                    }
                })
            })
            .collect();
        cancel.fire();
        threads.into_iter().rev().for_each(|t| drop(t.join()));
    };
    finds(&explorer, closure, &[]);
}

/// A waker of the user's uses the semaphore when it is woken and when it is dropped.
#[test]
fn a_waker_may_use_the_semaphore() {
    struct Uses(Arc<Semaphore>);
    impl Wake for Uses {
        fn wake(self: Arc<Self>) {
            drop(self.0.try_acquire());
        }
    }
    impl Drop for Uses {
        fn drop(&mut self) {
            drop(self.0.try_acquire());
            self.0.grow(1);
            self.0.shrink(1);
        }
    }
    for faults in [[0, 0], [1, 1]] {
        let closure = || {
            let pool = semaphore("pool", 1);
            let there = pool.clone();
            let thread = thread::spawn(move || {
                let _permit = there.acquire_blocking().unwrap();
                fault::point("work");
            });
            {
                let waker = Waker::from(Arc::new(Uses(pool.clone())));
                let mut acquire = pin!(pool.acquire());
                for _ in 0..2 {
                    let polled = acquire.as_mut().poll(&mut Context::from_waker(&waker));
                    if let Poll::Ready(permit) = polled {
                        drop(permit.unwrap());
                        break;
                    }
                    thread::yield_now();
                }
            }
            let _ = thread.join();
        };
        check(faults, closure, &[]);
    }
}
