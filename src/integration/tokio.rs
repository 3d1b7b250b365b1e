//! tokio's semaphore: `fifo-partial`, with hand-off.
//!
//! The head of its queue takes permits as they come. `acquire_many` of what will never be there
//! waits, as the model does. It has no debt, so it cannot be shrunk; `forget_permits` is
//! [`Counting::forget_free`].

use std::future::Future;
use std::sync::Arc;

use ::tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit, TryAcquireError};

use crate::program::Order;
use crate::runtime::{Counting, CountingOwned, Refused, Unsupported};

fn refused(error: TryAcquireError) -> Refused {
    match error {
        TryAcquireError::Closed => Refused::Closed,
        TryAcquireError::NoPermits => Refused::NoPermits,
    }
}

impl Counting for Semaphore {
    const ORDER: Order = Order::FifoPartial;

    type Permit<'a> = SemaphorePermit<'a>;

    fn with_permits(permits: u32) -> Semaphore {
        Semaphore::new(permits as usize)
    }

    fn acquire(
        &self,
        permits: u32,
    ) -> impl Future<Output = Result<SemaphorePermit<'_>, Refused>> + '_ {
        let acquire = self.acquire_many(permits);
        async { acquire.await.map_err(|_| Refused::Closed) }
    }

    fn try_acquire(&self, permits: u32) -> Result<SemaphorePermit<'_>, Refused> {
        self.try_acquire_many(permits).map_err(refused)
    }

    fn available(&self) -> Option<usize> {
        Some(self.available_permits())
    }

    fn split<'a>(
        permit: &mut SemaphorePermit<'a>,
        permits: u32,
    ) -> Result<SemaphorePermit<'a>, Unsupported>
    where
        Self: 'a,
    {
        permit.split(permits as usize).ok_or(Unsupported)
    }

    fn merge<'a>(
        permit: &mut SemaphorePermit<'a>,
        other: SemaphorePermit<'a>,
    ) -> Result<(), Unsupported>
    where
        Self: 'a,
    {
        permit.merge(other);
        Ok(())
    }

    fn forget(permit: SemaphorePermit<'_>) -> Result<(), Unsupported> {
        permit.forget();
        Ok(())
    }

    fn grow(&self, permits: u32) -> Result<(), Unsupported> {
        self.add_permits(permits as usize);
        Ok(())
    }

    fn forget_free(&self, permits: u32) -> Result<u32, Unsupported> {
        let forgotten = self.forget_permits(permits as usize);
        // no more than was asked for
        u32::try_from(forgotten).map_err(|_| Unsupported)
    }

    fn close(&self) -> Result<(), Unsupported> {
        Semaphore::close(self);
        Ok(())
    }
}

impl CountingOwned for Semaphore {
    type OwnedPermit = OwnedSemaphorePermit;

    fn acquire_owned(
        self: Arc<Self>,
        permits: u32,
    ) -> impl Future<Output = Result<OwnedSemaphorePermit, Refused>> + 'static {
        let acquire = self.acquire_many_owned(permits);
        async { acquire.await.map_err(|_| Refused::Closed) }
    }

    fn try_acquire_owned(self: Arc<Self>, permits: u32) -> Result<OwnedSemaphorePermit, Refused> {
        self.try_acquire_many_owned(permits).map_err(refused)
    }

    fn split_owned(
        permit: &mut OwnedSemaphorePermit,
        permits: u32,
    ) -> Result<OwnedSemaphorePermit, Unsupported> {
        permit.split(permits as usize).ok_or(Unsupported)
    }

    fn merge_owned(
        permit: &mut OwnedSemaphorePermit,
        other: OwnedSemaphorePermit,
    ) -> Result<(), Unsupported> {
        permit.merge(other);
        Ok(())
    }

    fn forget_owned(permit: OwnedSemaphorePermit) -> Result<(), Unsupported> {
        permit.forget();
        Ok(())
    }
}
