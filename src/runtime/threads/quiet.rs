//! Keeps shuttle from writing to the terminal: in a check, it is we who report.

use std::cell::RefCell;
use std::panic::{Location, PanicHookInfo, set_hook, take_hook};
use std::rc::Rc;
use std::sync::Arc;

use shuttle_engine::runtime::execution::{Execution, ExecutionState};
use shuttle_engine::runtime::thread::continuation::{CONTINUATION_POOL, ContinuationPool};
use shuttle_engine::scheduler::{Schedule, Scheduler, Task, TaskId};
use shuttle_engine::{Config, FailurePersistence, MaxSteps};

type PanicHook = Box<dyn Fn(&PanicHookInfo<'_>) + Sync + Send>;

/// The panic hook of the process, for panics that are none of an exploration.
///
/// Shuttle puts a hook of its own in place when its first execution begins, and never again. It is let
/// do so now, and called for panics within executions that somebody else made.
pub(crate) fn behind_shuttles_hook() -> PanicHook {
    let first: Arc<PanicHook> = Arc::new(take_hook());
    let before = Arc::clone(&first);
    set_hook(Box::new(move |info| before(info)));
    run_nothing();
    let of_shuttle = take_hook();
    Box::new(move |info| {
        if ExecutionState::try_with(|_| ()).is_ok() {
            of_shuttle(info);
        } else {
            first(info);
        }
    })
}

/// An execution in which nothing happens.
pub(super) fn run_nothing() {
    let empty = Execution::new(Rc::new(RefCell::new(First)), Schedule::new(0));
    CONTINUATION_POOL.set(&ContinuationPool::new(), || {
        empty.run(&config(), || (), Location::caller());
    });
}

/// Whoever comes first goes on.
struct First;

impl Scheduler for First {
    fn new_execution(&mut self) -> Option<Schedule> {
        None
    }

    fn next_task(&mut self, runnable: &[&Task], _: Option<TaskId>, _: bool) -> Option<TaskId> {
        runnable.first().map(|task| task.id())
    }

    fn next_u64(&mut self) -> u64 {
        0
    }
}

/// As we run it: nothing is printed, and steps are bounded by us.
pub(super) fn config() -> Config {
    let mut config = Config::new();
    config.failure_persistence = FailurePersistence::None;
    config.max_steps = MaxSteps::None;
    config.stack_size = super::engine::STACK;
    config.silence_warnings = true;
    config
}
