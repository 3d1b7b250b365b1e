//! Whether a semaphore wakes somebody who does not wait through `tracked`, or because of a call that
//! does not go through it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::task::{Wake, Waker};

use crate::runtime::scene::current::wakes;

/// The calls of a semaphore that go through `tracked`.
#[derive(Debug, Default)]
pub(super) struct Calls {
    /// Those that are under way.
    open: AtomicU32,
    /// Tasks that were woken because they waited through `tracked`.
    woken: AtomicU64,
    /// Whether somebody was woken while no call was under way.
    woken_past: AtomicBool,
}

impl Calls {
    /// A call begins; whether it is inside of no other.
    pub(super) fn begin(&self) -> bool {
        self.open.fetch_add(1, Ordering::Relaxed) == 0
    }

    /// A call ends.
    pub(super) fn end(&self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }

    /// How many tasks were woken that did not wait through `tracked`; what was woken in between is
    /// the difference.
    pub(super) fn wakes_of_others(&self) -> u64 {
        wakes().wrapping_sub(self.woken.load(Ordering::Relaxed))
    }

    /// Whether somebody who waits through `tracked` was ever woken outside of all calls: permits were
    /// put back past it.
    pub(super) fn woken_past(&self) -> bool {
        self.woken_past.load(Ordering::Relaxed)
    }
}

/// The waker of a task as a semaphore gets it.
#[derive(Debug)]
pub(super) struct Watched {
    inner: Waker,
    calls: Arc<Calls>,
}

impl Watched {
    pub(super) fn new(inner: &Waker, calls: &Arc<Calls>) -> Arc<Watched> {
        Arc::new(Watched {
            inner: inner.clone(),
            calls: Arc::clone(calls),
        })
    }

    /// Whether it wakes the same task.
    pub(super) fn wakes(&self, waker: &Waker) -> bool {
        self.inner.will_wake(waker)
    }
}

impl Wake for Watched {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let before = wakes();
        self.inner.wake_by_ref();
        let woken = wakes().wrapping_sub(before);
        self.calls.woken.fetch_add(woken, Ordering::Relaxed);
        if self.calls.open.load(Ordering::Relaxed) == 0 {
            self.calls.woken_past.store(true, Ordering::Relaxed);
        }
    }
}
