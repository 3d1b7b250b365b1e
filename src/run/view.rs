//! What a property or a strategy can see of a state, whatever the engine.

use super::{Op, SemaphoreId, StatementId, WorkerId};

/// Where a worker is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Not started yet.
    Unspawned,
    /// Started and not ended.
    Running,
    /// Ended.
    Ended,
}

/// What an unfinished worker waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wait {
    /// An acquire.
    Permits {
        /// Of this semaphore.
        semaphore: SemaphoreId,
        /// So many.
        permits: u64,
        /// What it has of them already (`order=fifo-partial`).
        taken: u64,
        /// Whether a timer can end the wait.
        timed: bool,
    },
    /// A join of the started instances among these, `first..first + count`.
    Join {
        /// The first instance.
        first: WorkerId,
        /// How many instances there are.
        count: u32,
    },
    /// An await of which nothing is known but that nobody has woken it.
    Unknown,
}

/// A state between two steps.
pub trait View {
    /// How many semaphores there are.
    fn semaphores(&self) -> u32;
    /// How many worker instances there are.
    fn workers(&self) -> u32;
    /// Permits that are free.
    fn available(&self, semaphore: SemaphoreId) -> u64;
    /// The capacity; meaningless for a signal semaphore.
    fn capacity(&self, semaphore: SemaphoreId) -> u64;
    /// What a shrink has still to take.
    fn debt(&self, semaphore: SemaphoreId) -> u64;
    /// Whether it is closed.
    fn is_closed(&self, semaphore: SemaphoreId) -> bool;
    /// Whether permits of it are held at all.
    fn is_signal(&self, semaphore: SemaphoreId) -> bool;
    /// Whether a release of more than is held inflates it.
    fn is_plain(&self, semaphore: SemaphoreId) -> bool;
    /// Whether it is a semaphore of somebody else's, of which no more is known than it tells: what
    /// is held of it may be less than what is not available.
    fn is_foreign(&self, _semaphore: SemaphoreId) -> bool {
        false
    }
    /// Permits that are known to be neither there nor held by anybody.
    fn lost(&self, _semaphore: SemaphoreId) -> u64 {
        0
    }
    /// Those in its queue, first comes first; empty for a semaphore without a queue.
    fn queue(&self, semaphore: SemaphoreId) -> Vec<WorkerId>;
    /// Whether it has a queue.
    fn is_queued(&self, semaphore: SemaphoreId) -> bool;
    /// Whether the head of its queue takes permits as they come (`order=fifo-partial`).
    fn takes_parts(&self, semaphore: SemaphoreId) -> bool;
    /// Permits in a worker's ledger.
    fn held(&self, worker: WorkerId, semaphore: SemaphoreId) -> u64;
    /// Permits in all ledgers.
    fn held_by_all(&self, semaphore: SemaphoreId) -> u64 {
        let holders = self.holders(semaphore).iter();
        holders.map(|&worker| self.held(worker, semaphore)).sum()
    }
    /// Permits that waiters have taken of their requests (`order=fifo-partial`).
    fn taken(&self, semaphore: SemaphoreId) -> u64;
    /// The workers that can hold permits of it; none for a signal semaphore.
    fn holders(&self, semaphore: SemaphoreId) -> &[WorkerId];
    /// Where a worker is in its life.
    fn status(&self, worker: WorkerId) -> Status;
    /// What a worker waits for, if it waits.
    fn wait(&self, worker: WorkerId) -> Option<Wait>;
    /// The statement at which a running worker stands.
    fn statement(&self, worker: WorkerId) -> Option<StatementId>;
    /// The semaphore of the acquire without a timer at which a worker stands or waits.
    fn acquires(&self, worker: WorkerId) -> Option<SemaphoreId>;
    /// The semaphores of which a worker can hold permits, signals excepted.
    fn owned(&self, worker: WorkerId) -> &[SemaphoreId];
    /// Whether all permits of it that a worker can hold come from one statement, so that it does not
    /// matter which of them it puts back.
    fn are_alike(&self, worker: WorkerId, semaphore: SemaphoreId) -> bool;
    /// What a running worker would do next, or waits to do.
    fn op(&self, worker: WorkerId) -> Option<Op>;
    /// Whether the op that comes after a worker's present one, or its first op if it was not
    /// started yet, may be one that waits in barging order.
    fn may_barge_next(&self, worker: WorkerId) -> bool;
    /// How many instances there are of the worker whose first instance this is.
    fn instances(&self, first: WorkerId) -> u32;
}
