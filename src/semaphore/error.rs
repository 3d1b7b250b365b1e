//! What can fail, with cause and remedy.

use std::error::Error;
use std::fmt;

/// Why an acquire came back without permits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AcquireError {
    /// The semaphore is closed.
    Closed,
    /// The [`Cancel`](super::Cancel) of the acquire was fired.
    Cancelled,
    /// The timeout or the deadline of the acquire came first.
    TimedOut,
}

impl fmt::Display for AcquireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AcquireError::Closed => {
                "the semaphore is closed: no permit is granted any more, so end this work"
            }
            AcquireError::Cancelled => {
                "the acquire was cancelled: its `Cancel` was fired before permits were granted"
            }
            AcquireError::TimedOut => {
                "no permits were granted in time: those who hold them are slow or have lost them, \
                 or the request is larger than the capacity"
            }
        })
    }
}

impl Error for AcquireError {}

/// Why a try came back without permits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TryAcquireError {
    /// The semaphore is closed.
    Closed,
    /// Fewer permits are free than were asked for, or somebody waits and comes first.
    NoPermits,
}

impl fmt::Display for TryAcquireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TryAcquireError::Closed => {
                "the semaphore is closed: no permit is granted any more, so end this work"
            }
            TryAcquireError::NoPermits => {
                "too few permits are free, or somebody who waits comes first: try later, or wait \
                 with `acquire`"
            }
        })
    }
}

impl Error for TryAcquireError {}

/// More permits were to be put back than are out without a guard. Nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OverRelease {
    pub(super) permits: usize,
    pub(super) room: usize,
}

impl OverRelease {
    /// How many were to be put back.
    pub fn permits(&self) -> usize {
        self.permits
    }

    /// How many could have been.
    pub fn room(&self) -> usize {
        self.room
    }
}

impl fmt::Display for OverRelease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} put back where there is room for {}: something was put back twice, or is held by a \
             guard, which puts it back itself; to signal, use `Semaphore::unbounded`",
            self.permits, self.room
        )
    }
}

impl Error for OverRelease {}
