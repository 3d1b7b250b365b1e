//! The semaphore of this crate, asked as any other: `fifo`, with hand-off.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::counting::{Acquiring, CancelToken, Counting, Refused, Unsupported};
use crate::program::Order;
use crate::semaphore::{
    Acquire, AcquireError, Cancel, Semaphore, SemaphorePermit, TryAcquireError,
};

impl Counting for Semaphore {
    const ORDER: Order = Order::Fifo;

    type Permit<'a> = SemaphorePermit<'a>;

    #[inline]
    fn with_permits(permits: u32) -> Semaphore {
        Semaphore::new(permits as usize)
    }

    #[inline]
    #[track_caller]
    fn acquire(
        &self,
        permits: u32,
    ) -> impl Future<Output = Result<SemaphorePermit<'_>, Refused>> + '_ {
        Asked(self.acquire_many(permits))
    }

    #[track_caller]
    fn try_acquire(&self, permits: u32) -> Result<SemaphorePermit<'_>, Refused> {
        self.try_acquire_many(permits).map_err(|e| match e {
            TryAcquireError::Closed => Refused::Closed,
            TryAcquireError::NoPermits => Refused::NoPermits,
        })
    }

    #[inline]
    fn available(&self) -> Option<usize> {
        Some(self.available_permits())
    }

    #[inline]
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

    #[inline]
    #[track_caller]
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

    fn cancel_token() -> Result<Box<dyn CancelToken<Semaphore>>, Unsupported> {
        Ok(Box::new(Cancel::new()))
    }

    #[inline]
    #[track_caller]
    fn forget(permit: SemaphorePermit<'_>) -> Result<(), Unsupported> {
        permit.forget();
        Ok(())
    }

    #[inline]
    #[track_caller]
    fn grow(&self, permits: u32) -> Result<(), Unsupported> {
        Semaphore::grow(self, permits as usize);
        Ok(())
    }

    #[inline]
    #[track_caller]
    fn shrink(&self, permits: u32) -> Result<(), Unsupported> {
        Semaphore::shrink(self, permits as usize);
        Ok(())
    }

    #[inline]
    #[track_caller]
    fn forget_free(&self, permits: u32) -> Result<u32, Unsupported> {
        let forgotten = self.forget_permits(permits as usize);
        // no more than was asked for
        u32::try_from(forgotten).map_err(|_| Unsupported)
    }

    #[inline]
    #[track_caller]
    fn drain(&self) -> Result<Option<SemaphorePermit<'_>>, Unsupported> {
        let drained = Semaphore::drain(self);
        Ok((drained.num_permits() > 0).then_some(drained))
    }

    #[inline]
    #[track_caller]
    fn close(&self) -> Result<(), Unsupported> {
        Semaphore::close(self);
        Ok(())
    }
}

impl CancelToken<Semaphore> for Cancel {
    fn acquire<'s>(&self, semaphore: &'s Semaphore, permits: u32) -> Acquiring<'s, Semaphore> {
        Box::pin(Asked(semaphore.acquire_many(permits).or_cancelled(self)))
    }

    fn fire(&self) {
        Cancel::fire(self);
    }
}

/// An acquire, which lives as long as this does. It has a name, so that it is compiled where it is
/// written and not where it is polled.
struct Asked<'a>(Acquire<'a>);

impl<'a> Future for Asked<'a> {
    type Output = Result<SemaphorePermit<'a>, Refused>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = Pin::new(&mut self.0).poll(context);
        polled.map_err(|error| match error {
            AcquireError::Cancelled => Refused::Cancelled,
            // it has no timer
            AcquireError::Closed | AcquireError::TimedOut => Refused::Closed,
        })
    }
}
