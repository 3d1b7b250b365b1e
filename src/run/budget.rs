//! How many faults and preemptions an exploration may place in one run.

use super::{Action, Choice, WorkerId};

/// What a fault draws on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// Injected panics.
    Panics,
    /// Timers that fire while something else could happen.
    Timeouts,
    /// Injected cancellations.
    Cancels,
}

impl Resource {
    /// All of them.
    pub const ALL: [Resource; 3] = [Resource::Panics, Resource::Timeouts, Resource::Cancels];
}

/// The budgets of one exploration: upper bounds for each run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Injected panics.
    pub panics: u32,
    /// Timeouts that fire while something else could happen.
    pub timeouts: u32,
    /// Injected cancellations.
    pub cancels: u32,
    /// Switches away from a worker that could have gone on; `None` is unbounded.
    pub preemptions: Option<u32>,
}

impl Default for Budget {
    /// One panic, two timeouts, no cancellation, any number of preemptions.
    fn default() -> Budget {
        Budget {
            panics: 1,
            timeouts: 2,
            cancels: 0,
            preemptions: None,
        }
    }
}

impl Budget {
    /// No bound at all: what a replay is held to.
    pub const UNBOUNDED: Budget = Budget {
        panics: u32::MAX,
        timeouts: u32::MAX,
        cancels: u32::MAX,
        preemptions: None,
    };

    /// The bound on one resource.
    pub fn limit(&self, resource: Resource) -> u32 {
        match resource {
            Resource::Panics => self.panics,
            Resource::Timeouts => self.timeouts,
            Resource::Cancels => self.cancels,
        }
    }
}

/// What a run has spent so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Spent {
    /// Units drawn of each [`Resource`], in their order.
    pub drawn: [u32; 3],
    /// Switches away from a worker that could have gone on.
    pub preemptions: u32,
    /// The worker of the last choice.
    pub last: Option<WorkerId>,
}

impl Spent {
    /// Faults in all.
    pub fn faults(&self) -> u32 {
        self.drawn.iter().sum()
    }

    /// Whether the budget leaves room for a choice. `held_up` says whether the worker of the last
    /// choice could go on without a fault.
    #[inline]
    pub fn allows(
        &self,
        choice: Choice,
        draws: Option<Resource>,
        held_up: bool,
        budget: &Budget,
    ) -> bool {
        draws.is_none_or(|r| self.drawn[r as usize] < budget.limit(r))
            && budget
                .preemptions
                .is_none_or(|most| self.preemptions < most || !self.preempts(choice, held_up))
    }

    /// What is spent once a choice is made.
    #[inline]
    pub fn after(&self, choice: Choice, draws: Option<Resource>, held_up: bool) -> Spent {
        let mut spent = *self;
        spent.take(choice, draws, held_up);
        spent
    }

    /// Spends what a choice costs.
    #[inline]
    pub fn take(&mut self, choice: Choice, draws: Option<Resource>, held_up: bool) {
        if let Some(resource) = draws {
            self.drawn[resource as usize] += 1;
        }
        self.preemptions += u32::from(self.preempts(choice, held_up));
        self.last = Some(choice.worker);
    }

    fn preempts(&self, choice: Choice, held_up: bool) -> bool {
        held_up && self.last.is_some_and(|last| last != choice.worker)
    }
}

impl Choice {
    /// Whether the worker goes on by itself: neither a fault nor a timer.
    pub fn is_progress(&self) -> bool {
        matches!(
            self.action,
            Action::Proceed | Action::ToSpawn | Action::Branch(_)
        )
    }
}
