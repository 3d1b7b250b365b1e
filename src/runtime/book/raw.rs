//! Permits that are held without a guard: who took them, who may put them back, and who did.
//!
//! `release` names no owner. Who has such permits itself puts back its own, and who was handed some
//! puts back those. All else is somebody else's, and the one whose permit it was comes to grief later:
//! what it finds then follows from that release.
//!
//! **Invariants**
//!
//! 1. Of a worker and a statement no more is held without a guard than its entry in the ledger has.

use super::{Book, Entry, TrayKind};
use crate::run::{SemaphoreId, StatementId, Status, View, WorkerId};

/// Permits without a guard that a worker took by a statement.
#[derive(Debug, Clone, Copy)]
pub(super) struct Raw {
    worker: WorkerId,
    statement: StatementId,
    permits: u64,
    /// So many of them are for others to put back.
    handed_over: u64,
}

/// Permits of a worker that another one has put back.
#[derive(Debug, Clone, Copy)]
pub(super) struct TakenAway {
    from: WorkerId,
    permits: u64,
    by: WorkerId,
    /// The release that did so.
    cause: StatementId,
}

/// Who put back permits of others, and by which release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Culprit {
    pub(crate) worker: WorkerId,
    pub(crate) statement: StatementId,
}

/// Whose the permits were that a release put back.
#[derive(Debug, Default)]
pub(crate) struct PutBack {
    /// The releaser's own.
    pub(crate) own: u64,
    /// Those that were handed over, by who took them.
    pub(crate) handed_over: Vec<(WorkerId, u64)>,
    /// Those of others, where it is known whose they were.
    pub(crate) of: Option<WorkerId>,
    /// How many are of others.
    pub(crate) of_others: u64,
    /// How many of those the releaser is not to blame for: somebody had put back its own.
    pub(crate) excused: u64,
}

impl Book {
    /// Permits are held without a guard from now on, by the worker that says so.
    pub(crate) fn made_raw(&mut self, id: SemaphoreId, entry: Entry, by: WorkerId) {
        if self.tray(id).kind != TrayKind::Own || entry.permits == 0 {
            return;
        }
        if by != entry.worker {
            // who lets go of a guard has it in hand
            self.strike(id, entry.worker, entry.statement, entry.permits);
            self.enter(
                id,
                Entry {
                    worker: by,
                    ..entry
                },
            );
        }
        let raws = &mut self.touch(id).raws;
        match raws
            .iter_mut()
            .find(|r| (r.worker, r.statement) == (by, entry.statement))
        {
            Some(raw) => raw.permits += entry.permits,
            None => raws.push(Raw {
                worker: by,
                statement: entry.statement,
                permits: entry.permits,
                handed_over: 0,
            }),
        }
    }

    /// What a worker holds without a guard, and may put back.
    pub(crate) fn held_raw(&self, id: SemaphoreId, worker: WorkerId) -> u64 {
        let of_it = self.tray(id).raws.iter().filter(|r| r.worker == worker);
        of_it.map(|r| r.permits - r.handed_over).sum()
    }

    /// Others may put back so many of what a worker holds without a guard, or all of it.
    pub(crate) fn hand_over(&mut self, id: SemaphoreId, worker: WorkerId, permits: u64) {
        let mut left = permits;
        for raw in &mut self.touch(id).raws {
            if raw.worker == worker {
                let part = left.min(raw.permits - raw.handed_over);
                raw.handed_over += part;
                left -= part;
            }
        }
    }

    /// Permits of a worker and a statement that were handed over and not put back.
    pub(crate) fn is_handed_over(&self, id: SemaphoreId, entry: &Entry) -> u64 {
        let raws = self.tray(id).raws.iter();
        let mut same = raws.filter(|r| (r.worker, r.statement) == (entry.worker, entry.statement));
        same.next().map_or(0, |r| r.handed_over)
    }

    /// Strikes out what a worker put back without a guard, by that statement.
    pub(crate) fn put_back_raw(
        &mut self,
        id: SemaphoreId,
        worker: WorkerId,
        statement: StatementId,
        permits: u64,
    ) -> PutBack {
        let own = permits.min(self.held_raw(id, worker));
        let mut put = PutBack {
            own,
            ..PutBack::default()
        };
        self.strike_raw(id, own, |r| {
            if r.worker == worker {
                r.permits - r.handed_over
            } else {
                0
            }
        });
        let mut left = permits - own;
        put.handed_over = self.strike_handed_over(id, left);
        left -= put.handed_over.iter().map(|(_, n)| n).sum::<u64>();
        let others = self.holders_raw(id);
        if left == 0 || others.is_empty() {
            return put;
        }
        if let [(only, _)] = others[..] {
            put.of = Some(only);
        }
        // who has ended cannot put its own back any more
        let mut order = others;
        order.sort_by_key(|&(w, _)| self.status(w) != Status::Ended);
        for (from, held) in order {
            let part = left.min(held);
            if part == 0 {
                break;
            }
            left -= part;
            put.of_others += part;
            self.strike_raw(id, part, |r| if r.worker == from { r.permits } else { 0 });
            self.takes_away(
                id,
                from,
                Culprit { worker, statement },
                part,
                &mut put.excused,
            );
        }
        put
    }

    /// A worker puts back permits of another one. If somebody had put back its own before, that one is
    /// to blame for this too.
    fn takes_away(
        &mut self,
        id: SemaphoreId,
        from: WorkerId,
        culprit: Culprit,
        permits: u64,
        excused: &mut u64,
    ) {
        let taken_away = &mut self.touch(id).taken_away;
        let mut left = permits;
        let mut passed_on = Vec::new();
        for taken in taken_away.iter_mut().filter(|t| t.from == culprit.worker) {
            let part = left.min(taken.permits);
            taken.permits -= part;
            left -= part;
            *excused += part;
            passed_on.push(TakenAway {
                from,
                permits: part,
                ..*taken
            });
        }
        passed_on.push(TakenAway {
            from,
            permits: left,
            by: culprit.worker,
            cause: culprit.statement,
        });
        taken_away.extend(passed_on);
        taken_away.retain(|t| t.permits > 0);
    }

    /// Who is to blame for the refusal of so many permits that a worker would put back, if not it.
    pub(crate) fn to_blame(
        &self,
        id: SemaphoreId,
        worker: WorkerId,
        permits: u64,
    ) -> Option<Culprit> {
        let tray = self.tray(id);
        let handed: u64 = tray.raws.iter().map(|r| r.handed_over).sum();
        let lacks = permits.saturating_sub(self.held_raw(id, worker) + handed);
        let taken = || tray.taken_away.iter().filter(|t| t.from == worker);
        let excused: u64 = taken().map(|t| t.permits).sum();
        let first = taken().next().filter(|_| lacks <= excused)?;
        Some(Culprit {
            worker: first.by,
            statement: first.cause,
        })
    }

    /// The workers that hold permits without a guard, each with how many.
    fn holders_raw(&self, id: SemaphoreId) -> Vec<(WorkerId, u64)> {
        let mut holders: Vec<(WorkerId, u64)> = Vec::new();
        for raw in &self.tray(id).raws {
            match holders.iter_mut().find(|(w, _)| *w == raw.worker) {
                Some((_, n)) => *n += raw.permits,
                None => holders.push((raw.worker, raw.permits)),
            }
        }
        holders
    }

    /// Strikes out up to so many permits, of each entry as many as `of` says; whose they were.
    fn strike_raw(
        &mut self,
        id: SemaphoreId,
        permits: u64,
        of: impl Fn(&Raw) -> u64,
    ) -> Vec<(WorkerId, u64)> {
        let mut left = permits;
        let mut struck = Vec::new();
        let mut raws = std::mem::take(&mut self.touch(id).raws);
        for raw in &mut raws {
            let part = left.min(of(raw));
            if part == 0 {
                continue;
            }
            left -= part;
            raw.permits -= part;
            raw.handed_over = raw.handed_over.min(raw.permits);
            struck.push((raw.worker, part));
            let entries = &mut self.touch(id).entries;
            let same = |e: &&mut Entry| (e.worker, e.statement) == (raw.worker, raw.statement);
            if let Some(entry) = entries.iter_mut().find(same) {
                entry.permits -= part.min(entry.permits);
            }
        }
        raws.retain(|r| r.permits > 0);
        let tray = self.touch(id);
        tray.raws = raws;
        tray.entries.retain(|e| e.permits > 0);
        struck
    }

    /// The same of what was handed over.
    fn strike_handed_over(&mut self, id: SemaphoreId, permits: u64) -> Vec<(WorkerId, u64)> {
        let mut left = permits;
        let mut struck = Vec::new();
        for at in 0..self.tray(id).raws.len() {
            let raw = &mut self.touch(id).raws[at];
            let part = left.min(raw.handed_over);
            // once they are no more for others, they are struck out as any
            raw.handed_over -= part;
            let (worker, statement) = (raw.worker, raw.statement);
            left -= part;
            if part > 0 {
                struck.push((worker, statement, part));
            }
        }
        let mut whose = Vec::new();
        for (worker, statement, part) in struck {
            let same = |r: &Raw| (r.worker, r.statement) == (worker, statement);
            whose.extend(self.strike_raw(id, part, |r| if same(r) { part } else { 0 }));
        }
        whose
    }

    /// What is not in the ledger any more is not held without a guard either.
    #[inline]
    pub(super) fn clip_raw(&mut self, id: SemaphoreId) {
        if !self.trays[id.index()].raws.is_empty() {
            self.clip_some(id);
        }
    }

    #[cold]
    fn clip_some(&mut self, id: SemaphoreId) {
        let tray = &mut self.trays[id.index()];
        for raw in &mut tray.raws {
            let same = |e: &&Entry| (e.worker, e.statement) == (raw.worker, raw.statement);
            let held = tray.entries.iter().find(same).map_or(0, |e| e.permits);
            raw.permits = raw.permits.min(held);
            raw.handed_over = raw.handed_over.min(raw.permits);
        }
        tray.raws.retain(|r| r.permits > 0);
    }
}
