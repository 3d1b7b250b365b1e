//! What a worker would do next.

use super::{SemaphoreId, WorkerId};

/// How many permits an op moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permits {
    /// That many.
    Exactly(u32),
    /// Whatever is held.
    All,
}

/// One operation, as a strategy sees it before it is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[allow(missing_docs)] // the fields are the words of the language
pub enum Op {
    /// Take permits, waiting for them if need be. `timed` when a timer runs meanwhile.
    Acquire {
        semaphore: SemaphoreId,
        permits: u32,
        timed: bool,
    },
    /// Take permits at once or not at all.
    TryAcquire {
        semaphore: SemaphoreId,
        permits: u32,
    },
    /// Put permits back, those of `holder`.
    Release {
        semaphore: SemaphoreId,
        permits: Permits,
        holder: WorkerId,
    },
    /// Raise the capacity.
    Grow {
        semaphore: SemaphoreId,
        permits: u32,
    },
    /// Lower the capacity.
    Shrink {
        semaphore: SemaphoreId,
        permits: u32,
    },
    /// Take all that is available.
    Drain { semaphore: SemaphoreId },
    /// Give up held permits on purpose.
    Forget {
        semaphore: SemaphoreId,
        permits: Permits,
    },
    /// Hand held permits to another worker.
    Give {
        semaphore: SemaphoreId,
        permits: Permits,
        to: WorkerId,
    },
    /// Make all acquires fail.
    Close { semaphore: SemaphoreId },
    /// Make that worker's wait fail, if it waits.
    Cancel { worker: WorkerId },
    /// Nothing that others see; `fallible` when a panic may strike.
    Work { fallible: bool },
    /// Let others go first.
    Yield,
    /// Panic.
    Panic,
    /// Leave the worker's body.
    Return,
    /// Go on in one of so many branches.
    Pick { branches: u32 },
    /// Start the next instance of the worker whose first instance is this.
    Spawn { first: WorkerId },
    /// Wait for the started instances of the worker whose first instance is this.
    Join { first: WorkerId },
    /// Be polled, and so go on from an await: what it does then is known once it has done it.
    Poll,
}

impl Op {
    /// The semaphore that the op is about, if it is about one.
    pub fn semaphore(&self) -> Option<SemaphoreId> {
        match *self {
            Op::Acquire { semaphore, .. }
            | Op::TryAcquire { semaphore, .. }
            | Op::Release { semaphore, .. }
            | Op::Grow { semaphore, .. }
            | Op::Shrink { semaphore, .. }
            | Op::Drain { semaphore }
            | Op::Forget { semaphore, .. }
            | Op::Give { semaphore, .. }
            | Op::Close { semaphore } => Some(semaphore),
            _ => None,
        }
    }
}
