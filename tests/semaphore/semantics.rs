//! What it does when nothing goes wrong, and what it refuses.

use std::sync::Arc;
use std::time::{Duration, Instant};

use selvedge::{
    Acquire, AcquireError, AcquireOwned, AcquireRaw, Cancel, OwnedSemaphorePermit, Semaphore,
    SemaphorePermit, TryAcquireError,
};

use crate::polled::{Acquiring, semaphore, stands};

static IN_A_STATIC: Semaphore = Semaphore::new(2).named("static");

#[test]
fn made_in_a_constant_and_named() {
    assert_eq!(IN_A_STATIC.name(), Some("static"));
    assert_eq!(Semaphore::new(1).name(), None);
    let named = Semaphore::new(1).named("a").with_name(String::from("b"));
    assert_eq!(named.name(), Some("b"));
    assert_eq!(named.with_name("c").name(), Some("c"));
    let _permit = IN_A_STATIC.acquire_blocking().unwrap();
    assert_eq!(stands(&IN_A_STATIC), (1, Some(2), 0, 0));
}

#[test]
fn all_types_cross_threads() {
    fn crosses<T: Send + Sync>() {}
    crosses::<Semaphore>();
    crosses::<SemaphorePermit<'_>>();
    crosses::<OwnedSemaphorePermit>();
    crosses::<Acquire<'_>>();
    crosses::<AcquireOwned>();
    crosses::<AcquireRaw<'_>>();
    crosses::<Cancel>();
}

#[test]
fn permits_are_put_back_on_drop() {
    let s = semaphore(3);
    let two = s.try_acquire_many(2).unwrap();
    assert_eq!((two.num_permits(), s.available_permits()), (2, 1));
    assert_eq!(
        s.try_acquire_many(2).unwrap_err(),
        TryAcquireError::NoPermits
    );
    let one = Arc::clone(&s).try_acquire_owned().unwrap();
    drop(two);
    drop(one);
    assert_eq!(stands(&s), (3, Some(3), 0, 0));
}

#[test]
fn first_come_first_served() {
    let s = semaphore(1);
    let held = s.try_acquire().unwrap();
    let (a, b) = (Acquiring::waiting(&s, 1), Acquiring::waiting(&s, 1));
    drop(held);
    assert_eq!((a.bell.rings(), b.bell.rings(), s.waiters()), (1, 0, 1));
    drop(a.granted());
    drop(b.granted());
    assert_eq!(s.available_permits(), 1);
}

#[test]
fn the_head_blocks_those_behind_it() {
    let s = semaphore(3);
    let held = s.try_acquire_many(2).unwrap();
    let (large, small) = (Acquiring::waiting(&s, 2), Acquiring::waiting(&s, 1));
    assert_eq!(stands(&s), (1, Some(3), 0, 2));
    assert_eq!(s.try_acquire().unwrap_err(), TryAcquireError::NoPermits);
    drop(held);
    assert_eq!(stands(&s), (0, Some(3), 0, 0));
    drop((large.granted(), small.granted()));
}

#[test]
fn one_release_grants_all_that_fit() {
    let s = semaphore(4);
    let held = s.try_acquire_many(4).unwrap();
    let all: Vec<_> = [1, 2, 2].map(|n| Acquiring::waiting(&s, n)).into();
    drop(held);
    let rings: Vec<_> = all.iter().map(|a| a.bell.rings()).collect();
    assert_eq!(
        (rings, s.available_permits(), s.waiters()),
        (vec![1, 1, 0], 1, 1)
    );
}

#[test]
fn nothing_is_granted_at_once_to_whoever_asks_for_it() {
    let s = semaphore(1);
    let _held = s.try_acquire().unwrap();
    let _waiting = Acquiring::waiting(&s, 1);
    assert_eq!(Acquiring::new(&s, 0).granted().num_permits(), 0);
    assert_eq!(s.try_acquire_many(0).unwrap().num_permits(), 0);
    s.close();
    assert_eq!(s.try_acquire_many(0).unwrap_err(), TryAcquireError::Closed);
    assert_eq!(Acquiring::new(&s, 0).failed(), AcquireError::Closed);
}

#[test]
fn more_than_the_capacity_waits_until_it_grows() {
    let s = semaphore(1);
    let waiting = Acquiring::waiting(&s, 3);
    s.grow(1);
    assert_eq!(stands(&s), (2, Some(2), 0, 1));
    s.add_permits(1);
    assert_eq!(waiting.granted().num_permits(), 3);
}

#[test]
fn split_and_merge() {
    let s = semaphore(5);
    let mut three = s.try_acquire_many(3).unwrap();
    let mut one = three.split(1).unwrap();
    assert!(three.split(3).is_none());
    assert_eq!((three.num_permits(), one.num_permits()), (2, 1));
    one.merge(three);
    assert_eq!((one.num_permits(), s.available_permits()), (3, 2));
    drop(one);
    assert_eq!(s.available_permits(), 5);
}

#[test]
fn permits_of_two_semaphores_do_not_merge_and_are_put_back() {
    let (s, other) = (semaphore(1), semaphore(1));
    let mut permit = Arc::clone(&s).try_acquire_owned().unwrap();
    let foreign = Arc::clone(&other).try_acquire_owned().unwrap();
    let merge = std::panic::AssertUnwindSafe(|| permit.merge(foreign));
    assert!(std::panic::catch_unwind(merge).is_err());
    drop(permit);
    assert_eq!((s.available_permits(), other.available_permits()), (1, 1));
}

#[test]
fn forget_lowers_the_capacity_after_the_debt() {
    let s = semaphore(5);
    let held = s.try_acquire_many(4).unwrap();
    assert_eq!(s.shrink(3), 3);
    assert_eq!(stands(&s), (0, Some(2), 2, 0));
    held.forget();
    assert_eq!(stands(&s), (0, Some(0), 0, 0));
    s.grow(2);
    assert_eq!(s.forget_permits(5), 2);
    assert_eq!(stands(&s), (0, Some(0), 0, 0));
}

#[test]
fn debt_is_paid_before_anything_is_free() {
    let s = semaphore(4);
    let (a, b) = (
        s.try_acquire_many(2).unwrap(),
        s.try_acquire_many(2).unwrap(),
    );
    assert_eq!(s.shrink(9), 4);
    assert_eq!(stands(&s), (0, Some(0), 4, 0));
    drop(a);
    assert_eq!(stands(&s), (0, Some(0), 2, 0));
    s.grow(3);
    assert_eq!(stands(&s), (1, Some(3), 0, 0));
    drop(b);
    assert_eq!(stands(&s), (3, Some(3), 0, 0));
}

#[test]
fn drain_takes_what_is_free_past_the_queue() {
    let s = semaphore(3);
    let held = s.try_acquire().unwrap();
    let waiting = Acquiring::waiting(&s, 3);
    let drained = s.drain();
    assert_eq!((drained.num_permits(), s.available_permits()), (2, 0));
    assert_eq!(s.drain().num_permits(), 0);
    drop((held, drained));
    assert_eq!(waiting.granted().num_permits(), 3);
}

#[test]
fn close_fails_all_in_order_and_grants_nobody() {
    let s = semaphore(2);
    let held = s.try_acquire_many(2).unwrap();
    let (a, b) = (Acquiring::waiting(&s, 2), Acquiring::waiting(&s, 1));
    s.close();
    s.close();
    assert_eq!(
        (a.bell.rings(), b.bell.rings(), s.is_closed()),
        (1, 1, true)
    );
    assert_eq!([a.failed(), b.failed()], [AcquireError::Closed; 2]);
    drop(held);
    s.grow(1);
    assert_eq!((stands(&s), s.shrink(2)), ((3, Some(3), 0, 0), 2));
    assert_eq!(s.try_acquire().unwrap_err(), TryAcquireError::Closed);
    assert_eq!(s.acquire_blocking().unwrap_err(), AcquireError::Closed);
}

#[test]
fn who_was_granted_before_the_close_has_its_permits() {
    let s = semaphore(1);
    let held = s.try_acquire().unwrap();
    let (a, b) = (Acquiring::waiting(&s, 1), Acquiring::waiting(&s, 1));
    drop(held);
    s.close();
    drop(a.granted());
    assert_eq!(
        (b.failed(), s.available_permits()),
        (AcquireError::Closed, 1)
    );
}

#[test]
fn what_was_not_taken_without_a_guard_cannot_be_released() {
    let s = semaphore(3);
    let guard = s.try_acquire().unwrap();
    s.acquire_raw_blocking().unwrap();
    let error = s.release(2).unwrap_err();
    assert_eq!(
        (error.permits(), error.room(), s.available_permits()),
        (2, 1, 1)
    );
    assert!(
        error
            .to_string()
            .starts_with("2 put back where there is room for 1: ")
    );
    s.release(1).unwrap();
    assert!(s.release(1).is_err());
    guard.into_raw();
    assert!(s.forget_raw(2).is_err());
    s.forget_raw(1).unwrap();
    assert_eq!(stands(&s), (2, Some(2), 0, 0));
}

#[test]
fn an_unbounded_one_is_a_signal() {
    let s = Arc::new(Semaphore::unbounded(0));
    let waiting = Acquiring::waiting(&s, 2);
    s.release(5).unwrap();
    waiting.granted().into_raw();
    assert_eq!(stands(&s), (3, None, 0, 0));
    assert_eq!(s.shrink(4), 4);
    assert_eq!(stands(&s), (0, None, 1, 0));
    s.release(2).unwrap();
    let error = s.release(Semaphore::MAX_PERMITS).unwrap_err();
    assert_eq!(
        (error.room(), s.available_permits()),
        (Semaphore::MAX_PERMITS - 1, 1)
    );
}

#[test]
fn there_are_limits() {
    for made in [
        (|| drop(Semaphore::new(Semaphore::MAX_PERMITS + 1))) as fn(),
        || drop(Semaphore::unbounded(usize::MAX)),
        || Semaphore::new(Semaphore::MAX_PERMITS).grow(1),
        || Semaphore::unbounded(1).grow(Semaphore::MAX_PERMITS),
    ] {
        assert!(std::panic::catch_unwind(made).is_err());
    }
    let s = semaphore(Semaphore::MAX_PERMITS);
    assert!(std::panic::catch_unwind(|| s.grow(usize::MAX)).is_err());
    drop(s.drain());
    assert_eq!(s.available_permits(), Semaphore::MAX_PERMITS);
}

#[test]
#[allow(clippy::disallowed_methods)] // a deadline is a moment of the clock
fn timeouts_and_deadlines() {
    let s = semaphore(1);
    let long = Duration::from_secs(3600);
    drop(s.acquire_timeout(Duration::ZERO).unwrap());
    drop(s.acquire_many_deadline(1, Instant::now()).unwrap());
    let held = s.try_acquire().unwrap();
    let short = Duration::from_micros(50);
    assert_eq!(
        s.acquire_timeout(short).unwrap_err(),
        AcquireError::TimedOut
    );
    assert_eq!(
        s.acquire_many_timeout(7, short).unwrap_err(),
        AcquireError::TimedOut
    );
    assert_eq!(
        s.acquire_deadline(Instant::now()).unwrap_err(),
        AcquireError::TimedOut
    );
    assert_eq!(stands(&s), (0, Some(1), 0, 0));
    std::thread::scope(|threads| {
        let waiting = threads.spawn(|| s.acquire_timeout(long).map(drop));
        drop(held);
        assert_eq!(waiting.join().unwrap(), Ok(()));
    });
}

#[test]
fn cancelled_by_another_thread() {
    let s = semaphore(0);
    let cancel = Cancel::new();
    std::thread::scope(|threads| {
        let all: Vec<_> = (0..3)
            .map(|_| threads.spawn(|| s.acquire().or_cancelled(&cancel).wait().map(drop)))
            .collect();
        while s.waiters() < 3 {
            std::thread::yield_now();
        }
        cancel.fire();
        for one in all {
            assert_eq!(one.join().unwrap(), Err(AcquireError::Cancelled));
        }
    });
    assert_eq!(stands(&s), (0, Some(0), 0, 0));
    let late = s.acquire_many(0).or_cancelled(&cancel).wait();
    assert_eq!(late.unwrap_err(), AcquireError::Cancelled);
}

#[test]
fn what_is_printed_says_how_it_stands() {
    let s = Semaphore::new(2).named("pool");
    let held = s.try_acquire().unwrap();
    assert_eq!(
        format!("{held:?}"),
        "SemaphorePermit(Permit { semaphore: Semaphore { name: \"pool\", available: 1, \
         capacity: Some(2), debt: 0, waiters: 0, closed: false }, permits: 1 })"
    );
    assert_eq!(
        format!("{:?}", s.acquire()),
        "Acquire { permits: 1, waits: false, .. }"
    );
}
