//! The semaphore of this crate with one thing wrong, for each thing that is compared.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Wake, Waker};

use selvedge::program::Order;
use selvedge::runtime::{Counting, Handover, Refused, Unsupported};
use selvedge::{Semaphore, SemaphorePermit};

/// What is wrong.
pub(crate) const KEEPS_THE_FIRST_WAKER: u8 = 0;
pub(crate) const TRIES_PAST_THE_QUEUE: u8 = 1;
pub(crate) const FORGETS_NOTHING: u8 = 2;
pub(crate) const OWES_NOTHING: u8 = 3;
pub(crate) const DRAINS_ALL_BUT_ONE: u8 = 4;
pub(crate) const STAYS_OPEN: u8 = 5;
pub(crate) const REMOVES_ONE_LESS: u8 = 6;
pub(crate) const COUNTS_A_CLOSED_ONE_AS_EMPTY: u8 = 7;
pub(crate) const PANICS_WHEN_A_WAITER_IS_DROPPED: u8 = 8;
pub(crate) const GROWS_BY_ONE: u8 = 9;
pub(crate) const SPLITS_AND_LOSES: u8 = 10;
pub(crate) const TRIES_A_CLOSED_ONE_FOR_NOTHING: u8 = 11;
pub(crate) const WAITS_FOR_ONE_LESS: u8 = 12;
pub(crate) const GROWS_AND_WAKES_BACKWARDS: u8 = 13;
pub(crate) const CANNOT_BE_EMPTY: u8 = 14;
pub(crate) const SAYS_THAT_IT_RETRIES: u8 = 15;

pub(crate) struct Wrong<const HOW: u8>(Semaphore, Postponed);

/// The wakers that a `grow` under way has called.
type Postponed = Arc<Mutex<Option<Vec<Waker>>>>;

struct Postpone(Waker, Postponed);

impl Wake for Postpone {
    fn wake(self: Arc<Self>) {
        match &mut *self.1.lock().unwrap() {
            Some(later) => later.push(self.0.clone()),
            None => self.0.wake_by_ref(),
        }
    }
}

/// Panics when it is dropped.
struct Mine(bool);

impl Drop for Mine {
    fn drop(&mut self) {
        assert!(!self.0, "a waiter was dropped");
    }
}

impl<const HOW: u8> Counting for Wrong<HOW> {
    const ORDER: Order = Order::Fifo;
    const HANDOVER: Handover = match HOW {
        SAYS_THAT_IT_RETRIES => Handover::WakeAndRetry,
        _ => Handover::HandOff,
    };

    type Permit<'a> = SemaphorePermit<'a>;

    fn with_permits(permits: u32) -> Self {
        assert!(HOW != CANNOT_BE_EMPTY || permits > 0, "no permits");
        Wrong(Counting::with_permits(permits), Postponed::default())
    }

    fn acquire(
        &self,
        permits: u32,
    ) -> impl Future<Output = Result<SemaphorePermit<'_>, Refused>> + '_ {
        let less = u32::from(HOW == WAITS_FOR_ONE_LESS && self.0.waiters() > 0 && permits > 1);
        let mut acquire = Box::pin(Counting::acquire(&self.0, permits - less));
        let mut first: Option<Waker> = None;
        let mut mine = Mine(HOW == PANICS_WHEN_A_WAITER_IS_DROPPED);
        poll_fn(move |context| {
            let waker = first.get_or_insert_with(|| context.waker().clone());
            let polled = match HOW {
                GROWS_AND_WAKES_BACKWARDS => {
                    let waker = Postpone(context.waker().clone(), Arc::clone(&self.1));
                    let waker = Waker::from(Arc::new(waker));
                    acquire.as_mut().poll(&mut Context::from_waker(&waker))
                }
                KEEPS_THE_FIRST_WAKER => acquire.as_mut().poll(&mut Context::from_waker(waker)),
                _ => Pin::new(&mut acquire).poll(context),
            };
            let mine = &mut mine;
            mine.0 &= polled.is_pending();
            polled
        })
    }

    fn try_acquire(&self, permits: u32) -> Result<SemaphorePermit<'_>, Refused> {
        let tried = Counting::try_acquire(&self.0, permits);
        match tried {
            Err(Refused::NoPermits) if HOW == TRIES_PAST_THE_QUEUE => {
                let mut all = self.0.drain();
                all.split(permits as usize).ok_or(Refused::NoPermits)
            }
            Err(Refused::Closed) if HOW == TRIES_A_CLOSED_ONE_FOR_NOTHING => {
                Err(Refused::NoPermits)
            }
            tried => tried,
        }
    }

    fn available(&self) -> Option<usize> {
        match HOW {
            COUNTS_A_CLOSED_ONE_AS_EMPTY if self.0.is_closed() => Some(0),
            _ => Counting::available(&self.0),
        }
    }

    fn split<'a>(
        permit: &mut SemaphorePermit<'a>,
        permits: u32,
    ) -> Result<SemaphorePermit<'a>, Unsupported>
    where
        Self: 'a,
    {
        if HOW == SPLITS_AND_LOSES && permit.num_permits() > 2 {
            <Semaphore as Counting>::split(permit, 1)?.forget();
        }
        <Semaphore as Counting>::split(permit, permits)
    }

    fn forget(permit: SemaphorePermit<'_>) -> Result<(), Unsupported> {
        match HOW {
            FORGETS_NOTHING => {
                drop(permit);
                Ok(())
            }
            _ => <Semaphore as Counting>::forget(permit),
        }
    }

    fn grow(&self, permits: u32) -> Result<(), Unsupported> {
        let permits = if HOW == GROWS_BY_ONE { 1 } else { permits };
        if HOW == GROWS_AND_WAKES_BACKWARDS {
            *self.1.lock().unwrap() = Some(Vec::new());
        }
        Counting::grow(&self.0, permits)?;
        let later = self.1.lock().unwrap().take();
        later.into_iter().flatten().rev().for_each(Waker::wake);
        Ok(())
    }

    fn shrink(&self, permits: u32) -> Result<(), Unsupported> {
        match HOW {
            OWES_NOTHING => self.forget_free(permits).map(drop),
            _ => Counting::shrink(&self.0, permits),
        }
    }

    fn forget_free(&self, permits: u32) -> Result<u32, Unsupported> {
        let less = u32::from(HOW == REMOVES_ONE_LESS);
        Counting::forget_free(&self.0, permits - less).map(|n| n + less)
    }

    fn drain(&self) -> Result<Option<SemaphorePermit<'_>>, Unsupported> {
        let mut drained = Counting::drain(&self.0)?;
        if let (DRAINS_ALL_BUT_ONE, Some(drained)) = (HOW, &mut drained) {
            drop(drained.split(1));
        }
        Ok(drained)
    }

    fn close(&self) -> Result<(), Unsupported> {
        match HOW {
            STAYS_OPEN => Ok(()),
            _ => Counting::close(&self.0),
        }
    }
}
