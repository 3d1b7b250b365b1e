//! Guards: whoever holds one holds permits, and puts them back by dropping it.

use std::fmt;
use std::mem;
use std::ops::Deref;
use std::sync::Arc;

use super::hook::{Event, Op, Place, Scene, Token};
use super::semaphore::Semaphore;

/// Permits that are held, whatever leads to their semaphore.
pub(super) struct Hold<H: Deref<Target = Semaphore>> {
    semaphore: H,
    permits: usize,
    token: Token,
    /// Where they were acquired.
    place: Place,
}

impl<H: Deref<Target = Semaphore>> Hold<H> {
    #[inline]
    pub(super) fn new(semaphore: H, permits: usize, token: Token, place: Place) -> Hold<H> {
        Hold {
            semaphore,
            permits,
            token,
            place,
        }
    }

    fn split(&mut self, permits: usize) -> Option<Hold<H>>
    where
        H: Clone,
    {
        self.permits = self.permits.checked_sub(permits)?;
        Some(Hold {
            semaphore: self.semaphore.clone(),
            permits,
            ..*self
        })
    }

    #[track_caller]
    fn merge(&mut self, mut other: Hold<H>) {
        assert!(
            std::ptr::eq(&*self.semaphore, &*other.semaphore),
            "permits of two semaphores were to be merged: each has to be put back where it is from"
        );
        let permits = mem::take(&mut other.permits);
        self.permits += permits;
        if self.token != other.token && permits > 0 {
            let moved = Event::Moved {
                from: other.token,
                to: self.token,
                permits,
            };
            Scene::here().tell(&self.semaphore, moved);
        }
    }

    fn forget(&mut self, place: Place) {
        let permits = self.permits;
        if permits == 0 {
            return;
        }
        let scene = Scene::here();
        scene.announce(&self.semaphore, Op::Forget { permits }, place);
        self.permits = 0;
        self.semaphore.tray().forget(permits);
        let token = self.token;
        scene.tell(&self.semaphore, Event::Forgot { token, permits });
    }

    /// From now on they are held without a guard.
    pub(super) fn into_raw(mut self) {
        let permits = mem::take(&mut self.permits);
        self.semaphore.count_raw(permits, self.token);
    }
}

impl<H: Deref<Target = Semaphore>> Drop for Hold<H> {
    #[inline]
    fn drop(&mut self) {
        if self.permits > 0 {
            let scene = Scene::here();
            let op = Op::Release {
                permits: self.permits,
            };
            if scene.defers(&self.semaphore, op, self.place, self.token) {
                return;
            }
            let address = std::ptr::from_ref(self).addr();
            scene.announce_drop(&self.semaphore, op, self.place, address);
            self.semaphore.put_back(&scene, self.permits, self.token);
        }
    }
}

impl<H: Deref<Target = Semaphore>> fmt::Debug for Hold<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit")
            .field("semaphore", &*self.semaphore)
            .field("permits", &self.permits)
            .finish()
    }
}

/// Permits of a semaphore, put back when this is dropped.
#[derive(Debug)]
#[must_use = "the permits are put back as soon as this is dropped"]
#[clippy::has_significant_drop]
pub struct SemaphorePermit<'a>(pub(super) Hold<&'a Semaphore>);

/// Permits of a semaphore in an [`Arc`], put back when this is dropped: for tasks and threads that
/// outlive the function that acquired.
#[derive(Debug)]
#[must_use = "the permits are put back as soon as this is dropped"]
#[clippy::has_significant_drop]
pub struct OwnedSemaphorePermit(pub(super) Hold<Arc<Semaphore>>);

impl<'a> SemaphorePermit<'a> {
    /// The semaphore that they are of.
    pub fn semaphore(&self) -> &'a Semaphore {
        self.0.semaphore
    }
}

impl OwnedSemaphorePermit {
    /// The semaphore that they are of.
    pub fn semaphore(&self) -> &Arc<Semaphore> {
        &self.0.semaphore
    }
}

/// What guards of both kinds can do.
macro_rules! guard {
    ($guard:ty) => {
        impl $guard {
            /// How many permits this holds.
            pub fn num_permits(&self) -> usize {
                self.0.permits
            }

            /// Moves permits into a guard of their own; `None`, and nothing changed, if this holds
            /// fewer.
            pub fn split(&mut self, permits: usize) -> Option<Self> {
                self.0.split(permits).map(Self)
            }

            /// Takes over what another guard holds.
            ///
            /// # Panics
            ///
            /// If that is of another semaphore. Its permits are put back then.
            #[track_caller]
            pub fn merge(&mut self, other: Self) {
                self.0.merge(other.0);
            }

            /// Gives the permits up for good: they pay debt first, the rest lowers the capacity.
            #[track_caller]
            pub fn forget(mut self) {
                self.0.forget(Place::here());
            }

            /// Drops the guard and keeps the permits: [`Semaphore::release`] puts them back.
            pub fn into_raw(self) {
                self.0.into_raw();
            }
        }
    };
}

guard!(SemaphorePermit<'_>);
guard!(OwnedSemaphorePermit);
