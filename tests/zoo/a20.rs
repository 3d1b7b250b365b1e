//! A20, cats-effect #403: a waiter receives its permits one by one, and takes those that it has with
//! it when it is cancelled.
//!
//! Hand-off in parts: what comes free goes to the waiter at the front until it has all that it wants,
//! then to the next. In the twin a waiter that is cancelled puts back what it has.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

use selvedge::program::Order;
use selvedge::runtime::{Counting, Refused, Unsupported};

pub(crate) type Buggy = Semaphore<false>;
pub(crate) type Fixed = Semaphore<true>;

pub(crate) struct Semaphore<const FIXED: bool> {
    state: Mutex<State>,
}

struct State {
    free: u32,
    queue: VecDeque<Waiter>,
    tickets: u64,
}

struct Waiter {
    ticket: u64,
    /// What it still has to receive.
    missing: u32,
    waker: Waker,
}

impl State {
    /// Gives what is free to those who wait, one permit at a time.
    fn serve(&mut self) -> Vec<Waker> {
        let mut wakers = Vec::new();
        while self.free > 0
            && let Some(front) = self.queue.front_mut()
        {
            self.free -= 1;
            front.missing -= 1;
            if front.missing == 0 {
                wakers.extend(self.queue.pop_front().map(|front| front.waker));
            }
        }
        wakers
    }
}

impl<const FIXED: bool> Semaphore<FIXED> {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn release(&self, permits: u32) {
        let wakers = {
            let mut state = self.lock();
            state.free += permits;
            state.serve()
        };
        wakers.into_iter().for_each(Waker::wake);
    }
}

pub(crate) struct Permit<'a, const FIXED: bool> {
    semaphore: &'a Semaphore<FIXED>,
    permits: u32,
}

impl<const FIXED: bool> Drop for Permit<'_, FIXED> {
    fn drop(&mut self) {
        self.semaphore.release(self.permits);
    }
}

struct Acquire<'a, const FIXED: bool> {
    semaphore: &'a Semaphore<FIXED>,
    permits: u32,
    ticket: Option<u64>,
}

impl<'a, const FIXED: bool> Future for Acquire<'a, FIXED> {
    type Output = Result<Permit<'a, FIXED>, Refused>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let (semaphore, permits) = (self.semaphore, self.permits);
        let mut state = semaphore.lock();
        if let Some(ticket) = self.ticket {
            if let Some(waiter) = state.queue.iter_mut().find(|w| w.ticket == ticket) {
                waiter.waker.clone_from(context.waker());
                return Poll::Pending;
            }
        } else if permits <= state.free {
            state.free -= permits;
        } else {
            state.tickets += 1;
            let ticket = state.tickets;
            state.queue.push_back(Waiter {
                ticket,
                missing: permits,
                waker: context.waker().clone(),
            });
            // it takes what there is, if it is at the front, and that is not enough to wake it
            state.serve();
            self.ticket = Some(ticket);
            return Poll::Pending;
        }
        drop(state);
        self.ticket = None;
        Poll::Ready(Ok(Permit { semaphore, permits }))
    }
}

impl<const FIXED: bool> Drop for Acquire<'_, FIXED> {
    fn drop(&mut self) {
        let Some(ticket) = self.ticket else {
            return;
        };
        let mut state = self.semaphore.lock();
        let at = state.queue.iter().position(|w| w.ticket == ticket);
        let waiter = at.and_then(|at| state.queue.remove(at));
        drop(state);
        match waiter {
            // it was granted all
            None => self.semaphore.release(self.permits),
            Some(waiter) if FIXED => self.semaphore.release(self.permits - waiter.missing),
            Some(_) => {}
        }
    }
}

impl<const FIXED: bool> Counting for Semaphore<FIXED> {
    const ORDER: Order = Order::FifoPartial;

    type Permit<'a> = Permit<'a, FIXED>;

    fn with_permits(permits: u32) -> Self {
        Semaphore {
            state: Mutex::new(State {
                free: permits,
                queue: VecDeque::new(),
                tickets: 0,
            }),
        }
    }

    async fn acquire(&self, permits: u32) -> Result<Permit<'_, FIXED>, Refused> {
        Acquire {
            semaphore: self,
            permits,
            ticket: None,
        }
        .await
    }

    fn try_acquire(&self, permits: u32) -> Result<Permit<'_, FIXED>, Refused> {
        let mut state = self.lock();
        if state.free < permits {
            return Err(Refused::NoPermits);
        }
        state.free -= permits;
        Ok(Permit {
            semaphore: self,
            permits,
        })
    }

    fn available(&self) -> Option<usize> {
        Some(self.lock().free as usize)
    }

    fn split<'a>(
        permit: &mut Permit<'a, FIXED>,
        permits: u32,
    ) -> Result<Permit<'a, FIXED>, Unsupported>
    where
        Self: 'a,
    {
        permit.permits -= permits;
        Ok(Permit {
            semaphore: permit.semaphore,
            permits,
        })
    }
}
