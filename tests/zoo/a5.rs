//! A5, python/asyncio #270: a waiter that is cancelled after it was set only removes itself, and the
//! wake-up that it had is lost.
//!
//! Wake-and-retry: a release raises the count and sets the first waiter, which lowers the count when
//! it resumes. The twin sets the next whenever more permits are free than waiters are set.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

use selvedge::program::Order;
use selvedge::runtime::{Counting, Handover, Refused};

pub(crate) type Buggy = Semaphore<false>;
pub(crate) type Fixed = Semaphore<true>;

pub(crate) struct Semaphore<const FIXED: bool> {
    state: Mutex<State>,
}

struct State {
    free: usize,
    queue: VecDeque<Waiter>,
    tickets: u64,
}

struct Waiter {
    ticket: u64,
    set: bool,
    waker: Waker,
}

impl State {
    /// Sets the first waiter that is not set yet.
    fn set_first(&mut self) -> Option<Waker> {
        let waiter = self.queue.iter_mut().find(|w| !w.set)?;
        waiter.set = true;
        Some(waiter.waker.clone())
    }

    /// Sets the next if a permit is free that no set waiter will take.
    fn pass_on(&mut self) -> Option<Waker> {
        let set = self.queue.iter().filter(|w| w.set).count();
        if set < self.free {
            self.set_first()
        } else {
            None
        }
    }
}

impl<const FIXED: bool> Semaphore<FIXED> {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

pub(crate) struct Permit<'a, const FIXED: bool>(&'a Semaphore<FIXED>);

impl<const FIXED: bool> Drop for Permit<'_, FIXED> {
    fn drop(&mut self) {
        let waker = {
            let mut state = self.0.lock();
            state.free += 1;
            state.set_first()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

struct Acquire<'a, const FIXED: bool> {
    semaphore: &'a Semaphore<FIXED>,
    ticket: Option<u64>,
}

impl<'a, const FIXED: bool> Future for Acquire<'a, FIXED> {
    type Output = Result<Permit<'a, FIXED>, Refused>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let semaphore = self.semaphore;
        let mut state = semaphore.lock();
        let mut next = None;
        if let Some(ticket) = self.ticket {
            let at = state.queue.iter().position(|w| w.ticket == ticket);
            let at = at.expect("who waits is in the queue");
            if !state.queue[at].set {
                state.queue[at].waker.clone_from(context.waker());
                return Poll::Pending;
            }
            state.free -= 1;
            state.queue.remove(at);
            if FIXED {
                next = state.pass_on();
            }
        } else if state.queue.is_empty() && state.free > 0 {
            state.free -= 1;
        } else {
            state.tickets += 1;
            let ticket = state.tickets;
            state.queue.push_back(Waiter {
                ticket,
                set: false,
                waker: context.waker().clone(),
            });
            self.ticket = Some(ticket);
            return Poll::Pending;
        }
        drop(state);
        self.ticket = None;
        if let Some(waker) = next {
            waker.wake();
        }
        Poll::Ready(Ok(Permit(semaphore)))
    }
}

impl<const FIXED: bool> Drop for Acquire<'_, FIXED> {
    fn drop(&mut self) {
        let Some(ticket) = self.ticket else {
            return;
        };
        let next = {
            let mut state = self.semaphore.lock();
            state.queue.retain(|w| w.ticket != ticket);
            if FIXED { state.pass_on() } else { None }
        };
        if let Some(waker) = next {
            waker.wake();
        }
    }
}

impl<const FIXED: bool> Counting for Semaphore<FIXED> {
    const ORDER: Order = Order::Fifo;
    const HANDOVER: Handover = Handover::WakeAndRetry;

    type Permit<'a> = Permit<'a, FIXED>;

    fn with_permits(permits: u32) -> Self {
        Semaphore {
            state: Mutex::new(State {
                free: permits as usize,
                queue: VecDeque::new(),
                tickets: 0,
            }),
        }
    }

    async fn acquire(&self, permits: u32) -> Result<Permit<'_, FIXED>, Refused> {
        match permits {
            1 => {
                Acquire {
                    semaphore: self,
                    ticket: None,
                }
                .await
            }
            _ => Err(Refused::Unsupported),
        }
    }

    fn try_acquire(&self, permits: u32) -> Result<Permit<'_, FIXED>, Refused> {
        if permits > 1 {
            return Err(Refused::Unsupported);
        }
        let mut state = self.lock();
        if !state.queue.is_empty() || state.free == 0 {
            return Err(Refused::NoPermits);
        }
        state.free -= 1;
        Ok(Permit(self))
    }

    fn available(&self) -> Option<usize> {
        Some(self.lock().free)
    }
}
