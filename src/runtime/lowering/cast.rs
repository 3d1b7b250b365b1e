//! One run of a program: its semaphores, its ledgers, and what is leaked.

use std::cell::RefCell;
use std::sync::Arc;

use super::ledger::{Ledgers, Part};
use super::plan::Plan;
use super::stage::Stage;
use crate::program::Kind;
use crate::run::{Ending, Event, SemaphoreId, Status, WorkerId};
use crate::semaphore::{Cancel, Semaphore};

/// The workers of a program on a stage.
#[derive(Debug)]
pub(crate) struct Cast<S> {
    pub(super) plan: Arc<Plan>,
    pub(super) stage: S,
    pub(super) semaphores: Vec<Arc<Semaphore>>,
    pub(super) ledgers: RefCell<Ledgers>,
    /// What calls off the acquire of each worker whom a `cancel` names.
    pub(super) cancels: RefCell<Vec<Option<Cancel>>>,
}

impl<S: Stage> Cast<S> {
    /// A run with new semaphores.
    pub(crate) fn new(plan: Arc<Plan>, stage: S) -> Cast<S> {
        let make = |decl: &crate::program::SemaphoreDecl| {
            let permits = decl.permits as usize;
            let semaphore = match decl.kind {
                Kind::Signal => Semaphore::unbounded(permits),
                Kind::Bounded | Kind::Plain => Semaphore::new(permits),
            };
            Arc::new(semaphore.with_name(decl.name.to_string()))
        };
        Cast {
            semaphores: plan.program().semaphores().iter().map(make).collect(),
            ledgers: RefCell::default(),
            cancels: RefCell::new(vec![None; plan.workers().count()]),
            plan,
            stage,
        }
    }

    /// The semaphores, in the order of the text.
    pub(crate) fn semaphores(&self) -> &[Arc<Semaphore>] {
        &self.semaphores
    }

    pub(super) fn semaphore(&self, id: SemaphoreId) -> &Arc<Semaphore> {
        &self.semaphores[id.index()]
    }

    fn semaphore_ids(&self) -> impl Iterator<Item = SemaphoreId> + use<S> {
        (0..self.semaphores.len() as u32).map(SemaphoreId)
    }

    /// Tells what a worker that has ended leaks, but for what is judged when the run ends.
    pub(crate) fn judge_leaks(&self, worker: WorkerId, how: Ending) {
        for semaphore in self.semaphore_ids() {
            if !self.plan.is_deferred(worker, semaphore) {
                let ledgers = self.ledgers.borrow();
                ledgers
                    .of(worker, semaphore)
                    .for_each(|part| self.leaked(worker, semaphore, part, how));
            }
        }
    }

    /// Tells the rest: the run has ended, or is stuck.
    pub(crate) fn judge_deferred(&self) {
        for worker in self.plan.workers() {
            let (Status::Ended, how) = self.stage.status(worker) else {
                continue;
            };
            for semaphore in self.semaphore_ids() {
                if self.plan.is_deferred(worker, semaphore) {
                    let ledgers = self.ledgers.borrow();
                    ledgers
                        .of(worker, semaphore)
                        .for_each(|part| self.leaked(worker, semaphore, part, how));
                }
            }
        }
    }

    pub(super) fn leaked(
        &self,
        worker: WorkerId,
        semaphore: SemaphoreId,
        part: &Part,
        how: Ending,
    ) {
        self.stage.tell(Event::Leaked {
            worker,
            semaphore,
            permits: part.permits(),
            acquired: part.statement,
            how,
        });
    }
}
