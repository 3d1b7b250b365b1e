//! async-lock's semaphore: `barging`, one permit at a time.
//!
//! A release raises the count and notifies one listener; whoever comes first takes the permit.

use std::future::{Future, poll_fn};
use std::sync::Arc;

use ::async_lock::{Semaphore, SemaphoreGuard, SemaphoreGuardArc};

use crate::program::Order;
use crate::runtime::{Counting, CountingOwned, Refused, Unsupported};

impl Counting for Semaphore {
    const ORDER: Order = Order::Barging;

    type Permit<'a> = SemaphoreGuard<'a>;

    fn with_permits(permits: u32) -> Semaphore {
        Semaphore::new(permits as usize)
    }

    /// The future of async-lock itself, which lives as long as this one does: an `async` block
    /// around it would drop it as soon as it has completed, and hide what that drop does.
    fn acquire(
        &self,
        permits: u32,
    ) -> impl Future<Output = Result<SemaphoreGuard<'_>, Refused>> + '_ {
        let mut acquire = (permits == 1).then(|| Box::pin(Semaphore::acquire(self)));
        poll_fn(move |context| match &mut acquire {
            Some(acquire) => acquire.as_mut().poll(context).map(Ok),
            None => Err(Refused::Unsupported).into(),
        })
    }

    fn try_acquire(&self, permits: u32) -> Result<SemaphoreGuard<'_>, Refused> {
        match permits {
            1 => Semaphore::try_acquire(self).ok_or(Refused::NoPermits),
            _ => Err(Refused::Unsupported),
        }
    }

    fn available(&self) -> Option<usize> {
        Some(self.available_permits())
    }

    fn forget(permit: SemaphoreGuard<'_>) -> Result<(), Unsupported> {
        permit.forget();
        Ok(())
    }

    fn grow(&self, permits: u32) -> Result<(), Unsupported> {
        self.add_permits(permits as usize);
        Ok(())
    }
}

impl CountingOwned for Semaphore {
    type OwnedPermit = SemaphoreGuardArc;

    /// The future of async-lock itself, as in `acquire`.
    fn acquire_owned(
        self: Arc<Self>,
        permits: u32,
    ) -> impl Future<Output = Result<SemaphoreGuardArc, Refused>> + 'static {
        let mut acquire = (permits == 1).then(|| Box::pin(self.acquire_arc()));
        poll_fn(move |context| match &mut acquire {
            Some(acquire) => acquire.as_mut().poll(context).map(Ok),
            None => Err(Refused::Unsupported).into(),
        })
    }

    fn try_acquire_owned(self: Arc<Self>, permits: u32) -> Result<SemaphoreGuardArc, Refused> {
        match permits {
            1 => self.try_acquire_arc().ok_or(Refused::NoPermits),
            _ => Err(Refused::Unsupported),
        }
    }

    fn forget_owned(permit: SemaphoreGuardArc) -> Result<(), Unsupported> {
        permit.forget();
        Ok(())
    }
}
