//! The semaphore of this crate, asked as any other: `fifo`, with hand-off.

use std::future::{Future, poll_fn};
use std::pin::Pin;

use super::counting::{Counting, Refused, Unsupported};
use crate::program::Order;
use crate::semaphore::{Semaphore, SemaphorePermit, TryAcquireError};

impl Counting for Semaphore {
    const ORDER: Order = Order::Fifo;

    type Permit<'a> = SemaphorePermit<'a>;

    fn with_permits(permits: u32) -> Semaphore {
        Semaphore::new(permits as usize)
    }

    /// The future itself, which lives as long as this one does.
    #[track_caller]
    fn acquire(
        &self,
        permits: u32,
    ) -> impl Future<Output = Result<SemaphorePermit<'_>, Refused>> + '_ {
        let mut acquire = self.acquire_many(permits);
        poll_fn(move |context| {
            let polled = Pin::new(&mut acquire).poll(context);
            // nothing here cancels it, and it has no timer
            polled.map_err(|_| Refused::Closed)
        })
    }

    #[track_caller]
    fn try_acquire(&self, permits: u32) -> Result<SemaphorePermit<'_>, Refused> {
        self.try_acquire_many(permits).map_err(|e| match e {
            TryAcquireError::Closed => Refused::Closed,
            TryAcquireError::NoPermits => Refused::NoPermits,
        })
    }

    fn available(&self) -> Option<usize> {
        Some(self.available_permits())
    }

    #[track_caller]
    fn split<'a>(
        permit: &mut SemaphorePermit<'a>,
        permits: u32,
    ) -> Result<SemaphorePermit<'a>, Unsupported>
    where
        Self: 'a,
    {
        permit.split(permits as usize).ok_or(Unsupported)
    }

    #[track_caller]
    fn forget(permit: SemaphorePermit<'_>) -> Result<(), Unsupported> {
        permit.forget();
        Ok(())
    }

    #[track_caller]
    fn grow(&self, permits: u32) -> Result<(), Unsupported> {
        Semaphore::grow(self, permits as usize);
        Ok(())
    }

    #[track_caller]
    fn shrink(&self, permits: u32) -> Result<(), Unsupported> {
        Semaphore::shrink(self, permits as usize);
        Ok(())
    }

    #[track_caller]
    fn forget_free(&self, permits: u32) -> Result<u32, Unsupported> {
        let forgotten = self.forget_permits(permits as usize);
        // no more than was asked for
        u32::try_from(forgotten).map_err(|_| Unsupported)
    }

    #[track_caller]
    fn drain(&self) -> Result<Option<SemaphorePermit<'_>>, Unsupported> {
        let drained = Semaphore::drain(self);
        Ok((drained.num_permits() > 0).then_some(drained))
    }

    #[track_caller]
    fn close(&self) -> Result<(), Unsupported> {
        Semaphore::close(self);
        Ok(())
    }
}
