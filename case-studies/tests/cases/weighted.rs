//! async-weighted-semaphore 0.2.1: once a waiter was cancelled, `try_acquire` fails although enough
//! permits are free.
//!
//! A cancelled acquire flushes the queue with `release(0)`. That looks whether the queue is empty,
//! to make its permits available, before it takes the cancelled waiter out: so they stay set aside,
//! as if somebody waited. The next release puts that right.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_weighted_semaphore::{Semaphore, SemaphoreGuard, TryAcquireError};
use selvedge::program::{Order, PropertyName};
use selvedge::runtime::{Counting, Refused, Unsupported};
use selvedge::{task, time, tracked};

use crate::driver::{differs, finds, finds_nothing};
use crate::programs::{behind_a_large_request, in_parts, one_permit, two_at_once};

/// With its own names.
struct Weighted(Semaphore);

impl Counting for Weighted {
    const ORDER: Order = Order::Fifo;

    type Permit<'a> = SemaphoreGuard<'a>;

    fn with_permits(permits: u32) -> Weighted {
        Weighted(Semaphore::new(permits as usize))
    }

    fn acquire(
        &self,
        permits: u32,
    ) -> impl Future<Output = Result<SemaphoreGuard<'_>, Refused>> + '_ {
        let acquire = self.0.acquire(permits as usize);
        async { acquire.await.map_err(|_| Refused::Closed) }
    }

    fn try_acquire(&self, permits: u32) -> Result<SemaphoreGuard<'_>, Refused> {
        let permit = self.0.try_acquire(permits as usize);
        permit.map_err(|error| match error {
            TryAcquireError::Poisoned => Refused::Closed,
            TryAcquireError::WouldBlock => Refused::NoPermits,
        })
    }

    fn split<'a>(
        permit: &mut SemaphoreGuard<'a>,
        permits: u32,
    ) -> Result<SemaphoreGuard<'a>, Unsupported>
    where
        Self: 'a,
    {
        permit.split(permits as usize).map_err(|_| Unsupported)
    }

    fn forget(permit: SemaphoreGuard<'_>) -> Result<(), Unsupported> {
        permit.forget();
        Ok(())
    }

    fn grow(&self, permits: u32) -> Result<(), Unsupported> {
        self.0.release(permits as usize);
        Ok(())
    }
}

/// One of two permits is held, and whoever waits for both gives up, if it is made to: then one is
/// free, and nobody waits for it.
async fn a_try_after_a_large_request<const LARGE: bool>() {
    let semaphore = Arc::new(Weighted::with_permits(2));
    let held = tracked(&*semaphore).named("pool").acquire().await;
    if LARGE {
        let theirs = Arc::clone(&semaphore);
        let large = task::spawn(async move {
            let both = tracked(&*theirs).named("pool").acquire_many(2);
            drop(time::timeout(Duration::from_secs(1), both).await);
        });
        let _ = large.await;
    }
    let tried = tracked(&*semaphore).named("pool").try_acquire();
    assert!(tried.is_ok(), "one permit is free, and nobody waits for it");
    drop(held);
}

#[test]
fn async_weighted_semaphore_0_2_refuses_what_is_free() {
    finds(
        PropertyName::Assertion,
        "one permit is free, and nobody waits for it",
        "async-weighted-semaphore-0.2-try",
        a_try_after_a_large_request::<true>,
    );
}

#[test]
fn async_weighted_semaphore_0_2() {
    finds_nothing(
        "async-weighted-semaphore-0.2-alone",
        a_try_after_a_large_request::<false>,
    );
    finds_nothing(
        "async-weighted-semaphore-0.2-one",
        one_permit::<Weighted, 2>,
    );
    finds_nothing(
        "async-weighted-semaphore-0.2-large",
        behind_a_large_request::<Weighted>,
    );
    finds_nothing("async-weighted-semaphore-0.2-two", two_at_once::<Weighted>);
    finds_nothing("async-weighted-semaphore-0.2-parts", in_parts::<Weighted>);
}

#[test]
fn async_weighted_semaphore_0_2_against_the_model() {
    differs::<Weighted>(
        "\
    step  op                    model            semaphore
       0  new                   1 free
       1  acquire #1 permits=2  waits, 1 free    pending
       2  cancel #1             1 free
  >    3  acquire #2            granted, 0 free  pending
",
    );
}
