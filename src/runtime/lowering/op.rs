//! The ops, performed on the real semaphore: it says what comes of them, the ledger whose permits
//! they move.

use std::sync::Arc;

use super::cast::Cast;
use super::ledger::Part;
use super::stage::{Answer, Request, Stage};
use super::walk::Left;
use crate::run::{Cause, Event, Op, Permits, SemaphoreId, StatementId, Status, WorkerId};
use crate::semaphore::{Cancel, OwnedSemaphorePermit, TryAcquireError};

/// An op that moves permits out of a ledger.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moving {
    pub(super) worker: WorkerId,
    pub(super) holder: WorkerId,
    pub(super) semaphore: SemaphoreId,
    pub(super) permits: Permits,
    pub(super) statement: StatementId,
}

/// The ledger holds fewer.
pub(super) struct Refused;

impl<S: Stage> Cast<S> {
    /// What was refused raises.
    pub(super) fn or_raise(&self, worker: WorkerId, done: Result<(), Refused>) -> Left {
        done.or_else(|Refused| self.raise(worker, Cause::OverRelease))
    }

    /// An acquire that may wait: whether it was granted before its timer fired.
    pub(super) async fn acquire(
        &self,
        me: WorkerId,
        at: StatementId,
        semaphore: SemaphoreId,
        permits: u32,
        timed: bool,
    ) -> Result<bool, Cause> {
        let mut acquire = self.semaphore(semaphore).acquire_many_raw(permits);
        let cancel = self.cancel_of(me);
        if let Some(cancel) = &cancel {
            acquire = acquire.or_cancelled(cancel);
        }
        let op = Op::Acquire {
            semaphore,
            permits,
            timed,
        };
        let request = Request {
            worker: me,
            statement: at,
            op,
            timed,
            cancel,
            acquire,
        };
        match self.stage.acquire(request).await {
            Answer::Granted(()) => {
                self.takes(me, at, semaphore, u64::from(permits));
                Ok(true)
            }
            Answer::TimedOut => Ok(false),
            Answer::Cancelled => self.raise(me, Cause::Cancelled).map(|()| false),
            Answer::Closed => self.raise(me, Cause::Closed).map(|()| false),
        }
    }

    /// The acquire of a `with`. The guard goes into the ledger; that of a signal, which has none, is
    /// handed back.
    pub(super) async fn enter(
        &self,
        me: WorkerId,
        at: StatementId,
        semaphore: SemaphoreId,
        permits: u32,
    ) -> Result<Option<OwnedSemaphorePermit>, Cause> {
        let mut acquire = Arc::clone(self.semaphore(semaphore)).acquire_many_owned(permits);
        let cancel = self.cancel_of(me);
        if let Some(cancel) = &cancel {
            acquire = acquire.or_cancelled(cancel);
        }
        let op = Op::Acquire {
            semaphore,
            permits,
            timed: false,
        };
        let request = Request {
            worker: me,
            statement: at,
            op,
            timed: false,
            cancel,
            acquire,
        };
        let cause = match self.stage.acquire(request).await {
            Answer::Granted(guard) if self.plan.is_signal(semaphore) => return Ok(Some(guard)),
            Answer::Granted(guard) => {
                let part = Part {
                    statement: at,
                    raw: 0,
                    guard: Some(guard),
                };
                let mut ledgers = self.ledgers.borrow_mut();
                ledgers.add(&self.plan, me, semaphore, part);
                return Ok(None);
            }
            Answer::Cancelled => Cause::Cancelled,
            Answer::Closed => Cause::Closed,
            Answer::TimedOut => unreachable!("a guard has no timer"),
        };
        self.raise(me, cause).map(|()| None)
    }

    /// The release of a `with`: it never raises.
    pub(super) fn leave(&self, moving: Moving, signal: Option<OwnedSemaphorePermit>) {
        match signal {
            Some(guard) => {
                self.stage.moves(moving.semaphore, moving.holder, &[]);
                drop(guard);
            }
            None => {
                let _ = self.release(moving, Some(moving.statement));
            }
        }
    }

    /// What calls off the next acquire of a worker whom some `cancel` names.
    fn cancel_of(&self, me: WorkerId) -> Option<Cancel> {
        let is_cancelled = !S::DROPS || self.plan.is_cancelled(me);
        let cancel = is_cancelled.then(Cancel::new);
        self.cancels.borrow_mut()[me.index()].clone_from(&cancel);
        cancel
    }

    pub(super) fn cancel(&self, worker: WorkerId) {
        if !self.stage.waits(worker) {
            return;
        }
        let cancel = self.cancels.borrow()[worker.index()].clone();
        if let Some(cancel) = cancel {
            cancel.fire();
            self.stage.call(worker);
        }
    }

    pub(super) async fn try_acquire(
        &self,
        me: WorkerId,
        at: StatementId,
        semaphore: SemaphoreId,
        permits: u32,
    ) -> Result<bool, Cause> {
        let op = Op::TryAcquire { semaphore, permits };
        self.stage.stand(me, at, op).await;
        match self.semaphore(semaphore).try_acquire_many(permits) {
            Ok(permit) => {
                permit.into_raw();
                self.takes(me, at, semaphore, u64::from(permits));
                Ok(true)
            }
            Err(TryAcquireError::NoPermits) => Ok(false),
            Err(TryAcquireError::Closed) => self.raise(me, Cause::Closed).map(|()| false),
        }
    }

    pub(super) fn drain(&self, me: WorkerId, at: StatementId, semaphore: SemaphoreId) {
        let drained = self.semaphore(semaphore).drain();
        let permits = drained.num_permits() as u64;
        drained.into_raw();
        self.takes(me, at, semaphore, permits);
    }

    /// Writes down what was taken without a guard.
    fn takes(&self, me: WorkerId, at: StatementId, semaphore: SemaphoreId, permits: u64) {
        if self.plan.is_signal(semaphore) {
            return;
        }
        let part = Part {
            statement: at,
            raw: permits,
            guard: None,
        };
        let mut ledgers = self.ledgers.borrow_mut();
        ledgers.add(&self.plan, me, semaphore, part);
    }

    /// A release, of a guard if `guard` names its statement.
    pub(super) fn release(
        &self,
        moving: Moving,
        guard: Option<StatementId>,
    ) -> Result<(), Refused> {
        let semaphore = self.semaphore(moving.semaphore);
        if self.plan.is_signal(moving.semaphore) {
            let Permits::Exactly(permits) = moving.permits else {
                unreachable!("of a signal nothing is held")
            };
            self.stage.moves(moving.semaphore, moving.holder, &[]);
            accepted(semaphore.release(permits as usize));
            return Ok(());
        }
        let mut parts =
            self.withdraw(moving, guard, |permits| semaphore.release(permits).is_err())?;
        match parts.as_mut_slice() {
            [part] if part.raw == 0 => drop(part.guard.take()),
            _ => accepted(semaphore.release(without_guards(parts))),
        }
        Ok(())
    }

    pub(super) fn forget(&self, moving: Moving) -> Result<(), Refused> {
        let semaphore = self.semaphore(moving.semaphore);
        let mut parts = self.withdraw(moving, None, |permits| {
            semaphore.forget_raw(permits).is_err()
        })?;
        match parts.as_mut_slice() {
            [
                Part {
                    raw: 0,
                    guard: guard @ Some(_),
                    ..
                },
            ] => {
                if let Some(guard) = guard.take() {
                    guard.forget();
                }
            }
            _ => accepted(semaphore.forget_raw(without_guards(parts))),
        }
        Ok(())
    }

    pub(super) fn give(&self, moving: Moving, to: WorkerId) -> Result<(), Refused> {
        let semaphore = moving.semaphore;
        // a semaphore hears nothing of it
        let parts = self.withdraw(moving, None, |_| true)?;
        let parts: Vec<Part> = parts.into_iter().map(Part::into_raw).collect();
        self.stage.tell(Event::Gave {
            worker: moving.worker,
            to,
            semaphore,
            permits: parts.iter().map(Part::permits).sum(),
        });
        self.stage.receives(semaphore, to, &parts);
        if let (Status::Ended, how) = self.stage.status(to)
            && !self.plan.is_deferred(to, semaphore)
        {
            for part in &parts {
                self.leaked(to, semaphore, part, how);
            }
        }
        let mut ledgers = self.ledgers.borrow_mut();
        for part in parts {
            ledgers.add(&self.plan, to, semaphore, part);
        }
        Ok(())
    }

    /// Takes permits out of a ledger. If it holds too few, that is told, and nothing is changed; the
    /// semaphore, where even it can know, has to refuse too.
    fn withdraw(
        &self,
        moving: Moving,
        guard: Option<StatementId>,
        is_refused: impl FnOnce(usize) -> bool,
    ) -> Result<Vec<Part>, Refused> {
        let Moving {
            worker,
            holder,
            semaphore,
            permits,
            statement,
        } = moving;
        let (held, raw) = {
            let ledgers = self.ledgers.borrow();
            (ledgers.held(holder, semaphore), ledgers.raw(semaphore))
        };
        let permits = match permits {
            Permits::Exactly(n) => u64::from(n),
            Permits::All => held,
        };
        if permits > held {
            assert!(
                permits <= raw || is_refused(permits as usize),
                "lowering: {permits} permits were put back where {raw} were out without a guard"
            );
            self.stage.tell(Event::OverReleased {
                worker,
                holder,
                semaphore,
                permits,
                held,
                refused: true,
                statement,
            });
            return Err(Refused);
        }
        let mut ledgers = self.ledgers.borrow_mut();
        let parts = ledgers.take(holder, semaphore, permits, guard);
        drop(ledgers);
        self.stage.moves(semaphore, holder, &parts);
        Ok(parts)
    }
}

/// Takes the guards away, and says how many permits there are.
fn without_guards(parts: Vec<Part>) -> usize {
    let parts = parts.into_iter().map(Part::into_raw);
    parts.map(|part| part.permits()).sum::<u64>() as usize
}

/// # Panics
///
/// If the semaphore refused what the ledger says is held.
fn accepted<T, E: std::fmt::Display>(answer: Result<T, E>) {
    if let Err(error) = answer {
        panic!("lowering: what is held was refused: {error}");
    }
}
