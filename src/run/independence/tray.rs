//! When two effects on one semaphore commute.

use super::effect::Effect;
use crate::run::{SemaphoreId, View, Wait, WorkerId};

/// A semaphore as its discipline sees it.
pub(super) struct Tray<'v> {
    view: &'v dyn View,
    semaphore: SemaphoreId,
    available: u64,
    debt: u64,
    /// What the head has of its request (`order=fifo-partial`; there nothing is available while
    /// somebody waits).
    taken: u64,
    /// The waiters and what each still misses; the head does not fit in what is available.
    queue: Vec<(WorkerId, u64)>,
}

/// What an effect leaves.
struct After {
    /// These, of the queue, are granted.
    granted: std::ops::Range<usize>,
    /// Whether somebody waits still.
    waiters: bool,
    available: u64,
}

impl<'v> Tray<'v> {
    pub(super) fn new(semaphore: SemaphoreId, view: &'v dyn View) -> Tray<'v> {
        let missing = |worker: WorkerId| match view.wait(worker) {
            Some(Wait::Permits { permits, taken, .. }) => permits - taken,
            _ => unreachable!("who stands in a queue waits"),
        };
        let queue = view.queue(semaphore);
        Tray {
            view,
            semaphore,
            available: view.available(semaphore),
            debt: view.debt(semaphore),
            taken: view.taken(semaphore),
            queue: queue.into_iter().map(|w| (w, missing(w))).collect(),
        }
    }

    /// Whether two effects commute; the table of the module above, line by line.
    pub(super) fn commute(&self, x: Effect, y: Effect) -> bool {
        use Effect::*;
        let a = self.available;
        match if x <= y { (x, y) } else { (y, x) } {
            (Acquire(n), Acquire(m)) => self.queue.is_empty() && a >= n + m,
            (Acquire(m), Try(n)) => !self.fits(n) || a >= n + m,
            (Acquire(_), Put(_) | Grow(_) | Forget(_) | Remove(_)) => true,
            (Acquire(n), Shrink(k)) => {
                let lowered = self.lowered(k);
                if self.fits(n) {
                    a >= n + lowered
                } else {
                    self.joins_for_nothing() || lowered == 0
                }
            }
            (Acquire(n), Drain) => !self.fits(n) && self.joins_for_nothing(),
            (Acquire(n), Close) => !self.fits(n),

            (Try(n), Try(m)) => !self.fits(n) || !self.fits(m) || a >= n + m,
            (Try(n), Put(v) | Grow(v)) => self.fits(n) || !self.after_put(v).fits(n),
            (Try(n), Shrink(k)) => !self.fits(n) || a >= n + self.lowered(k),
            (Try(n), Drain) => !self.fits(n),
            (Try(_), Forget(_)) => true,
            (Try(_), Close) => false,
            (Try(n), Remove(w)) => self.fits(n) || !self.after_removal(w).fits(n),

            (Put(_) | Grow(_), Put(_) | Grow(_)) => true,
            (Put(v), Shrink(k)) => self.put_and_shrink(v, k),
            (Grow(v), Shrink(k)) => k <= self.capacity() && self.put_and_shrink(v, k),
            (Put(v) | Grow(v), Drain) => self.after_put(v).available == a,
            (Put(v), Forget(k)) => self.debt_bears(v, k),
            (Grow(v), Forget(k)) => {
                self.debt_bears(v, k) && k - k.min(self.debt) <= self.capacity()
            }
            (Put(v) | Grow(v), Close) => self.after_put(v).granted.is_empty(),
            (Put(v) | Grow(v), Remove(w)) => {
                let after = self.after_put(v);
                match self.place(w) {
                    Some(place) => !after.granted.contains(&place),
                    None => after.available < self.request(w),
                }
            }

            (Shrink(_), Shrink(_) | Close) => true,
            (Shrink(k), Drain) => a == 0 || self.lowered(k) == 0,
            (Shrink(n), Forget(k)) => self.shrink_and_forget(n, k),
            (Shrink(k), Remove(w)) => self.place(w) != Some(0) || self.head_and_shrink(k),

            (Drain, Drain) => a == 0 || self.view.is_signal(self.semaphore),
            (Drain, Forget(_)) => true,
            (Drain, Close) => self.taken <= self.debt,
            (Drain, Remove(w)) => self.after_removal(w).available == a,

            (Forget(_), Forget(_)) => true,
            (Forget(k), Close) => self.debt_bears(self.taken, k),
            (Forget(k), Remove(w)) => self.place(w) != Some(0) || self.debt_bears(self.taken, k),

            (Close, Close) => true,
            (Close, Remove(_)) => false,
            (Remove(w), Remove(u)) => w == u || !(self.frees(w, u) || self.frees(u, w)),

            _ => unreachable!("the smaller effect comes first"),
        }
    }

    /// Permits available once an effect has happened.
    pub(super) fn available_after(&self, effect: Effect) -> u64 {
        match effect {
            Effect::Acquire(n) | Effect::Try(n) if self.fits(n) => self.available - n,
            Effect::Acquire(_) if self.joins_for_nothing() => self.available,
            Effect::Acquire(_) | Effect::Drain => 0,
            Effect::Try(_) | Effect::Forget(_) => self.available,
            Effect::Put(v) | Effect::Grow(v) => self.after_put(v).available,
            Effect::Shrink(k) => self.available - self.lowered(k).min(self.available),
            Effect::Close => self.available + self.taken - self.taken.min(self.debt),
            Effect::Remove(w) => self.after_removal(w).available,
        }
    }

    /// What an effect grants a waiter.
    pub(super) fn grants(&self, effect: Effect, worker: WorkerId) -> u64 {
        let after = match effect {
            Effect::Put(v) | Effect::Grow(v) => self.after_put(v),
            Effect::Remove(w) => self.after_removal(w),
            _ => return 0,
        };
        match self.place(worker) {
            Some(place) if after.granted.contains(&place) => self.request(worker),
            _ => 0,
        }
    }

    /// Whether an acquire of so many is granted at once.
    pub(super) fn fits(&self, permits: u64) -> bool {
        self.queue.is_empty() && self.available >= permits
    }

    /// Whether an acquire that does not fit takes nothing on joining.
    fn joins_for_nothing(&self) -> bool {
        !self.view.takes_parts(self.semaphore) || self.available == 0
    }

    fn capacity(&self) -> u64 {
        self.view.capacity(self.semaphore)
    }

    /// By how much a shrink lowers the capacity.
    fn lowered(&self, permits: u64) -> u64 {
        permits.min(self.capacity())
    }

    fn place(&self, worker: WorkerId) -> Option<usize> {
        self.queue.iter().position(|&(w, _)| w == worker)
    }

    fn request(&self, worker: WorkerId) -> u64 {
        match self.view.wait(worker) {
            Some(Wait::Permits { permits, .. }) => permits,
            _ => unreachable!("who is removed waits"),
        }
    }

    /// Serves the queue from a place on, with so many permits.
    fn serve(&self, from: usize, permits: u64) -> After {
        let mut left = permits;
        let mut to = from;
        while let Some(&(_, missing)) = self.queue.get(to)
            && missing <= left
        {
            left -= missing;
            to += 1;
        }
        let waiters = to < self.queue.len();
        After {
            granted: from..to,
            waiters,
            available: match waiters && self.view.takes_parts(self.semaphore) {
                true => 0,
                false => left,
            },
        }
    }

    fn after_put(&self, permits: u64) -> After {
        self.serve(0, self.available + permits - permits.min(self.debt))
    }

    fn after_removal(&self, worker: WorkerId) -> After {
        match self.place(worker) {
            Some(0) => self.serve(1, self.available + self.taken - self.taken.min(self.debt)),
            _ => After {
                granted: 0..0,
                // behind the head, or of a queue that is none
                waiters: !self.queue.is_empty(),
                available: self.available,
            },
        }
    }

    /// Whether the removal of one grants the other.
    fn frees(&self, removed: WorkerId, other: WorkerId) -> bool {
        self.place(other)
            .is_some_and(|place| self.after_removal(removed).granted.contains(&place))
    }

    /// Whether the waiters from a place on are served alike with so many permits or so many.
    fn served_alike(&self, from: usize, permits: u64, fewer: u64) -> bool {
        let one = self.serve(from, permits);
        one.granted == self.serve(from, fewer).granted
            && (!one.waiters || !self.view.takes_parts(self.semaphore) || permits == fewer)
    }

    /// What is available and owed after a shrink.
    fn shrunk(&self, permits: u64) -> (u64, u64) {
        let lowered = self.lowered(permits);
        let at_once = lowered.min(self.available);
        (self.available - at_once, self.debt + lowered - at_once)
    }

    /// Whether the shrink takes nothing that the waiters would get of the permits put back.
    fn put_and_shrink(&self, put: u64, shrink: u64) -> bool {
        let (available, debt) = self.shrunk(shrink);
        let before = self.available + put - put.min(self.debt);
        self.served_alike(0, before, available + put - put.min(debt))
    }

    /// Whether the shrink takes nothing that those behind the head would get once it is removed.
    fn head_and_shrink(&self, shrink: u64) -> bool {
        let (available, debt) = self.shrunk(shrink);
        let before = self.available + self.taken - self.taken.min(self.debt);
        self.served_alike(1, before, available + self.taken - self.taken.min(debt))
    }

    /// Whether permits put back and permits forgotten do not compete for the debt.
    fn debt_bears(&self, put: u64, forgotten: u64) -> bool {
        put == 0 || self.debt == 0 || put + forgotten <= self.debt
    }

    /// Whether debt and capacity come out the same.
    fn shrink_and_forget(&self, shrink: u64, forgotten: u64) -> bool {
        let capacity = self.capacity();
        let paid = forgotten.min(self.debt);
        let left = capacity.saturating_sub(forgotten - paid);
        let lowered = shrink.min(left);
        let forgotten_first = (
            left - lowered,
            self.debt - paid + lowered - lowered.min(self.available),
            lowered.min(self.available),
        );
        let (available, debt) = self.shrunk(shrink);
        let paid = forgotten.min(debt);
        let left = (capacity - self.lowered(shrink)).saturating_sub(forgotten - paid);
        forgotten_first == (left, debt - paid, self.available - available)
    }
}

impl After {
    fn fits(&self, permits: u64) -> bool {
        !self.waiters && self.available >= permits
    }
}
