//! Tasks: spawning them, waiting for them, letting others go first.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use crate::run::{Op, StatementId, Wait, WorkerId};
use crate::runtime::names::{Here, Verb};
use crate::runtime::scene::core::Core;
use crate::runtime::scene::current::{core, with_core};
use crate::runtime::scene::panics::{INJECTED, Sight, message};
use crate::runtime::scene::slot::{Joined, Striker};

/// Starts a task of the exploration. It is polled when it is chosen, not before.
///
/// # Panics
///
/// Outside of an exploration: production code spawns with its own executor.
#[track_caller]
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    let place = Here::from(Location::caller());
    let Some(core) = core() else {
        panic!(
            "selvedge::task::spawn outside of an exploration: call it in a closure that \
             `check_async` runs"
        );
    };
    core.is_for_tasks("selvedge::task::spawn", "selvedge::thread::spawn");
    let cell = Rc::new(Outcome {
        state: RefCell::new(State::Running),
        waker: Cell::new(None),
        worker: Cell::new(WorkerId(0)),
        is_wanted: Cell::new(true),
    });
    let done = Rc::clone(&cell);
    let body = Box::pin(async move {
        let output = future.await;
        done.complete(Ok(output));
    });
    let worker = core.spawn(place, body, Rc::clone(&cell) as Rc<dyn Joined>);
    cell.worker.set(worker);
    JoinHandle { cell, place }
}

/// Waits for a task. Dropping it lets the task go on, and drops its result as soon as there is one.
pub struct JoinHandle<T> {
    cell: Rc<Outcome<T>>,
    place: Here,
}

impl<T> JoinHandle<T> {
    /// Cancels the task, unless it has ended: its future is dropped at once.
    pub fn abort(&self) {
        with_core(|core| core.abort(self.cell.worker.get()));
    }

    /// Whether the task has ended.
    pub fn is_finished(&self) -> bool {
        !matches!(*self.cell.state.borrow(), State::Running)
    }
}

impl<T> Drop for JoinHandle<T> {
    fn drop(&mut self) {
        self.cell.is_wanted.set(false);
        if !matches!(*self.cell.state.borrow(), State::Running) {
            let state = self.cell.state.replace(State::Taken);
            drop(state);
        }
        drop(self.cell.waker.take());
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle").finish_non_exhaustive()
    }
}

/// # Panics
///
/// If it is polled again after it was ready.
impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    // called by an `.await`, it knows where that stands
    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let awaited = Here::from(Location::caller());
        let mut state = self.cell.state.borrow_mut();
        match std::mem::replace(&mut *state, State::Taken) {
            State::Done(result) => {
                drop(state);
                let worker = self.cell.worker.get();
                with_core(|core| core.has_joined(worker));
                Poll::Ready(result)
            }
            State::Running => {
                *state = State::Running;
                drop(state);
                drop(self.cell.waker.replace(Some(cx.waker().clone())));
                let worker = self.cell.worker.get();
                with_core(|core| core.stands_at_join(awaited, self.place, worker));
                Poll::Pending
            }
            State::Taken => panic!("a join handle was polled after it was ready"),
        }
    }
}

/// Why a task has no result.
pub struct JoinError {
    panic: Option<Box<dyn Any + Send>>,
    injected: bool,
}

impl JoinError {
    /// Whether the task panicked.
    pub fn is_panic(&self) -> bool {
        self.panic.is_some()
    }

    /// Whether the task was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.panic.is_none()
    }

    /// What the task panicked with, to be resumed.
    ///
    /// # Panics
    ///
    /// If it was cancelled.
    pub fn into_panic(self) -> Box<dyn Any + Send> {
        match self.panic {
            Some(payload) => payload,
            None => panic!("the task was cancelled ({INJECTED}), it did not panic"),
        }
    }
}

impl fmt::Debug for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JoinError(")?;
        match &self.panic {
            None => f.write_str("cancelled")?,
            Some(_) if self.injected => f.write_str("panicked")?,
            Some(payload) => write!(f, "panicked: {}", message(&**payload))?,
        }
        if self.injected {
            // who unwraps this panics because of us: see `Sight`
            write!(f, ", {INJECTED}")?;
        }
        f.write_str(")")
    }
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl std::error::Error for JoinError {}

enum State<T> {
    Running,
    Done(Result<T, JoinError>),
    Taken,
}

/// Where a task leaves its result.
struct Outcome<T> {
    state: RefCell<State<T>>,
    waker: Cell<Option<Waker>>,
    worker: Cell<WorkerId>,
    /// Whether there is still a handle.
    is_wanted: Cell<bool>,
}

impl<T> Outcome<T> {
    fn complete(&self, result: Result<T, JoinError>) {
        if self.is_wanted.get() {
            self.state.replace(State::Done(result));
        } else {
            self.state.replace(State::Taken);
            drop(result);
        }
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

impl<T> Joined for Outcome<T> {
    fn failed(&self, by: Striker, sight: Option<Sight>) {
        if !matches!(*self.state.borrow(), State::Running) {
            return;
        }
        let injected = by == Striker::Injected;
        self.complete(Err(JoinError {
            panic: sight.map(Sight::into_payload),
            injected,
        }));
    }
}

/// Lets other tasks go first.
#[track_caller]
pub fn yield_now() -> impl Future<Output = ()> {
    let place = Here::from(Location::caller());
    let mut yielded = false;
    std::future::poll_fn(move |cx| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        with_core(|core| {
            let statement = core.book.borrow_mut().names.alone(place, Verb::Yield);
            core.stands_at_statement(statement, Op::Yield);
        });
        cx.waker().wake_by_ref();
        Poll::Pending
    })
}

impl Core {
    /// # Panics
    ///
    /// If the workers are threads, which wait otherwise; at the caller's place.
    #[track_caller]
    pub(in crate::runtime) fn is_for_tasks(&self, what: &str, instead: &str) {
        assert!(
            self.is_ending() || self.turns.borrow().is_none(),
            "{what} in an exploration of threads: use {instead}"
        );
    }

    /// The task that runs has come to an await, of which it says this.
    pub(in crate::runtime) fn stands_at(&self, place: Here, head: &str, op: Op) {
        if self.is_ending() {
            return;
        }
        let statement = self.statement_at(place, head);
        self.stands_at_statement(statement, op);
    }

    fn stands_at_statement(&self, statement: StatementId, op: Op) {
        if self.is_ending() {
            return;
        }
        let worker = self.worker();
        self.book.borrow_mut().stands(worker, statement, op);
        self.knows.set(true);
    }

    fn has_joined(&self, ended: WorkerId) {
        if !self.is_ending() {
            let by = self.worker();
            self.book.borrow_mut().pairs.joined(by, ended);
        }
    }

    fn stands_at_join(&self, awaited: Here, spawned: Here, on: WorkerId) {
        if self.is_ending() {
            return;
        }
        let worker = self.worker();
        let mut book = self.book.borrow_mut();
        // what polls it on behalf of somebody is code of others
        let statement = if book.names.is_of_a_dependency(awaited) {
            book.names.join_somewhere(spawned, on)
        } else {
            book.names.join(awaited, on)
        };
        book.stands(worker, statement, Op::Join { first: on });
        book.account_mut(worker).wait = Some(Wait::Join {
            first: on,
            count: 1,
        });
        self.knows.set(true);
    }
}
