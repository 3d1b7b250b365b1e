//! A10, golang/go #37852 and shuttle #167: a head that is cancelled only leaves the queue, and those
//! behind it, who fit, sleep on.
//!
//! A strict queue of requests of any size, with hand-off: whatever makes permits free grants from the
//! head while the head fits. The twin does so, too, when the head has left.

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
    /// The tickets of those who were granted and have not resumed.
    granted: Vec<u64>,
    tickets: u64,
}

struct Waiter {
    ticket: u64,
    permits: u32,
    waker: Waker,
}

impl State {
    /// Grants from the head while the head fits.
    fn serve(&mut self) -> Vec<Waker> {
        let mut wakers = Vec::new();
        while let Some(head) = self.queue.pop_front_if(|head| head.permits <= self.free) {
            self.free -= head.permits;
            self.granted.push(head.ticket);
            wakers.push(head.waker);
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
            state.granted.retain(|&granted| granted != ticket);
        } else if state.queue.is_empty() && permits <= state.free {
            state.free -= permits;
        } else {
            state.tickets += 1;
            let ticket = state.tickets;
            state.queue.push_back(Waiter {
                ticket,
                permits,
                waker: context.waker().clone(),
            });
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
        if state.granted.contains(&ticket) {
            state.granted.retain(|&granted| granted != ticket);
            drop(state);
            self.semaphore.release(self.permits);
            return;
        }
        state.queue.retain(|w| w.ticket != ticket);
        let wakers = if FIXED { state.serve() } else { Vec::new() };
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
    }
}

impl<const FIXED: bool> Counting for Semaphore<FIXED> {
    const ORDER: Order = Order::Fifo;

    type Permit<'a> = Permit<'a, FIXED>;

    fn with_permits(permits: u32) -> Self {
        Semaphore {
            state: Mutex::new(State {
                free: permits,
                queue: VecDeque::new(),
                granted: Vec::new(),
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
