//! The side of the semaphore under test: its futures, the wakers that it was given, and its permits.
//!
//! **Invariants**
//!
//! 1. A waker belongs to one poll. One that was replaced by a later poll wakes nobody: a future may
//!    rely on the last one alone.
//! 2. A future that has completed lives on until its permits are given back: a semaphore must not
//!    leave it to that drop to pass on what others wait for.
//! 3. A subject that panicked is never dropped, since it might panic again.

use std::future::Future;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use super::op::{CLIENTS, Client};
use crate::runtime::{Counting, Refused, Unsupported};

/// What an acquire, a try or a drain was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Granted,
    Pending,
    Refused(Refused),
    /// A drain that found nothing.
    Nothing,
}

/// The text of a panic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Panicked(pub(super) String);

/// The wakes that have not been looked at.
#[derive(Default)]
struct Wakes {
    /// Whether there are any: most ops wake nobody, and to lock costs more than to ask.
    any: AtomicBool,
    /// Who, and the number of the poll that made the waker.
    rung: Mutex<Vec<(Client, u32)>>,
}

struct Bell {
    client: Client,
    poll: u32,
    wakes: Arc<Wakes>,
}

impl Wake for Bell {
    fn wake(self: Arc<Bell>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Bell>) {
        let wakes = &*self.wakes;
        let mut rung = wakes.rung.lock().unwrap_or_else(PoisonError::into_inner);
        rung.push((self.client, self.poll));
        wakes.any.store(true, Ordering::Release);
    }
}

type Acquire<'s, S> =
    Pin<Box<dyn Future<Output = Result<<S as Counting>::Permit<'s>, Refused>> + 's>>;

struct Request<'s, S: Counting + 's> {
    future: Option<Acquire<'s, S>>,
    permit: Option<S::Permit<'s>>,
    polls: u32,
    woken: bool,
}

impl<'s, S: Counting + 's> Request<'s, S> {
    fn is_pending(&self) -> bool {
        self.future.is_some() && self.permit.is_none()
    }
}

/// A semaphore under test, and what its clients have of it.
pub(super) struct Subject<'s, S: Counting> {
    semaphore: &'s S,
    requests: [Request<'s, S>; CLIENTS],
    wakes: Arc<Wakes>,
    /// Room for who was woken, used again and again.
    spare: Vec<Client>,
}

impl<'s, S: Counting> Subject<'s, S> {
    pub(super) fn new(semaphore: &'s S) -> Subject<'s, S> {
        let idle = |_| Request {
            future: None,
            permit: None,
            polls: 0,
            woken: false,
        };
        Subject {
            semaphore,
            requests: std::array::from_fn(idle),
            wakes: Arc::default(),
            spare: Vec::new(),
        }
    }

    /// Whether a client has an acquire that has not completed.
    pub(super) fn is_pending(&self, client: Client) -> bool {
        self.requests[client].is_pending()
    }

    /// Whether a client holds permits.
    pub(super) fn holds(&self, client: Client) -> bool {
        self.requests[client].permit.is_some()
    }

    /// Whether a pending client was woken and not polled since.
    pub(super) fn is_woken(&self, client: Client) -> bool {
        self.is_pending(client) && self.requests[client].woken
    }

    /// Who was woken since this was asked last, in order, each once.
    pub(super) fn take_wakes(&mut self) -> Vec<Client> {
        let mut woken = mem::take(&mut self.spare);
        if !self.wakes.any.load(Ordering::Acquire) {
            return woken;
        }
        let wakes = &*self.wakes;
        let mut rung = wakes.rung.lock().unwrap_or_else(PoisonError::into_inner);
        wakes.any.store(false, Ordering::Relaxed);
        for (client, poll) in rung.drain(..) {
            let request = &mut self.requests[client];
            if request.is_pending() && request.polls == poll && !request.woken {
                request.woken = true;
                woken.push(client);
            }
        }
        woken
    }

    /// Takes back who was woken, for its room.
    pub(super) fn keep(&mut self, mut woken: Vec<Client>) {
        woken.clear();
        self.spare = woken;
    }

    pub(super) fn available(&self) -> Result<Option<usize>, Panicked> {
        guarded(|| self.semaphore.available())
    }

    /// Makes an acquire and polls it once.
    pub(super) fn acquire(&mut self, client: Client, permits: u32) -> Result<Answer, Panicked> {
        let semaphore = self.semaphore;
        let future: Acquire<'s, S> =
            guarded(|| -> Acquire<'s, S> { Box::pin(semaphore.acquire(permits)) })?;
        self.requests[client].future = Some(future);
        self.poll(client)
    }

    /// Polls a pending acquire, with a new waker.
    pub(super) fn poll(&mut self, client: Client) -> Result<Answer, Panicked> {
        let request = &mut self.requests[client];
        let Some(future) = &mut request.future else {
            unreachable!("only who waits is polled")
        };
        request.polls += 1;
        request.woken = false;
        let waker = Waker::from(Arc::new(Bell {
            client,
            poll: request.polls,
            wakes: Arc::clone(&self.wakes),
        }));
        let polled = guarded(|| future.as_mut().poll(&mut Context::from_waker(&waker)))?;
        match polled {
            Poll::Pending => Ok(Answer::Pending),
            Poll::Ready(Ok(permit)) => {
                request.permit = Some(permit);
                Ok(Answer::Granted)
            }
            Poll::Ready(Err(refused)) => {
                self.cancel(client)?;
                Ok(Answer::Refused(refused))
            }
        }
    }

    pub(super) fn try_acquire(&mut self, client: Client, permits: u32) -> Result<Answer, Panicked> {
        let request = &mut self.requests[client];
        guarded(|| match self.semaphore.try_acquire(permits) {
            Ok(permit) => {
                request.permit = Some(permit);
                Answer::Granted
            }
            Err(refused) => Answer::Refused(refused),
        })
    }

    pub(super) fn drain(&mut self, client: Client) -> Result<Answer, Panicked> {
        let request = &mut self.requests[client];
        guarded(|| match self.semaphore.drain() {
            Ok(Some(permit)) => {
                request.permit = Some(permit);
                Answer::Granted
            }
            Ok(None) => Answer::Nothing,
            Err(Unsupported) => Answer::Refused(Refused::Unsupported),
        })
    }

    /// Drops a pending acquire.
    pub(super) fn cancel(&mut self, client: Client) -> Result<(), Panicked> {
        let future = self.requests[client].future.take();
        guarded(|| drop(future))
    }

    /// Drops what a client holds, and then the future that it came from.
    pub(super) fn release(&mut self, client: Client) -> Result<(), Panicked> {
        let permit = self.requests[client].permit.take();
        guarded(|| drop(permit))?;
        self.cancel(client)
    }

    /// Drops a part of what a client holds.
    pub(super) fn release_part(
        &mut self,
        client: Client,
        permits: u32,
    ) -> Result<Result<(), Unsupported>, Panicked> {
        let Some(permit) = &mut self.requests[client].permit else {
            unreachable!("only who holds permits releases")
        };
        guarded(|| S::split(permit, permits).map(drop))
    }

    /// Gives up what a client holds.
    pub(super) fn forget(&mut self, client: Client) -> Result<Result<(), Unsupported>, Panicked> {
        let Some(permit) = self.requests[client].permit.take() else {
            unreachable!("only who holds permits forgets")
        };
        let forgotten = guarded(|| S::forget(permit))?;
        self.cancel(client)?;
        Ok(forgotten)
    }

    /// Asks the semaphore itself.
    pub(super) fn ask<T>(&self, ask: impl FnOnce(&S) -> T) -> Result<T, Panicked> {
        guarded(|| ask(self.semaphore))
    }

    /// Ends it, client by client, and leaves the rest as it is once something panics; whether
    /// nothing did. Nothing is dropped if it is in disorder already.
    pub(super) fn end(mut self, disorder: bool) -> bool {
        let in_order = !disorder && (0..CLIENTS).all(|client| self.release(client).is_ok());
        if !in_order {
            mem::forget(self);
        }
        in_order
    }
}

/// Calls into the semaphore under test.
pub(super) fn guarded<T>(call: impl FnOnce() -> T) -> Result<T, Panicked> {
    catch_unwind(AssertUnwindSafe(call)).map_err(|payload| {
        let text = match payload.downcast_ref::<&str>() {
            Some(text) => (*text).to_owned(),
            None => match payload.downcast_ref::<String>() {
                Some(text) => text.clone(),
                None => "a panic without a text".to_owned(),
            },
        };
        Panicked(text)
    })
}
