//! Semaphores that are none of ours and block their thread: who acquires, who waits, who holds.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::panic::Location;
use std::rc::Rc;

use super::crew::{Crew, Request};
use super::spawn::crew;
use crate::run::{Event, Op, SemaphoreId};
use crate::runtime::book::Entry;
use crate::runtime::names::{Here, Verb};

/// Calls `acquire`, and says of it that it acquires so many permits of the semaphore that is
/// [probed](crate::probe) under this name: a thread that is blocked in there waits for them, and
/// holds them until what this returns is dropped. It is to semaphores that block their thread what
/// [`tracked`](crate::tracked) is to async ones.
///
/// The semaphore must block by what the exploration knows of: shuttle's `sync` types or
/// `shuttle::thread::park`. Outside of an exploration of threads this calls `acquire`, no more.
///
/// Whatever `acquire` returns counts as permits that are held: use [`try_acquiring`] for one that may
/// be refused. Where a call and no guard puts permits back, drop what this returns before that call.
///
/// # Panics
///
/// If `acquire` does, and in an exploration if nothing of that name is probed.
#[track_caller]
pub fn acquiring<P>(name: &str, permits: u32, acquire: impl FnOnce() -> P) -> Acquired<P> {
    let place = Here::from(Location::caller());
    let asking = Asking::begin(name, permits, place, Verb::Acquire(permits));
    let permit = acquire();
    Acquired {
        _holding: asking.and_then(Asking::granted),
        permit,
    }
}

/// As [`acquiring`], for an acquire that may be refused or give up: a try, or one with a timeout. What
/// it returns counts as held if it is something.
///
/// # Panics
///
/// If `acquire` does, and in an exploration if nothing of that name is probed.
#[track_caller]
pub fn try_acquiring<P>(
    name: &str,
    permits: u32,
    acquire: impl FnOnce() -> Option<P>,
) -> Option<Acquired<P>> {
    let place = Here::from(Location::caller());
    let asking = Asking::begin(name, permits, place, Verb::TryAcquire(permits));
    match acquire() {
        Some(permit) => Some(Acquired {
            _holding: asking.and_then(Asking::granted),
            permit,
        }),
        None => {
            if let Some(asking) = asking {
                asking.refused();
            }
            None
        }
    }
}

/// A worker acquires; when this is dropped it does not any more.
struct Asking {
    crew: Rc<Crew>,
    member: usize,
    request: Request,
}

impl Asking {
    /// `None` outside of a run.
    fn begin(name: &str, permits: u32, place: Here, verb: Verb) -> Option<Asking> {
        let crew = crew().filter(|crew| !crew.core.is_ending())?;
        let core = &crew.core;
        let known = core.book.borrow().named(name);
        let Some(semaphore) = known else {
            panic!("nothing is probed as {name}: call `selvedge::probe` first, in each run");
        };
        core.counts.ops.add();
        let statement = core.book.borrow_mut().names.op(place, verb, semaphore);
        let op = Op::Acquire {
            semaphore,
            permits,
            timed: matches!(verb, Verb::TryAcquire(_)),
        };
        crew.stand(statement, op);
        let member = core.current.get().slot;
        let request = Request {
            semaphore,
            permits,
            statement,
        };
        crew.team.borrow_mut().members[member].request = Some(request);
        Some(Asking {
            crew,
            member,
            request,
        })
    }

    fn refused(self) {
        let core = &self.crew.core;
        if !core.is_ending() {
            let worker = core.worker();
            core.book.borrow_mut().events.push(Event::TryFailed {
                worker,
                semaphore: self.request.semaphore,
                permits: u64::from(self.request.permits),
            });
        }
    }

    fn granted(self) -> Option<Holding> {
        let core = &self.crew.core;
        if core.is_ending() {
            return None;
        }
        let id = self.request.semaphore;
        let entry = Entry {
            worker: core.worker(),
            statement: self.request.statement,
            permits: u64::from(self.request.permits),
        };
        core.book.borrow_mut().granted(id, entry);
        Some(Holding {
            id,
            entry,
            epoch: core.epoch.get(),
        })
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.crew.team.borrow_mut().members[self.member].request = None;
    }
}

/// What an exploration knows of a permit. Dropping it says that it is put back.
#[derive(Debug)]
struct Holding {
    id: SemaphoreId,
    entry: Entry,
    epoch: u64,
}

impl Drop for Holding {
    fn drop(&mut self) {
        let Some(crew) = crew().filter(|crew| crew.core.epoch.get() == self.epoch) else {
            return;
        };
        let (core, entry) = (&crew.core, self.entry);
        if core.is_ending() {
            let address = std::ptr::from_ref(self).addr();
            core.in_own.set(crew.is_on_own_stack(address));
            core.drops(self.id, entry);
            return;
        }
        let worker = core.worker();
        let mut book = core.book.borrow_mut();
        let holder = book.strike(self.id, entry.worker, entry.statement, entry.permits);
        book.events.push(Event::Released {
            worker,
            holder,
            semaphore: self.id,
            permits: entry.permits,
        });
    }
}

/// What was acquired; it counts as held until it is dropped.
pub struct Acquired<P> {
    // struck out before the permit is put back, so that it never counts twice
    _holding: Option<Holding>,
    permit: P,
}

impl<P> Deref for Acquired<P> {
    type Target = P;

    fn deref(&self) -> &P {
        &self.permit
    }
}

impl<P> DerefMut for Acquired<P> {
    fn deref_mut(&mut self) -> &mut P {
        &mut self.permit
    }
}

impl<P: fmt::Debug> fmt::Debug for Acquired<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.permit.fmt(f)
    }
}
