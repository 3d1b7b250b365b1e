//! A11, embassy #2766: a release of several permits wakes the front alone, which takes its own and
//! wakes nobody.
//!
//! Wake-and-retry with a strict queue: whoever is at the front takes what it wants when it is polled
//! and fits, and pops itself. The twin wakes the new front while permits remain.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

use selvedge::program::Order;
use selvedge::runtime::{Counting, Handover, Refused, Unsupported};

pub(crate) type Buggy = Semaphore<false>;
pub(crate) type Fixed = Semaphore<true>;

pub(crate) struct Semaphore<const FIXED: bool> {
    state: Mutex<State>,
}

struct State {
    free: u32,
    queue: VecDeque<(u64, Waker)>,
    tickets: u64,
}

impl State {
    fn front(&self) -> Option<Waker> {
        self.queue.front().map(|(_, waker)| waker.clone())
    }

    /// The new front, if there is something for it.
    fn next(&self) -> Option<Waker> {
        if self.free > 0 { self.front() } else { None }
    }
}

impl<const FIXED: bool> Semaphore<FIXED> {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

pub(crate) struct Permit<'a, const FIXED: bool> {
    semaphore: &'a Semaphore<FIXED>,
    permits: u32,
}

impl<const FIXED: bool> Drop for Permit<'_, FIXED> {
    fn drop(&mut self) {
        let waker = {
            let mut state = self.semaphore.lock();
            state.free += self.permits;
            state.front()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
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
        let is_front = state.queue.front().map(|&(ticket, _)| ticket) == self.ticket;
        if !is_front || state.free < permits {
            let waker = context.waker().clone();
            if let Some(ticket) = self.ticket {
                let waiter = state.queue.iter_mut().find(|(t, _)| *t == ticket);
                waiter.expect("who waits is in the queue").1 = waker;
            } else {
                state.tickets += 1;
                let ticket = state.tickets;
                state.queue.push_back((ticket, waker));
                self.ticket = Some(ticket);
            }
            return Poll::Pending;
        }
        state.free -= permits;
        let mut next = None;
        if self.ticket.take().is_some() {
            state.queue.pop_front();
            if FIXED {
                next = state.next();
            }
        }
        drop(state);
        if let Some(waker) = next {
            waker.wake();
        }
        Poll::Ready(Ok(Permit { semaphore, permits }))
    }
}

impl<const FIXED: bool> Drop for Acquire<'_, FIXED> {
    fn drop(&mut self) {
        let Some(ticket) = self.ticket else {
            return;
        };
        let next = {
            let mut state = self.semaphore.lock();
            let was_front = state.queue.front().is_some_and(|&(t, _)| t == ticket);
            state.queue.retain(|&(t, _)| t != ticket);
            if was_front { state.next() } else { None }
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
        if !state.queue.is_empty() || state.free < permits {
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
