//! Real threads, and everything at once: at the end nothing is lost.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use selvedge::{AcquireError, Cancel, Semaphore};

use crate::polled::{Acquiring, semaphore, stands};

const ROUNDS: u32 = 20_000;

#[test]
fn threads_that_take_and_put_back_lose_nothing() {
    let s = semaphore(3);
    let inside = AtomicUsize::new(0);
    thread::scope(|threads| {
        for t in 0..6u32 {
            let (s, inside) = (&s, &inside);
            threads.spawn(move || {
                for i in 0..ROUNDS {
                    let n = 1 + (i + t) % 3;
                    let permit = match i % 4 {
                        0 => s.try_acquire_many(n).ok(),
                        1 => s.acquire_many_timeout(n, Duration::from_micros(5)).ok(),
                        _ => s.acquire_many_blocking(n).ok(),
                    };
                    let Some(permit) = permit else {
                        continue;
                    };
                    let now = inside.fetch_add(n as usize, Ordering::SeqCst) + n as usize;
                    assert!(now <= 3, "{now} permits of 3 are held");
                    inside.fetch_sub(n as usize, Ordering::SeqCst);
                    drop(permit);
                }
            });
        }
    });
    assert_eq!(stands(&s), (3, Some(3), 0, 0));
}

/// Nobody waits and enough is free: that somebody is about to change the capacity does not show.
#[test]
fn a_try_does_not_fail_in_the_middle_of_a_resize() {
    let s = semaphore(3);
    thread::scope(|threads| {
        let resizes = threads.spawn(|| {
            for _ in 0..10 * ROUNDS {
                s.grow(1);
                assert_eq!(s.forget_permits(1), 1);
            }
        });
        while !resizes.is_finished() {
            drop(s.try_acquire().unwrap());
        }
    });
    assert_eq!(stands(&s), (3, Some(3), 0, 0));
}

#[test]
fn two_threads_that_wait_for_each_other_always_go_on() {
    let (there, back) = (Semaphore::unbounded(0), Semaphore::unbounded(0));
    thread::scope(|threads| {
        threads.spawn(|| {
            for _ in 0..ROUNDS {
                there.acquire_raw_blocking().unwrap();
                back.release(1).unwrap();
            }
        });
        for _ in 0..ROUNDS {
            there.release(1).unwrap();
            back.acquire_raw_blocking().unwrap();
        }
    });
    assert_eq!(stands(&there), (0, None, 0, 0));
    assert_eq!(stands(&back), (0, None, 0, 0));
}

#[test]
fn futures_that_are_dropped_anywhere_lose_nothing() {
    let s = semaphore(2);
    thread::scope(|threads| {
        for t in 0..4u32 {
            let s = &s;
            threads.spawn(move || {
                for i in 0..ROUNDS {
                    let cancel = Cancel::new();
                    let acquire = std::sync::Arc::clone(s).acquire_many_owned(1 + (i + t) % 2);
                    let mut task = Acquiring::of(acquire.or_cancelled(&cancel));
                    for step in 0..i % 5 {
                        if step == 3 {
                            cancel.fire();
                        }
                        if let Poll::Ready(answer) = task.poll() {
                            drop(answer);
                            break;
                        }
                    }
                }
            });
        }
    });
    assert_eq!(stands(&s), (2, Some(2), 0, 0));
}

/// Whoever fires and then releases never finds that permit with a waiter that was called off: it is
/// free, or with somebody who did not wait with that `Cancel`.
#[test]
fn what_is_released_after_a_fire_is_never_granted_to_who_was_called_off() {
    let called_off = AtomicUsize::new(0);
    for round in 0..ROUNDS / 10 {
        let s = semaphore(1);
        let (cancel, released) = (Cancel::new(), AtomicBool::new(false));
        let held = s.try_acquire().unwrap();
        thread::scope(|threads| {
            for _ in 0..1 + round % 2 {
                threads.spawn(|| match s.acquire().or_cancelled(&cancel).wait() {
                    Ok(_permit) => panic!("released: {}", released.load(Ordering::SeqCst)),
                    Err(error) => {
                        assert_eq!(error, AcquireError::Cancelled);
                        called_off.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
            if round % 4 < 2 {
                while s.waiters() == 0 {
                    thread::yield_now();
                }
            }
            if round % 8 == 0 {
                threads.spawn(|| cancel.fire());
            }
            cancel.fire();
            assert_eq!(s.waiters(), 0);
            released.store(true, Ordering::SeqCst);
            drop(held);
            drop(s.try_acquire().unwrap());
        });
        assert_eq!(stands(&s), (1, Some(1), 0, 0));
    }
    assert_eq!(called_off.into_inner(), ROUNDS as usize / 10 * 3 / 2);
}

/// Waiters behind one that is called off are served by the fire, if it was what held them up.
#[test]
fn whoever_is_behind_one_that_is_called_off_is_served() {
    for round in 0..ROUNDS / 10 {
        let s = semaphore(2);
        let cancel = Cancel::new();
        let _held = s.try_acquire().unwrap();
        let large = std::sync::Arc::clone(&s).acquire_many_owned(2);
        let mut large = Acquiring::of(large.or_cancelled(&cancel));
        assert!(large.poll().is_pending());
        thread::scope(|threads| {
            threads.spawn(|| drop(s.acquire_blocking().unwrap()));
            threads.spawn(|| cancel.fire());
            match round % 3 {
                0 => drop(large),
                1 => assert!(!matches!(large.poll(), Poll::Ready(Ok(_)))),
                _ => {}
            }
        });
        assert_eq!((s.available_permits(), s.waiters()), (1, 0));
    }
}

#[test]
fn a_capacity_that_changes_all_the_time_is_what_is_left() {
    let s = semaphore(4);
    thread::scope(|threads| {
        for _ in 0..3 {
            threads.spawn(|| {
                for i in 0..ROUNDS {
                    match s.try_acquire_many(1 + i % 2) {
                        Ok(permit) if i % 64 == 0 => permit.into_raw(),
                        Ok(permit) => drop(permit),
                        Err(_) => {}
                    }
                    if i % 64 == 63 {
                        // whoever took it
                        let _ = s.release(1);
                    }
                }
            });
        }
        threads.spawn(|| {
            for _ in 0..ROUNDS {
                let lowered = s.shrink(2);
                drop(s.drain());
                s.grow(lowered);
            }
        });
    });
    while s.release(1).is_ok() {}
    assert_eq!(stands(&s), (4, Some(4), 0, 0));
}

#[test]
fn signals_arrive_once_each() {
    let s = Semaphore::unbounded(0);
    let taken = AtomicUsize::new(0);
    thread::scope(|threads| {
        for _ in 0..3 {
            threads.spawn(|| {
                while s.acquire_raw_blocking().is_ok() {
                    taken.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for i in 0..ROUNDS as usize {
            s.release(i % 3).unwrap();
        }
        while s.available_permits() > 0 {
            thread::yield_now();
        }
        s.close();
    });
    let sent: usize = (0..ROUNDS as usize).map(|i| i % 3).sum();
    assert_eq!(taken.into_inner(), sent);
}
