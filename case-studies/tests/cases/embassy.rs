//! embassy-sync 0.8.0, `FairSemaphore`: who stands behind a waiter that is cancelled is not woken.
//!
//! A cancelled acquire sets its place in the queue to `None`, and wakes nobody: neither when it stood
//! in the way of a smaller request, nor when a release had woken it and it was to wake the next one.

use std::future::Future;

use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_sync::semaphore::{FairSemaphore, GreedySemaphore, Semaphore, SemaphoreReleaser};
use selvedge::program::{Order, PropertyName};
use selvedge::runtime::{Counting, Handover, Refused, Unsupported};

use crate::driver::{differs, finds, finds_nothing};
use crate::programs::{behind_a_large_request, in_parts, one_permit};

type Of16 = FairSemaphore<NoopRawMutex, 16>;

/// Its queue has room for all who come.
struct Fair(Of16);

impl Counting for Fair {
    const ORDER: Order = Order::Fifo;
    const HANDOVER: Handover = Handover::WakeAndRetry;

    type Permit<'a> = SemaphoreReleaser<'a, Of16>;

    fn with_permits(permits: u32) -> Fair {
        Fair(FairSemaphore::new(permits as usize))
    }

    fn acquire(
        &self,
        permits: u32,
    ) -> impl Future<Output = Result<SemaphoreReleaser<'_, Of16>, Refused>> + '_ {
        let acquire = self.0.acquire(permits as usize);
        async { Ok(acquire.await.expect("the queue has room")) }
    }

    fn try_acquire(&self, permits: u32) -> Result<SemaphoreReleaser<'_, Of16>, Refused> {
        let permit = self.0.try_acquire(permits as usize);
        permit.ok_or(Refused::NoPermits)
    }

    fn forget(permit: SemaphoreReleaser<'_, Of16>) -> Result<(), Unsupported> {
        permit.disarm();
        Ok(())
    }

    fn grow(&self, permits: u32) -> Result<(), Unsupported> {
        self.0.release(permits as usize);
        Ok(())
    }
}

#[test]
fn embassy_sync_0_8_strands_who_is_behind_the_head() {
    finds(
        PropertyName::LostWakeup,
        "waits for zoo although what it asks for is available",
        "embassy-sync-0.8-large",
        behind_a_large_request::<Fair>,
    );
}

/// The only permit is put back, its first waiter is woken and cancelled, and the second sleeps on.
#[test]
fn embassy_sync_0_8_does_not_pass_a_wake_on() {
    finds(
        PropertyName::LostWakeup,
        "waits for zoo although what it asks for is available",
        "embassy-sync-0.8-one",
        one_permit::<Fair, 2>,
    );
}

/// With one waiter there is nobody to strand.
#[test]
fn embassy_sync_0_8() {
    finds_nothing("embassy-sync-0.8-one-waiter", one_permit::<Fair, 1>);
    finds_nothing("embassy-sync-0.8-parts", in_parts::<Fair>);
}

#[test]
fn embassy_sync_0_8_against_the_model() {
    differs::<Fair>(
        "\
    step  op                    model               semaphore
       0  new                   1 free
       1  acquire #1 permits=2  waits, 1 free       pending
       2  acquire #2            waits, 1 free       pending
  >    3  cancel #1             granted #2, 0 free
",
    );
}

type Greedily = GreedySemaphore<NoopRawMutex>;

/// Whoever is polled takes what is free. It keeps the waker of one waiter, and wakes that when another
/// one comes: two who wait wake each other, each time they are polled.
struct Greedy(Greedily);

impl Counting for Greedy {
    const ORDER: Order = Order::Barging;

    type Permit<'a> = SemaphoreReleaser<'a, Greedily>;

    fn with_permits(permits: u32) -> Greedy {
        Greedy(GreedySemaphore::new(permits as usize))
    }

    fn acquire(
        &self,
        permits: u32,
    ) -> impl Future<Output = Result<SemaphoreReleaser<'_, Greedily>, Refused>> + '_ {
        let acquire = self.0.acquire(permits as usize);
        async { Ok(acquire.await.unwrap_or_else(|never| match never {})) }
    }

    fn try_acquire(&self, permits: u32) -> Result<SemaphoreReleaser<'_, Greedily>, Refused> {
        let permit = self.0.try_acquire(permits as usize);
        permit.ok_or(Refused::NoPermits)
    }
}

#[test]
fn embassy_sync_0_8_greedy() {
    finds_nothing("embassy-sync-0.8-greedy-one", one_permit::<Greedy, 1>);
    finds_nothing("embassy-sync-0.8-greedy-parts", in_parts::<Greedy>);
}

#[test]
fn embassy_sync_0_8_greedy_two() {
    finds_nothing("embassy-sync-0.8-greedy-two", one_permit::<Greedy, 2>);
}
