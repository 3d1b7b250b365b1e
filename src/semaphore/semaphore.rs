//! The semaphore itself: making one, looking at it, trying, and putting back.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::acquire::{Acquire, AcquireOwned, AcquireRaw};
use super::error::{AcquireError, OverRelease, TryAcquireError};
use super::hook::{self, Event, Op, Origin, Place, Scene, Token};
use super::kept::Kept;
use super::patience::Patience;
use super::permit::{Hold, OwnedSemaphorePermit, SemaphorePermit};
use super::sync::{AtomicUsize, Ordering, const_fn};
use super::tray::{self, Full, Tray};
use super::wakes::Wakes;

/// A counting semaphore: fair, bounded, for threads and for tasks.
///
/// What it promises is told in the [module](super)'s documentation.
pub struct Semaphore {
    pub(super) kept: Kept,
    patience: Patience,
    /// Whether what is put back has to have been taken.
    bounded: bool,
    /// Permits that are held without a guard; counted only if it is bounded.
    raw: AtomicUsize,
    name: Option<&'static str>,
    /// A name that is no constant; it comes first.
    given: Option<Box<str>>,
    origin: Origin,
}

impl Semaphore {
    /// The most permits that a semaphore can have: `usize::MAX >> 3`.
    pub const MAX_PERMITS: usize = tray::MAX_PERMITS;

    const_fn! {
        /// A semaphore with that many free permits, which are also its capacity: what was not taken
        /// cannot be put back.
        ///
        /// # Panics
        ///
        /// If they are more than [`MAX_PERMITS`](Semaphore::MAX_PERMITS).
        #[inline]
        #[track_caller]
        pub fn new(permits: usize) -> Semaphore {
            assert!(
                permits <= Semaphore::MAX_PERMITS,
                "a semaphore has at most `Semaphore::MAX_PERMITS` permits"
            );
            Semaphore {
                kept: Kept::new(permits, Some(permits)),
                patience: Patience::new(),
                bounded: true,
                raw: AtomicUsize::new(0),
                name: None,
                given: None,
                origin: Origin::here(),
            }
        }

        /// A semaphore with that many free permits and no capacity: [`release`](Semaphore::release)
        /// of what nobody took is a signal to whoever acquires.
        ///
        /// # Panics
        ///
        /// If they are more than [`MAX_PERMITS`](Semaphore::MAX_PERMITS).
        #[inline]
        #[track_caller]
        pub fn unbounded(permits: usize) -> Semaphore {
            assert!(
                permits <= Semaphore::MAX_PERMITS,
                "a semaphore has at most `Semaphore::MAX_PERMITS` permits"
            );
            Semaphore {
                kept: Kept::new(permits, None),
                patience: Patience::new(),
                bounded: false,
                raw: AtomicUsize::new(0),
                name: None,
                given: None,
                origin: Origin::here(),
            }
        }
    }

    /// Names it, for reports.
    #[must_use]
    pub const fn named(mut self, name: &'static str) -> Semaphore {
        self.name = Some(name);
        self
    }

    /// Names it with a name that is made when the program runs.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<Cow<'static, str>>) -> Semaphore {
        match name.into() {
            Cow::Borrowed(name) => (self.name, self.given) = (Some(name), None),
            Cow::Owned(name) => self.given = Some(name.into()),
        }
        self
    }

    /// The name that it was given.
    pub fn name(&self) -> Option<&str> {
        self.given.as_deref().or(self.name)
    }

    /// How many permits are free.
    #[inline]
    pub fn available_permits(&self) -> usize {
        hook::looks();
        self.tray().available()
    }

    /// How many permits there are, free and held, less what is still owed to a
    /// [`shrink`](Semaphore::shrink); `None` if it is [unbounded](Semaphore::unbounded).
    pub fn capacity(&self) -> Option<usize> {
        hook::looks();
        self.tray().capacity()
    }

    /// How many permits a [`shrink`](Semaphore::shrink) has still to take from those that are put
    /// back.
    pub fn debt(&self) -> usize {
        hook::looks();
        self.tray().debt()
    }

    /// How many acquires wait.
    pub fn waiters(&self) -> usize {
        hook::looks();
        self.tray().waiters()
    }

    /// Whether it was closed.
    #[inline]
    pub fn is_closed(&self) -> bool {
        hook::looks();
        self.tray().is_closed()
    }

    /// Takes a permit if that can be had at once.
    ///
    /// # Errors
    ///
    /// [`NoPermits`](TryAcquireError::NoPermits) if none is free or somebody waits,
    /// [`Closed`](TryAcquireError::Closed) if it is closed.
    #[inline]
    #[track_caller]
    pub fn try_acquire(&self) -> Result<SemaphorePermit<'_>, TryAcquireError> {
        self.try_acquire_many(1)
    }

    /// Takes that many permits if they can be had at once. None at all can always, but of a closed
    /// semaphore.
    ///
    /// # Errors
    ///
    /// [`NoPermits`](TryAcquireError::NoPermits) if too few are free or somebody waits,
    /// [`Closed`](TryAcquireError::Closed) if it is closed.
    #[inline]
    #[track_caller]
    pub fn try_acquire_many(&self, permits: u32) -> Result<SemaphorePermit<'_>, TryAcquireError> {
        let place = Place::here();
        let token = self.try_take(permits as usize, place)?;
        Ok(SemaphorePermit(Hold::new(
            self,
            permits as usize,
            token,
            place,
        )))
    }

    /// As [`try_acquire`](Semaphore::try_acquire), with a guard that outlives the borrow.
    ///
    /// # Errors
    ///
    /// The same.
    #[inline]
    #[track_caller]
    pub fn try_acquire_owned(self: Arc<Self>) -> Result<OwnedSemaphorePermit, TryAcquireError> {
        self.try_acquire_many_owned(1)
    }

    /// As [`try_acquire_many`](Semaphore::try_acquire_many), with a guard that outlives the borrow.
    ///
    /// # Errors
    ///
    /// The same.
    #[inline]
    #[track_caller]
    pub fn try_acquire_many_owned(
        self: Arc<Self>,
        permits: u32,
    ) -> Result<OwnedSemaphorePermit, TryAcquireError> {
        let place = Place::here();
        let token = self.try_take(permits as usize, place)?;
        let hold = Hold::new(self, permits as usize, token, place);
        Ok(OwnedSemaphorePermit(hold))
    }

    #[inline]
    fn try_take(&self, permits: usize, place: Place) -> Result<Token, TryAcquireError> {
        let scene = Scene::here();
        let op = Op::TryAcquire { permits };
        scene.announce(self, op, place);
        let token = scene.token(op, place);
        let tried = self.tray().try_take(permits);
        let event = match tried {
            Ok(()) => Event::Granted { token, permits },
            Err(_) => Event::TryFailed { permits },
        };
        scene.tell(self, event);
        tried.map(|()| token)
    }

    /// Waits for a permit: as a future with `.await`, in a thread with [`wait`](Acquire::wait).
    ///
    /// # Errors
    ///
    /// The future fails with [`Closed`](AcquireError::Closed) if the semaphore is closed before it
    /// is granted.
    #[inline]
    #[track_caller]
    pub fn acquire(&self) -> Acquire<'_> {
        self.acquire_many(1)
    }

    /// Waits for that many permits, and gets all of them at once.
    ///
    /// None at all is granted at once, whoever waits. A request for more than the capacity is not
    /// refused, since the capacity may grow; until then it waits, and all who come after it do.
    ///
    /// # Errors
    ///
    /// The future fails with [`Closed`](AcquireError::Closed) if the semaphore is closed before it
    /// is granted.
    #[inline]
    #[track_caller]
    pub fn acquire_many(&self, permits: u32) -> Acquire<'_> {
        Acquire::new(self, permits, Place::here())
    }

    /// As [`acquire`](Semaphore::acquire), with a guard that outlives the borrow.
    #[inline]
    #[track_caller]
    pub fn acquire_owned(self: Arc<Self>) -> AcquireOwned {
        self.acquire_many_owned(1)
    }

    /// As [`acquire_many`](Semaphore::acquire_many), with a guard that outlives the borrow.
    #[inline]
    #[track_caller]
    pub fn acquire_many_owned(self: Arc<Self>, permits: u32) -> AcquireOwned {
        AcquireOwned::new(self, permits, Place::here())
    }

    /// As [`acquire`](Semaphore::acquire), without a guard: [`release`](Semaphore::release) puts
    /// the permit back.
    #[inline]
    #[track_caller]
    pub fn acquire_raw(&self) -> AcquireRaw<'_> {
        self.acquire_many_raw(1)
    }

    /// As [`acquire_many`](Semaphore::acquire_many), without a guard.
    #[inline]
    #[track_caller]
    pub fn acquire_many_raw(&self, permits: u32) -> AcquireRaw<'_> {
        AcquireRaw::new(self, permits, Place::here())
    }

    /// Blocks the thread until it has a permit.
    ///
    /// # Errors
    ///
    /// [`Closed`](AcquireError::Closed) if the semaphore is closed before it is granted.
    #[inline]
    #[track_caller]
    pub fn acquire_blocking(&self) -> Result<SemaphorePermit<'_>, AcquireError> {
        self.acquire().wait()
    }

    /// Blocks the thread until it has that many permits; see
    /// [`acquire_many`](Semaphore::acquire_many).
    ///
    /// # Errors
    ///
    /// [`Closed`](AcquireError::Closed) if the semaphore is closed before it is granted.
    #[inline]
    #[track_caller]
    pub fn acquire_many_blocking(&self, permits: u32) -> Result<SemaphorePermit<'_>, AcquireError> {
        self.acquire_many(permits).wait()
    }

    /// Blocks the thread until it has a permit, but not longer than that.
    ///
    /// # Errors
    ///
    /// [`TimedOut`](AcquireError::TimedOut) if the time is over, [`Closed`](AcquireError::Closed) if
    /// the semaphore is closed, before it is granted.
    #[track_caller]
    pub fn acquire_timeout(&self, timeout: Duration) -> Result<SemaphorePermit<'_>, AcquireError> {
        self.acquire().wait_timeout(timeout)
    }

    /// As [`acquire_timeout`](Semaphore::acquire_timeout), for that many permits.
    ///
    /// # Errors
    ///
    /// The same.
    #[track_caller]
    pub fn acquire_many_timeout(
        &self,
        permits: u32,
        timeout: Duration,
    ) -> Result<SemaphorePermit<'_>, AcquireError> {
        self.acquire_many(permits).wait_timeout(timeout)
    }

    /// Blocks the thread until it has a permit, but not beyond that moment.
    ///
    /// # Errors
    ///
    /// As [`acquire_timeout`](Semaphore::acquire_timeout).
    #[track_caller]
    pub fn acquire_deadline(&self, deadline: Instant) -> Result<SemaphorePermit<'_>, AcquireError> {
        self.acquire().wait_deadline(deadline)
    }

    /// As [`acquire_deadline`](Semaphore::acquire_deadline), for that many permits.
    ///
    /// # Errors
    ///
    /// The same.
    #[track_caller]
    pub fn acquire_many_deadline(
        &self,
        permits: u32,
        deadline: Instant,
    ) -> Result<SemaphorePermit<'_>, AcquireError> {
        self.acquire_many(permits).wait_deadline(deadline)
    }

    /// Blocks the thread until it has a permit without a guard.
    ///
    /// # Errors
    ///
    /// [`Closed`](AcquireError::Closed) if the semaphore is closed before it is granted.
    #[inline]
    #[track_caller]
    pub fn acquire_raw_blocking(&self) -> Result<(), AcquireError> {
        self.acquire_raw().wait()
    }

    /// Puts back permits that are held without a guard: by [`acquire_raw`](Semaphore::acquire_raw)
    /// or by [`into_raw`](SemaphorePermit::into_raw). Of an unbounded semaphore, as many as one
    /// likes.
    ///
    /// # Errors
    ///
    /// If fewer are held so; nothing is changed then.
    #[track_caller]
    pub fn release(&self, permits: usize) -> Result<(), OverRelease> {
        let (scene, token) = self.begin(Op::Release { permits }, Place::here());
        let put = self.uncount_raw(permits).and_then(|()| {
            self.try_put(permits).map_err(|Full| OverRelease {
                permits,
                room: Semaphore::MAX_PERMITS.saturating_sub(self.available_permits()),
            })
        });
        match put {
            Ok(wakes) => {
                scene.tell(self, Event::Released { token, permits });
                self.finish(&scene, wakes);
                Ok(())
            }
            Err(error) => {
                scene.tell(self, Event::OverReleased { permits });
                Err(error)
            }
        }
    }

    /// Says that others put back so many permits, of those that the caller holds without a guard, or
    /// all of them if it holds fewer.
    ///
    /// A check takes a [`release`](Semaphore::release) of what another worker took for a mistake that
    /// hides another one, and warns of it. This tells it that the permits change hands on purpose:
    ///
    /// ```
    /// use std::sync::Arc;
    /// use selvedge::{Semaphore, thread};
    ///
    /// fn start(limit: &Arc<Semaphore>, work: fn()) -> thread::JoinHandle<()> {
    ///     limit.acquire_raw_blocking().expect("it is never closed");
    ///     limit.hand_over(1);
    ///     let limit = Arc::clone(limit);
    ///     thread::spawn(move || {
    ///         work();
    ///         limit.release(1).expect("it was handed over");
    ///     })
    /// }
    ///
    /// let limit = Arc::new(Semaphore::new(2));
    /// start(&limit, || ()).join().unwrap();
    /// assert_eq!(limit.available_permits(), 2);
    /// ```
    ///
    /// Outside of a check nothing happens. Where a guard can be moved to whoever puts the permit back
    /// ([`acquire_owned`](Semaphore::acquire_owned)), that is safer: it is put back however its holder
    /// ends.
    pub fn hand_over(&self, permits: usize) {
        hook::hands_over(self, permits);
    }

    /// Announces an op that does not wait.
    #[inline]
    pub(super) fn begin(&self, op: Op, place: Place) -> (Scene, Token) {
        let scene = Scene::here();
        scene.announce(self, op, place);
        let token = scene.token(op, place);
        (scene, token)
    }

    #[inline]
    fn try_put(&self, permits: usize) -> Result<Wakes, Full> {
        if self.tray().put_alone(permits) {
            return Ok(Wakes::default());
        }
        self.tray().put(permits)
    }

    /// Puts back what a guard held.
    #[inline]
    pub(super) fn put_back(&self, scene: &Scene, permits: usize, token: Token) {
        put_back(self.tray(), |event| scene.tell(self, event), permits, token);
    }

    /// Puts back what an acquire was granted and did not come for.
    pub(super) fn put_back_unused(&self, scene: &Scene, permits: usize, token: Token) {
        match self.try_put(permits) {
            Ok(wakes) => {
                scene.tell(self, Event::Returned { token, permits });
                self.finish(scene, wakes);
            }
            Err(Full) => scene.tell(self, Event::OverReleased { permits }),
        }
    }

    /// Tells whom a step has granted permits, and wakes them.
    #[inline]
    pub(super) fn finish(&self, scene: &Scene, wakes: Wakes) {
        finish(self.tray(), |event| scene.tell(self, event), wakes);
    }

    pub(super) fn wake(&self, wakes: Wakes) {
        wake(self.tray(), wakes);
    }

    #[inline]
    pub(super) fn count_raw(&self, permits: usize, token: Token) {
        if self.bounded {
            self.raw.fetch_add(permits, Ordering::Relaxed);
            Scene::here().tell(self, Event::MadeRaw { token, permits });
        }
    }

    /// # Errors
    ///
    /// If fewer are held without a guard.
    pub(super) fn uncount_raw(&self, permits: usize) -> Result<(), OverRelease> {
        if !self.bounded {
            return Ok(());
        }
        let less = |raw: usize| raw.checked_sub(permits);
        self.raw
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less)
            .map(drop)
            .map_err(|room| OverRelease { permits, room })
    }

    #[inline]
    pub(super) fn tray(&self) -> &Tray {
        self.kept.tray()
    }

    #[inline]
    pub(super) fn patience(&self) -> &Patience {
        &self.patience
    }

    /// For the hook.
    pub(super) fn origin(&self) -> &Origin {
        &self.origin
    }
}

/// Puts back what a guard held.
#[inline]
pub(super) fn put_back(tray: &Tray, tell: impl Fn(Event), permits: usize, token: Token) {
    if tray.put_alone(permits) {
        tell(Event::Released { token, permits });
    } else {
        put_back_slow(tray, tell, permits, token);
    }
}

#[cold]
fn put_back_slow(tray: &Tray, tell: impl Fn(Event), permits: usize, token: Token) {
    match tray.put(permits) {
        Ok(wakes) => {
            tell(Event::Released { token, permits });
            finish(tray, tell, wakes);
        }
        // of an unbounded one alone: signals have taken the room
        Err(Full) => tell(Event::OverReleased { permits }),
    }
}

/// Tells whom a step has granted permits, and wakes them.
#[inline]
fn finish(tray: &Tray, tell: impl Fn(Event), wakes: Wakes) {
    if wakes.is_empty() {
        return;
    }
    for called in wakes.iter() {
        let (token, permits) = (called.token, called.permits);
        tell(Event::Granted { token, permits });
    }
    wake(tray, wakes);
}

fn wake(tray: &Tray, wakes: Wakes) {
    if let Some(spare) = wakes.wake() {
        tray.keep(spare);
    }
}

impl Drop for Semaphore {
    fn drop(&mut self) {
        hook::dropped(self);
    }
}

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Semaphore");
        if let Some(name) = self.name() {
            shown.field("name", &name);
        }
        shown
            .field("available", &self.available_permits())
            .field("capacity", &self.capacity())
            .field("debt", &self.debt())
            .field("waiters", &self.waiters())
            .field("closed", &self.is_closed())
            .finish()
    }
}
