//! The disciplines of the reference semaphore, on packed states.
//!
//! `fifo` is a strict queue with hand-off: the releaser grants from the head while the head fits.
//! `fifo-partial` lets the head take permits as they come and keep them (the discipline of tokio's
//! batch semaphore). `barging` has no queue: whoever comes when it fits.

use super::code::Instr;
use super::model::{Candidate, Machine};
use super::state::Standing;
use super::step::{Sink, Stepper};
use crate::program::Order;
use crate::run::{Cause, Event, SemaphoreId, WorkerId};

impl Machine {
    /// Whether the semaphore lets whoever comes take what fits.
    pub(super) fn is_barging(&self, id: SemaphoreId) -> bool {
        self.semaphore(id).order == Order::Barging
    }

    /// The waiter at a place of a queue, counted from one.
    #[inline]
    fn at_rank(&self, state: &[u64], id: SemaphoreId, rank: u64) -> Option<WorkerId> {
        let mut candidates = self.semaphore(id).candidates.iter();
        let found = candidates.find(|c| c.rank.get(state) == rank && self.queues(state, c, id));
        found.map(|c| c.worker)
    }

    /// Whether the queue in which a candidate stands, if it stands in one, is that of the semaphore.
    #[inline]
    fn queues(&self, state: &[u64], candidate: &Candidate, id: SemaphoreId) -> bool {
        !candidate.elsewhere || self.waits_on(state, candidate.worker, id)
    }

    fn waits_on(&self, state: &[u64], worker: WorkerId, id: SemaphoreId) -> bool {
        match self.standing(state, worker) {
            Standing::At(pc) => {
                matches!(*self.instr(worker, pc), Instr::Acquire { semaphore, .. } if semaphore == id)
            }
            _ => false,
        }
    }

    /// Those who stand in a queue, each with its place.
    #[inline]
    fn queued(&self, state: &[u64], id: SemaphoreId) -> impl Iterator<Item = (u64, WorkerId)> {
        let candidates = self.semaphore(id).candidates.iter();
        candidates
            .map(move |c| (c.rank.get(state), c))
            .filter(move |&(rank, c)| rank > 0 && self.queues(state, c, id))
            .map(|(rank, c)| (rank, c.worker))
    }

    /// Those who wait in a queue, first comes first.
    pub(super) fn queue(&self, state: &[u64], id: SemaphoreId) -> Vec<WorkerId> {
        let mut queue: Vec<(u64, WorkerId)> = self.queued(state, id).collect();
        queue.sort_unstable();
        queue.into_iter().map(|(_, w)| w).collect()
    }
}

impl<S: Sink> Stepper<'_, S> {
    /// An acquire that does not wait: whether the permits were taken.
    pub(super) fn try_take(&mut self, id: SemaphoreId, permits: u64) -> bool {
        let semaphore = self.machine.semaphore(id);
        let queued =
            semaphore.order != Order::Barging && self.machine.at_rank(self.state, id, 1).is_some();
        if queued || semaphore.available.get(self.state) < permits {
            return false;
        }
        semaphore.available.sub(self.state, permits);
        true
    }

    /// Joins the queue; a head of `fifo-partial` takes what there is.
    pub(super) fn enqueue(&mut self, worker: WorkerId, id: SemaphoreId) {
        let rank = 1 + self.machine.queued(self.state, id).count() as u64;
        self.machine.worker(worker).rank.set(self.state, rank);
        if rank == 1 {
            self.take_part(worker, id);
        }
    }

    fn take_part(&mut self, head: WorkerId, id: SemaphoreId) {
        let semaphore = self.machine.semaphore(id);
        if semaphore.order != Order::FifoPartial {
            return;
        }
        let permits = semaphore.available.get(self.state);
        if permits > 0 {
            semaphore.available.set(self.state, 0);
            semaphore.taken.add(self.state, permits);
            self.sink.event(Event::Took {
                worker: head,
                semaphore: id,
                permits,
            });
        }
    }

    /// Makes permits available, debt first, and serves the queue.
    pub(super) fn put_back(&mut self, id: SemaphoreId, permits: u64) {
        self.put(id, permits);
        self.serve(id);
    }

    fn put(&mut self, id: SemaphoreId, permits: u64) {
        let semaphore = self.machine.semaphore(id);
        let paid = permits.min(semaphore.debt.get(self.state));
        semaphore.debt.sub(self.state, paid);
        semaphore.available.add(self.state, permits - paid);
    }

    /// Grants from the head while the head fits.
    pub(super) fn serve(&mut self, id: SemaphoreId) {
        let semaphore = self.machine.semaphore(id);
        if semaphore.order == Order::Barging {
            return;
        }
        while let Some(head) = self.machine.at_rank(self.state, id, 1) {
            let Some((_, permits, _)) = self.machine.waiting(self.state, head) else {
                unreachable!("who has a rank waits")
            };
            let missing = permits - semaphore.taken.get(self.state);
            if semaphore.available.get(self.state) < missing {
                self.take_part(head, id);
                return;
            }
            semaphore.available.sub(self.state, missing);
            semaphore.taken.set(self.state, 0);
            self.dequeue(head, id);
            self.granted(head);
        }
    }

    /// Leaves the queue; those behind move up.
    fn dequeue(&mut self, worker: WorkerId, id: SemaphoreId) {
        let machine = self.machine;
        let rank = machine.worker(worker).rank.get(self.state);
        for other in &machine.semaphore(id).candidates {
            if other.rank.get(self.state) > rank && machine.queues(self.state, other, id) {
                other.rank.sub(self.state, 1);
            }
        }
        machine.worker(worker).rank.set(self.state, 0);
    }

    /// Takes a waiter out of its wait; what it had taken goes back, to be served by the caller.
    pub(super) fn leave_queue(&mut self, worker: WorkerId, id: SemaphoreId) {
        let semaphore = self.machine.semaphore(id);
        if semaphore.order == Order::Barging {
            return;
        }
        let was_head = self.machine.worker(worker).rank.get(self.state) == 1;
        self.dequeue(worker, id);
        let taken = semaphore.taken.get(self.state);
        if was_head && taken > 0 {
            semaphore.taken.set(self.state, 0);
            self.put(id, taken);
            self.sink.event(Event::GaveBack {
                worker,
                semaphore: id,
                permits: taken,
            });
        }
    }

    /// Fails all waiters in queue order, granting none of them in between.
    pub(super) fn close(&mut self, id: SemaphoreId) {
        let semaphore = self.machine.semaphore(id);
        if semaphore.closed.get(self.state) != 0 {
            return;
        }
        semaphore.closed.set(self.state, 1);
        self.sink.event(Event::Closed { semaphore: id });
        while let Some(head) = self.machine.at_rank(self.state, id, 1) {
            self.leave_queue(head, id);
            self.fail(head, Cause::Closed);
        }
    }

    /// Raises the capacity.
    pub(super) fn grow(&mut self, id: SemaphoreId, permits: u64) {
        if let Some(capacity) = self.machine.semaphore(id).capacity {
            capacity.add(self.state, permits);
        }
        self.sink.event(Event::Grew {
            semaphore: id,
            permits,
        });
        self.put_back(id, permits);
    }

    /// Lowers the capacity, at most to zero; what is not available is debt.
    pub(super) fn shrink(&mut self, id: SemaphoreId, permits: u64) {
        let semaphore = self.machine.semaphore(id);
        let Some(capacity) = semaphore.capacity else {
            unreachable!("a semaphore that is shrunk has a capacity field")
        };
        let lowered = permits.min(capacity.get(self.state));
        let at_once = lowered.min(semaphore.available.get(self.state));
        capacity.sub(self.state, lowered);
        semaphore.available.sub(self.state, at_once);
        semaphore.debt.add(self.state, lowered - at_once);
        self.sink.event(Event::Shrank {
            semaphore: id,
            permits: lowered,
            debt: lowered - at_once,
        });
    }

    /// Gives up permits that were held: they pay debt first, the rest lowers the capacity.
    pub(super) fn forget(&mut self, id: SemaphoreId, permits: u64) {
        let semaphore = self.machine.semaphore(id);
        let paid = permits.min(semaphore.debt.get(self.state));
        semaphore.debt.sub(self.state, paid);
        let Some(capacity) = semaphore.capacity else {
            unreachable!("a semaphore of which permits are forgotten has a capacity field")
        };
        // of an inflated count more may be held than there is capacity
        let left = capacity.get(self.state).saturating_sub(permits - paid);
        capacity.set(self.state, left);
    }
}
