//! Every interleaving of the semaphore's own atomics and lock, on a few threads.
//!
//! ```text
//! RUSTFLAGS="--cfg loom" cargo test --release --test loom
//! ```
#![cfg(loom)]

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread;
use selvedge::{AcquireError, Cancel, Semaphore, TryAcquireError};

/// Runs all interleavings with at most three preemptions.
fn all(run: impl Fn() + Send + Sync + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(run);
}

fn once<F: Future>(future: F) -> Option<F::Output> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

/// At the end nothing is lost, and nobody is left.
fn whole(s: &Semaphore, permits: usize) {
    assert_eq!((s.available_permits(), s.waiters()), (permits, 0));
    let whole = s.try_acquire_many(permits as u32);
    assert_eq!(whole.is_err(), s.is_closed());
}

#[test]
fn two_threads_take_turns() {
    all(|| {
        let s = Arc::new(Semaphore::new(1));
        let other = Arc::clone(&s);
        let thread = thread::spawn(move || drop(other.acquire_blocking().unwrap()));
        drop(s.acquire_blocking().unwrap());
        thread.join().unwrap();
        whole(&s, 1);
    });
}

#[test]
fn a_wake_that_comes_late_ends_no_other_wait() {
    all(|| {
        let (first, second) = (Arc::new(Semaphore::new(1)), Arc::new(Semaphore::new(1)));
        let held = [&first, &second].map(|s| Arc::clone(s).try_acquire_owned().unwrap());
        let thread = thread::spawn(move || drop(held));
        drop(first.acquire_blocking().unwrap());
        drop(second.acquire_blocking().unwrap());
        thread.join().unwrap();
        whole(&first, 1);
        whole(&second, 1);
    });
}

/// Who takes a permit sees what was written before it was put back.
#[test]
fn a_permit_carries_what_was_written_before_it_was_put_back() {
    all(|| {
        let s = Arc::new(Semaphore::new(1));
        let written = Arc::new(AtomicBool::new(false));
        let (held, by) = (
            Arc::clone(&s).try_acquire_owned().unwrap(),
            Arc::clone(&written),
        );
        let thread = thread::spawn(move || {
            by.store(true, Ordering::Relaxed);
            drop(held);
        });
        if s.try_acquire().is_ok() {
            assert!(written.load(Ordering::Relaxed));
        }
        drop(s.acquire_blocking().unwrap());
        assert!(written.load(Ordering::Relaxed));
        thread.join().unwrap();
    });
}

/// Who is told that it is closed sees what was written before that.
#[test]
fn a_close_carries_what_was_written_before_it() {
    all(|| {
        let s = Arc::new(Semaphore::new(1));
        let written = Arc::new(AtomicBool::new(false));
        let (closed, by) = (Arc::clone(&s), Arc::clone(&written));
        let thread = thread::spawn(move || {
            by.store(true, Ordering::Relaxed);
            closed.close();
        });
        if s.try_acquire().is_err_and(|e| e == TryAcquireError::Closed) {
            assert!(written.load(Ordering::Relaxed));
        }
        if s.acquire_blocking().is_err() {
            assert!(written.load(Ordering::Relaxed));
        }
        thread.join().unwrap();
    });
}

#[test]
fn a_waiter_for_two_is_granted_by_two_releases() {
    all(|| {
        let s = Arc::new(Semaphore::new(2));
        let threads = [(); 2].map(|()| {
            let permit = Arc::clone(&s).try_acquire_owned().unwrap();
            thread::spawn(move || drop(permit))
        });
        drop(s.acquire_many_blocking(2).unwrap());
        for thread in threads {
            thread.join().unwrap();
        }
        whole(&s, 2);
    });
}

#[test]
fn a_try_never_takes_what_a_waiter_is_owed() {
    all(|| {
        let s = Arc::new(Semaphore::new(1));
        let held = Arc::clone(&s).try_acquire_owned().unwrap();
        let mut waiting = pin!(Arc::clone(&s).acquire_owned());
        let mut cx = Context::from_waker(Waker::noop());
        assert!(waiting.as_mut().poll(&mut cx).is_pending());
        let thread = thread::spawn(move || drop(held));
        assert!(s.try_acquire().is_err());
        thread.join().unwrap();
        assert!(waiting.as_mut().poll(&mut cx).is_ready());
        whole(&s, 1);
    });
}

/// Somebody who changes the capacity has the word to themselves meanwhile, and nobody waits.
#[test]
fn a_try_does_not_fail_in_the_middle_of_a_resize() {
    all(|| {
        let s = Arc::new(Semaphore::new(1));
        let there = Arc::clone(&s);
        let thread = thread::spawn(move || {
            there.grow(1);
            assert_eq!(there.forget_permits(1), 1);
        });
        drop(s.try_acquire().unwrap());
        thread.join().unwrap();
        whole(&s, 1);
    });
}

#[test]
fn a_waiter_is_dropped_while_it_is_granted() {
    all(|| {
        let s = Arc::new(Semaphore::new(1));
        let held = Arc::clone(&s).try_acquire_owned().unwrap();
        let thread = thread::spawn(move || drop(held));
        // polled once, and dropped whether it was granted or not
        drop(once(s.acquire()));
        thread.join().unwrap();
        whole(&s, 1);
    });
}

#[test]
fn the_baton_is_passed_on_by_whoever_is_dropped() {
    all(|| {
        let s = Arc::new(Semaphore::new(1));
        let held = Arc::clone(&s).try_acquire_owned().unwrap();
        let other = Arc::clone(&s);
        let releases = thread::spawn(move || drop(held));
        let waits = thread::spawn(move || drop(other.acquire_blocking().unwrap()));
        drop(once(s.acquire()));
        releases.join().unwrap();
        waits.join().unwrap();
        whole(&s, 1);
    });
}

#[test]
fn a_waiter_is_polled_again_with_another_waker_while_it_is_granted() {
    all(|| {
        let s = Arc::new(Semaphore::new(1));
        let held = Arc::clone(&s).try_acquire_owned().unwrap();
        let other = Arc::clone(&s);
        let waits = thread::spawn(move || {
            let mut acquire = other.acquire();
            let first =
                std::pin::Pin::new(&mut acquire).poll(&mut Context::from_waker(Waker::noop()));
            match first {
                Poll::Ready(permit) => drop(permit.unwrap()),
                Poll::Pending => drop(acquire.wait().unwrap()),
            }
        });
        drop(held);
        waits.join().unwrap();
        whole(&s, 1);
    });
}

#[test]
fn close_meets_an_acquire() {
    all(|| {
        let s = Arc::new(Semaphore::new(0));
        let other = Arc::clone(&s);
        let thread = thread::spawn(move || other.close());
        assert_eq!(s.acquire_blocking().unwrap_err(), AcquireError::Closed);
        thread.join().unwrap();
        whole(&s, 0);
    });
}

#[test]
fn close_meets_a_release() {
    all(|| {
        let s = Arc::new(Semaphore::new(1));
        let held = Arc::clone(&s).try_acquire_owned().unwrap();
        let other = Arc::clone(&s);
        let closes = thread::spawn(move || other.close());
        let releases = thread::spawn(move || drop(held));
        // granted or closed, whichever comes first
        drop(s.acquire_blocking());
        closes.join().unwrap();
        releases.join().unwrap();
        whole(&s, 1);
    });
}

#[test]
fn a_timer_meets_a_grant() {
    all(|| {
        let s = Arc::new(Semaphore::new(1));
        let held = Arc::clone(&s).try_acquire_owned().unwrap();
        let thread = thread::spawn(move || drop(held));
        match s.acquire_timeout(Duration::from_secs(1)) {
            Ok(permit) => drop(permit),
            Err(error) => assert_eq!(error, AcquireError::TimedOut),
        }
        thread.join().unwrap();
        whole(&s, 1);
    });
}

#[test]
fn a_cancel_meets_a_grant() {
    all(|| {
        let s = Arc::new(Semaphore::new(1));
        let held = Arc::clone(&s).try_acquire_owned().unwrap();
        let cancel = Cancel::new();
        let (other, stops) = (Arc::clone(&s), cancel.clone());
        let releases = thread::spawn(move || drop(held));
        // loom's `unpark` wakes a thread from a `join` too: so the one that waits does not join
        let waits = thread::spawn(move || match other.acquire().or_cancelled(&stops).wait() {
            Ok(permit) => drop(permit),
            Err(error) => assert_eq!(error, AcquireError::Cancelled),
        });
        cancel.fire();
        releases.join().unwrap();
        waits.join().unwrap();
        whole(&s, 1);
    });
}

/// Whoever fires first and releases then never grants who was called off, and what was released can
/// be had at once.
#[test]
fn a_release_after_a_fire_is_not_for_who_was_called_off() {
    all(|| {
        let s = Arc::new(Semaphore::new(1));
        let held = Arc::clone(&s).try_acquire_owned().unwrap();
        let cancel = Cancel::new();
        let (there, stops) = (Arc::clone(&s), cancel.clone());
        let waits = thread::spawn(move || {
            let answer = there.acquire().or_cancelled(&stops).wait();
            assert_eq!(answer.unwrap_err(), AcquireError::Cancelled);
        });
        cancel.fire();
        drop(held);
        drop(s.try_acquire().unwrap());
        waits.join().unwrap();
        whole(&s, 1);
    });
}

/// The same for a thread that only sees that it was fired.
#[test]
fn who_sees_that_it_was_fired_releases_to_nobody_who_was_called_off() {
    all(|| {
        let s = Arc::new(Semaphore::new(1));
        let held = Arc::clone(&s).try_acquire_owned().unwrap();
        let cancel = Cancel::new();
        let mut waiting = Box::pin(Arc::clone(&s).acquire_owned().or_cancelled(&cancel));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(waiting.as_mut().poll(&mut cx).is_pending());
        let stops = cancel.clone();
        let fires = thread::spawn(move || stops.fire());
        let seen = cancel.is_fired();
        drop(held);
        let answer = waiting.as_mut().poll(&mut cx);
        if seen {
            assert!(matches!(answer, Poll::Ready(Err(AcquireError::Cancelled))));
        }
        assert!(answer.is_ready(), "it was granted or called off");
        drop(answer);
        fires.join().unwrap();
        whole(&s, 1);
    });
}

#[test]
fn a_fire_meets_a_drop() {
    all(|| {
        let s = Arc::new(Semaphore::new(1));
        let held = Arc::clone(&s).try_acquire_owned().unwrap();
        let cancel = Cancel::new();
        let mut waiting = Box::pin(Arc::clone(&s).acquire_owned().or_cancelled(&cancel));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(waiting.as_mut().poll(&mut cx).is_pending());
        let stops = cancel.clone();
        let fires = thread::spawn(move || stops.fire());
        let releases = thread::spawn(move || drop(held));
        drop(waiting);
        fires.join().unwrap();
        releases.join().unwrap();
        whole(&s, 1);
    });
}

#[test]
fn a_fire_meets_a_fire() {
    all(|| {
        let s = Arc::new(Semaphore::new(1));
        let held = Arc::clone(&s).try_acquire_owned().unwrap();
        let cancel = Cancel::new();
        let mut waiting = Box::pin(Arc::clone(&s).acquire_owned().or_cancelled(&cancel));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(waiting.as_mut().poll(&mut cx).is_pending());
        let stops = cancel.clone();
        let fires = thread::spawn(move || stops.fire());
        cancel.fire();
        // whichever came first has taken it out before the other returns
        drop(held);
        let answer = waiting.as_mut().poll(&mut cx);
        assert!(matches!(answer, Poll::Ready(Err(AcquireError::Cancelled))));
        fires.join().unwrap();
        whole(&s, 1);
    });
}

/// The one behind is granted by the fire or by the release, and by neither of them twice.
#[test]
fn a_fire_meets_a_release_with_a_waiter_behind() {
    all(|| {
        let s = Arc::new(Semaphore::new(2));
        let held = Arc::clone(&s).try_acquire_owned().unwrap();
        let cancel = Cancel::new();
        let mut cx = Context::from_waker(Waker::noop());
        let mut large = Box::pin(Arc::clone(&s).acquire_many_owned(2).or_cancelled(&cancel));
        assert!(large.as_mut().poll(&mut cx).is_pending());
        let mut small = Box::pin(Arc::clone(&s).acquire_owned());
        assert!(small.as_mut().poll(&mut cx).is_pending());
        let releases = thread::spawn(move || drop(held));
        cancel.fire();
        match large.as_mut().poll(&mut cx) {
            Poll::Ready(Ok(permits)) => drop(permits),
            Poll::Ready(Err(error)) => assert_eq!(error, AcquireError::Cancelled),
            Poll::Pending => panic!("it was granted or called off"),
        }
        let small = small.as_mut().poll(&mut cx);
        assert!(matches!(small, Poll::Ready(Ok(_))), "nothing holds it up");
        drop(small);
        releases.join().unwrap();
        whole(&s, 2);
    });
}

/// A fire leaves the word as if somebody waited; others take and put back meanwhile.
#[test]
fn a_queue_that_a_fire_empties_is_no_queue() {
    all(|| {
        let s = Arc::new(Semaphore::new(2));
        let held = Arc::clone(&s).try_acquire_owned().unwrap();
        let cancel = Cancel::new();
        let mut large = Box::pin(Arc::clone(&s).acquire_many_owned(2).or_cancelled(&cancel));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(large.as_mut().poll(&mut cx).is_pending());
        cancel.fire();
        let there = Arc::clone(&s);
        let tries = thread::spawn(move || drop(there.try_acquire().unwrap()));
        assert!((0..=1).contains(&s.available_permits()));
        drop(held);
        tries.join().unwrap();
        drop(large);
        whole(&s, 2);
    });
}

#[test]
fn a_shrink_meets_a_release_and_an_acquire() {
    all(|| {
        let s = Arc::new(Semaphore::new(2));
        let held = Arc::clone(&s).try_acquire_owned().unwrap();
        let other = Arc::clone(&s);
        let shrinks = thread::spawn(move || other.shrink(1));
        let releases = thread::spawn(move || drop(held));
        drop(s.acquire_blocking().unwrap());
        shrinks.join().unwrap();
        releases.join().unwrap();
        assert_eq!((s.capacity(), s.debt()), (Some(1), 0));
        whole(&s, 1);
    });
}

#[test]
fn who_has_its_answer_finds_what_else_is_free() {
    all(|| {
        let s = Arc::new(Semaphore::new(2));
        let held = Arc::clone(&s).try_acquire_many_owned(2).unwrap();
        let thread = thread::spawn(move || drop(held));
        let first = s.acquire_blocking().unwrap();
        // the release of two was one step: the second permit is free
        let second = s.try_acquire().unwrap();
        thread.join().unwrap();
        drop((first, second));
        whole(&s, 2);
    });
}

#[test]
fn one_permit_is_released_once() {
    all(|| {
        let s = Arc::new(Semaphore::new(1));
        s.acquire_raw_blocking().unwrap();
        let other = Arc::clone(&s);
        let thread = thread::spawn(move || other.release(1).is_ok());
        let here = s.release(1).is_ok();
        assert!(here != thread.join().unwrap());
        whole(&s, 1);
    });
}
