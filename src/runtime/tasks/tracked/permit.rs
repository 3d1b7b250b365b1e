//! Permits that were acquired through `tracked`.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::account::Call;
use super::handle::Seen;
use crate::run::SemaphoreId;
use crate::runtime::book::Entry;
use crate::runtime::counting::{Counting, CountingOwned, Unsupported};
use crate::runtime::scene::current::core;
use crate::semaphore::hook::Hook;

/// What an exploration knows of permits: who took them, and where. Merged ones may be of several.
#[derive(Debug)]
pub(super) struct Holding {
    id: SemaphoreId,
    epoch: u64,
    entries: Vec<Entry>,
}

impl Holding {
    pub(super) fn new(id: SemaphoreId, entry: Entry, epoch: u64) -> Holding {
        Holding {
            id,
            epoch,
            entries: vec![entry],
        }
    }

    /// Takes so many permits out of it, those that came last first.
    fn split(&mut self, permits: u64) -> Holding {
        let mut left = permits;
        let mut entries = Vec::new();
        for entry in self.entries.iter_mut().rev() {
            let part = left.min(entry.permits);
            entry.permits -= part;
            left -= part;
            if part > 0 {
                entries.push(Entry {
                    permits: part,
                    ..*entry
                });
            }
        }
        self.entries.retain(|entry| entry.permits > 0);
        Holding {
            id: self.id,
            epoch: self.epoch,
            entries,
        }
    }
}

/// What becomes of permits that were held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Released,
    Forgotten,
    /// Others hold them as well as their own.
    Merged,
}

/// Tells the run what becomes of permits; if the semaphore panics on the way they are released.
struct Ending<'s, S: Counting> {
    call: Call<'s, S>,
    holding: Option<Holding>,
    end: End,
    /// Where the guard lies.
    address: usize,
}

impl<S: Counting> Drop for Ending<'_, S> {
    fn drop(&mut self) {
        let Some(holding) = self.holding.take() else {
            return;
        };
        for entry in holding.entries {
            Hook::drops_guard(&*self.call.core, self.address);
            match self.end {
                End::Forgotten => self.call.core.give_up(holding.id, entry),
                End::Released | End::Merged => self.call.core.put_back(holding.id, entry),
            }
        }
    }
}

/// Permits `P` of the semaphore behind `H`.
pub(super) struct Held<H: Deref<Target: Counting>, P> {
    permit: Option<P>,
    seen: Seen<H>,
    permits: usize,
    holding: Option<Holding>,
}

impl<H: Deref<Target: Counting>, P> Held<H, P> {
    pub(super) fn new(
        permit: P,
        seen: Seen<H>,
        permits: usize,
        holding: Option<Holding>,
    ) -> Held<H, P> {
        Held {
            permit: Some(permit),
            seen,
            permits,
            holding,
        }
    }

    /// Does something with the permits, and tells the run that they are of what came of it; who held
    /// them, if they are merged into others.
    fn end(&mut self, end: impl FnOnce(P) -> End) -> Option<Holding> {
        let permit = self.permit.take()?;
        let holding = self.holding.take();
        let of_this_run = core().zip(holding);
        let of_this_run = of_this_run.filter(|(core, holding)| core.epoch.get() == holding.epoch);
        let Some((core, holding)) = of_this_run else {
            end(permit);
            return None;
        };
        let mut ending = Ending {
            call: Call::begin(&core, &*self.seen.semaphore, self.seen.label),
            holding: Some(holding),
            end: End::Released,
            address: std::ptr::from_ref(self).addr(),
        };
        ending.end = end(permit);
        match ending.end {
            End::Merged => ending.holding.take(),
            End::Released | End::Forgotten => None,
        }
    }

    fn forget(
        mut self,
        forget: impl FnOnce(P) -> Result<(), Unsupported>,
    ) -> Result<(), Unsupported> {
        let mut outcome = Ok(());
        self.end(|permit| {
            outcome = forget(permit);
            match outcome {
                Ok(()) => End::Forgotten,
                Err(Unsupported) => End::Released,
            }
        });
        outcome
    }

    fn split(
        &mut self,
        permits: usize,
        split: impl FnOnce(&mut P, u32) -> Result<P, Unsupported>,
    ) -> Option<Held<H, P>>
    where
        H: Clone,
    {
        let count = u32::try_from(permits).ok()?;
        let permit = self.permit.as_mut().filter(|_| permits <= self.permits)?;
        let permit = split(permit, count).ok()?;
        self.permits -= permits;
        let holding = self.holding.as_mut();
        let holding = holding.map(|holding| holding.split(u64::from(count)));
        Some(Held::new(permit, self.seen.clone(), permits, holding))
    }

    fn merge(
        &mut self,
        mut other: Held<H, P>,
        merge: impl FnOnce(&mut P, P) -> Result<(), Unsupported>,
    ) -> Result<(), Unsupported> {
        let Some(permit) = self.permit.as_mut() else {
            return Ok(());
        };
        let (mut outcome, permits) = (Ok(()), other.permits);
        let merged = other.end(|theirs| {
            outcome = merge(permit, theirs);
            match outcome {
                Ok(()) => End::Merged,
                Err(Unsupported) => End::Released,
            }
        });
        outcome?;
        self.permits += permits;
        match (&mut self.holding, merged) {
            (Some(ours), Some(theirs)) => ours.entries.extend(theirs.entries),
            (ours @ None, theirs) => *ours = theirs,
            (Some(_), None) => {}
        }
        Ok(())
    }
}

impl<H: Deref<Target: Counting>, P> Drop for Held<H, P> {
    fn drop(&mut self) {
        self.end(|permit| {
            drop(permit);
            End::Released
        });
    }
}

/// Permits of a semaphore that is looked at; dropping them releases them.
#[must_use = "a permit that is dropped is released"]
pub struct TrackedPermit<'a, S: Counting>(pub(super) Held<&'a S, S::Permit<'a>>);

impl<'a, S: Counting> TrackedPermit<'a, S> {
    /// How many permits are held.
    pub fn num_permits(&self) -> usize {
        self.0.permits
    }

    /// The semaphore that they are of.
    pub fn semaphore(&self) -> &'a S {
        self.0.seen.semaphore
    }

    /// Splits so many permits off; `None` if there are fewer, or if the semaphore keeps them
    /// together.
    pub fn split(&mut self, permits: usize) -> Option<TrackedPermit<'a, S>> {
        self.0.split(permits, S::split).map(TrackedPermit)
    }

    /// Merges permits of the same semaphore into these.
    ///
    /// # Errors
    ///
    /// [`Unsupported`] if the semaphore keeps them apart; the other ones are released then.
    ///
    /// # Panics
    ///
    /// If the semaphore does: tokio's where they are of another semaphore.
    pub fn merge(&mut self, other: TrackedPermit<'a, S>) -> Result<(), Unsupported> {
        self.0.merge(other.0, S::merge)
    }

    /// Gives the permits up for good.
    ///
    /// # Errors
    ///
    /// [`Unsupported`] if the semaphore cannot; the permits are released then.
    pub fn forget(self) -> Result<(), Unsupported> {
        self.0.forget(S::forget)
    }
}

impl<S: Counting> fmt::Debug for TrackedPermit<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrackedPermit")
            .field("permits", &self.0.permits)
            .finish_non_exhaustive()
    }
}

/// Permits that own their semaphore, which is looked at; dropping them releases them.
#[must_use = "a permit that is dropped is released"]
pub struct OwnedTrackedPermit<S: CountingOwned>(pub(super) Held<Arc<S>, S::OwnedPermit>);

impl<S: CountingOwned> OwnedTrackedPermit<S> {
    /// How many permits are held.
    pub fn num_permits(&self) -> usize {
        self.0.permits
    }

    /// The semaphore that they are of.
    pub fn semaphore(&self) -> &Arc<S> {
        &self.0.seen.semaphore
    }

    /// As [`TrackedPermit::split`].
    pub fn split(&mut self, permits: usize) -> Option<OwnedTrackedPermit<S>> {
        self.0
            .split(permits, S::split_owned)
            .map(OwnedTrackedPermit)
    }

    /// As [`TrackedPermit::merge`].
    ///
    /// # Errors
    ///
    /// [`Unsupported`] if the semaphore keeps permits apart; the other ones are released then.
    ///
    /// # Panics
    ///
    /// If the semaphore does: tokio's where they are of another semaphore.
    pub fn merge(&mut self, other: OwnedTrackedPermit<S>) -> Result<(), Unsupported> {
        self.0.merge(other.0, S::merge_owned)
    }

    /// As [`TrackedPermit::forget`].
    ///
    /// # Errors
    ///
    /// [`Unsupported`] if the semaphore cannot; the permits are released then.
    pub fn forget(self) -> Result<(), Unsupported> {
        self.0.forget(S::forget_owned)
    }
}

impl<S: CountingOwned> fmt::Debug for OwnedTrackedPermit<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedTrackedPermit")
            .field("permits", &self.0.permits)
            .finish_non_exhaustive()
    }
}
