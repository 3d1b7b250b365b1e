//! What enters the ledgers of workers, and what leaves them.

use super::code::Pc;
use super::model::Site;
use super::state::Standing;
use super::step::{Sink, Stepper};
use crate::program::Kind;
use crate::run::{Event, Permits, SemaphoreId, StatementId, WorkerId};

impl<S: Sink> Stepper<'_, S> {
    /// Puts permits into a ledger.
    pub(super) fn enter(
        &mut self,
        id: WorkerId,
        pc: Pc,
        semaphore: SemaphoreId,
        permits: u64,
        statement: StatementId,
    ) {
        self.sink.event(Event::Granted {
            worker: id,
            semaphore,
            permits,
            statement,
        });
        if let Some(field) = self.machine.worker(id).grants[pc as usize] {
            field.add(self.state, permits);
        }
    }

    /// Who took what an ended worker holds does not matter once it is told (invariant 1).
    pub(super) fn merge(&mut self, sites: &[Site]) {
        if let [first, rest @ ..] = sites {
            for site in rest {
                let permits = site.held.get(self.state);
                site.held.set(self.state, 0);
                first.held.add(self.state, permits);
            }
        }
    }

    /// Takes permits out of a ledger, a guard's own first.
    fn take_out(&mut self, op: Moving, mut permits: u64, guard: Option<StatementId>) {
        let sites = &self.machine.worker(op.holder).ledgers[op.semaphore.index()].sites;
        let mut take = |site: &Site| {
            let part = permits.min(site.held.get(self.state));
            if part > 0 {
                site.held.sub(self.state, part);
                permits -= part;
            }
            permits > 0
        };
        if let Some(guard) = guard
            && let Some(own) = sites.iter().find(|site| site.statement == guard)
            && !take(own)
        {
            return;
        }
        // the rest is not looked at once all is taken
        let _ = sites.iter().all(take);
    }

    fn over_released(&mut self, op: Moving, permits: u64, held: u64, refused: bool) {
        self.sink.event(Event::OverReleased {
            worker: op.worker,
            holder: op.holder,
            semaphore: op.semaphore,
            permits,
            held,
            refused,
            statement: op.statement,
        });
    }

    /// A release, of a guard if `guard` names its statement.
    pub(super) fn release(
        &mut self,
        op: Moving,
        guard: Option<StatementId>,
    ) -> Result<(), Refused> {
        let machine = self.machine;
        let kind = machine.semaphore(op.semaphore).kind;
        let held = machine.held_by(self.state, op.holder, op.semaphore);
        let permits = op.permits.of(held);
        if kind != Kind::Signal {
            if permits > held {
                let refused = kind == Kind::Bounded;
                self.over_released(op, permits, held, refused);
                if refused {
                    return Err(Refused);
                }
            }
            self.take_out(op, permits.min(held), guard);
        }
        self.sink.event(Event::Released {
            worker: op.worker,
            holder: op.holder,
            semaphore: op.semaphore,
            permits,
        });
        self.put_back(op.semaphore, permits);
        Ok(())
    }

    /// Takes permits out of the ledger for good; `None` if there are too few.
    pub(super) fn withdraw(&mut self, op: Moving) -> Option<u64> {
        let held = self.machine.held_by(self.state, op.holder, op.semaphore);
        let permits = op.permits.of(held);
        if permits > held {
            self.over_released(op, permits, held, true);
            return None;
        }
        self.take_out(op, permits, None);
        Some(permits)
    }

    pub(super) fn give(&mut self, op: Moving, to: WorkerId) -> Result<(), Refused> {
        let machine = self.machine;
        let before: Vec<(StatementId, u64)> = machine.worker(op.worker).ledgers
            [op.semaphore.index()]
        .sites
        .iter()
        .map(|site| (site.statement, site.held.get(self.state)))
        .collect();
        let permits = self.withdraw(op).ok_or(Refused)?;
        let after = &machine.worker(op.worker).ledgers[op.semaphore.index()].sites;
        let moved: Vec<(StatementId, u64)> = before
            .iter()
            .zip(after)
            .map(|(&(statement, held), site)| (statement, held - site.held.get(self.state)))
            .filter(|&(_, n)| n > 0)
            .collect();
        self.sink.event(Event::Gave {
            worker: op.worker,
            to,
            semaphore: op.semaphore,
            permits,
        });
        let ended = match machine.standing(self.state, to) {
            Standing::Ended(how) => Some(how),
            _ => None,
        };
        let ledger = &machine.worker(to).ledgers[op.semaphore.index()];
        for (statement, permits) in moved {
            let Some(site) = ledger.sites.iter().find(|s| s.statement == statement) else {
                unreachable!("a ledger has an entry for everything that can be given to it")
            };
            site.held.add(self.state, permits);
            if let (Some(how), false) = (ended, ledger.deferred) {
                self.sink.event(Event::Leaked {
                    worker: to,
                    semaphore: op.semaphore,
                    permits,
                    acquired: statement,
                    how,
                });
            }
        }
        if ended.is_some() && !ledger.deferred {
            self.merge(&ledger.sites);
        }
        self.sink.moved(to);
        Ok(())
    }
}

/// An op that moves permits out of a ledger.
#[derive(Clone, Copy)]
pub(super) struct Moving {
    pub(super) worker: WorkerId,
    pub(super) holder: WorkerId,
    pub(super) semaphore: SemaphoreId,
    pub(super) permits: Permits,
    pub(super) statement: StatementId,
}

/// A bounded semaphore refused to take more than is held.
pub(super) struct Refused;
