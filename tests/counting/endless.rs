//! Semaphores that do not come to rest.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::task::{Poll, Waker};

use selvedge::program::Order;
use selvedge::runtime::{Counting, Refused};

/// Who waits wakes whom it replaces in the only place for a waker.
pub(crate) const ONE_PLACE: u8 = 0;
/// Who waits wakes itself.
pub(crate) const WAKES_ITSELF: u8 = 1;
/// A release wakes, and wakes, and wakes.
pub(crate) const RELEASE_WAKES: u8 = 2;

pub(crate) struct Endless<const HOW: u8> {
    free: Cell<u32>,
    waits: RefCell<Option<Waker>>,
}

pub(crate) struct Permit<'a, const HOW: u8>(&'a Endless<HOW>, u32);

impl<const HOW: u8> Drop for Permit<'_, HOW> {
    fn drop(&mut self) {
        self.0.free.set(self.0.free.get() + self.1);
        let waker = self.0.waits.take();
        while let (RELEASE_WAKES, Some(waker)) = (HOW, &waker) {
            waker.wake_by_ref();
        }
        waker.into_iter().for_each(Waker::wake);
    }
}

impl<const HOW: u8> Counting for Endless<HOW> {
    const ORDER: Order = Order::Barging;

    type Permit<'a> = Permit<'a, HOW>;

    fn with_permits(permits: u32) -> Self {
        Endless {
            free: Cell::new(permits),
            waits: RefCell::default(),
        }
    }

    fn acquire(&self, permits: u32) -> impl Future<Output = Result<Permit<'_, HOW>, Refused>> + '_ {
        poll_fn(move |context| {
            if let Ok(permit) = self.try_acquire(permits) {
                return Poll::Ready(Ok(permit));
            }
            let waker = context.waker();
            if HOW == WAKES_ITSELF {
                waker.wake_by_ref();
            }
            let before = self.waits.replace(Some(waker.clone()));
            before.into_iter().for_each(Waker::wake);
            Poll::Pending
        })
    }

    fn try_acquire(&self, permits: u32) -> Result<Permit<'_, HOW>, Refused> {
        let left = self.free.get().checked_sub(permits);
        self.free.set(left.ok_or(Refused::NoPermits)?);
        Ok(Permit(self, permits))
    }
}
