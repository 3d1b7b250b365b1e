//! How runs of futures are made.

use crate::property::StepBound;
use crate::run::Budget;

/// How runs are made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Options {
    pub(crate) budget: Budget,
    pub(crate) bound: StepBound,
    pub(crate) wakers: Wakers,
    pub(crate) resuming: Resuming,
    /// Whether tasks may be cancelled whole.
    pub(crate) cancels_tasks: bool,
    /// Whether what happens is written down for a report.
    pub(crate) recording: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            budget: Budget::default(),
            bound: StepBound::default(),
            wakers: Wakers::default(),
            resuming: Resuming::ByChoice,
            cancels_tasks: true,
            recording: false,
        }
    }
}

/// When a task that was granted permits goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resuming {
    /// When it is chosen: meanwhile it can be cancelled.
    ByChoice,
    /// In the step that granted them, as a worker program does; and what is spawned comes to its
    /// first op in the step that spawns it.
    AtOnce,
}

/// Which habits of executors are tried out on the wakers of futures. Each is a choice of the
/// strategy, and counts as a cancellation in the budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wakers {
    /// A task is polled though nobody woke it.
    pub spurious: bool,
    /// A task is polled with another waker than before, as when a future is moved to another task
    /// or a `select` is rebuilt; the old one wakes nobody any more.
    pub replaced: bool,
    /// Each waker reads the probes when it is woken and when it is dropped, and so comes back into
    /// the semaphore in the middle of its doings. Not a choice: all wakers do.
    pub reentrant: bool,
}

impl Wakers {
    /// Whether some of them are choices.
    pub(in crate::runtime) fn are_choices(self) -> bool {
        self.spurious || self.replaced
    }
}
