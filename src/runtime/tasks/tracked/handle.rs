//! What looks on while a foreign semaphore is used.

use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::panic::Location;
use std::rc::Rc;
use std::sync::Arc;

use super::account::Call;
use super::acquire::acquire;
use super::permit::{Held, Holding, OwnedTrackedPermit, TrackedPermit};
use crate::run::{Event, SemaphoreId};
use crate::runtime::counting::{Counting, CountingOwned, Refused, Unsupported};
use crate::runtime::names::{Here, Verb};
use crate::runtime::scene::core::Core;
use crate::runtime::scene::current::core;

/// Looks on while a foreign semaphore is used: acquires are announced, and who waits and who holds
/// permits is known, with places. Outside of an exploration calls go straight through.
///
/// It takes the semaphore, or the [`Arc`] that it is in, for permits that own it. Use it for all that
/// takes permits or changes how many there are, and give it the same name everywhere with
/// [`Tracked::named`]; what only looks (`available_permits`, `is_closed`) needs no tracking.
///
/// ```
/// # #[cfg(feature = "tokio")]
/// selvedge::check_async(|| async {
///     let pool = std::sync::Arc::new(tokio::sync::Semaphore::new(2));
///     for _ in 0..3 {
///         let pool = pool.clone();
///         selvedge::task::spawn(async move {
///             let permit = selvedge::tracked(&pool).named("pool").acquire_owned().await;
///             selvedge::task::yield_now().await;
///             drop(permit);
///         });
///     }
/// });
/// ```
///
/// Its capacity is what is free when a run uses it first, or what a [`probe`](crate::probe) of the
/// same name says. It is judged at every step that no more is held and free than that, and when a
/// run ends or nothing can go on that everything is somewhere.
///
/// **Past it.** Permits that are taken, put back, added or forgotten by calls that do not go through
/// `tracked` are allowed for as far as the number of free permits shows it: nobody is told to have
/// leaked them or to hold too many. Who holds such permits is not known, and whether they come back
/// is judged only where a `probe` of the same name reads the semaphore too.
#[track_caller]
pub fn tracked<T: Trackable>(semaphore: &T) -> Tracked<'_, T> {
    Tracked {
        of: semaphore,
        label: Label {
            name: None,
            made: Here::from(Location::caller()),
        },
    }
}

/// A semaphore, or the [`Arc`] that it is in.
pub trait Trackable {
    /// The semaphore.
    type Semaphore: Counting;

    /// The semaphore itself.
    fn semaphore(&self) -> &Self::Semaphore;
}

impl<S: Counting> Trackable for S {
    type Semaphore = S;

    fn semaphore(&self) -> &S {
        self
    }
}

impl<S: Counting> Trackable for Arc<S> {
    type Semaphore = S;

    fn semaphore(&self) -> &S {
        self
    }
}

/// What reports call a semaphore.
#[derive(Debug, Clone, Copy)]
pub(super) struct Label {
    pub(super) name: Option<&'static str>,
    pub(super) made: Here,
}

/// A semaphore behind a pointer, and what it is called.
#[derive(Debug, Clone)]
pub(super) struct Seen<H> {
    pub(super) semaphore: H,
    pub(super) label: Label,
}

/// A foreign semaphore that is looked at.
pub struct Tracked<'a, T> {
    of: &'a T,
    label: Label,
}

impl<T> Clone for Tracked<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Tracked<'_, T> {}

impl<T> fmt::Debug for Tracked<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tracked")
            .field("name", &self.label.name)
            .finish_non_exhaustive()
    }
}

impl<'a, T: Trackable> Tracked<'a, T> {
    /// The name that reports have for it.
    #[must_use]
    pub fn named(self, name: &'static str) -> Self {
        let label = Label {
            name: Some(name),
            ..self.label
        };
        Tracked { label, ..self }
    }

    fn borrowed(self) -> Seen<&'a T::Semaphore> {
        Seen {
            semaphore: self.of.semaphore(),
            label: self.label,
        }
    }

    /// Acquires a permit.
    #[track_caller]
    pub fn acquire(self) -> impl Future<Output = Result<TrackedPermit<'a, T::Semaphore>, Refused>> {
        self.acquire_many(1)
    }

    /// Acquires so many permits.
    ///
    /// The future fails as that of the semaphore does.
    #[track_caller]
    pub fn acquire_many(
        self,
        permits: u32,
    ) -> impl Future<Output = Result<TrackedPermit<'a, T::Semaphore>, Refused>> {
        let place = Here::from(Location::caller());
        let begin = move |semaphore: &'a T::Semaphore| semaphore.acquire(permits);
        acquire(self.borrowed(), permits, place, begin, TrackedPermit)
    }

    /// Takes a permit at once or not at all.
    ///
    /// # Errors
    ///
    /// Says why not.
    #[track_caller]
    pub fn try_acquire(self) -> Result<TrackedPermit<'a, T::Semaphore>, Refused> {
        self.try_acquire_many(1)
    }

    /// Takes so many permits at once or not at all.
    ///
    /// # Errors
    ///
    /// Says why not.
    #[track_caller]
    pub fn try_acquire_many(
        self,
        permits: u32,
    ) -> Result<TrackedPermit<'a, T::Semaphore>, Refused> {
        let place = Here::from(Location::caller());
        let held = self
            .borrowed()
            .try_acquire(permits, place, |semaphore| semaphore.try_acquire(permits));
        held.map(TrackedPermit)
    }

    /// Adds permits that nobody held: the capacity is higher by as many.
    ///
    /// # Errors
    ///
    /// [`Unsupported`] if the semaphore cannot, or not so many at once.
    #[track_caller]
    pub fn add_permits(self, permits: usize) -> Result<(), Unsupported> {
        let place = Here::from(Location::caller());
        let count = u32::try_from(permits).map_err(|_| Unsupported)?;
        let seen = self.borrowed();
        let call = seen.announce(place, Verb::Grow(count));
        let added = seen.semaphore.grow(count);
        if let Some(call) = call.filter(|_| added.is_ok()) {
            let (semaphore, permits) = (call.id, u64::from(count));
            let mut book = call.core.book.borrow_mut();
            book.touch(semaphore).capacity += permits;
            book.events.push(Event::Grew { semaphore, permits });
        }
        added
    }

    /// Removes up to so many free permits for good, and says how many: the capacity is lower by as
    /// many.
    ///
    /// # Errors
    ///
    /// [`Unsupported`] if the semaphore cannot.
    #[track_caller]
    pub fn forget_permits(self, permits: usize) -> Result<usize, Unsupported> {
        let place = Here::from(Location::caller());
        let count = u32::try_from(permits).unwrap_or(u32::MAX);
        let seen = self.borrowed();
        let call = seen.announce(place, Verb::Shrink(count));
        let forgotten = seen.semaphore.forget_free(count)?;
        if let Some(call) = call.filter(|_| forgotten > 0) {
            let (semaphore, permits) = (call.id, u64::from(forgotten));
            let mut book = call.core.book.borrow_mut();
            let tray = book.touch(semaphore);
            tray.capacity = tray.capacity.saturating_sub(permits);
            book.events.push(Event::Shrank {
                semaphore,
                permits,
                debt: 0,
            });
        }
        Ok(forgotten as usize)
    }

    /// Makes all waiting and later acquires and tries fail.
    ///
    /// # Errors
    ///
    /// [`Unsupported`] if the semaphore cannot be closed.
    #[track_caller]
    pub fn close(self) -> Result<(), Unsupported> {
        let place = Here::from(Location::caller());
        let seen = self.borrowed();
        let call = seen.announce(place, Verb::Close);
        let closed = seen.semaphore.close();
        if let Some(call) = call.filter(|_| closed.is_ok()) {
            let semaphore = call.id;
            let mut book = call.core.book.borrow_mut();
            book.touch(semaphore).closed = true;
            book.events.push(Event::Closed { semaphore });
        }
        closed
    }
}

impl<S: CountingOwned> Tracked<'_, Arc<S>> {
    fn owned(self) -> Seen<Arc<S>> {
        Seen {
            semaphore: Arc::clone(self.of),
            label: self.label,
        }
    }

    /// Acquires a permit that owns the semaphore.
    #[track_caller]
    pub fn acquire_owned(
        self,
    ) -> impl Future<Output = Result<OwnedTrackedPermit<S>, Refused>> + use<S> {
        self.acquire_many_owned(1)
    }

    /// Acquires so many permits, which own the semaphore.
    #[track_caller]
    pub fn acquire_many_owned(
        self,
        permits: u32,
    ) -> impl Future<Output = Result<OwnedTrackedPermit<S>, Refused>> + use<S> {
        let place = Here::from(Location::caller());
        let begin = move |semaphore| S::acquire_owned(semaphore, permits);
        acquire(self.owned(), permits, place, begin, OwnedTrackedPermit)
    }

    /// Takes a permit that owns the semaphore at once or not at all.
    ///
    /// # Errors
    ///
    /// Says why not.
    #[track_caller]
    pub fn try_acquire_owned(self) -> Result<OwnedTrackedPermit<S>, Refused> {
        self.try_acquire_many_owned(1)
    }

    /// Takes so many permits, which own the semaphore, at once or not at all.
    ///
    /// # Errors
    ///
    /// Says why not.
    #[track_caller]
    pub fn try_acquire_many_owned(self, permits: u32) -> Result<OwnedTrackedPermit<S>, Refused> {
        let place = Here::from(Location::caller());
        let held = self.owned().try_acquire(permits, place, |semaphore| {
            S::try_acquire_owned(semaphore, permits)
        });
        held.map(OwnedTrackedPermit)
    }
}

impl<H: Deref<Target: Counting> + Clone> Seen<H> {
    /// A call that does not wait is part of the step; `None` outside of a run.
    #[track_caller]
    fn announce(&self, place: Here, verb: Verb) -> Option<Call<'_, H::Target>> {
        let core: Rc<Core> = core().filter(|core| !core.is_ending())?;
        core.is_for_tasks("selvedge::tracked", "selvedge::acquiring");
        core.count_use();
        core.counts.ops.add();
        let call = Call::begin(&core, &*self.semaphore, self.label);
        let statement = core.book.borrow_mut().names.op(place, verb, call.id);
        core.statement.set(statement);
        Some(call)
    }

    fn try_acquire<P>(
        self,
        permits: u32,
        place: Here,
        take: impl FnOnce(H) -> Result<P, Refused>,
    ) -> Result<Held<H, P>, Refused> {
        let call = self.announce(place, Verb::TryAcquire(permits));
        let taken = take(self.semaphore.clone());
        let holding = call.and_then(|call| {
            let (core, semaphore) = (&call.core, call.id);
            if taken.is_ok() {
                let entry = core.take(semaphore, core.statement.get(), permits.into());
                return Some(Holding::new(semaphore, entry, core.epoch.get()));
            }
            tell_failed(core, semaphore, permits);
            None
        });
        Ok(Held::new(taken?, self, permits as usize, holding))
    }
}

fn tell_failed(core: &Core, semaphore: SemaphoreId, permits: u32) {
    let worker = core.worker();
    core.book.borrow_mut().events.push(Event::TryFailed {
        worker,
        semaphore,
        permits: u64::from(permits),
    });
}
