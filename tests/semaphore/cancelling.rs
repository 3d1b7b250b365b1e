//! An acquire is dropped, or called off, at each point of its life.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use selvedge::{AcquireError, Cancel, Semaphore};

use crate::polled::{Acquiring, semaphore, stands};

#[test]
fn before_it_is_polled() {
    let s = semaphore(1);
    drop(Acquiring::new(&s, 1));
    assert_eq!(stands(&s), (1, Some(1), 0, 0));
}

#[test]
fn at_the_head_of_the_queue() {
    let s = semaphore(2);
    let held = s.try_acquire().unwrap();
    let (large, small) = (Acquiring::waiting(&s, 2), Acquiring::waiting(&s, 1));
    drop(large);
    assert_eq!((small.bell.rings(), stands(&s)), (1, (0, Some(2), 0, 0)));
    drop((held, small.granted()));
    assert_eq!(s.available_permits(), 2);
}

#[test]
fn in_the_middle_and_at_the_end_of_the_queue() {
    let s = semaphore(1);
    let held = s.try_acquire().unwrap();
    let [a, b, c, d] = [1; 4].map(|n| Acquiring::waiting(&s, n));
    drop(b);
    drop(d);
    assert_eq!(s.waiters(), 2);
    drop(held);
    drop(a.granted());
    drop(c.granted());
    assert_eq!(stands(&s), (1, Some(1), 0, 0));
}

#[test]
fn granted_and_not_resumed() {
    let s = semaphore(1);
    let held = s.try_acquire().unwrap();
    let (a, b) = (Acquiring::waiting(&s, 1), Acquiring::waiting(&s, 1));
    drop(held);
    drop(a);
    assert_eq!(b.bell.rings(), 1);
    drop(b);
    assert_eq!(stands(&s), (1, Some(1), 0, 0));
}

#[test]
fn granted_many_and_not_resumed() {
    let s = semaphore(4);
    let held = s.try_acquire_many(4).unwrap();
    let [large, a, b, c] = [4, 2, 1, 2].map(|n| Acquiring::waiting(&s, n));
    drop(held);
    drop(large);
    let rings = [&a, &b, &c].map(|w| w.bell.rings());
    assert_eq!((rings, stands(&s)), ([1, 1, 0], (1, Some(4), 0, 1)));
    drop(a);
    assert_eq!((c.bell.rings(), stands(&s)), (1, (1, Some(4), 0, 0)));
}

#[test]
fn granted_and_not_resumed_pays_debt() {
    let s = semaphore(2);
    let held = s.try_acquire_many(2).unwrap();
    let waiting = Acquiring::waiting(&s, 2);
    drop(held);
    s.shrink(1);
    drop(waiting);
    assert_eq!(stands(&s), (1, Some(1), 0, 0));
}

#[test]
fn failed_and_not_resumed() {
    let s = semaphore(0);
    let waiting = Acquiring::waiting(&s, 1);
    s.close();
    drop(waiting);
    assert_eq!(stands(&s), (0, Some(0), 0, 0));
}

/// A task that waits, and that a `Cancel` can call off.
fn called_off_by(cancel: &Cancel, s: &Arc<Semaphore>, permits: u32) -> Acquiring {
    let acquire = Arc::clone(s).acquire_many_owned(permits);
    let mut waiting = Acquiring::of(acquire.or_cancelled(cancel));
    assert!(waiting.poll().is_pending(), "it was to wait");
    waiting
}

fn rings<const N: usize>(all: [&Acquiring; N]) -> [usize; N] {
    all.map(|one| one.bell.rings())
}

#[test]
fn called_off_while_it_waits() {
    let s = semaphore(2);
    let held = s.try_acquire().unwrap();
    let cancel = Cancel::new();
    let large = called_off_by(&cancel, &s, 2);
    let small = Acquiring::waiting(&s, 1);
    cancel.fire();
    // who stood behind it is granted in the same step
    assert_eq!(rings([&large, &small]), [1, 1]);
    assert_eq!(stands(&s), (0, Some(2), 0, 0));
    assert_eq!(large.failed(), AcquireError::Cancelled);
    drop((held, small.granted()));
    assert_eq!(stands(&s), (2, Some(2), 0, 0));
}

#[test]
fn a_release_that_comes_after_the_fire_is_not_for_who_was_called_off() {
    let s = Semaphore::new(1);
    let cancel = Cancel::new();
    let held = s.try_acquire().unwrap();
    let mut waiting = pin!(s.acquire().or_cancelled(&cancel));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(waiting.as_mut().poll(&mut cx).is_pending());
    cancel.fire();
    assert_eq!(stands(&s), (0, Some(1), 0, 0));
    drop(held);
    let next = s.try_acquire().unwrap();
    let answer = waiting.as_mut().poll(&mut cx);
    assert!(matches!(answer, Poll::Ready(Err(AcquireError::Cancelled))));
    drop(next);
    assert_eq!(stands(&s), (1, Some(1), 0, 0));
}

/// All who wait with it leave before anybody is granted what has become free.
#[test]
fn who_is_called_off_by_the_same_fire_is_not_granted_in_between() {
    let s = semaphore(2);
    let held = s.try_acquire().unwrap();
    let cancel = Cancel::new();
    let large = called_off_by(&cancel, &s, 2);
    let small = called_off_by(&cancel, &s, 1);
    let last = Acquiring::waiting(&s, 1);
    cancel.fire();
    assert_eq!(rings([&large, &small, &last]), [1, 1, 1]);
    assert_eq!(large.failed(), AcquireError::Cancelled);
    assert_eq!(small.failed(), AcquireError::Cancelled);
    drop((held, last.granted()));
    assert_eq!(stands(&s), (2, Some(2), 0, 0));
}

#[test]
fn one_fire_calls_off_waiters_of_several_semaphores() {
    let (a, b) = (semaphore(0), semaphore(0));
    let (cancel, other) = (Cancel::new(), Cancel::new());
    let all = [&a, &b, &a].map(|s| called_off_by(&cancel, s, 1));
    let stays = called_off_by(&other, &a, 1);
    cancel.fire();
    cancel.fire();
    assert!(cancel.is_fired() && !other.is_fired());
    assert_eq!((a.waiters(), b.waiters()), (1, 0));
    for one in all {
        assert_eq!(one.bell.rings(), 1);
        assert_eq!(one.failed(), AcquireError::Cancelled);
    }
    other.fire();
    assert_eq!(stays.failed(), AcquireError::Cancelled);
}

#[test]
fn what_was_fired_fails_at_once_though_permits_are_free() {
    let s = semaphore(1);
    let cancel = Cancel::new();
    cancel.fire();
    let late = Acquiring::of(Arc::clone(&s).acquire_owned().or_cancelled(&cancel));
    assert_eq!(late.failed(), AcquireError::Cancelled);
    assert_eq!(stands(&s), (1, Some(1), 0, 0));
}

/// The slot of one that was called off is used again, and granted, before it asks.
#[test]
fn who_was_called_off_stays_so_whoever_takes_its_place() {
    let s = semaphore(1);
    let held = s.try_acquire().unwrap();
    let cancel = Cancel::new();
    let first = called_off_by(&cancel, &s, 1);
    cancel.fire();
    let second = Acquiring::waiting(&s, 1);
    drop(held);
    assert_eq!(first.failed(), AcquireError::Cancelled);
    drop(second.granted());
    assert_eq!(stands(&s), (1, Some(1), 0, 0));
}

#[test]
fn who_was_called_off_and_is_dropped_puts_nothing_back() {
    let s = semaphore(1);
    let held = s.try_acquire().unwrap();
    let cancel = Cancel::new();
    let first = called_off_by(&cancel, &s, 1);
    cancel.fire();
    drop(first);
    assert_eq!(stands(&s), (0, Some(1), 0, 0));
    drop(held);
    assert_eq!(stands(&s), (1, Some(1), 0, 0));
}

#[test]
fn who_was_dropped_or_failed_before_is_not_called_off() {
    let s = semaphore(0);
    let cancel = Cancel::new();
    let (dropped, closed) = (called_off_by(&cancel, &s, 1), called_off_by(&cancel, &s, 1));
    let bell = Arc::clone(&dropped.bell);
    drop(dropped);
    s.close();
    cancel.fire();
    assert_eq!((bell.rings(), closed.bell.rings()), (0, 1));
    assert_eq!(closed.failed(), AcquireError::Closed);
}

/// Nobody waits any more, and what is free can be had, put back and changed as before.
#[test]
fn a_semaphore_whose_queue_a_fire_has_emptied_works_on() {
    for op in 0..6 {
        let s = semaphore(3);
        let held = s.try_acquire().unwrap();
        let cancel = Cancel::new();
        let _waiting = called_off_by(&cancel, &s, 3);
        assert!(s.try_acquire().is_err(), "somebody waits");
        cancel.fire();
        assert_eq!(stands(&s), (2, Some(3), 0, 0));
        let free = match op {
            0 => s.try_acquire_many(3).map_or(2, |_| 3),
            1 => s.try_acquire_many(2).map_or(0, |_| 2),
            2 => Acquiring::new(&s, 2).granted().num_permits(),
            3 => s.drain().num_permits(),
            4 => s.forget_permits(2),
            _ => {
                s.grow(1);
                s.available_permits() - 1
            }
        };
        assert_eq!(free, 2, "op {op}");
        drop(held);
        assert_eq!(Some(s.available_permits()), s.capacity(), "op {op}");
    }
}

/// A future that is never dropped leaves its place on the list behind, and that is all.
#[test]
fn to_fire_after_the_semaphore_is_gone_is_harmless() {
    let cancel = Cancel::new();
    let s = Semaphore::new(0);
    let mut leaked = Box::pin(s.acquire().or_cancelled(&cancel));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(leaked.as_mut().poll(&mut cx).is_pending());
    std::mem::forget(leaked);
    drop(s);
    cancel.fire();
}

#[test]
fn called_off_after_the_grant_is_too_late() {
    let s = semaphore(1);
    let held = s.try_acquire().unwrap();
    let cancel = Cancel::new();
    let mut a = Acquiring::of(Arc::clone(&s).acquire_owned().or_cancelled(&cancel));
    assert!(a.poll().is_pending());
    drop(held);
    cancel.fire();
    drop(a.granted());
    assert_eq!(stands(&s), (1, Some(1), 0, 0));
}

#[test]
fn a_slot_that_is_used_again_keeps_the_answers_of_before() {
    let s = semaphore(1);
    let held = s.try_acquire().unwrap();
    let a = Acquiring::waiting(&s, 1);
    drop(held);
    // takes the slot that `a` was in, which has not asked yet
    let b = Acquiring::waiting(&s, 1);
    assert_eq!(s.waiters(), 1);
    drop(a);
    drop(b.granted());
    assert_eq!(stands(&s), (1, Some(1), 0, 0));
}
