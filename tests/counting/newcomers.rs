//! Semaphores with a queue that newcomers go past.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::rc::Rc;
use std::task::{Poll, Waker};

use selvedge::program::Order;
use selvedge::runtime::{Counting, Handover, Newcomers, Refused, Unsupported};

/// What is wrong.
pub(crate) const NOTHING: u8 = 0;
pub(crate) const TRIES_QUEUE: u8 = 1;
pub(crate) const ACQUIRES_QUEUE: u8 = 2;
pub(crate) const WAKES_WHO_IS_SECOND: u8 = 3;
pub(crate) const TAKES_TOO_MUCH: u8 = 4;
pub(crate) const CLAIMS_TO_QUEUE: u8 = 5;

struct Waiter {
    permits: u32,
    waker: RefCell<Waker>,
}

/// As Java's semaphore is unless it is made fair: who is first in the queue is woken and takes what
/// it wants if that is there, and whoever comes takes what is there.
#[derive(Default)]
pub(crate) struct Unfair<const HOW: u8> {
    free: Cell<u32>,
    queue: RefCell<VecDeque<Rc<Waiter>>>,
}

impl<const HOW: u8> Unfair<HOW> {
    fn take(&self, permits: u32) -> Option<Permit<'_, HOW>> {
        let left = self.free.get().checked_sub(permits)?;
        let more = u32::from(HOW == TAKES_TOO_MUCH && left > 0 && !self.queue.borrow().is_empty());
        self.free.set(left - more);
        Some(Permit(self, permits))
    }

    /// Wakes the first, if there is enough for it.
    fn wake(&self) {
        let place = usize::from(HOW == WAKES_WHO_IS_SECOND && self.queue.borrow().len() > 1);
        let woken = self.queue.borrow().get(place).map(|first| {
            let fits = first.permits <= self.free.get();
            fits.then(|| first.waker.borrow().clone())
        });
        woken.flatten().into_iter().for_each(Waker::wake);
    }

    fn put(&self, permits: u32) {
        self.free.set(self.free.get() + permits);
        self.wake();
    }
}

pub(crate) struct Permit<'a, const HOW: u8>(&'a Unfair<HOW>, u32);

impl<const HOW: u8> Drop for Permit<'_, HOW> {
    fn drop(&mut self) {
        self.0.put(self.1);
    }
}

/// An acquire's place in the queue; it leaves by being dropped, and who is first then is woken.
struct Place<'a, const HOW: u8>(&'a Unfair<HOW>, Option<Rc<Waiter>>);

impl<const HOW: u8> Place<'_, HOW> {
    fn leave(&mut self) {
        if let Some(waiter) = self.1.take() {
            let mut queue = self.0.queue.borrow_mut();
            queue.retain(|other| !Rc::ptr_eq(other, &waiter));
            drop(queue);
            self.0.wake();
        }
    }
}

impl<const HOW: u8> Drop for Place<'_, HOW> {
    fn drop(&mut self) {
        self.leave();
    }
}

impl<const HOW: u8> Counting for Unfair<HOW> {
    const ORDER: Order = Order::Fifo;
    const HANDOVER: Handover = Handover::WakeAndRetry;
    const NEWCOMERS: Newcomers = match HOW {
        CLAIMS_TO_QUEUE => Newcomers::Queue,
        _ => Newcomers::Barge,
    };

    type Permit<'a> = Permit<'a, HOW>;

    fn with_permits(permits: u32) -> Self {
        let made = Unfair::default();
        made.free.set(permits);
        made
    }

    fn acquire(&self, permits: u32) -> impl Future<Output = Result<Permit<'_, HOW>, Refused>> + '_ {
        let mut place = Place(self, None);
        poll_fn(move |context| {
            let is_new = place.1.is_none();
            let queues = HOW == ACQUIRES_QUEUE && !self.queue.borrow().is_empty();
            let is_first = match (&place.1, self.queue.borrow().front()) {
                (Some(waiter), Some(first)) => Rc::ptr_eq(waiter, first),
                (waiter, _) => waiter.is_none() && !queues,
            };
            if is_first && let Some(permit) = self.take(permits) {
                place.leave();
                return Poll::Ready(Ok(permit));
            }
            let waker = context.waker().clone();
            match &place.1 {
                Some(waiter) => drop(waiter.waker.replace(waker)),
                None => {
                    let waker = RefCell::new(waker);
                    place.1 = Some(Rc::new(Waiter { permits, waker }));
                }
            }
            if is_new {
                self.queue.borrow_mut().extend(place.1.clone());
            }
            Poll::Pending
        })
    }

    fn try_acquire(&self, permits: u32) -> Result<Permit<'_, HOW>, Refused> {
        if HOW == TRIES_QUEUE && !self.queue.borrow().is_empty() {
            return Err(Refused::NoPermits);
        }
        self.take(permits).ok_or(Refused::NoPermits)
    }

    fn available(&self) -> Option<usize> {
        Some(self.free.get() as usize)
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
}
