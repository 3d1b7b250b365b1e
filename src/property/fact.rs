//! What can be found out of a step, and what makes two findings the same.

use std::collections::BTreeSet;

use crate::program::PropertyName;
use crate::run::{Ending, SemaphoreId, StatementId, WorkerId};

/// One thing that a step showed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fact {
    /// A property failed.
    Failed(Identity),
    /// A worker stood at an acquire of `to` while it held `from`.
    Ordered {
        /// What it held.
        from: SemaphoreId,
        /// What it was about to wait for.
        to: SemaphoreId,
        /// The worker.
        worker: WorkerId,
    },
    /// In a deadlock, these edges were waited on at once.
    Knotted(BTreeSet<(SemaphoreId, SemaphoreId)>),
}

/// What makes a finding the same finding. Statement lists are sorted sets.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)] // the fields are what the properties' definitions say
pub enum Identity {
    Leak {
        semaphore: SemaphoreId,
        acquired: StatementId,
        how: Ending,
    },
    /// Permits are gone, and no ledger says who has them. The statement is what watches the
    /// semaphore.
    Missing {
        semaphore: SemaphoreId,
        statement: StatementId,
    },
    OverRelease {
        semaphore: SemaphoreId,
        statement: StatementId,
    },
    /// A worker put back permits that another one took, and nothing came of it.
    ForeignRelease {
        semaphore: SemaphoreId,
        statement: StatementId,
    },
    OverAdmission {
        semaphore: SemaphoreId,
    },
    Conservation {
        semaphore: SemaphoreId,
    },
    /// The statements of the smallest circular wait, or of all waiters if there is none.
    Deadlock {
        statements: Vec<StatementId>,
        semaphores: Vec<SemaphoreId>,
    },
    Exhaustion {
        semaphore: SemaphoreId,
        waiters: Vec<StatementId>,
    },
    ImpossibleRequest {
        semaphore: SemaphoreId,
        waiters: Vec<StatementId>,
    },
    /// An acquire that has a timer asks for more than the capacity.
    TimedRequest {
        semaphore: SemaphoreId,
        statement: StatementId,
    },
    LostWakeup {
        semaphore: SemaphoreId,
        waiters: Vec<StatementId>,
    },
    /// The cycle, its smallest semaphore first.
    LockOrder {
        cycle: Vec<SemaphoreId>,
    },
    Livelock,
    /// A step of the worker that began at this statement does not end.
    Spin {
        statement: StatementId,
    },
    /// Where the assertion stands, or the panic came from.
    Assertion {
        statement: StatementId,
    },
    /// A semaphore that lives on was left in another state than it was found in.
    LeftOver {
        semaphore: SemaphoreId,
    },
    /// What stood at this statement was woken by something outside of the exploration.
    Outside {
        statement: StatementId,
    },
    /// Permits of a semaphore are missing for good that no worker took.
    TakenOutside {
        semaphore: SemaphoreId,
    },
    /// No run had anything to decide or to judge.
    Vacuous,
    /// No run reached the place of that name.
    Unreached {
        place: String,
    },
}

impl Identity {
    /// The property that failed.
    pub fn property(&self) -> PropertyName {
        match self {
            Identity::Leak { .. } | Identity::Missing { .. } | Identity::TakenOutside { .. } => {
                PropertyName::Leak
            }
            Identity::OverRelease { .. } | Identity::ForeignRelease { .. } => {
                PropertyName::OverRelease
            }
            Identity::OverAdmission { .. } => PropertyName::OverAdmission,
            Identity::Conservation { .. } => PropertyName::Conservation,
            Identity::Deadlock { .. } => PropertyName::Deadlock,
            Identity::Exhaustion { .. } => PropertyName::Exhaustion,
            Identity::ImpossibleRequest { .. } | Identity::TimedRequest { .. } => {
                PropertyName::ImpossibleRequest
            }
            Identity::LostWakeup { .. } => PropertyName::LostWakeup,
            Identity::LockOrder { .. } => PropertyName::LockOrder,
            Identity::Livelock | Identity::Spin { .. } => PropertyName::Livelock,
            Identity::Assertion { .. } => PropertyName::Assertion,
            Identity::LeftOver { .. } | Identity::Outside { .. } => PropertyName::Divergence,
            Identity::Vacuous => PropertyName::Vacuous,
            Identity::Unreached { .. } => PropertyName::Unreached,
        }
    }

    /// Whether it is told, and breaks nothing.
    pub fn is_warning(&self) -> bool {
        matches!(
            self,
            Identity::TimedRequest { .. } | Identity::ForeignRelease { .. }
        )
    }

    /// Whether it is one of the exploration as a whole, which no run shows.
    pub fn is_of_no_run(&self) -> bool {
        matches!(self, Identity::Vacuous | Identity::Unreached { .. })
    }

    /// The semaphores that it is about.
    pub fn semaphores(&self) -> Vec<SemaphoreId> {
        match self {
            Identity::Leak { semaphore, .. }
            | Identity::Missing { semaphore, .. }
            | Identity::OverRelease { semaphore, .. }
            | Identity::ForeignRelease { semaphore, .. }
            | Identity::OverAdmission { semaphore }
            | Identity::LeftOver { semaphore }
            | Identity::TakenOutside { semaphore }
            | Identity::Conservation { semaphore }
            | Identity::Exhaustion { semaphore, .. }
            | Identity::ImpossibleRequest { semaphore, .. }
            | Identity::TimedRequest { semaphore, .. }
            | Identity::LostWakeup { semaphore, .. } => vec![*semaphore],
            Identity::Deadlock { semaphores, .. } => semaphores.clone(),
            Identity::LockOrder { cycle } => cycle.clone(),
            Identity::Livelock
            | Identity::Spin { .. }
            | Identity::Assertion { .. }
            | Identity::Outside { .. }
            | Identity::Vacuous
            | Identity::Unreached { .. } => Vec::new(),
        }
    }

    /// The statements that tell it from others of its property.
    pub fn statements(&self) -> &[StatementId] {
        match self {
            Identity::Leak { acquired, .. } => std::slice::from_ref(acquired),
            Identity::Missing { statement, .. }
            | Identity::OverRelease { statement, .. }
            | Identity::ForeignRelease { statement, .. }
            | Identity::TimedRequest { statement, .. }
            | Identity::Spin { statement }
            | Identity::Assertion { statement }
            | Identity::Outside { statement } => std::slice::from_ref(statement),
            Identity::Deadlock { statements, .. } => statements,
            Identity::Exhaustion { waiters, .. }
            | Identity::ImpossibleRequest { waiters, .. }
            | Identity::LostWakeup { waiters, .. } => waiters,
            Identity::OverAdmission { .. }
            | Identity::LeftOver { .. }
            | Identity::TakenOutside { .. }
            | Identity::Conservation { .. }
            | Identity::LockOrder { .. }
            | Identity::Livelock
            | Identity::Vacuous
            | Identity::Unreached { .. } => &[],
        }
    }
}
