//! Where faults strike that are none of a semaphore: work that may panic, I/O that may fail, and
//! what the scheduler chooses for the user.

use std::fmt;
use std::future::Future;
use std::panic::{Location, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::run::{Action, Op, Resource};
use crate::runtime::names::Here;
use crate::runtime::scene::core::{Core, NOBODY};
use crate::runtime::scene::current::{core, with_core};
use crate::runtime::scene::panics::{INJECTED, Panic};
use crate::runtime::scene::slot::Io;

/// A place at which a panic may strike, in code that does not wait. Outside of an exploration it is
/// nothing.
#[track_caller]
pub fn point(name: &str) {
    let place = Here::from(Location::caller());
    let Some(core) = core() else { return };
    if core.is_ending() || core.current.get() == NOBODY || std::thread::panicking() {
        return;
    }
    core.refuse_while_looking();
    core.counts.fault_points.add();
    let statement = core.statement_at(place, &format!("work {name}"));
    let actions = [
        (Action::Proceed, None),
        (Action::Panic, Some(Resource::Panics)),
    ];
    let op = Op::Work { fallible: true };
    if core.ask_within(statement, op, actions.into_iter()) == Action::Panic {
        resume_unwind(Box::new(Panic::Injected));
    }
}

/// One of `0..branches`, of the scheduler's choice; outside of an exploration always 0.
///
/// # Panics
///
/// If there is no branch to choose.
#[track_caller]
pub fn choose(branches: usize) -> usize {
    assert!(branches > 0, "there is nothing to choose from");
    let place = Here::from(Location::caller());
    let Some(core) = core() else { return 0 };
    if core.is_ending() || core.current.get() == NOBODY || std::thread::panicking() {
        return 0;
    }
    core.refuse_while_looking();
    let branches = u32::try_from(branches).unwrap_or(u32::MAX);
    let statement = core.statement_at(place, "choose");
    let actions = (0..branches).map(|branch| (Action::Branch(branch), None));
    match core.ask_within(statement, Op::Pick { branches }, actions) {
        Action::Branch(branch) => branch as usize,
        _ => 0,
    }
}

/// Stands for I/O: it lets others go first, and may then succeed, fail or panic; while it waits the
/// task may be cancelled. Outside of an exploration it succeeds at once.
#[track_caller]
pub fn io(name: &str) -> impl Future<Output = Result<(), Failure>> + use<> {
    let place = Here::from(Location::caller());
    if let Some(core) = core().filter(|core| core.current.get() != NOBODY) {
        core.is_for_tasks("fault::io", "fault::point or fault::choose");
    }
    Standing {
        name: name.to_owned(),
        place,
        stands: false,
        done: false,
    }
}

struct Standing {
    name: String,
    place: Here,
    stands: bool,
    done: bool,
}

impl Future for Standing {
    type Output = Result<(), Failure>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(core) = core().filter(|core| core.current.get() != NOBODY) else {
            return Poll::Ready(Ok(()));
        };
        if !std::mem::replace(&mut self.stands, true) {
            let head = format!("work {}", self.name);
            core.counts.fault_points.add();
            core.stands_at(self.place, &head, Op::Work { fallible: true });
            core.open_io();
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let decided = core.take_io();
        let may_perform = core.may_perform.replace(false);
        self.done = decided.is_some() || may_perform;
        match decided {
            Some(Io::Panics) => resume_unwind(Box::new(Panic::Injected)),
            Some(Io::Fails) => Poll::Ready(Err(Failure {
                name: self.name.clone(),
            })),
            _ if may_perform => Poll::Ready(Ok(())),
            _ => {
                // another await of this task has gone on in this poll: one at a time
                core.open_io();
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }
}

impl Drop for Standing {
    fn drop(&mut self) {
        if self.stands && !self.done {
            with_core(|core| core.close_io());
        }
    }
}

impl Core {
    /// I/O was given up at which the task that runs stood.
    fn close_io(&self) {
        let current = self.current.get();
        if current != NOBODY {
            let io = &mut self.progress.borrow_mut().slots[current.slot].io;
            io.take_if(|io| *io == Io::Open);
        }
    }

    /// The task that runs stands at I/O; what was decided of another one is still to come.
    fn open_io(&self) {
        let current = self.current.get();
        self.progress.borrow_mut().slots[current.slot]
            .io
            .get_or_insert(Io::Open);
    }

    /// How the I/O turns out at which the task that runs stands, if that was decided.
    fn take_io(&self) -> Option<Io> {
        let current = self.current.get();
        let io = &mut self.progress.borrow_mut().slots[current.slot].io;
        io.take_if(|io| *io != Io::Open)
    }
}

/// An injected failure of I/O.
#[derive(Clone, PartialEq, Eq)]
pub struct Failure {
    name: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} failed, {INJECTED}", self.name)
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // who unwraps this panics because of us: see `Sight`
        write!(f, "Failure({self})")
    }
}

impl std::error::Error for Failure {}

impl From<Failure> for std::io::Error {
    fn from(failure: Failure) -> std::io::Error {
        std::io::Error::other(failure)
    }
}
