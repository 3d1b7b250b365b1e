//! An acquire is dropped, or called off, at each point of its life.

use std::sync::Arc;

use selvedge::{AcquireError, Cancel};

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

#[test]
fn called_off_while_it_waits() {
    let s = semaphore(2);
    let held = s.try_acquire().unwrap();
    let cancel = Cancel::new();
    let mut large = Acquiring::of(Arc::clone(&s).acquire_many_owned(2).or_cancelled(&cancel));
    assert!(large.poll().is_pending());
    let small = Acquiring::waiting(&s, 1);
    cancel.fire();
    assert_eq!((large.bell.rings(), small.bell.rings()), (1, 0));
    assert_eq!(large.failed(), AcquireError::Cancelled);
    assert_eq!(small.bell.rings(), 1);
    drop((held, small.granted()));
    assert_eq!(stands(&s), (2, Some(2), 0, 0));
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
