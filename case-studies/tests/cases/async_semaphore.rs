//! async-semaphore 1.2.1: of two waiters that two releases are for, one may sleep on.
//!
//! A release notifies one listener of the semaphore's event, unless one is notified already and has
//! not looked yet. A waiter that is polled takes its notification first and then a permit, so that
//! nothing passes the notification of the second release on. async-lock, into which the crate was
//! merged, takes the permit first.

use std::future::Future;

use async_semaphore::{Semaphore, SemaphoreGuard};
use selvedge::program::{Order, PropertyName};
use selvedge::runtime::{Counting, Refused};

use crate::async_lock::two_for_two;
use crate::driver::{differs, finds, finds_nothing};
use crate::programs::one_permit;

/// One permit at a time.
struct Single(Semaphore);

impl Counting for Single {
    const ORDER: Order = Order::Barging;

    type Permit<'a> = SemaphoreGuard<'a>;

    fn with_permits(permits: u32) -> Single {
        Single(Semaphore::new(permits as usize))
    }

    fn acquire(
        &self,
        permits: u32,
    ) -> impl Future<Output = Result<SemaphoreGuard<'_>, Refused>> + '_ {
        let acquire = (permits == 1).then(|| self.0.acquire());
        async {
            match acquire {
                Some(acquire) => Ok(acquire.await),
                None => Err(Refused::Unsupported),
            }
        }
    }

    fn try_acquire(&self, permits: u32) -> Result<SemaphoreGuard<'_>, Refused> {
        match permits {
            1 => self.0.try_acquire().ok_or(Refused::NoPermits),
            _ => Err(Refused::Unsupported),
        }
    }
}

#[test]
fn async_semaphore_1_2_wakes_one_for_two_releases() {
    finds(
        PropertyName::LostWakeup,
        "waits for pool although what it asks for is available",
        "async-semaphore-1.2-two",
        two_for_two::<Single, false>,
    );
}

#[test]
fn async_semaphore_1_2() {
    finds_nothing("async-semaphore-1.2-one", one_permit::<Single, 2>);
}

#[test]
fn async_semaphore_1_2_against_the_model() {
    differs::<Single>(
        "\
       5  release #1      1 free           wakes #3
       6  release #2      2 free
  >    7  poll #3         granted, 1 free  granted

  step 7: after `poll #3`, acquire #4 waits for 1 permit (barging: 1 available, so it fits) but nobody is woken
",
    );
}
