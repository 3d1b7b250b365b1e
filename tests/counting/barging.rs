//! Semaphores without a queue.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::task::{Poll, Waker};

use selvedge::program::Order;
use selvedge::runtime::{Counting, Refused, Unsupported};

/// What is wrong.
pub(crate) const NOTHING: u8 = 0;
pub(crate) const WAKES_ONE: u8 = 1;
pub(crate) const CLOSES_IN_SILENCE: u8 = 2;
pub(crate) const WAITS_BEHIND_OTHERS: u8 = 3;
pub(crate) const ADMITS_WHO_IS_WOKEN: u8 = 4;

/// Whatever changes wakes all who wait, and whoever comes first takes what fits.
#[derive(Default)]
pub(crate) struct Crowd<const HOW: u8> {
    free: Cell<u32>,
    closed: Cell<bool>,
    waiting: RefCell<Vec<Waker>>,
}

impl<const HOW: u8> Crowd<HOW> {
    fn put(&self, permits: u32) {
        self.free.set(self.free.get() + permits);
        self.wake();
    }

    fn wake(&self) {
        let mut waiting = self.waiting.take();
        if HOW == WAKES_ONE && waiting.len() > 1 {
            *self.waiting.borrow_mut() = waiting.split_off(1);
        }
        waiting.into_iter().for_each(Waker::wake);
    }
}

pub(crate) struct Permit<'a, const HOW: u8>(&'a Crowd<HOW>, u32);

impl<const HOW: u8> Drop for Permit<'_, HOW> {
    fn drop(&mut self) {
        self.0.put(self.1);
    }
}

impl<const HOW: u8> Counting for Crowd<HOW> {
    const ORDER: Order = Order::Barging;

    type Permit<'a> = Permit<'a, HOW>;

    fn with_permits(permits: u32) -> Self {
        let crowd = Crowd::default();
        crowd.free.set(permits);
        crowd
    }

    fn acquire(&self, permits: u32) -> impl Future<Output = Result<Permit<'_, HOW>, Refused>> + '_ {
        let mut polls = 0;
        poll_fn(move |context| {
            polls += 1;
            let behind = !self.waiting.borrow().is_empty();
            if HOW == WAITS_BEHIND_OTHERS && polls == 1 && behind {
                self.waiting.borrow_mut().push(context.waker().clone());
                return Poll::Pending;
            }
            if HOW == ADMITS_WHO_IS_WOKEN && polls == 3 {
                self.free.set(self.free.get().saturating_sub(permits));
                return Poll::Ready(Ok(Permit(self, permits)));
            }
            match self.try_acquire(permits) {
                Err(Refused::NoPermits) => {
                    self.waiting.borrow_mut().push(context.waker().clone());
                    Poll::Pending
                }
                taken => Poll::Ready(taken),
            }
        })
    }

    fn try_acquire(&self, permits: u32) -> Result<Permit<'_, HOW>, Refused> {
        if self.closed.get() {
            return Err(Refused::Closed);
        }
        let left = self.free.get().checked_sub(permits);
        self.free.set(left.ok_or(Refused::NoPermits)?);
        Ok(Permit(self, permits))
    }

    fn split<'a>(permit: &mut Permit<'a, HOW>, permits: u32) -> Result<Permit<'a, HOW>, Unsupported>
    where
        Self: 'a,
    {
        permit.1 -= permits;
        Ok(Permit(permit.0, permits))
    }

    fn grow(&self, permits: u32) -> Result<(), Unsupported> {
        self.put(permits);
        Ok(())
    }

    fn drain(&self) -> Result<Option<Permit<'_, HOW>>, Unsupported> {
        let free = self.free.take();
        Ok((free > 0).then_some(Permit(self, free)))
    }

    fn close(&self) -> Result<(), Unsupported> {
        self.closed.set(true);
        if HOW != CLOSES_IN_SILENCE {
            self.wake();
        }
        Ok(())
    }
}

/// async-lock's, as it is mostly used: a future that has completed is dropped at once.
#[cfg(feature = "async-lock")]
pub(crate) struct Awaited(async_lock::Semaphore);

#[cfg(feature = "async-lock")]
impl Counting for Awaited {
    const ORDER: Order = Order::Barging;

    type Permit<'a> = async_lock::SemaphoreGuard<'a>;

    fn with_permits(permits: u32) -> Self {
        Awaited(Counting::with_permits(permits))
    }

    async fn acquire(&self, permits: u32) -> Result<Self::Permit<'_>, Refused> {
        Counting::acquire(&self.0, permits).await
    }

    fn try_acquire(&self, permits: u32) -> Result<Self::Permit<'_>, Refused> {
        Counting::try_acquire(&self.0, permits)
    }

    fn available(&self) -> Option<usize> {
        Counting::available(&self.0)
    }

    fn forget(permit: Self::Permit<'_>) -> Result<(), Unsupported> {
        <async_lock::Semaphore as Counting>::forget(permit)
    }

    fn grow(&self, permits: u32) -> Result<(), Unsupported> {
        Counting::grow(&self.0, permits)
    }
}
