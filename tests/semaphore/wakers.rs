//! Wakers that call back, that panic, that change between polls.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Wake, Waker};

use selvedge::{Cancel, OwnedSemaphorePermit, Semaphore};

use crate::polled::{Acquiring, Bell, semaphore, stands};

/// A waker that does something when it is woken, and again when it is dropped.
struct Does<F: Fn() + Send + Sync + 'static>(F);

impl<F: Fn() + Send + Sync + 'static> Wake for Does<F> {
    fn wake(self: Arc<Self>) {
        (self.0)();
    }
}

impl<F: Fn() + Send + Sync + 'static> Drop for Does<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

fn does(f: impl Fn() + Send + Sync + 'static) -> Waker {
    Waker::from(Arc::new(Does(f)))
}

/// Everything that takes the lock.
fn everything(s: &Semaphore) {
    s.grow(1);
    s.shrink(1);
    drop(s.try_acquire());
    drop(s.drain());
    s.waiters();
}

#[test]
fn a_waker_may_call_back_when_it_is_woken_or_dropped() {
    let s = semaphore(1);
    for close in [false, true] {
        let held = s.try_acquire().unwrap();
        let calls = Arc::clone(&s);
        let waker = does(move || everything(&calls));
        let mut woken = Acquiring::new(&s, 1);
        assert!(woken.poll_with(&waker).is_pending());
        let mut replaced = Acquiring::new(&s, 1);
        assert!(replaced.poll_with(&waker).is_pending());
        drop(waker);
        assert!(replaced.poll().is_pending());
        if close {
            s.close();
        }
        drop((held, woken, replaced));
        assert_eq!(stands(&s), (1, Some(1), 0, 0));
    }
}

#[test]
fn a_waker_may_poll_the_next_acquire() {
    let s = semaphore(2);
    let held = s.try_acquire_many(2).unwrap();
    let inner = Arc::new(Mutex::new(None::<Poll<OwnedSemaphorePermit>>));
    let (calls, result) = (Arc::clone(&s), Arc::clone(&inner));
    let mut outer = Acquiring::new(&s, 1);
    let waker = does(move || {
        let polled = Acquiring::new(&calls, 1).poll();
        let mut result = result.lock().unwrap();
        if let (Poll::Ready(Ok(permit)), None) = (polled, &*result) {
            *result = Some(Poll::Ready(permit));
        }
    });
    assert!(outer.poll_with(&waker).is_pending());
    drop(held);
    assert!(inner.lock().unwrap().is_some());
    drop(outer.granted());
    inner.lock().unwrap().take();
    drop(waker);
    inner.lock().unwrap().take();
    assert_eq!(stands(&s), (2, Some(2), 0, 0));
}

/// A waker that panics each time it is woken.
struct Panics;

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        panic!("woken");
    }
}

#[test]
fn a_panic_in_one_waker_loses_no_other_wake() {
    let ends: [fn(&Semaphore, OwnedSemaphorePermit); 3] = [
        |_, held| drop(held),
        |s, held| {
            s.close();
            drop(held);
        },
        |s, held| {
            s.grow(4);
            drop(held);
        },
    ];
    for end in ends {
        let s = semaphore(4);
        let held = Arc::clone(&s).try_acquire_many_owned(4).unwrap();
        let mut all: Vec<_> = (0..4).map(|_| Acquiring::new(&s, 1)).collect();
        for (i, one) in all.iter_mut().enumerate() {
            let panics = Waker::from(Arc::new(Panics));
            let polled = if i % 2 == 0 {
                one.poll_with(&panics)
            } else {
                one.poll()
            };
            assert!(polled.is_pending());
        }
        assert!(catch_unwind(AssertUnwindSafe(|| end(&s, held))).is_err());
        let rings: Vec<_> = all.iter().map(|one| one.bell.rings()).collect();
        assert_eq!((rings, s.waiters()), (vec![0, 1, 0, 1], 0));
        drop(all);
        assert_eq!(Some(s.available_permits()), s.capacity());
    }
}

#[test]
fn a_waker_that_panics_while_its_thread_panics_is_not_the_end() {
    let s = semaphore(1);
    let mut waiting = Acquiring::new(&s, 1);
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        let _held = s.try_acquire().unwrap();
        let panics = Waker::from(Arc::new(Panics));
        assert!(waiting.poll_with(&panics).is_pending());
        panic!("while it is held");
    }));
    assert!(unwound.is_err());
    drop(waiting.granted());
    assert_eq!(stands(&s), (1, Some(1), 0, 0));
}

#[test]
fn a_panic_in_one_listener_of_a_cancel_loses_no_other() {
    let s = semaphore(0);
    let cancel = Cancel::new();
    let mut all =
        [(); 3].map(|()| Acquiring::of(Arc::clone(&s).acquire_owned().or_cancelled(&cancel)));
    assert!(
        all[0]
            .poll_with(&Waker::from(Arc::new(Panics)))
            .is_pending()
    );
    assert!(all[1].poll().is_pending() && all[2].poll().is_pending());
    assert!(catch_unwind(AssertUnwindSafe(|| cancel.fire())).is_err());
    assert_eq!(all.each_ref().map(|one| one.bell.rings()), [0, 1, 1]);
}

#[test]
fn the_last_waker_is_the_one_that_is_woken() {
    let s = semaphore(1);
    let held = s.try_acquire().unwrap();
    let mut moved = Acquiring::waiting(&s, 1);
    let other: Arc<Bell> = Arc::default();
    assert!(
        moved
            .poll_with(&Waker::from(Arc::clone(&other)))
            .is_pending()
    );
    drop(held);
    assert_eq!((moved.bell.rings(), other.rings()), (0, 1));
    drop(moved.granted());
}

#[test]
fn a_future_may_move_to_another_thread() {
    let s = semaphore(1);
    let held = s.try_acquire().unwrap();
    let mut moved = Acquiring::waiting(&s, 1);
    let moved = std::thread::spawn(move || {
        assert!(moved.poll().is_pending());
        moved
    });
    let moved = moved.join().unwrap();
    drop(held);
    drop(moved.granted());
    assert_eq!(stands(&s), (1, Some(1), 0, 0));
}

#[test]
fn a_spurious_poll_changes_nothing() {
    let s = semaphore(1);
    let held = s.try_acquire().unwrap();
    let mut waiting = Acquiring::waiting(&s, 1);
    assert!(waiting.poll().is_pending() && waiting.poll().is_pending());
    assert_eq!(s.waiters(), 1);
    drop(held);
    assert_eq!(waiting.bell.rings(), 1);
}

#[test]
fn a_waker_that_is_replaced_or_left_is_dropped() {
    let s = semaphore(0);
    let bells: [Arc<Bell>; 2] = Default::default();
    let mut waiting = Acquiring::new(&s, 1);
    for bell in &bells {
        assert!(
            waiting
                .poll_with(&Waker::from(Arc::clone(bell)))
                .is_pending()
        );
    }
    assert_eq!(bells.each_ref().map(Arc::strong_count), [1, 2]);
    drop(waiting);
    assert_eq!(bells.each_ref().map(Arc::strong_count), [1, 1]);
}

#[test]
#[should_panic(expected = "polled after it was ready")]
fn an_answer_is_given_once() {
    let s = semaphore(1);
    let mut ready = Acquiring::new(&s, 1);
    let _permit = ready.poll();
    let _again = ready.poll();
}
