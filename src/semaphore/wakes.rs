//! Those who are to be woken once the lock is free.

use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::task::Waker;
use std::thread;

use super::queue::Called;

/// Waiters in the order of the queue. One alone, as is usual, takes no allocation.
#[derive(Debug, Default)]
pub(super) struct Wakes {
    first: Option<Called>,
    rest: Vec<Called>,
}

impl Wakes {
    /// Adds the next one; from the second one on they lie in the vector that is kept for it.
    #[inline]
    pub(super) fn push(&mut self, called: Called, spare: &mut Vec<Called>) {
        if self.first.is_none() {
            self.first = Some(called);
            return;
        }
        if self.rest.is_empty() {
            mem::swap(&mut self.rest, spare);
        }
        self.rest.push(called);
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// In the order of the queue.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Called> {
        self.first.iter().chain(&self.rest)
    }

    /// Their wakers, in the order of the queue.
    pub(super) fn into_wakers(self) -> impl Iterator<Item = Waker> {
        let all = self.first.into_iter().chain(self.rest);
        all.map(|called| called.waker)
    }

    /// Wakes all, in the order of the queue, and hands back the vector if it served.
    ///
    /// # Panics
    ///
    /// As `wake_all` does.
    pub(super) fn wake(mut self) -> Option<Vec<Called>> {
        let used = !self.rest.is_empty();
        let all = self.first.take().into_iter().chain(self.rest.drain(..));
        wake_all(all.map(|called| called.waker));
        used.then_some(self.rest)
    }
}

/// Wakes all of them, whatever the wakers do.
///
/// # Panics
///
/// As the first waker does that panics, once all have been woken; not while the thread panics
/// already.
pub(super) fn wake_all(wakers: impl Iterator<Item = Waker>) {
    let mut panic = None;
    for waker in wakers {
        if let Err(thrown) = catch_unwind(AssertUnwindSafe(|| waker.wake())) {
            // to drop what was thrown might throw again
            match panic {
                None => panic = Some(thrown),
                Some(_) => mem::forget(thrown),
            }
        }
    }
    match panic {
        Some(thrown) if !thread::panicking() => resume_unwind(thrown),
        Some(thrown) => mem::forget(thrown),
        None => {}
    }
}
