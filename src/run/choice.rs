//! One decision of the scheduler.

use super::{Op, Resource, WorkerId};

/// How the chosen worker goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// It performs its op.
    Proceed,
    /// It performs its op, and goes on until it has started a worker: what it does then is a choice of
    /// its own. Never on offer; a choice to proceed becomes this when a strategy stops at the start.
    ToSpawn,
    /// It takes branch k, counted from zero.
    Branch(u32),
    /// A panic strikes in place of its work.
    Panic,
    /// The timer of its acquire fires.
    Timeout,
    /// Its acquire is cancelled; a task is cancelled whole.
    Cancel,
    /// The k-th of the futures that a task allows to be cancelled is, the outermost first, counted
    /// from zero.
    CancelPart(u32),
    /// An injected failure strikes in place of its work.
    Fail,
    /// A task is polled though nobody woke it.
    Spurious,
    /// A task is polled with a new waker; the one before is good for nothing any more.
    NewWaker,
}

/// Which worker goes on, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Choice {
    /// The worker.
    pub worker: WorkerId,
    /// How it goes on.
    pub action: Action,
}

impl Choice {
    /// The choice as it was on offer.
    pub fn offered(self) -> Choice {
        match self.action {
            Action::ToSpawn => Choice {
                action: Action::Proceed,
                ..self
            },
            _ => self,
        }
    }
}

/// A choice that the engine offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Enabled {
    /// The choice.
    pub choice: Choice,
    /// What the worker would do; for a fault, what it strikes.
    pub op: Op,
    /// The budget that the choice draws one unit from, if any.
    pub draws: Option<Resource>,
}

impl Enabled {
    /// Whether a worker simply goes on: it has one such choice at most.
    #[inline]
    pub fn is_plain(&self) -> bool {
        self.choice.action == Action::Proceed && self.draws.is_none()
    }
}

/// How often a schedule goes over to another worker.
pub fn switches(choices: &[Choice]) -> usize {
    let changes = |pair: &&[Choice]| pair[0].worker != pair[1].worker;
    choices.windows(2).filter(changes).count()
}
