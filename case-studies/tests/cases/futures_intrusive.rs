//! futures-intrusive 0.5.0: who stands behind a waiter that is cancelled is not woken.
//!
//! `remove_waiter`, which runs when an acquire is dropped, wakes the next waiter if the dropped one
//! had been notified. If it was still waiting it is only taken out of the list: whoever stood behind
//! it and fits now is not woken before the next release. The unfair semaphore does the same, where a
//! newcomer could take the permit, but nobody who waits already is told of it.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_intrusive::sync::{Semaphore, SemaphoreReleaser};
use selvedge::program::{Order, PropertyName};
use selvedge::runtime::{Counting, Handover, Refused, Unsupported};
use selvedge::{task, time, tracked};

use crate::driver::{differs, finds, finds_nothing};
use crate::programs::{behind_a_large_request, in_parts, one_permit, two_at_once};

/// The fair one: who waits is woken in turn, and takes its permits itself.
struct Fair(Semaphore);

impl Counting for Fair {
    const ORDER: Order = Order::Fifo;
    const HANDOVER: Handover = Handover::WakeAndRetry;

    type Permit<'a> = SemaphoreReleaser<'a>;

    fn with_permits(permits: u32) -> Fair {
        Fair(Semaphore::new(true, permits as usize))
    }

    fn acquire(
        &self,
        permits: u32,
    ) -> impl Future<Output = Result<SemaphoreReleaser<'_>, Refused>> + '_ {
        let acquire = self.0.acquire(permits as usize);
        async { Ok(acquire.await) }
    }

    fn try_acquire(&self, permits: u32) -> Result<SemaphoreReleaser<'_>, Refused> {
        let permit = self.0.try_acquire(permits as usize);
        permit.ok_or(Refused::NoPermits)
    }

    fn available(&self) -> Option<usize> {
        Some(self.0.permits())
    }

    fn forget(mut permit: SemaphoreReleaser<'_>) -> Result<(), Unsupported> {
        permit.disarm();
        Ok(())
    }

    fn grow(&self, permits: u32) -> Result<(), Unsupported> {
        self.0.release(permits as usize);
        Ok(())
    }
}

#[test]
fn futures_intrusive_0_5_strands_who_is_behind_the_head() {
    finds(
        PropertyName::LostWakeup,
        "waits for zoo although what it asks for is available",
        "futures-intrusive-0.5-large",
        behind_a_large_request::<Fair>,
    );
}

/// What does not need a waiter to give up while it waits is right.
#[test]
fn futures_intrusive_0_5() {
    finds_nothing("futures-intrusive-0.5-one", one_permit::<Fair, 2>);
    finds_nothing("futures-intrusive-0.5-two", two_at_once::<Fair>);
    finds_nothing("futures-intrusive-0.5-parts", in_parts::<Fair>);
}

#[test]
fn futures_intrusive_0_5_against_the_model() {
    differs::<Fair>(
        "\
    step  op                    model               semaphore
       0  new                   1 free
       1  acquire #1 permits=2  waits, 1 free       pending, 1 free
       2  acquire #2            waits, 1 free       pending, 1 free
  >    3  cancel #1             granted #2, 0 free  1 free
",
    );
}

/// The unfair one: newcomers take what is free, and who waits is woken in turn.
struct Unfair(Semaphore);

impl Counting for Unfair {
    const ORDER: Order = Order::Barging;

    type Permit<'a> = SemaphoreReleaser<'a>;

    fn with_permits(permits: u32) -> Unfair {
        Unfair(Semaphore::new(false, permits as usize))
    }

    fn acquire(
        &self,
        permits: u32,
    ) -> impl Future<Output = Result<SemaphoreReleaser<'_>, Refused>> + '_ {
        let acquire = self.0.acquire(permits as usize);
        async { Ok(acquire.await) }
    }

    fn try_acquire(&self, permits: u32) -> Result<SemaphoreReleaser<'_>, Refused> {
        let permit = self.0.try_acquire(permits as usize);
        permit.ok_or(Refused::NoPermits)
    }

    fn available(&self) -> Option<usize> {
        Some(self.0.permits())
    }
}

/// Both permits are held, and one comes back while somebody waits for both, who gives up; whoever
/// stands behind that one wants one only. The other comes back when that one has had its own.
async fn behind_one_who_gives_up<S: Counting + 'static>() {
    let semaphore = Arc::new(S::with_permits(2));
    let [one, other] = [
        tracked(&semaphore).named("zoo").acquire().await,
        tracked(&semaphore).named("zoo").acquire().await,
    ];
    let theirs = Arc::clone(&semaphore);
    let large = task::spawn(async move {
        let both = tracked(&theirs).named("zoo").acquire_many(2);
        drop(time::timeout(Duration::from_secs(1), both).await);
    });
    let theirs = Arc::clone(&semaphore);
    let small = task::spawn(async move {
        drop(tracked(&theirs).named("zoo").acquire().await);
    });
    task::yield_now().await;
    drop(one);
    let _ = small.await;
    drop(other);
    let _ = large.await;
}

#[test]
fn futures_intrusive_0_5_unfair_strands_who_is_behind_the_head() {
    finds(
        PropertyName::LostWakeup,
        "waits for zoo although what it asks for is available",
        "futures-intrusive-0.5-unfair",
        behind_one_who_gives_up::<Unfair>,
    );
}

#[test]
fn futures_intrusive_0_5_unfair() {
    finds_nothing("futures-intrusive-0.5-unfair-one", one_permit::<Unfair, 2>);
    finds_nothing("futures-intrusive-0.5-unfair-two", two_at_once::<Unfair>);
    finds_nothing("futures-intrusive-0.5-unfair-parts", in_parts::<Unfair>);
}

/// The same programs, on a semaphore that serves who is behind the head.
#[test]
fn tokio_strands_nobody_behind_the_head() {
    finds_nothing(
        "tokio-1.54-gives-up",
        behind_one_who_gives_up::<tokio::sync::Semaphore>,
    );
}
