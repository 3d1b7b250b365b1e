//! Stacks that outlive their run. An exploration is itself a task of shuttle's, its home: a run lends a
//! stack to each of its workers, and home goes on when all have been given back. To spawn a task and to
//! take an execution down cost more than the steps of a short run.
//!
//! **Invariants**
//!
//! 1. Nothing of shuttle's is carried from one run to the next but stacks at rest. A run that has met a
//!    scheduling point of shuttle's, or a thread-local value of shuttle's, is the last one that is made
//!    here: those after it have an execution each.
//! 2. The k-th worker of a run always has the same stack: what shuttle calls it is the same in each run.
//! 3. What shuttle records of an execution is bounded, however many runs are made.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use shuttle_engine::runtime::execution::{Execution, ExecutionState};
use shuttle_engine::runtime::thread::continuation::{CONTINUATION_POOL, ContinuationPool, switch};
use shuttle_engine::scheduler::{Schedule, Scheduler, Task, TaskId};

use super::crew::Crew;
use super::engine::STACK;
use super::quiet::{config, run_nothing};

/// What shuttle calls the exploration.
pub(super) const HOME: usize = 0;

/// Shuttle records each switch: it is made to forget them after so many steps.
const MOST_RECORDED: u64 = 1 << 16;

/// What a worker runs, from its start to its end.
type Life = Box<dyn FnOnce()>;

thread_local! {
    static HOST: RefCell<Option<Rc<Host>>> = const { RefCell::new(None) };
}

/// The host of this thread, if there is one.
pub(super) fn host() -> Option<Rc<Host>> {
    HOST.with(|slot| slot.borrow().clone())
}

/// Explores with stacks that are kept.
pub(crate) fn hosted<T: Send + 'static>(explore: impl FnOnce() -> T + Send + 'static) -> T {
    let host = Rc::new(Host::default());
    HOST.with(|slot| *slot.borrow_mut() = Some(Rc::clone(&host)));
    let explored: Arc<Mutex<Option<thread::Result<T>>>> = Arc::default();
    let left = Arc::clone(&explored);
    let execution = Execution::new(
        Rc::new(RefCell::new(Landlord(host))),
        Schedule::new(HOME as u64),
    );
    let ran = catch_unwind(AssertUnwindSafe(|| {
        CONTINUATION_POOL.set(&ContinuationPool::new(), || {
            let home = move || {
                let outcome = catch_unwind(AssertUnwindSafe(explore));
                *left.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
                close();
            };
            execution.run(&config(), home, Location::caller());
        });
    }));
    let _host = HOST.with(|slot| slot.borrow_mut().take());
    let mut explored = explored.lock().unwrap_or_else(PoisonError::into_inner);
    match (explored.take(), ran) {
        (Some(Ok(value)), _) => value,
        (Some(Err(panic)), _) | (None, Err(panic)) => resume_unwind(panic),
        (None, Ok(())) => unreachable!("home is always run to its end"),
    }
}

/// Has a task that could always go on, and does not while anybody else has something to do: shuttle
/// asks us also when all others are blocked in what it knows of alone.
pub(super) fn keep_one_that_can_run() -> usize {
    ExecutionState::spawn_thread(Box::new(|| ()), STACK, None, None, Location::caller()).into()
}

/// Gives all stacks back to shuttle.
fn close() {
    if let Some(host) = host() {
        host.closing.set(true);
        // each that is at rest ends when it goes on
        switch();
        if host.foreign.get() {
            // others may be blocked for good, which is no deadlock now
            keep_one_that_can_run();
        }
    }
}

/// Stacks that are lent to the workers of one run after the other.
#[derive(Default)]
pub(super) struct Host {
    /// Whether some run came to what only shuttle knows of.
    pub(super) foreign: Rc<Cell<bool>>,
    /// The workers of the run that is under way.
    crew: RefCell<Option<Rc<Crew>>>,
    /// The stack of each worker.
    stacks: RefCell<Vec<Kept>>,
    closing: Cell<bool>,
    /// Steps since shuttle was made to forget them.
    recorded: Cell<u64>,
}

#[derive(Default)]
struct Kept {
    /// What shuttle calls it, once it is there.
    task: Option<usize>,
    /// What it runs next.
    life: Option<Life>,
    at_rest: bool,
}

impl Host {
    /// Makes a run, whose first worker is on its stack; it returns when all have ended that can.
    pub(super) fn house(&self, crew: &Rc<Crew>) {
        *self.crew.borrow_mut() = Some(Rc::clone(crew));
        switch();
        *self.crew.borrow_mut() = None;
        let steps = self.recorded.get() + crew.core.progress.borrow().steps();
        self.recorded.set(steps);
        if steps > MOST_RECORDED {
            self.recorded.set(0);
            // an execution within this one begins the record anew
            run_nothing();
        }
    }

    /// Has a worker live on its stack, when it is chosen; what shuttle calls it. The caller has made the
    /// crew quiet: a new task is a scheduling point.
    pub(super) fn lend(self: &Rc<Host>, worker: usize, life: Life) -> usize {
        let known = {
            let mut stacks = self.stacks.borrow_mut();
            if stacks.len() <= worker {
                stacks.resize_with(worker + 1, Kept::default);
            }
            stacks[worker].life = Some(life);
            stacks[worker].task
        };
        known.unwrap_or_else(|| {
            let host = Rc::clone(self);
            let body = Box::new(move || host.keep(worker));
            let task = ExecutionState::spawn_thread(body, STACK, None, None, Location::caller());
            self.stacks.borrow_mut()[worker].task = Some(task.into());
            task.into()
        })
    }

    /// Whether a task of shuttle's is one of these stacks, or home.
    pub(super) fn keeps(&self, task: usize) -> bool {
        let stacks = self.stacks.borrow();
        task == HOME || stacks.iter().any(|kept| kept.task == Some(task))
    }

    /// One life after the other.
    fn keep(&self, worker: usize) {
        while !self.closing.get() {
            let life = self.stacks.borrow_mut()[worker].life.take();
            if let Some(life) = life {
                life();
            }
            if let Some(crew) = &*self.crew.borrow() {
                crew.rests();
            }
            self.stacks.borrow_mut()[worker].at_rest = true;
            switch();
            self.stacks.borrow_mut()[worker].at_rest = false;
        }
    }

    /// Who goes on when all workers have ended that can: what shuttle drops of them, or what was started
    /// without us, then home.
    pub(super) fn after(&self, runnable: &[usize]) -> usize {
        if !self.foreign.get() {
            return HOME;
        }
        let stacks = self.stacks.borrow();
        let at_rest = |task| stacks.iter().any(|s| s.task == Some(task) && s.at_rest);
        let busy = |task: &&usize| **task != HOME && !at_rest(**task);
        runnable.iter().find(busy).copied().unwrap_or(HOME)
    }

    /// Who goes on while no run is under way.
    fn between_runs(&self, runnable: &[&Task]) -> Option<TaskId> {
        let tasks = || runnable.iter().map(|task| usize::from(task.id()));
        let next = if self.closing.get() {
            let stacks = self.stacks.borrow();
            let at_rest = |task| stacks.iter().any(|s| s.task == Some(task) && s.at_rest);
            let home = || tasks().find(|&task| task == HOME);
            // what is left then is blocked for good, or was started without us: it is dropped
            tasks().find(|&task| at_rest(task)).or_else(home)
        } else {
            tasks().find(|&task| task == HOME)
        };
        next.map(TaskId::from)
    }
}

/// Answers for whoever is housed.
struct Landlord(Rc<Host>);

impl Scheduler for Landlord {
    fn new_execution(&mut self) -> Option<Schedule> {
        None
    }

    fn next_task(
        &mut self,
        runnable: &[&Task],
        current: Option<TaskId>,
        is_yielding: bool,
    ) -> Option<TaskId> {
        match &*self.0.crew.borrow() {
            Some(crew) => crew.answer(runnable, current, is_yielding),
            None => self.0.between_runs(runnable),
        }
    }

    fn next_u64(&mut self) -> u64 {
        match &*self.0.crew.borrow() {
            Some(crew) => crew.random.borrow_mut().next_u64(),
            None => 0,
        }
    }
}
