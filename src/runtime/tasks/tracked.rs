//! Foreign semaphores in a run of tasks: who acquires, who waits, who holds, and where.

use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::Location;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use crate::program::Order;
use crate::run::{Event, Op, SemaphoreId, StatementId};
use crate::runtime::book::{Entry, TrayKind};
use crate::runtime::counting::{Counting, Refused, Unsupported};
use crate::runtime::names::{Here, Verb};
use crate::runtime::scene::core::Core;
use crate::runtime::scene::current::core;

/// A semaphore in whose run we have a part: its address finds it again.
#[derive(Debug, Clone, Copy)]
pub(in crate::runtime) struct Known {
    address: usize,
    pub(in crate::runtime) semaphore: SemaphoreId,
    /// Where it was first seen.
    pub(in crate::runtime) statement: StatementId,
    /// How many permits it said last were free, if it can say.
    pub(in crate::runtime) last: Option<u64>,
}

/// Looks on while a foreign semaphore is used: acquires are announced, and who waits and who holds
/// permits is known, with places. Outside of an exploration calls go straight through.
///
/// Use it for every acquire of the semaphore, and give it a name with [`Tracked::named`]. Its
/// capacity is what is free when a run uses it first. It is judged at every step that no more is
/// held and free than that, and when nothing can go on that everything is somewhere.
#[track_caller]
pub fn tracked<S: Counting>(semaphore: &S) -> Tracked<'_, S> {
    Tracked {
        semaphore,
        name: None,
        made: Here::from(Location::caller()),
    }
}

/// A foreign semaphore that is looked at.
pub struct Tracked<'a, S> {
    semaphore: &'a S,
    name: Option<&'static str>,
    made: Here,
}

impl<S> Clone for Tracked<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Tracked<'_, S> {}

impl<S> fmt::Debug for Tracked<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tracked")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl<'a, S: Counting> Tracked<'a, S> {
    /// The name that reports have for it.
    pub fn named(self, name: &'static str) -> Self {
        Tracked {
            name: Some(name),
            ..self
        }
    }

    /// Acquires a permit.
    #[track_caller]
    pub fn acquire(self) -> impl Future<Output = Result<TrackedPermit<'a, S>, Refused>> {
        self.acquire_many(1)
    }

    /// Acquires so many permits.
    ///
    /// The future fails as that of the semaphore does.
    #[track_caller]
    pub fn acquire_many(
        self,
        permits: u32,
    ) -> impl Future<Output = Result<TrackedPermit<'a, S>, Refused>> {
        let place = Here::from(Location::caller());
        let mut announced = false;
        let mut acquiring = Acquiring {
            acquire: None,
            waiting: None,
        };
        poll_fn(move |cx| {
            let acquire = match &mut acquiring.acquire {
                Some(acquire) => acquire,
                none => {
                    if core().is_some() {
                        let polled = self.poll_announce(permits, place, &mut announced, cx);
                        acquiring.waiting = Some(ready!(polled));
                    }
                    none.insert(Box::pin(self.semaphore.acquire(permits)))
                }
            };
            let polled = acquire.as_mut().poll(cx);
            let waiting = acquiring.waiting.as_mut();
            match polled {
                Poll::Pending => {
                    if let Some(waiting) = waiting {
                        waiting.queue();
                    }
                    Poll::Pending
                }
                Poll::Ready(Err(refused)) => Poll::Ready(Err(refused)),
                Poll::Ready(Ok(permit)) => Poll::Ready(Ok(TrackedPermit {
                    permit: Some(permit),
                    tracked: self,
                    holding: waiting.and_then(|waiting| waiting.take()),
                    forgotten: false,
                })),
            }
        })
    }

    /// Takes a permit at once or not at all.
    ///
    /// # Errors
    ///
    /// Says why not.
    #[track_caller]
    pub fn try_acquire(self) -> Result<TrackedPermit<'a, S>, Refused> {
        let place = Here::from(Location::caller());
        let taken = self.semaphore.try_acquire(1);
        let holding = core().filter(|core| !core.is_ending()).and_then(|core| {
            core.count_use();
            let id = core.tracked_id(&self);
            core.statement
                .set(core.op_at(place, Verb::TryAcquire(1), id));
            if taken.is_ok() {
                return Some(core.take(&self, id, 1));
            }
            let worker = core.worker();
            core.book.borrow_mut().events.push(Event::TryFailed {
                worker,
                semaphore: id,
                permits: 1,
            });
            None
        });
        Ok(TrackedPermit {
            permit: Some(taken?),
            tracked: self,
            holding,
            forgotten: false,
        })
    }

    fn poll_announce(
        self,
        permits: u32,
        place: Here,
        announced: &mut bool,
        cx: &mut Context<'_>,
    ) -> Poll<Waiting<'a, S>> {
        let waiting = |id, statement| {
            Poll::Ready(Waiting {
                tracked: self,
                id,
                statement,
                permits,
                state: Stage::Begun,
            })
        };
        let Some(core) = core().filter(|core| !core.is_ending()) else {
            return waiting(SemaphoreId(0), StatementId(0));
        };
        core.is_for_tasks("selvedge::tracked", "selvedge::acquiring");
        let id = core.tracked_id(&self);
        let statement = core.op_at(place, Verb::Acquire(permits), id);
        if *announced && core.may_perform.replace(false) {
            core.statement.set(statement);
            return waiting(id, statement);
        }
        if !std::mem::replace(announced, true) {
            let worker = core.worker();
            let mut book = core.book.borrow_mut();
            let timed = book.account(worker).timers > 0;
            let op = Op::Acquire {
                semaphore: id,
                permits,
                timed,
            };
            book.stands(worker, statement, op);
        }
        core.knows.set(true);
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// An acquire of the semaphore, and what is told of it. The semaphore's own future lives as long as
/// the one that is handed out: what it does when it is dropped, also after it has completed, is
/// a part of what is looked at.
struct Acquiring<'a, S: Counting, F> {
    /// Dropped before `waiting` tells that it has left.
    acquire: Option<Pin<Box<F>>>,
    waiting: Option<Waiting<'a, S>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Begun,
    Queued,
    Done,
}

/// An acquire that goes on; what it tells when it is dropped depends on how far it came.
struct Waiting<'a, S: Counting> {
    tracked: Tracked<'a, S>,
    id: SemaphoreId,
    statement: StatementId,
    permits: u32,
    state: Stage,
}

impl<S: Counting> Waiting<'_, S> {
    /// It was not granted at once.
    fn queue(&mut self) {
        let Some(core) = core().filter(|core| !core.is_ending()) else {
            return;
        };
        core.refresh(&self.tracked, self.id);
        core.knows.set(true);
        if self.state == Stage::Begun {
            self.state = Stage::Queued;
            let worker = core.worker();
            let permits = u64::from(self.permits);
            let mut book = core.book.borrow_mut();
            book.queued(self.id, worker, self.statement, permits);
        }
    }

    /// It was granted.
    fn take(&mut self) -> Option<Holding> {
        self.state = Stage::Done;
        let core = core().filter(|core| !core.is_ending())?;
        core.statement.set(self.statement);
        Some(core.take(&self.tracked, self.id, self.permits))
    }
}

impl<S: Counting> Drop for Waiting<'_, S> {
    fn drop(&mut self) {
        if self.state == Stage::Done {
            return;
        }
        if let Some(core) = core() {
            if !core.is_ending() && self.state == Stage::Queued {
                let worker = core.worker();
                core.book.borrow_mut().stops_waiting(self.id, worker);
            }
            core.refresh(&self.tracked, self.id);
        }
    }
}

/// What an exploration knows of a permit.
#[derive(Debug, Clone, Copy)]
struct Holding {
    id: SemaphoreId,
    entry: Entry,
    epoch: u64,
}

/// A permit of a semaphore that is looked at; dropping it releases.
#[must_use = "a permit that is dropped is released"]
pub struct TrackedPermit<'a, S: Counting> {
    permit: Option<S::Permit<'a>>,
    tracked: Tracked<'a, S>,
    holding: Option<Holding>,
    forgotten: bool,
}

impl<S: Counting> TrackedPermit<'_, S> {
    /// Gives the permit up for good.
    ///
    /// # Errors
    ///
    /// [`Unsupported`] if the semaphore cannot; the permit is released then.
    pub fn forget(mut self) -> Result<(), Unsupported> {
        let Some(permit) = self.permit.take() else {
            return Ok(());
        };
        let outcome = S::forget(permit);
        self.forgotten = outcome.is_ok();
        outcome
    }
}

impl<S: Counting> fmt::Debug for TrackedPermit<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrackedPermit").finish_non_exhaustive()
    }
}

impl<S: Counting> Drop for TrackedPermit<'_, S> {
    fn drop(&mut self) {
        drop(self.permit.take());
        if let (Some(core), Some(holding)) = (core(), self.holding)
            && core.epoch.get() == holding.epoch
        {
            core.put_back(holding, self.forgotten);
            core.refresh(&self.tracked, holding.id);
        }
    }
}

impl Core {
    /// The statement of an op on a semaphore at a place.
    fn op_at(&self, place: Here, verb: Verb, id: SemaphoreId) -> StatementId {
        self.book.borrow_mut().names.op(place, verb, id)
    }

    /// The id of a tracked semaphore in this run.
    fn tracked_id<S: Counting>(&self, of: &Tracked<'_, S>) -> SemaphoreId {
        let address = std::ptr::from_ref(of.semaphore) as usize;
        let known = {
            let tracked = self.tracked.borrow();
            tracked.iter().find(|t| t.address == address).copied()
        };
        if let Some(known) = known {
            return known.semaphore;
        }
        let told = of.semaphore.available();
        let capacity = told.unwrap_or_else(|| count_by_trying(of.semaphore)) as u64;
        let kind = TrayKind::Foreign {
            queued: S::ORDER != Order::Barging,
        };
        let mut book = self.book.borrow_mut();
        let probed = of.name.and_then(|name| book.named(name));
        let semaphore = match probed {
            Some(id) => {
                book.touch(id).kind = kind;
                id
            }
            None => book.register(of.name, of.made, kind, capacity, capacity),
        };
        let statement = book.names.statement(of.made, "tracked");
        self.tracked.borrow_mut().push(Known {
            address,
            semaphore,
            statement,
            last: told.map(|n| n as u64),
        });
        semaphore
    }

    /// Asks how many permits are free now; of a semaphore that cannot say, what is not held is.
    fn refresh<S: Counting>(&self, of: &Tracked<'_, S>, id: SemaphoreId) {
        let told = of.semaphore.available().map(|n| n as u64);
        if let Some(known) = self
            .tracked
            .borrow_mut()
            .iter_mut()
            .find(|t| t.semaphore == id)
        {
            known.last = told;
        }
        if self.is_ending() {
            return;
        }
        let mut book = self.book.borrow_mut();
        let held: u64 = book.entries(id).iter().map(|e| e.permits).sum();
        let tray = book.touch(id);
        tray.available = told.unwrap_or(tray.capacity.saturating_sub(held));
    }

    /// The worker that runs was granted permits.
    fn take<S: Counting>(&self, of: &Tracked<'_, S>, id: SemaphoreId, permits: u32) -> Holding {
        let entry = Entry {
            worker: self.worker(),
            statement: self.statement.get(),
            permits: u64::from(permits),
        };
        self.book.borrow_mut().granted(id, entry);
        self.refresh(of, id);
        Holding {
            id,
            entry,
            epoch: self.epoch.get(),
        }
    }

    fn put_back(self: &Rc<Core>, holding: Holding, forgotten: bool) {
        let Holding { id, entry, .. } = holding;
        let worker = self.worker();
        if self.is_ending() {
            self.dropped.borrow_mut().push((worker, id, entry));
            return;
        }
        let mut book = self.book.borrow_mut();
        let holder = book.strike(id, entry.worker, entry.statement, entry.permits);
        if forgotten {
            let tray = book.touch(id);
            tray.capacity = tray.capacity.saturating_sub(entry.permits);
            book.events.push(Event::Forgot {
                worker,
                semaphore: id,
                permits: entry.permits,
            });
        } else {
            book.events.push(Event::Released {
                worker,
                holder,
                semaphore: id,
                permits: entry.permits,
            });
        }
    }
}

/// How many permits are free, of a semaphore that nobody uses yet and that cannot say it.
fn count_by_trying<S: Counting>(semaphore: &S) -> usize {
    /// More are not told apart.
    const MOST: usize = 4096;
    let mut taken = Vec::new();
    while taken.len() < MOST {
        match semaphore.try_acquire(1) {
            Ok(permit) => taken.push(permit),
            Err(_) => break,
        }
    }
    taken.len()
}
