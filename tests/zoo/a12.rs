//! A12, tokio #900: a handle that is dropped while it waits leaves its node in the queue, and a later
//! release gives the permit to the dead.
//!
//! Hand-off: a release assigns its permit to the node at the front. The twin unlinks the node of a
//! handle that is dropped; what was assigned to it goes back in both.

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
    queue: VecDeque<Arc<Node>>,
}

type Node = Mutex<Stage>;

enum Stage {
    Waiting(Waker),
    Assigned,
}

impl<const FIXED: bool> Semaphore<FIXED> {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Assigns a permit to the node at the front, or raises the count.
    fn release(&self) {
        let mut state = self.lock();
        let Some(node) = state.queue.pop_front() else {
            state.free += 1;
            return;
        };
        let stage = std::mem::replace(&mut *node.lock().unwrap(), Stage::Assigned);
        drop(state);
        if let Stage::Waiting(waker) = stage {
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
    node: Option<Arc<Node>>,
}

impl<'a, const FIXED: bool> Future for Acquire<'a, FIXED> {
    type Output = Result<Permit<'a, FIXED>, Refused>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let semaphore = self.semaphore;
        let Some(node) = &self.node else {
            if let Ok(permit) = semaphore.try_acquire(1) {
                return Poll::Ready(Ok(permit));
            }
            let node = Arc::new(Mutex::new(Stage::Waiting(context.waker().clone())));
            semaphore.lock().queue.push_back(Arc::clone(&node));
            self.node = Some(node);
            return Poll::Pending;
        };
        if let Stage::Waiting(waker) = &mut *node.lock().unwrap() {
            waker.clone_from(context.waker());
            return Poll::Pending;
        }
        self.node = None;
        Poll::Ready(Ok(Permit(semaphore)))
    }
}

impl<const FIXED: bool> Drop for Acquire<'_, FIXED> {
    fn drop(&mut self) {
        let Some(node) = self.node.take() else {
            return;
        };
        if matches!(*node.lock().unwrap(), Stage::Assigned) {
            self.semaphore.release();
        } else if FIXED {
            let mut state = self.semaphore.lock();
            state.queue.retain(|other| !Arc::ptr_eq(other, &node));
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
                    node: None,
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
