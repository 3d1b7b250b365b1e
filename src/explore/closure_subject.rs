//! A closure as the subject of an exploration.

use super::replay::replay_in_time;
use super::runs::Facts;
use super::subject::{Source, Subject};
use crate::program::Place;
use crate::property::{Engine, Fact, StepBound, WorkerEdge};
use crate::report::{FirstFound, Written};
use crate::run::{Budget, StatementId, StopFlag};
use crate::runtime::{Options, Tasks};
use crate::schedule::Digest;

/// A closure and the engine that runs it.
pub(super) struct ClosureSubject {
    pub(super) tasks: Tasks,
    pub(super) digest: Digest,
    pub(super) written: Written,
}

impl ClosureSubject {
    /// Budgets as they are told: nothing cancels a thread.
    pub(super) fn told(&self, limits: Budget) -> Budget {
        match self.written {
            Written::Threads => Budget {
                cancels: 0,
                ..limits
            },
            Written::Program | Written::Futures => limits,
        }
    }

    /// Leaves out the edges of the order graph whose first semaphore the worker did not hold any
    /// more: its permits had been moved to another task. Who holds a guard shows when the futures
    /// are dropped.
    ///
    /// Where there is no time to look, they are left out as well.
    pub(super) fn without_handed_over(&self, mut facts: Facts, due: &StopFlag) -> Facts {
        facts.retain(|fact, costed| match *fact {
            Fact::Ordered { from, worker, .. } => {
                let bound = StepBound(u64::MAX);
                replay_in_time(self, &costed.choices, bound, due).is_some()
                    && !self.tasks.handed_over(worker, from)
            }
            _ => true,
        });
        facts
    }
}

impl Subject for ClosureSubject {
    fn engine(&self, budget: Budget, bound: StepBound) -> Box<dyn Engine + '_> {
        Box::new(self.tasks.again(Options {
            budget,
            bound,
            recording: true,
            ..*self.tasks.options()
        }))
    }

    fn digest(&self) -> Digest {
        self.digest
    }

    fn semaphores(&self) -> Vec<String> {
        self.tasks.names(|names| names.semaphore_names())
    }

    fn semaphore_labels(&self) -> Vec<String> {
        self.tasks.names(|names| names.semaphore_labels())
    }

    fn workers(&self) -> Vec<String> {
        self.tasks.names(|names| names.worker_names())
    }

    fn statement(&self, id: StatementId) -> Source {
        self.tasks.names(|names| {
            let (place, head) = names.source(id);
            let place = place.map(|place| Place {
                file: Some(place.file),
                line: place.line,
                column: place.column,
            });
            Source {
                place: place.unwrap_or(Place::UNKNOWN),
                head: head.to_owned(),
                guard: false,
            }
        })
    }

    fn label(&self, id: StatementId) -> String {
        self.tasks.names(|names| names.label(id))
    }

    fn texts(&self) -> Vec<String> {
        self.tasks.names(|names| names.all_texts())
    }

    fn first_found(&self) -> Vec<FirstFound> {
        let found = self.tasks.found_otherwise().into_iter();
        found
            .map(|(semaphore, (available, capacity))| FirstFound {
                semaphore,
                available,
                capacity,
            })
            .collect()
    }

    fn may_meet(&self, one: WorkerEdge, other: WorkerEdge) -> bool {
        self.tasks.may_meet(one, other)
    }

    fn written(&self) -> Written {
        self.written
    }
}
