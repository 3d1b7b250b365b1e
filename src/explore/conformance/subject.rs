//! The side of the semaphore under test: its futures, the wakers that it was given, and its permits.
//!
//! **Invariants**
//!
//! 1. A waker that was kept belongs to one poll. One that was replaced by a later poll wakes nobody: a future may
//!    rely on the last one alone.
//! 2. A future that has completed lives on until its permits are given back: a semaphore must not
//!    leave it to that drop to pass on what others wait for.
//! 3. A subject that panicked is never dropped, since it might panic again.

use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering, fence};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use super::op::{CLIENTS, Client, TOKENS, Token};
use super::parting::Parting;
use crate::runtime::{Acquiring, CancelToken, Counting, Refused, Unsupported};

/// What an acquire, a try or a drain was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Granted,
    Pending,
    Refused(Refused),
    /// A drain that found nothing.
    Nothing,
}

/// The wakes that have not been looked at.
#[derive(Debug, Default)]
struct Wakes {
    /// Whether there are any: most ops wake nobody, and to lock costs more than to ask.
    any: AtomicBool,
    /// Who, and the number of the poll that made the waker; each once.
    rung: Mutex<Vec<(Client, u32)>>,
    /// How often.
    count: AtomicU32,
}

/// More wakes than this in one call are one that does not end.
const MOST_WAKES: u32 = 100_000;

/// What is thrown to end it.
struct EndlessWakes;

#[derive(Debug)]
struct Bell {
    client: Client,
    poll: AtomicU32,
    wakes: Arc<Wakes>,
}

/// What is used again for one subject after another.
#[derive(Debug, Default)]
pub(super) struct Room {
    /// For each client the waker that it was given last.
    wakers: [Option<(Arc<Bell>, Waker)>; CLIENTS],
    wakes: Arc<Wakes>,
    /// Who was woken by the last op.
    woken: Vec<Client>,
}

impl Room {
    /// As it was before the first subject. A waker that outlives its subject belongs to no other.
    fn clear(&mut self) {
        let mut known = 1;
        for (bell, _) in self.wakers.iter().flatten() {
            known += if is_ours_alone(bell) { 1 } else { 0 };
        }
        if Arc::strong_count(&self.wakes) != known {
            *self = Room::default();
        }
        // whoever let go of a waker on another thread has rung before
        fence(Ordering::Acquire);
        if self.wakes.any.load(Ordering::Relaxed) {
            self.wakes.any.store(false, Ordering::Relaxed);
            self.wakes.count.store(0, Ordering::Relaxed);
            self.wakes.rung().clear();
        }
    }

    /// A waker of its own for a poll.
    fn waker(&mut self, client: Client, poll: u32) -> &Waker {
        let last = &mut self.wakers[client];
        match last {
            Some((bell, _)) if is_ours_alone(bell) => bell.poll.store(poll, Ordering::Relaxed),
            _ => {
                let bell = Arc::new(Bell {
                    client,
                    poll: AtomicU32::new(poll),
                    wakes: Arc::clone(&self.wakes),
                });
                *last = Some((Arc::clone(&bell), Waker::from(bell)));
            }
        }
        match last {
            Some((_, waker)) => waker,
            None => unreachable!("it was made if it was not there"),
        }
    }
}

/// Whether nobody but the room has the waker of a bell.
fn is_ours_alone(bell: &Arc<Bell>) -> bool {
    Arc::strong_count(bell) == 2
}

impl Wakes {
    fn rung(&self) -> MutexGuard<'_, Vec<(Client, u32)>> {
        self.rung.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Bell>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Bell>) {
        let mut rung = self.wakes.rung();
        let this = (self.client, self.poll.load(Ordering::Relaxed));
        if !rung.contains(&this) {
            rung.push(this);
        }
        drop(rung);
        self.wakes.any.store(true, Ordering::Release);
        if self.wakes.count.fetch_add(1, Ordering::Relaxed) > MOST_WAKES {
            resume_unwind(Box::new(EndlessWakes));
        }
    }
}

struct Request<'s, S: Counting + 's> {
    future: Option<Acquiring<'s, S>>,
    permit: Option<S::Permit<'s>>,
    polls: u32,
    woken: bool,
}

impl<'s, S: Counting + 's> Request<'s, S> {
    const NONE: Request<'s, S> = Request {
        future: None,
        permit: None,
        polls: 0,
        woken: false,
    };

    fn is_pending(&self) -> bool {
        self.future.is_some() && self.permit.is_none()
    }
}

/// A semaphore under test, and what its clients have of it.
pub(super) struct Subject<'s, S: Counting> {
    semaphore: &'s S,
    /// What is left in them is not dropped with it (invariant 3).
    requests: ManuallyDrop<[Request<'s, S>; CLIENTS]>,
    /// Made when they are used first; kept like the requests.
    tokens: ManuallyDrop<[Option<Box<dyn CancelToken<S>>>; TOKENS]>,
    room: &'s mut Room,
}

impl<'s, S: Counting> Subject<'s, S> {
    pub(super) fn new(semaphore: &'s S, room: &'s mut Room) -> Subject<'s, S> {
        room.clear();
        Subject {
            semaphore,
            requests: ManuallyDrop::new([const { Request::NONE }; CLIENTS]),
            tokens: ManuallyDrop::new([const { None }; TOKENS]),
            room,
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

    /// Looks who was woken since this was done last.
    pub(super) fn look(&mut self) {
        let Room { wakes, woken, .. } = &mut *self.room;
        woken.clear();
        if !wakes.any.load(Ordering::Acquire) {
            return;
        }
        let mut rung = wakes.rung();
        wakes.any.store(false, Ordering::Relaxed);
        wakes.count.store(0, Ordering::Relaxed);
        for (client, poll) in rung.drain(..) {
            let request = &mut self.requests[client];
            if request.is_pending() && request.polls == poll && !request.woken {
                request.woken = true;
                woken.push(client);
            }
        }
    }

    /// Who was found woken when it was looked last, in order, each once.
    pub(super) fn woken(&self) -> &[Client] {
        &self.room.woken
    }

    pub(super) fn available(&self) -> Result<Option<usize>, Parting> {
        guarded(|| self.semaphore.available())
    }

    /// Makes an acquire and polls it once.
    pub(super) fn acquire(
        &mut self,
        client: Client,
        permits: u32,
        token: Option<Token>,
    ) -> Result<Answer, Parting> {
        let semaphore = self.semaphore;
        let future = match token {
            None => guarded(|| -> Acquiring<'s, S> { Box::pin(semaphore.acquire(permits)) })?,
            Some(token) => {
                let token = self.token(token)?;
                guarded(|| token.acquire(semaphore, permits))?
            }
        };
        self.requests[client].future = Some(future);
        self.poll(client)
    }

    /// Polls a pending acquire, with a waker that nobody has kept.
    pub(super) fn poll(&mut self, client: Client) -> Result<Answer, Parting> {
        let request = &mut self.requests[client];
        let Some(future) = &mut request.future else {
            unreachable!("only who waits is polled")
        };
        request.polls += 1;
        request.woken = false;
        let waker = self.room.waker(client, request.polls);
        let polled = guarded(|| future.as_mut().poll(&mut Context::from_waker(waker)))?;
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

    fn token(&mut self, token: Token) -> Result<&dyn CancelToken<S>, Parting> {
        let token = &mut self.tokens[usize::from(token)];
        let made = match token.take() {
            Some(made) => made,
            None => guarded(S::cancel_token)?
                .map_err(|Unsupported| Parting::cannot("make a cancel token"))?,
        };
        Ok(&**token.insert(made))
    }

    pub(super) fn fire(&mut self, token: Token) -> Result<(), Parting> {
        let token = self.token(token)?;
        guarded(|| token.fire())
    }

    pub(super) fn try_acquire(&mut self, client: Client, permits: u32) -> Result<Answer, Parting> {
        let request = &mut self.requests[client];
        guarded(|| match self.semaphore.try_acquire(permits) {
            Ok(permit) => {
                request.permit = Some(permit);
                Answer::Granted
            }
            Err(refused) => Answer::Refused(refused),
        })
    }

    pub(super) fn drain(&mut self, client: Client) -> Result<Answer, Parting> {
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
    pub(super) fn cancel(&mut self, client: Client) -> Result<(), Parting> {
        match self.requests[client].future.take() {
            Some(future) => guarded(|| drop(future)),
            None => Ok(()),
        }
    }

    /// Drops what a client holds, and then the future that it came from.
    pub(super) fn release(&mut self, client: Client) -> Result<(), Parting> {
        let permit = self.requests[client].permit.take();
        guarded(|| drop(permit))?;
        self.cancel(client)
    }

    /// Drops a part of what a client holds.
    pub(super) fn release_part(
        &mut self,
        client: Client,
        permits: u32,
    ) -> Result<Result<(), Unsupported>, Parting> {
        let Some(permit) = &mut self.requests[client].permit else {
            unreachable!("only who holds permits releases")
        };
        guarded(|| S::split(permit, permits).map(drop))
    }

    /// Merges what one client holds into what another one holds.
    pub(super) fn merge(
        &mut self,
        client: Client,
        from: Client,
    ) -> Result<Result<(), Unsupported>, Parting> {
        let other = self.requests[from].permit.take();
        let (Some(permit), Some(other)) = (&mut self.requests[client].permit, other) else {
            unreachable!("only who holds permits merges")
        };
        let merged = guarded(|| S::merge(permit, other))?;
        self.cancel(from)?;
        Ok(merged)
    }

    /// Gives up what a client holds.
    pub(super) fn forget(&mut self, client: Client) -> Result<Result<(), Unsupported>, Parting> {
        let Some(permit) = self.requests[client].permit.take() else {
            unreachable!("only who holds permits forgets")
        };
        let forgotten = guarded(|| S::forget(permit))?;
        self.cancel(client)?;
        Ok(forgotten)
    }

    /// Asks the semaphore itself.
    pub(super) fn ask<T>(&self, ask: impl FnOnce(&S) -> T) -> Result<T, Parting> {
        guarded(|| ask(self.semaphore))
    }

    /// Drops what clients have, one after another, and leaves the rest as it is once something
    /// panics; whether nothing did.
    pub(super) fn end(&mut self) -> bool {
        let has_some = |r: &Request<'_, S>| r.permit.is_some() || r.future.is_some();
        (0..CLIENTS).all(|c| !has_some(&self.requests[c]) || self.release(c).is_ok())
            && guarded(|| self.tokens.iter_mut().for_each(|token| *token = None)).is_ok()
    }
}

/// Calls into the semaphore under test.
pub(super) fn guarded<T>(call: impl FnOnce() -> T) -> Result<T, Parting> {
    catch_unwind(AssertUnwindSafe(call)).map_err(|payload| {
        if payload.is::<EndlessWakes>() {
            return Parting::broken(format!(
                "the call does not end: it has woken waiters {MOST_WAKES} times"
            ));
        }
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        Parting::panicked(text.unwrap_or("a panic without a text"))
    })
}
