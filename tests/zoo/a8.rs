//! A8, anyio #387 and keypool #706: a waiter that is cancelled after it was granted takes the permit
//! with it.
//!
//! Hand-off: a release pops the first waiter and completes it. A waiter that is cancelled leaves the
//! queue if it is still in it, and that is all; in the twin it puts back what it was granted.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

use selvedge::program::Order;
use selvedge::runtime::{Counting, Refused};

pub(crate) type Buggy = Semaphore<false>;
pub(crate) type Fixed = Semaphore<true>;

pub(crate) struct Semaphore<const FIXED: bool> {
    state: Mutex<State>,
}

struct State {
    free: usize,
    queue: VecDeque<Arc<Waiter>>,
}

struct Waiter {
    inner: Mutex<Completion>,
}

struct Completion {
    granted: bool,
    waker: Waker,
}

impl<const FIXED: bool> Semaphore<FIXED> {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Completes the first waiter, or raises the count.
    fn release(&self) {
        let waiter = {
            let mut state = self.lock();
            let waiter = state.queue.pop_front();
            if waiter.is_none() {
                state.free += 1;
            }
            waiter
        };
        if let Some(waiter) = waiter {
            let waker = {
                let mut inner = waiter.inner.lock().unwrap();
                inner.granted = true;
                inner.waker.clone()
            };
            waker.wake();
        }
    }
}

pub(crate) struct Permit<'a, const FIXED: bool>(&'a Semaphore<FIXED>);

impl<const FIXED: bool> Drop for Permit<'_, FIXED> {
    fn drop(&mut self) {
        self.0.release();
    }
}

struct Acquire<'a, const FIXED: bool> {
    semaphore: &'a Semaphore<FIXED>,
    waiter: Option<Arc<Waiter>>,
}

impl<'a, const FIXED: bool> Future for Acquire<'a, FIXED> {
    type Output = Result<Permit<'a, FIXED>, Refused>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let semaphore = self.semaphore;
        if let Some(waiter) = &self.waiter {
            let mut inner = waiter.inner.lock().unwrap();
            if !inner.granted {
                inner.waker.clone_from(context.waker());
                return Poll::Pending;
            }
        } else if let Ok(permit) = semaphore.try_acquire(1) {
            return Poll::Ready(Ok(permit));
        } else {
            let waiter = Arc::new(Waiter {
                inner: Mutex::new(Completion {
                    granted: false,
                    waker: context.waker().clone(),
                }),
            });
            semaphore.lock().queue.push_back(Arc::clone(&waiter));
            self.waiter = Some(waiter);
            return Poll::Pending;
        }
        self.waiter = None;
        Poll::Ready(Ok(Permit(semaphore)))
    }
}

impl<const FIXED: bool> Drop for Acquire<'_, FIXED> {
    fn drop(&mut self) {
        let Some(waiter) = self.waiter.take() else {
            return;
        };
        let mut state = self.semaphore.lock();
        state.queue.retain(|other| !Arc::ptr_eq(other, &waiter));
        drop(state);
        if FIXED && waiter.inner.lock().unwrap().granted {
            self.semaphore.release();
        }
    }
}

impl<const FIXED: bool> Counting for Semaphore<FIXED> {
    const ORDER: Order = Order::Fifo;

    type Permit<'a> = Permit<'a, FIXED>;

    fn with_permits(permits: u32) -> Self {
        Semaphore {
            state: Mutex::new(State {
                free: permits as usize,
                queue: VecDeque::new(),
            }),
        }
    }

    async fn acquire(&self, permits: u32) -> Result<Permit<'_, FIXED>, Refused> {
        match permits {
            1 => {
                Acquire {
                    semaphore: self,
                    waiter: None,
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
        if state.free == 0 {
            return Err(Refused::NoPermits);
        }
        state.free -= 1;
        Ok(Permit(self))
    }

    fn available(&self) -> Option<usize> {
        Some(self.lock().free)
    }
}
