//! Who holds what, told apart by the statement that took it: what no semaphore can know.
//!
//! Permits of a `with` are in a guard of the semaphore for as long as they are where they were taken;
//! all others are held without one.
//!
//! **Invariants**
//!
//! 1. All that is held of a bounded semaphore is in here, once.

use super::plan::Plan;
use crate::run::{SemaphoreId, StatementId, WorkerId};
use crate::semaphore::OwnedSemaphorePermit;

/// The ledgers of all workers.
#[derive(Debug, Default)]
pub(super) struct Ledgers(Vec<Entry>);

#[derive(Debug)]
struct Entry {
    worker: WorkerId,
    semaphore: SemaphoreId,
    part: Part,
}

/// Permits that one statement took.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) statement: StatementId,
    /// Held without a guard.
    pub(super) raw: u64,
    pub(super) guard: Option<OwnedSemaphorePermit>,
}

impl Part {
    pub(crate) fn permits(&self) -> u64 {
        self.raw + self.guarded()
    }

    fn guarded(&self) -> u64 {
        self.guard.as_ref().map_or(0, |g| g.num_permits() as u64)
    }

    /// Splits off up to so many, those of the guard first.
    fn split(&mut self, permits: u64) -> Part {
        let of_guard = permits.min(self.guarded());
        let guard = match &mut self.guard {
            Some(guard) if of_guard > 0 => guard.split(of_guard as usize),
            _ => None,
        };
        if self.guarded() == 0 {
            self.guard = None;
        }
        let raw = (permits - of_guard).min(self.raw);
        self.raw -= raw;
        Part {
            statement: self.statement,
            raw,
            guard,
        }
    }

    /// The same permits, all of them without a guard.
    pub(super) fn into_raw(mut self) -> Part {
        self.raw += self.guarded();
        if let Some(guard) = self.guard.take() {
            guard.into_raw();
        }
        self
    }
}

impl Ledgers {
    /// What a worker holds of a semaphore.
    pub(super) fn held(&self, worker: WorkerId, semaphore: SemaphoreId) -> u64 {
        self.of(worker, semaphore).map(Part::permits).sum()
    }

    /// The same by statement.
    pub(super) fn of(
        &self,
        worker: WorkerId,
        semaphore: SemaphoreId,
    ) -> impl Iterator<Item = &Part> {
        let entries = self.0.iter();
        entries
            .filter(move |e| (e.worker, e.semaphore) == (worker, semaphore))
            .map(|e| &e.part)
    }

    /// What all workers hold of a semaphore without guards.
    pub(super) fn raw(&self, semaphore: SemaphoreId) -> u64 {
        let entries = self.0.iter().filter(|e| e.semaphore == semaphore);
        entries.map(|e| e.part.raw).sum()
    }

    /// Puts permits in.
    pub(super) fn add(
        &mut self,
        plan: &Plan,
        worker: WorkerId,
        semaphore: SemaphoreId,
        part: Part,
    ) {
        if part.permits() == 0 {
            return;
        }
        let same = |e: &&mut Entry| {
            (e.worker, e.semaphore, e.part.statement) == (worker, semaphore, part.statement)
        };
        if let Some(known) = self.0.iter_mut().find(same) {
            known.part.raw += part.raw;
            match (&mut known.part.guard, part.guard) {
                (Some(known), Some(guard)) => known.merge(guard),
                (none, guard) => *none = none.take().or(guard),
            }
            return;
        }
        self.0.push(Entry {
            worker,
            semaphore,
            part,
        });
        self.0.sort_by_key(|e| plan.order(e.part.statement));
    }

    /// Takes permits out, of which there are enough; of a guard that is released, its own first.
    pub(super) fn take(
        &mut self,
        worker: WorkerId,
        semaphore: SemaphoreId,
        permits: u64,
        guard: Option<StatementId>,
    ) -> Vec<Part> {
        let mut left = permits;
        let mut taken = Vec::new();
        for own in [true, false] {
            for entry in &mut self.0 {
                let its_own = guard == Some(entry.part.statement);
                if (entry.worker, entry.semaphore) != (worker, semaphore) || its_own != own {
                    continue;
                }
                let part = entry.part.split(left);
                left -= part.permits();
                if part.permits() > 0 {
                    taken.push(part);
                }
            }
        }
        self.0.retain(|e| e.part.permits() > 0);
        taken
    }
}
