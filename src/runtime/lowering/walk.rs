//! A worker walks the statements of its body; what leaves a block is a `Result`.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use super::cast::Cast;
use super::op::Moving;
use super::stage::Stage;
use crate::program::{
    Amount, Block, Catch, CatchKind, Name, Panics, Statement, StatementKind, block_size,
};
use crate::run::{
    Action, Cause, Ending, Event, Op, Permits, SemaphoreId, StatementId, Status, WorkerId,
};

/// How a block is left: at its end, or for a cause.
pub(super) type Left = Result<(), Cause>;

type Walk<'a> = Pin<Box<dyn Future<Output = Left> + 'a>>;

impl<S: Stage> Cast<S> {
    /// The whole life of a worker.
    pub(crate) async fn run(self: Rc<Self>, me: WorkerId) {
        let (body, first) = self.plan.body(me);
        let how = match self.block(me, body, first).await {
            Ok(()) => Ending::Returned,
            Err(cause) => cause.into(),
        };
        self.stage.ends(me, how);
    }

    fn block<'a>(self: &'a Rc<Self>, me: WorkerId, block: &'a [Statement], first: u32) -> Walk<'a> {
        Box::pin(async move {
            let mut id = first;
            for statement in block {
                self.statement(me, statement, id).await?;
                id += statement.size();
            }
            Ok(())
        })
    }

    async fn statement(self: &Rc<Self>, me: WorkerId, statement: &Statement, id: u32) -> Left {
        let at = StatementId(id);
        match &statement.kind {
            StatementKind::Acquire { semaphore, permits } => {
                let semaphore = self.named(semaphore);
                self.acquire(me, at, semaphore, *permits, false).await?;
            }
            StatementKind::TryAcquire {
                semaphore,
                permits,
                then,
                otherwise,
            } => {
                let semaphore = self.named(semaphore);
                let granted = self.try_acquire(me, at, semaphore, *permits).await?;
                return self.one_of(me, id, granted, then, otherwise).await;
            }
            StatementKind::AcquireWithin {
                semaphore,
                permits,
                then,
                otherwise,
            } => {
                let semaphore = self.named(semaphore);
                let granted = self.acquire(me, at, semaphore, *permits, true).await?;
                return self.one_of(me, id, granted, then, otherwise).await;
            }
            StatementKind::Release {
                semaphore,
                permits,
                from,
            } => {
                let holder = from.as_ref().map_or(me, |w| self.plan.instance(w));
                let moving = self.moving(me, at, holder, semaphore, *permits);
                let (semaphore, permits) = (moving.semaphore, moving.permits);
                let op = Op::Release {
                    semaphore,
                    permits,
                    holder,
                };
                self.stage.stand(me, at, op).await;
                return self.or_raise(me, self.release(moving, None));
            }
            StatementKind::With {
                semaphore,
                permits,
                body,
            } => {
                let semaphore = self.named(semaphore);
                let signal = self.enter(me, at, semaphore, *permits).await?;
                let left = self.block(me, body, id + 1).await;
                let moving = Moving {
                    worker: me,
                    holder: me,
                    semaphore,
                    permits: Permits::Exactly(*permits),
                    statement: at,
                };
                let op = Op::Release {
                    semaphore,
                    permits: moving.permits,
                    holder: me,
                };
                self.stage.stand(me, at, op).await;
                self.leave(moving, signal);
                return left;
            }
            StatementKind::Work { panics, .. } => {
                let fallible = *panics == Panics::May;
                if self.stage.stand(me, at, Op::Work { fallible }).await == Action::Panic {
                    return self.raise(me, Cause::Panic);
                }
            }
            StatementKind::Panic => {
                self.stage.stand(me, at, Op::Panic).await;
                return self.raise(me, Cause::Panic);
            }
            StatementKind::Return => {
                self.stage.stand(me, at, Op::Return).await;
                return self.raise(me, Cause::Return);
            }
            StatementKind::Try {
                body,
                catch,
                finally,
            } => {
                let catch_at = id + 1 + block_size(body);
                let mut left = self.block(me, body, id + 1).await;
                let mut next = catch_at;
                if let Some(catch) = catch {
                    if left.is_err_and(|cause| catches(catch, cause)) {
                        left = self.block(me, &catch.body, catch_at).await;
                    }
                    next += block_size(&catch.body);
                }
                if let Some(finally) = finally {
                    // what it raises replaces what was under way
                    self.block(me, finally, next).await?;
                }
                return left;
            }
            StatementKind::Repeat { times, body } => {
                // of a body that takes no choice, any number of times is none
                let times = if takes_no_choice(body) { 0 } else { *times };
                for _ in 0..times {
                    self.block(me, body, id + 1).await?;
                }
            }
            StatementKind::Either { branches } => {
                let op = Op::Pick {
                    branches: branches.len() as u32,
                };
                let Action::Branch(k) = self.stage.stand(me, at, op).await else {
                    unreachable!("a branch is taken at an `either`")
                };
                let before: u32 = branches[..k as usize].iter().map(|b| block_size(b)).sum();
                return self.block(me, &branches[k as usize], id + 1 + before).await;
            }
            StatementKind::Grow { semaphore, permits } => {
                let (semaphore, permits) = (self.named(semaphore), *permits);
                let op = Op::Grow { semaphore, permits };
                self.stage.stand(me, at, op).await;
                self.semaphore(semaphore).grow(permits as usize);
            }
            StatementKind::Shrink { semaphore, permits } => {
                let (semaphore, permits) = (self.named(semaphore), *permits);
                let op = Op::Shrink { semaphore, permits };
                self.stage.stand(me, at, op).await;
                self.semaphore(semaphore).shrink(permits as usize);
            }
            StatementKind::Drain { semaphore } => {
                let semaphore = self.named(semaphore);
                self.stage.stand(me, at, Op::Drain { semaphore }).await;
                self.drain(me, at, semaphore);
            }
            StatementKind::Forget { semaphore, permits } => {
                let moving = self.moving(me, at, me, semaphore, *permits);
                let (semaphore, permits) = (moving.semaphore, moving.permits);
                let op = Op::Forget { semaphore, permits };
                self.stage.stand(me, at, op).await;
                return self.or_raise(me, self.forget(moving));
            }
            StatementKind::Give {
                semaphore,
                permits,
                to,
            } => {
                let to = self.plan.instance(to);
                let moving = self.moving(me, at, me, semaphore, *permits);
                let (semaphore, permits) = (moving.semaphore, moving.permits);
                let op = Op::Give {
                    semaphore,
                    permits,
                    to,
                };
                self.stage.stand(me, at, op).await;
                return self.or_raise(me, self.give(moving, to));
            }
            StatementKind::Close { semaphore } => {
                let semaphore = self.named(semaphore);
                self.stage.stand(me, at, Op::Close { semaphore }).await;
                self.semaphore(semaphore).close();
            }
            StatementKind::Cancel { worker } => {
                let worker = self.plan.instance(worker);
                self.stage.stand(me, at, Op::Cancel { worker }).await;
                self.cancel(worker);
            }
            StatementKind::Spawn { worker } => {
                let (first, count) = self.plan.instances(worker.as_str());
                self.stage.stand(me, at, Op::Spawn { first }).await;
                let unspawned = |w: &WorkerId| self.stage.status(*w).0 == Status::Unspawned;
                let next = (first.0..first.0 + count).map(WorkerId).find(unspawned);
                match next {
                    Some(next) => self.stage.spawn(self, next),
                    None => return self.raise(me, Cause::Panic),
                }
            }
            StatementKind::Join { worker } => {
                let (first, _) = self.plan.instances(worker.as_str());
                self.stage.stand(me, at, Op::Join { first }).await;
            }
        }
        Ok(())
    }

    /// The first block if something was granted, else the second.
    async fn one_of(
        self: &Rc<Self>,
        me: WorkerId,
        id: u32,
        granted: bool,
        then: &Block,
        otherwise: &Option<Block>,
    ) -> Left {
        if granted {
            return self.block(me, then, id + 1).await;
        }
        match otherwise {
            Some(block) => self.block(me, block, id + 1 + block_size(then)).await,
            None => Ok(()),
        }
    }

    pub(super) fn raise(&self, worker: WorkerId, cause: Cause) -> Left {
        self.stage.tell(Event::Raised { worker, cause });
        Err(cause)
    }

    fn named(&self, name: &Name) -> SemaphoreId {
        self.plan.semaphore(name.as_str())
    }

    fn moving(
        &self,
        worker: WorkerId,
        statement: StatementId,
        holder: WorkerId,
        semaphore: &Name,
        amount: Amount,
    ) -> Moving {
        Moving {
            worker,
            holder,
            semaphore: self.named(semaphore),
            permits: match amount {
                Amount::Exactly(n) => Permits::Exactly(n),
                Amount::All => Permits::All,
            },
            statement,
        }
    }
}

/// Whether a `catch` takes what was raised; a `return` is never caught.
fn catches(catch: &Catch, cause: Cause) -> bool {
    let kind = match cause {
        Cause::Return => return false,
        Cause::Panic => CatchKind::Panic,
        Cause::Cancelled => CatchKind::Cancelled,
        Cause::Closed => CatchKind::Closed,
        Cause::OverRelease => CatchKind::OverRelease,
    };
    catch.kinds.is_empty() || catch.kinds.contains(&kind)
}

/// Whether a block is walked through without a choice; then it raises nothing either.
fn takes_no_choice(block: &[Statement]) -> bool {
    block.iter().all(|statement| match &statement.kind {
        StatementKind::Repeat { body, .. } => takes_no_choice(body),
        StatementKind::Try { body, finally, .. } => {
            takes_no_choice(body) && finally.as_ref().is_none_or(|f| takes_no_choice(f))
        }
        _ => false,
    })
}
