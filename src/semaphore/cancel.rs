//! A way to call off acquires from elsewhere.
//!
//! A `Cancel` keeps a list of who waits with it: the shared part of a semaphore, and the key in its
//! queue. To fire it takes all of them out of their queues.
//!
//! **Locks.** That of the list is taken before that of a semaphore, and never the other way round. An
//! acquire joins a queue while it holds the lock of the list, so that it is on both or on neither; and
//! `fire` holds it until all have left. As with the semaphore, no waker is cloned, woken or dropped,
//! and no hook called, under either.
//!
//! **Invariants**, whenever the lock of the list is free
//!
//! 1. Who waits with it is on the list. (Who does not wait any more may still be there.)
//! 2. Once it is fired, nobody is on the list, and nobody joins it.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::sync::Arc;
use std::task::Waker;

use super::hook::{self, Event, Place, Scene, Target, Token};
use super::queue::{Called, Key};
use super::semaphore::Semaphore;
use super::shared::Shared;
use super::sync::{AtomicBool, Lock, Ordering};
use super::tray::Joined;
use super::wakes::{Wakes, wake_all};

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
    /// In the order in which they joined their queues.
    waiters: BTreeMap<u64, Waiter>,
    /// Those who were taken out of their queues, and do not know it yet.
    taken_out: BTreeSet<u64>,
}

#[derive(Debug)]
struct Waiter {
    shared: Arc<Shared>,
    key: Key,
    target: Target,
}

impl Cancel {
    /// One that has not been fired.
    pub fn new() -> Cancel {
        Cancel(Arc::new(Inner {
            fired: AtomicBool::new(false),
            list: Lock::new(List {
                next: 0,
                waiters: BTreeMap::new(),
                taken_out: BTreeSet::new(),
            }),
        }))
    }

    /// Fires, once and for all. Acquires that wait with it leave their queues at once and fail with
    /// [`AcquireError::Cancelled`](super::AcquireError::Cancelled), and so do those to come, even if
    /// permits are free. One that was granted before succeeds.
    ///
    /// Of each semaphore all waiters leave in one step, in which those who have become first are
    /// granted what fits. Several semaphores follow one after another, in the order in which an
    /// acquire first joined them. Once this returns, or [`is_fired`](Cancel::is_fired) says so, all
    /// have left: no later release is granted to any of them.
    #[track_caller]
    pub fn fire(&self) {
        hook::cancels(Place::here());
        let mut list = self.0.list.lock();
        let mut groups = groups(mem::take(&mut list.waiters));
        for group in &mut groups {
            group.take_out(&mut list.taken_out);
        }
        self.0.fired.store(true, Ordering::Release);
        drop(list);
        let scene = Scene::here();
        for group in &groups {
            group.tell(&scene);
        }
        wake_all(groups.iter_mut().flat_map(Group::wakers));
    }

    /// Whether it was fired: then all who waited with it have left their queues.
    pub fn is_fired(&self) -> bool {
        self.0.fired.load(Ordering::Acquire)
    }
}

/// Those who wait on one semaphore.
struct Group {
    shared: Arc<Shared>,
    target: Target,
    waiters: Vec<(u64, Key)>,
    /// Those of them who were still in the queue, and were taken out.
    left: Vec<Called>,
    /// Who was granted permits since they left.
    granted: Wakes,
}

/// By semaphore, in the order in which the first of each joined.
fn groups(waiters: BTreeMap<u64, Waiter>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    // looked up by address, and never gone through in the order of addresses
    let mut at: BTreeMap<*const Shared, usize> = BTreeMap::new();
    for (id, waiter) in waiters {
        let Waiter {
            shared,
            key,
            target,
        } = waiter;
        let at = *at.entry(Arc::as_ptr(&shared)).or_insert(groups.len());
        match groups.get_mut(at) {
            Some(group) => group.waiters.push((id, key)),
            None => groups.push(Group {
                shared,
                target,
                waiters: vec![(id, key)],
                left: Vec::new(),
                granted: Wakes::default(),
            }),
        }
    }
    groups
}

impl Group {
    fn take_out(&mut self, taken_out: &mut BTreeSet<u64>) {
        let keys = self.waiters.iter().map(|&(_, key)| key);
        (self.left, self.granted) = self.shared.take_out(keys);
        // in the same order
        let mut left = self.left.iter().map(|called| called.key).peekable();
        for &(id, key) in &self.waiters {
            if left.next_if_eq(&key).is_some() {
                taken_out.insert(id);
            }
        }
    }

    fn tell(&self, scene: &Scene) {
        for called in &self.left {
            let token = called.token;
            self.target.tell(scene, Event::Left { token });
        }
        for called in self.granted.iter() {
            let (token, permits) = (called.token, called.permits);
            self.target.tell(scene, Event::Granted { token, permits });
        }
    }

    fn wakers(&mut self) -> impl Iterator<Item = Waker> + use<> {
        let left = mem::take(&mut self.left).into_iter();
        let granted = mem::take(&mut self.granted).into_wakers();
        left.map(|called| called.waker).chain(granted)
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

    /// Takes permits or joins the queue of a semaphore, unless it was fired: then the waker comes
    /// back.
    pub(super) fn take_or_join(
        &mut self,
        on: &Semaphore,
        permits: usize,
        token: Token,
        waker: Waker,
    ) -> Result<Joined, Waker> {
        let mut list = self.cancel.0.list.lock();
        if self.cancel.is_fired() {
            return Err(waker);
        }
        let joined = on.tray().take_or_join(permits, token, waker);
        if let Joined::Queued(key, _) = joined {
            let waiter = Waiter {
                shared: Arc::clone(on.tray().shared()),
                key,
                target: Target::of(on),
            };
            let id = list.next;
            list.next += 1;
            list.waiters.insert(id, waiter);
            self.id = Some(id);
        }
        Ok(joined)
    }

    /// Leaves the list: whether it was taken out of its queue.
    pub(super) fn leave(&mut self) -> bool {
        let Some(id) = self.id.take() else {
            return false;
        };
        let mut list = self.cancel.0.list.lock();
        let waiter = list.waiters.remove(&id);
        let taken_out = list.taken_out.remove(&id);
        drop(list);
        drop(waiter);
        taken_out
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.leave();
    }
}
