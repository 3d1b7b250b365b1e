//! An acquire that goes through `tracked`: it stands at its op first, and tells whether it waits.

use std::future::{Future, poll_fn};
use std::ops::Deref;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use super::account::Call;
use super::handle::Seen;
use super::permit::{Held, Holding};
use super::wakes::{Calls, Watched};
use crate::run::{Op, SemaphoreId, StatementId};
use crate::runtime::counting::{Counting, Refused};
use crate::runtime::names::{Here, Verb};
use crate::runtime::scene::core::Core;
use crate::runtime::scene::current::core;

/// Acquires permits by what `begin` makes of the semaphore. An `async` block around this would drop
/// it too early, see [`Acquiring`]: so `wrap` makes of the permits what is handed out.
pub(super) fn acquire<H, P, F, R>(
    seen: Seen<H>,
    permits: u32,
    place: Here,
    begin: impl FnOnce(H) -> F,
    wrap: impl Fn(Held<H, P>) -> R,
) -> impl Future<Output = Result<R, Refused>>
where
    H: Deref<Target: Counting> + Clone,
    F: Future<Output = Result<P, Refused>>,
{
    let mut acquiring = Acquiring {
        seen,
        permits,
        place,
        announced: false,
        future: None,
        waiting: None,
    };
    let mut begin = Some(begin);
    poll_fn(move |cx| {
        let polled = acquiring.poll(&mut begin, cx);
        polled.map_ok(&wrap)
    })
}

/// The semaphore's own future lives as long as the one that is handed out: what it does when it is
/// dropped, also after it has completed, is a part of what is looked at.
struct Acquiring<H: Deref<Target: Counting>, F> {
    seen: Seen<H>,
    permits: u32,
    place: Here,
    announced: bool,
    future: Option<Pin<Box<F>>>,
    waiting: Option<Waiting>,
}

impl<H, F> Acquiring<H, F>
where
    H: Deref<Target: Counting> + Clone,
{
    fn poll<P>(
        &mut self,
        begin: &mut Option<impl FnOnce(H) -> F>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Held<H, P>, Refused>>
    where
        F: Future<Output = Result<P, Refused>>,
    {
        let core = core().filter(|core| !core.is_ending());
        if let Some(core) = &core
            && self.future.is_none()
        {
            let (id, statement) = ready!(self.poll_announce(core, cx));
            self.waiting = Some(Waiting::new(core, id, statement, self.permits));
        }
        let seen = self.seen.clone();
        let call = core.map(|core| Call::begin(&core, &*seen.semaphore, seen.label));
        let future = self.future.get_or_insert_with(|| {
            let begin = begin.take().expect("it begins once");
            Box::pin(begin(seen.semaphore.clone()))
        });
        let waiting = self.waiting.as_mut();
        let polled = match (&call, waiting) {
            (Some(call), Some(waiting)) => waiting.poll(future.as_mut(), &call.calls, cx),
            _ => future.as_mut().poll(cx),
        };
        let waiting = self.waiting.as_mut().filter(|_| call.is_some());
        match polled {
            Poll::Pending => {
                if let Some(waiting) = waiting {
                    waiting.queue();
                }
                Poll::Pending
            }
            Poll::Ready(Err(refused)) => {
                if let Some(waiting) = waiting {
                    waiting.leave();
                }
                Poll::Ready(Err(refused))
            }
            Poll::Ready(Ok(permit)) => {
                let holding = waiting.and_then(Waiting::take);
                let permits = self.permits as usize;
                Poll::Ready(Ok(Held::new(permit, self.seen.clone(), permits, holding)))
            }
        }
    }

    fn poll_announce(
        &mut self,
        core: &Rc<Core>,
        cx: &mut Context<'_>,
    ) -> Poll<(SemaphoreId, StatementId)> {
        core.is_for_tasks("selvedge::tracked", "selvedge::acquiring");
        let id = Call::begin(core, &*self.seen.semaphore, self.seen.label).id;
        let verb = Verb::Acquire(self.permits);
        let statement = core.book.borrow_mut().names.op(self.place, verb, id);
        if self.announced && core.may_perform.replace(false) {
            core.counts.ops.add();
            core.statement.set(statement);
            return Poll::Ready((id, statement));
        }
        if !std::mem::replace(&mut self.announced, true) {
            let worker = core.worker();
            let mut book = core.book.borrow_mut();
            let timed = book.account(worker).timers > 0;
            let op = Op::Acquire {
                semaphore: id,
                permits: self.permits,
                timed,
            };
            book.stands(worker, statement, op);
        }
        core.knows.set(true);
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl<H: Deref<Target: Counting>, F> Drop for Acquiring<H, F> {
    fn drop(&mut self) {
        let core = core().filter(|core| {
            let waiting = self.waiting.as_ref();
            waiting.is_some_and(|waiting| waiting.epoch == core.epoch.get())
        });
        let _call = core.map(|core| Call::begin(&core, &*self.seen.semaphore, self.seen.label));
        self.future = None;
        if let Some(waiting) = &mut self.waiting {
            waiting.leave();
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Begun,
    Queued,
    Done,
}

/// An acquire that goes on; what it tells when it is over depends on how far it came.
struct Waiting {
    id: SemaphoreId,
    statement: StatementId,
    permits: u32,
    stage: Stage,
    epoch: u64,
    watched: Option<(Arc<Watched>, Waker)>,
}

impl Waiting {
    fn new(core: &Core, id: SemaphoreId, statement: StatementId, permits: u32) -> Waiting {
        Waiting {
            id,
            statement,
            permits,
            stage: Stage::Begun,
            epoch: core.epoch.get(),
            watched: None,
        }
    }

    /// The run that it is a part of, while that goes on.
    fn core(&self) -> Option<Rc<Core>> {
        core().filter(|core| core.epoch.get() == self.epoch && !core.is_ending())
    }

    /// Polls the semaphore's future with a waker that notes who woke it.
    fn poll<F: Future>(
        &mut self,
        future: Pin<&mut F>,
        calls: &Arc<Calls>,
        cx: &mut Context<'_>,
    ) -> Poll<F::Output> {
        let known = self.watched.take();
        let known = known.filter(|(watched, _)| watched.wakes(cx.waker()));
        let (_, waker) = self.watched.insert(known.unwrap_or_else(|| {
            let watched = Watched::new(cx.waker(), calls);
            (Arc::clone(&watched), Waker::from(watched))
        }));
        future.poll(&mut Context::from_waker(waker))
    }

    /// It was not granted at once.
    fn queue(&mut self) {
        let Some(core) = self.core() else {
            return;
        };
        core.knows.set(true);
        if self.stage == Stage::Begun {
            self.stage = Stage::Queued;
            let worker = core.worker();
            let permits = u64::from(self.permits);
            let mut book = core.book.borrow_mut();
            book.queued(self.id, worker, self.statement, permits);
        }
    }

    /// It was granted.
    fn take(&mut self) -> Option<Holding> {
        self.stage = Stage::Done;
        let core = self.core()?;
        core.statement.set(self.statement);
        let entry = core.take(self.id, self.statement, self.permits.into());
        Some(Holding::new(self.id, entry, self.epoch))
    }

    /// It waits no more.
    fn leave(&mut self) {
        let stage = std::mem::replace(&mut self.stage, Stage::Done);
        if stage == Stage::Queued
            && let Some(core) = self.core()
        {
            let worker = core.worker();
            core.book.borrow_mut().stops_waiting(self.id, worker);
        }
    }
}
