//! Acquires: futures that can also be waited for in a thread.
//!
//! **Invariants**
//!
//! 1. An acquire that is dropped leaves nothing behind: it leaves the queue, or puts back what it was
//!    granted, and those behind it are granted what has become free.
//! 2. A grant wins: an acquire that was granted permits succeeds, whatever was cancelled or timed
//!    out since.

use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use super::answers::Standing;
use super::cancel::{Cancel, Watch};
use super::error::{AcquireError, TryAcquireError};
use super::hook::{Announced, Event, Op, Place, Scene, Token, Woken};
use super::permit::{Hold, OwnedSemaphorePermit, SemaphorePermit};
use super::queue::Key;
use super::semaphore::Semaphore;
use super::sync::{Parker, give_way, now, with_parker};
use super::tray::Joined;

/// How long to wait.
#[derive(Debug, Clone, Copy)]
enum Limit {
    None,
    Timeout(Duration),
    Deadline(Instant),
}

impl Limit {
    /// The moment at which the timer fires; `None` if it never does.
    fn deadline(self) -> Option<Instant> {
        match self {
            Limit::None => None,
            Limit::Timeout(timeout) => now().checked_add(timeout),
            Limit::Deadline(deadline) => Some(deadline),
        }
    }
}

/// A request for permits, from the call to the answer.
struct Claim {
    permits: usize,
    /// Its place in the queue, from the moment it joined.
    key: Option<Key>,
    /// How many were before it then.
    ahead: usize,
    watch: Option<Watch>,
    place: Place,
    announced: Announced,
    token: Token,
}

type Answer = Poll<Result<(), AcquireError>>;

impl Claim {
    #[inline]
    fn new(permits: u32, place: Place) -> Claim {
        Claim {
            permits: permits as usize,
            key: None,
            ahead: 0,
            watch: None,
            place,
            announced: Announced::NOT_YET,
            token: Token::NONE,
        }
    }

    #[inline]
    fn op(&self, timed: bool) -> Op {
        Op::Acquire {
            permits: self.permits,
            timed,
        }
    }

    #[inline]
    fn poll(&mut self, on: &Semaphore, cx: &mut Context<'_>) -> Answer {
        let scene = Scene::here();
        if self.key.is_some() {
            return self.ask(on, cx.waker());
        }
        let op = self.op(false);
        if scene
            .poll_announce(on, op, self.place, &mut self.announced, cx)
            .is_pending()
        {
            return Poll::Pending;
        }
        self.token = scene.token(op, self.place);
        self.start(on, &scene, cx.waker())
    }

    /// Performs the op: takes the permits, or joins the queue.
    #[inline]
    fn start(&mut self, on: &Semaphore, scene: &Scene, waker: &Waker) -> Answer {
        match self.try_start(on) {
            Some(Ok(())) => self.granted(on, scene),
            Some(closed) => Poll::Ready(closed),
            None => self.join(on, scene, waker.clone()),
        }
    }

    /// Takes the permits if nobody need wait for them.
    #[inline]
    fn try_start(&self, on: &Semaphore) -> Option<Result<(), AcquireError>> {
        if self.watch.is_some() {
            return None;
        }
        match on.tray().try_take(self.permits) {
            Ok(()) => Some(Ok(())),
            Err(TryAcquireError::Closed) => Some(Err(AcquireError::Closed)),
            Err(TryAcquireError::NoPermits) => None,
        }
    }

    #[cold]
    fn join(&mut self, on: &Semaphore, scene: &Scene, waker: Waker) -> Answer {
        let (permits, token) = (self.permits, self.token);
        let joined = match &mut self.watch {
            None => Ok(on.tray().take_or_join(permits, token, waker)),
            Some(watch) => watch.take_or_join(on, permits, token, waker),
        };
        // a waker that comes back is dropped here, where no lock is held
        match joined {
            Err(_waker) => Poll::Ready(Err(AcquireError::Cancelled)),
            Ok(Joined::Took(_waker)) => self.granted(on, scene),
            Ok(Joined::Closed(_waker)) => Poll::Ready(Err(AcquireError::Closed)),
            Ok(Joined::Queued(key, ahead)) => {
                (self.key, self.ahead) = (Some(key), ahead);
                scene.tell(on, Event::Queued { token, permits });
                Poll::Pending
            }
        }
    }

    #[inline]
    fn granted(&self, on: &Semaphore, scene: &Scene) -> Answer {
        self.tell_granted(on, scene);
        Poll::Ready(Ok(()))
    }

    #[inline]
    fn tell_granted(&self, on: &Semaphore, scene: &Scene) {
        let (token, permits) = (self.token, self.permits);
        scene.tell(on, Event::Granted { token, permits });
    }

    /// Asks whether it was granted since.
    #[inline]
    fn ask(&mut self, on: &Semaphore, waker: &Waker) -> Answer {
        match self.answer(on) {
            Some(answer) => Poll::Ready(answer),
            None => self.ask_again(on, waker),
        }
    }

    /// What it was answered, if it was.
    #[inline]
    fn answer(&mut self, on: &Semaphore) -> Option<Result<(), AcquireError>> {
        let standing = on.tray().standing(self.key?);
        if standing == Standing::Waiting {
            return None;
        }
        self.key = None;
        let taken_out = self.watch.as_mut().is_some_and(Watch::leave);
        Some(match standing {
            _ if taken_out => Err(AcquireError::Cancelled),
            Standing::Closed => Err(AcquireError::Closed),
            Standing::Waiting | Standing::Out => Ok(()),
        })
    }

    /// It was polled without an answer: for no reason, or by another task.
    #[cold]
    fn ask_again(&mut self, on: &Semaphore, waker: &Waker) -> Answer {
        if let Some(key) = self.key {
            on.tray().listen(key, waker);
        }
        // an answer may have come before the waker did, and has woken another
        self.answer(on).map_or(Poll::Pending, Poll::Ready)
    }

    /// Leaves the queue, unless the answer has come first (invariant 2).
    fn give_up(
        &mut self,
        on: &Semaphore,
        scene: &Scene,
        why: AcquireError,
    ) -> Result<(), AcquireError> {
        let Some(key) = self.key else {
            return Err(why);
        };
        match on.tray().leave(key) {
            None => self.answer(on).unwrap_or(Err(why)),
            Some((waker, wakes)) => {
                self.key = None;
                scene.tell(on, Event::Left { token: self.token });
                on.finish(scene, wakes);
                drop(waker);
                Err(why)
            }
        }
    }

    /// The future is dropped (invariant 1).
    #[cold]
    fn abandon(&mut self, on: &Semaphore) {
        let scene = Scene::here();
        if self.give_up(on, &scene, AcquireError::Cancelled).is_ok() {
            on.put_back_unused(&scene, self.permits, self.token);
        }
    }

    /// Waits in the thread that calls.
    #[inline]
    fn block(&mut self, on: &Semaphore, limit: Limit) -> Result<(), AcquireError> {
        let scene = Scene::here();
        if scene.blocks() {
            return self.block_in(on, &scene, limit);
        }
        let at_once = match self.key {
            None => self.try_start(on),
            Some(_) => None,
        };
        match at_once {
            Some(answer) => {
                if answer.is_ok() {
                    self.tell_granted(on, &scene);
                }
                answer
            }
            None => self.park(on, &scene, limit),
        }
    }

    #[cold]
    fn park(&mut self, on: &Semaphore, scene: &Scene, limit: Limit) -> Result<(), AcquireError> {
        let deadline = limit.deadline();
        if self.key.is_none() && on.patience().gives_way() {
            give_way();
        }
        with_parker(|parker, waker| {
            parker.forget();
            let answer = match self.key {
                Some(_) => self.ask(on, waker),
                None => self.join(on, scene, waker.clone()),
            };
            if let Poll::Ready(answer) = answer {
                return answer;
            }
            let (since, ahead) = (now(), self.ahead);
            let seen = on
                .patience()
                .look(ahead, since, deadline, || self.answer(on));
            let answer = seen.unwrap_or_else(|| self.sleep(on, scene, deadline, parker, waker));
            on.patience().waited(since, ahead);
            answer
        })
    }

    fn sleep(
        &mut self,
        on: &Semaphore,
        scene: &Scene,
        deadline: Option<Instant>,
        parker: &Parker,
        waker: &Waker,
    ) -> Result<(), AcquireError> {
        while parker.wait(deadline) {
            if let Poll::Ready(answer) = self.ask(on, waker) {
                return answer;
            }
        }
        self.give_up(on, scene, AcquireError::TimedOut)
    }

    /// Waits as a worker of an exploration does.
    #[inline]
    fn block_in(
        &mut self,
        on: &Semaphore,
        scene: &Scene,
        limit: Limit,
    ) -> Result<(), AcquireError> {
        let timed = !matches!(limit, Limit::None);
        if self.key.is_none() {
            let op = self.op(timed);
            scene.announce(on, op, self.place);
            self.token = scene.token(op, self.place);
            if let Some(answer) = self.try_start(on) {
                if answer.is_ok() {
                    self.tell_granted(on, scene);
                }
                return answer;
            }
        }
        self.wait_in(on, scene, timed)
    }

    /// The same for one that has to wait, or waits already.
    fn wait_in(&mut self, on: &Semaphore, scene: &Scene, timed: bool) -> Result<(), AcquireError> {
        let mut answer = match self.key {
            Some(_) => self.ask_in(on, scene),
            None => self.join(on, scene, scene.waker()),
        };
        loop {
            if let Poll::Ready(answer) = answer {
                return answer;
            }
            answer = match scene.wait(on, timed) {
                Woken::TimedOut => Poll::Ready(self.give_up(on, scene, AcquireError::TimedOut)),
                Woken::Woken => self.ask_in(on, scene),
            };
        }
    }

    #[inline]
    fn ask_in(&mut self, on: &Semaphore, scene: &Scene) -> Answer {
        match self.answer(on) {
            Some(answer) => Poll::Ready(answer),
            None => self.ask_again(on, &scene.waker()),
        }
    }
}

/// A claim on a semaphore, whatever leads to it.
struct Pending<H: Deref<Target = Semaphore>> {
    /// `None` once the answer was given.
    semaphore: Option<H>,
    claim: Claim,
}

const SPENT: &str = "an acquire was polled after it was ready: each is good for one answer";

impl<H: Deref<Target = Semaphore>> Pending<H> {
    #[inline]
    fn new(semaphore: H, permits: u32, place: Place) -> Pending<H> {
        Pending {
            semaphore: Some(semaphore),
            claim: Claim::new(permits, place),
        }
    }

    /// Where permits were granted, what leads to their semaphore.
    #[inline]
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<H, AcquireError>> {
        let semaphore = self.semaphore.as_deref().expect(SPENT);
        match self.claim.poll(semaphore, cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(answer) => Poll::Ready(self.spend(answer)),
        }
    }

    #[inline]
    fn block(&mut self, limit: Limit) -> Result<H, AcquireError> {
        let semaphore = self.semaphore.as_deref().expect(SPENT);
        let answer = self.claim.block(semaphore, limit);
        self.spend(answer)
    }

    #[inline]
    fn spend(&mut self, answer: Result<(), AcquireError>) -> Result<H, AcquireError> {
        self.claim.watch = None;
        let semaphore = self.semaphore.take().expect(SPENT);
        answer.map(|()| semaphore)
    }

    #[inline]
    fn hold(&self, semaphore: H) -> Hold<H> {
        let Claim {
            permits,
            token,
            place,
            ..
        } = self.claim;
        Hold::new(semaphore, permits, token, place)
    }
}

impl<H: Deref<Target = Semaphore>> Drop for Pending<H> {
    #[inline]
    fn drop(&mut self) {
        if self.claim.key.is_some()
            && let Some(semaphore) = self.semaphore.as_deref()
        {
            self.claim.abandon(semaphore);
        }
    }
}

/// A request for permits of a semaphore: [`acquire`](Semaphore::acquire) makes one.
#[must_use = "it requests nothing before it is awaited or waited for"]
pub struct Acquire<'a>(Pending<&'a Semaphore>);

/// A request for permits of a semaphore in an [`Arc`]: [`acquire_owned`](Semaphore::acquire_owned)
/// makes one.
#[must_use = "it requests nothing before it is awaited or waited for"]
pub struct AcquireOwned(Pending<Arc<Semaphore>>);

/// A request for permits without a guard: [`acquire_raw`](Semaphore::acquire_raw) makes one.
#[must_use = "it requests nothing before it is awaited or waited for"]
pub struct AcquireRaw<'a>(Pending<&'a Semaphore>);

impl<'a> Acquire<'a> {
    #[inline]
    fn finish(&self, semaphore: &'a Semaphore) -> SemaphorePermit<'a> {
        SemaphorePermit(self.0.hold(semaphore))
    }
}

impl AcquireOwned {
    #[inline]
    fn finish(&self, semaphore: Arc<Semaphore>) -> OwnedSemaphorePermit {
        OwnedSemaphorePermit(self.0.hold(semaphore))
    }
}

impl AcquireRaw<'_> {
    #[inline]
    fn finish(&self, semaphore: &Semaphore) {
        semaphore.count_raw(self.0.claim.permits, self.0.claim.token);
    }
}

/// What requests of all kinds can do.
macro_rules! request {
    ($name:literal, [$($of:tt)*] $request:ty, $handle:ty, $granted:ty) => {
        impl<$($of)*> $request {
            #[inline]
            pub(super) fn new(semaphore: $handle, permits: u32, place: Place) -> Self {
                Self(Pending::new(semaphore, permits, place))
            }

            /// Lets the request be called off: once the [`Cancel`] is fired it fails with
            /// [`Cancelled`](AcquireError::Cancelled), unless it was granted before.
            pub fn or_cancelled(mut self, cancel: &Cancel) -> Self {
                self.0.claim.watch = Some(Watch::new(cancel));
                self
            }

            /// Blocks the thread until the answer is there.
            ///
            /// # Errors
            ///
            /// As the future does.
            #[inline]
            pub fn wait(mut self) -> Result<$granted, AcquireError> {
                let semaphore = self.0.block(Limit::None)?;
                Ok(self.finish(semaphore))
            }

            /// Blocks the thread until the answer is there, but not longer than that.
            ///
            /// # Errors
            ///
            /// As the future does, and [`TimedOut`](AcquireError::TimedOut).
            pub fn wait_timeout(mut self, timeout: Duration) -> Result<$granted, AcquireError> {
                let semaphore = self.0.block(Limit::Timeout(timeout))?;
                Ok(self.finish(semaphore))
            }

            /// Blocks the thread until the answer is there, but not beyond that moment.
            ///
            /// # Errors
            ///
            /// As the future does, and [`TimedOut`](AcquireError::TimedOut).
            pub fn wait_deadline(mut self, deadline: Instant) -> Result<$granted, AcquireError> {
                let semaphore = self.0.block(Limit::Deadline(deadline))?;
                Ok(self.finish(semaphore))
            }
        }

        impl<$($of)*> Future for $request {
            type Output = Result<$granted, AcquireError>;

            #[inline]
            fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
                let request = self.get_mut();
                match request.0.poll(cx) {
                    Poll::Pending => Poll::Pending,
                    Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
                    Poll::Ready(Ok(semaphore)) => Poll::Ready(Ok(request.finish(semaphore))),
                }
            }
        }

        impl<$($of)*> fmt::Debug for $request {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct($name)
                    .field("permits", &self.0.claim.permits)
                    .field("waits", &self.0.claim.key.is_some())
                    .finish_non_exhaustive()
            }
        }
    };
}

request!("Acquire", ['a] Acquire<'a>, &'a Semaphore, SemaphorePermit<'a>);
request!("AcquireOwned", [] AcquireOwned, Arc<Semaphore>, OwnedSemaphorePermit);
request!("AcquireRaw", ['a] AcquireRaw<'a>, &'a Semaphore, ());
