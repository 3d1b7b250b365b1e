//! What is lost when a worker ends while it still holds permits, and when that is told.

use super::model::Machine;
use super::state::Standing;
use super::step::{Sink, Stepper};
use crate::run::{Ending, Event, SemaphoreId, WorkerId};

impl<S: Sink> Stepper<'_, S> {
    pub(super) fn ended(&mut self, id: WorkerId, how: Ending) {
        self.machine.set_ended(self.state, id, how);
        self.sink.event(Event::Ended { worker: id, how });
        for &semaphore in &self.machine.worker(id).owned {
            self.judge_leak(id, semaphore, how);
        }
        self.sink.moved(id);
    }

    /// What an ended worker holds is leaked, unless that is judged when the run ends.
    fn judge_leak(&mut self, id: WorkerId, semaphore: SemaphoreId, how: Ending) {
        let ledger = &self.machine.worker(id).ledgers[semaphore.index()];
        if ledger.deferred {
            return;
        }
        self.machine
            .leaks_of(self.state, id, semaphore, how, self.sink);
        self.merge(&ledger.sites);
    }
}

impl Machine {
    /// Tells what an ended worker holds of a semaphore.
    fn leaks_of(
        &self,
        state: &[u64],
        id: WorkerId,
        semaphore: SemaphoreId,
        how: Ending,
        sink: &mut impl Sink,
    ) {
        for site in &self.worker(id).ledgers[semaphore.index()].sites {
            let permits = site.held.get(state);
            if permits > 0 {
                sink.event(Event::Leaked {
                    worker: id,
                    semaphore,
                    permits,
                    acquired: site.statement,
                    how,
                });
            }
        }
    }

    /// Tells the leaks that are judged only when a run ends or is stuck.
    pub(crate) fn judge_deferred(&self, state: &[u64], sink: &mut impl Sink) {
        for id in self.worker_ids() {
            let Standing::Ended(how) = self.standing(state, id) else {
                continue;
            };
            for &semaphore in &self.worker(id).owned {
                if self.worker(id).ledgers[semaphore.index()].deferred {
                    self.leaks_of(state, id, semaphore, how, sink);
                }
            }
        }
    }
}
