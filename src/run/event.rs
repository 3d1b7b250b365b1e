//! What a choice made happen.

use std::fmt;

use super::{SemaphoreId, StatementId, TextId, WorkerId};

/// Why a worker unwinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// It returns.
    Return,
    /// It panicked, by itself or by injection.
    Panic,
    /// Its acquire was cancelled.
    Cancelled,
    /// Its acquire met a closed semaphore.
    Closed,
    /// Its release, forget or give was refused.
    OverRelease,
}

/// How a worker ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ending {
    /// Its body came to its end, or it returned.
    Returned,
    /// It panicked.
    Panicked,
    /// An acquire of its was cancelled, and nothing caught that.
    Cancelled,
    /// An acquire of its met a closed semaphore.
    Closed,
    /// It put back, forgot or gave more than it held.
    OverReleased,
}

impl From<Cause> for Ending {
    fn from(cause: Cause) -> Ending {
        match cause {
            Cause::Return => Ending::Returned,
            Cause::Panic => Ending::Panicked,
            Cause::Cancelled => Ending::Cancelled,
            Cause::Closed => Ending::Closed,
            Cause::OverRelease => Ending::OverReleased,
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Ending::Returned => "returned",
            Ending::Panicked => "panicked",
            Ending::Cancelled => "cancelled",
            Ending::Closed => "closed",
            Ending::OverReleased => "over-release",
        })
    }
}

/// One thing that happened. A step may bring several, in this order of happening.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[allow(missing_docs)] // `worker`, `semaphore` and `permits` are what they say
pub enum Event {
    /// An acquire was granted, at once or after a wait, or a `drain` took what there was.
    Granted {
        worker: WorkerId,
        semaphore: SemaphoreId,
        permits: u64,
        statement: StatementId,
    },
    /// An acquire joined the queue.
    Queued {
        worker: WorkerId,
        semaphore: SemaphoreId,
        permits: u64,
        statement: StatementId,
    },
    /// An acquire with a timer has to wait, and asks for more than the capacity: only its timer ends that,
    /// unless the capacity rises. Told when it joins the queue; where there is none, when its timer fires.
    AskedTooMuch {
        worker: WorkerId,
        semaphore: SemaphoreId,
        permits: u64,
        capacity: u64,
        statement: StatementId,
    },
    /// A head waiter took a part of what it asked for (`order=fifo-partial`).
    Took {
        worker: WorkerId,
        semaphore: SemaphoreId,
        permits: u64,
    },
    /// A waiter gave up what it had taken.
    GaveBack {
        worker: WorkerId,
        semaphore: SemaphoreId,
        permits: u64,
    },
    /// A try was refused.
    TryFailed {
        worker: WorkerId,
        semaphore: SemaphoreId,
        permits: u64,
    },
    /// A timer fired.
    TimedOut {
        worker: WorkerId,
        semaphore: SemaphoreId,
    },
    /// Permits were put back, out of the ledger of `holder`.
    Released {
        worker: WorkerId,
        holder: WorkerId,
        semaphore: SemaphoreId,
        permits: u64,
    },
    /// More was put back, forgotten or given than is held.
    OverReleased {
        worker: WorkerId,
        holder: WorkerId,
        semaphore: SemaphoreId,
        permits: u64,
        held: u64,
        /// Whether the op changed nothing.
        refused: bool,
        statement: StatementId,
    },
    /// A worker put back more than it holds: `of_others` of the permits were those of others, or of
    /// `of` where it is known whose they were. The semaphore cannot tell, and has done it.
    ReleasedOthers {
        worker: WorkerId,
        semaphore: SemaphoreId,
        permits: u64,
        held: u64,
        of_others: u64,
        of: Option<WorkerId>,
        statement: StatementId,
    },
    /// What a worker put back was refused since `by` had put it back before, by the statement
    /// `cause`.
    RefusedAfter {
        worker: WorkerId,
        semaphore: SemaphoreId,
        permits: u64,
        by: WorkerId,
        cause: StatementId,
    },
    /// The capacity rose.
    Grew {
        semaphore: SemaphoreId,
        permits: u64,
    },
    /// The capacity fell; `debt` of it has to be paid still.
    Shrank {
        semaphore: SemaphoreId,
        permits: u64,
        debt: u64,
    },
    /// Held permits were given up on purpose.
    Forgot {
        worker: WorkerId,
        semaphore: SemaphoreId,
        permits: u64,
    },
    /// Held permits changed hands.
    Gave {
        worker: WorkerId,
        to: WorkerId,
        semaphore: SemaphoreId,
        permits: u64,
    },
    /// A line of the user's.
    Note { worker: WorkerId, text: TextId },
    /// An assertion of the user's failed, or a panic that nobody injected.
    Failed {
        worker: WorkerId,
        statement: StatementId,
        text: TextId,
    },
    /// A semaphore was closed.
    Closed { semaphore: SemaphoreId },
    /// A worker fails, panics or returns, and unwinds.
    Raised { worker: WorkerId, cause: Cause },
    /// An instance was started.
    Spawned { worker: WorkerId },
    /// A worker has ended.
    Ended { worker: WorkerId, how: Ending },
    /// An ended worker's ledger still holds permits.
    Leaked {
        worker: WorkerId,
        semaphore: SemaphoreId,
        permits: u64,
        /// The statement that took them.
        acquired: StatementId,
        how: Ending,
    },
    /// The run has ended, and permits are neither free nor in a ledger: who holds them is not
    /// known. `statement` is what watches the semaphore.
    Missing {
        semaphore: SemaphoreId,
        permits: u64,
        statement: StatementId,
    },
}
