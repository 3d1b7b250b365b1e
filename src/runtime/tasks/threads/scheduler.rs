//! What shuttle asks whose turn it is.

use std::rc::Rc;

use shuttle_engine::scheduler::{Schedule, Scheduler, Task, TaskId};

use super::crew::Crew;
use crate::run::Rng;

/// Answers for a crew.
pub(super) struct Asked {
    crew: Rc<Crew>,
    /// Kept from question to question.
    runnable: Vec<usize>,
    random: Rng,
}

impl Asked {
    pub(super) fn new(crew: Rc<Crew>) -> Asked {
        Asked {
            crew,
            runnable: Vec::new(),
            random: Rng::for_run(0, 0),
        }
    }

    pub(super) fn begin(&mut self) {
        self.random = Rng::for_run(0, 0);
    }
}

impl Scheduler for Asked {
    fn new_execution(&mut self) -> Option<Schedule> {
        None
    }

    fn next_task(
        &mut self,
        runnable: &[&Task],
        current: Option<TaskId>,
        _is_yielding: bool,
    ) -> Option<TaskId> {
        let runs_on = |me: TaskId| runnable.iter().any(|task| task.id() == me);
        if let Some(me) = current
            && (self.crew.quiet.get() || std::thread::panicking())
            && runs_on(me)
        {
            return Some(me);
        }
        // who is parked could be woken for nothing: whoever relies on that would wait for ever
        let can_run = runnable.iter().filter(|task| task.runnable());
        self.runnable.clear();
        self.runnable
            .extend(can_run.map(|task| usize::from(task.id())));
        let current = current.map(usize::from);
        self.crew.next(current, &self.runnable).map(TaskId::from)
    }

    /// The same numbers in each run: what is drawn is no choice, and a schedule has to lead to the
    /// same run again.
    fn next_u64(&mut self) -> u64 {
        self.random.next_u64()
    }
}
