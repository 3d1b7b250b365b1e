//! async-lock's semaphore: `barging`, one permit at a time.
//!
//! A release raises the count and notifies one listener; whoever comes first takes the permit. It
//! does not tell how many permits are free.

use std::future::Future;

use ::async_lock::{Semaphore, SemaphoreGuard};

use crate::program::Order;
use crate::runtime::{Counting, Refused, Unsupported};

impl Counting for Semaphore {
    const ORDER: Order = Order::Barging;

    type Permit<'a> = SemaphoreGuard<'a>;

    fn with_permits(permits: u32) -> Semaphore {
        Semaphore::new(permits as usize)
    }

    fn acquire(
        &self,
        permits: u32,
    ) -> impl Future<Output = Result<SemaphoreGuard<'_>, Refused>> + '_ {
        async move {
            match permits {
                1 => Ok(Semaphore::acquire(self).await),
                _ => Err(Refused::Unsupported),
            }
        }
    }

    fn try_acquire(&self, permits: u32) -> Result<SemaphoreGuard<'_>, Refused> {
        match permits {
            1 => Semaphore::try_acquire(self).ok_or(Refused::NoPermits),
            _ => Err(Refused::Unsupported),
        }
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
