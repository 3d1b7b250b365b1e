//! A way to call off acquires from elsewhere.
//!
//! Which acquires listen is a short list under a lock of its own. As with the semaphore, no waker is
//! cloned, woken or dropped under it.
//!
//! **Invariants**
//!
//! 1. Once it is fired, nobody is on the list, and nobody joins it.

use std::collections::BTreeMap;
use std::mem;
use std::sync::Arc;
use std::task::Waker;

use super::hook::{self, Place};
use super::sync::{AtomicBool, Lock, Ordering};
use super::wakes::wake_all;

/// Calls off acquires that wait. Clones are one and the same.
///
/// ```
/// use selvedge::{AcquireError, Cancel, Semaphore};
///
/// let slots = Semaphore::new(0);
/// let cancel = Cancel::new();
/// std::thread::scope(|threads| {
///     let waiting = threads.spawn(|| slots.acquire().or_cancelled(&cancel).wait().map(drop));
///     cancel.fire();
///     assert_eq!(waiting.join().unwrap(), Err(AcquireError::Cancelled));
/// });
/// ```
#[derive(Debug, Clone)]
pub struct Cancel(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    fired: AtomicBool,
    list: Lock<List>,
}

#[derive(Debug)]
struct List {
    next: u64,
    /// In the order in which they came.
    listeners: BTreeMap<u64, Waker>,
}

impl Cancel {
    /// One that has not been fired.
    pub fn new() -> Cancel {
        Cancel(Arc::new(Inner {
            fired: AtomicBool::new(false),
            list: Lock::new(List {
                next: 0,
                listeners: BTreeMap::new(),
            }),
        }))
    }

    /// Fires, once and for all: acquires that wait with it, and those to come, fail with
    /// [`AcquireError::Cancelled`](super::AcquireError::Cancelled). One that has been granted
    /// already succeeds. A waiter leaves the queue when its task or thread runs next.
    #[track_caller]
    pub fn fire(&self) {
        hook::cancels(Place::here());
        let mut list = self.0.list.lock();
        self.0.fired.store(true, Ordering::Release);
        let listeners = mem::take(&mut list.listeners);
        drop(list);
        wake_all(listeners.into_values());
    }

    /// Whether it was fired.
    pub fn is_fired(&self) -> bool {
        self.0.fired.load(Ordering::Acquire)
    }
}

impl Default for Cancel {
    fn default() -> Cancel {
        Cancel::new()
    }
}

/// An acquire's place on the list of a `Cancel`; it leaves by being dropped.
#[derive(Debug)]
pub(super) struct Watch {
    cancel: Cancel,
    id: Option<u64>,
}

impl Watch {
    pub(super) fn new(cancel: &Cancel) -> Watch {
        Watch {
            cancel: cancel.clone(),
            id: None,
        }
    }

    /// Whether it was fired; if it was not, this waker is woken when it is.
    pub(super) fn is_fired(&mut self, waker: &Waker) -> bool {
        if self.cancel.is_fired() {
            return true;
        }
        let mut own = Some(waker.clone());
        let mut list = self.cancel.0.list.lock();
        let fired = self.cancel.is_fired();
        let mut old = None;
        if !fired && let Some(waker) = own.take() {
            let id = self.id.unwrap_or(list.next);
            if self.id.is_none() {
                list.next += 1;
                self.id = Some(id);
            }
            old = list.listeners.insert(id, waker);
        }
        drop(list);
        drop((own, old));
        fired
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let Some(id) = self.id else {
            return;
        };
        let mut list = self.cancel.0.list.lock();
        let listener = list.listeners.remove(&id);
        drop(list);
        drop(listener);
    }
}
