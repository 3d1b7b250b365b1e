//! What shuttle asks whose turn it is.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use shuttle_engine::scheduler::{Schedule, Scheduler, Task, TaskId};

use super::crew::Crew;

/// Answers for a crew whose run is an execution of its own.
pub(super) struct Asked {
    crew: Rc<Crew>,
}

impl Asked {
    pub(super) fn new(crew: Rc<Crew>) -> Asked {
        Asked { crew }
    }
}

impl Crew {
    /// Whose turn it is, as shuttle asks it.
    pub(super) fn answer(
        &self,
        runnable: &[&Task],
        current: Option<TaskId>,
        is_yielding: bool,
    ) -> Option<TaskId> {
        if let Some(next) = self.decided.take() {
            self.announced.set(false);
            return Some(TaskId::from(next));
        }
        if self.core.looking.get() {
            // what is watched by something that switches is told; it does not switch
            self.core.came_to_a_point.set(true);
            return current;
        }
        let runs_on = |me: TaskId| runnable.iter().any(|task| task.id() == me);
        if let Some(me) = current.filter(|_| self.quiet.get() || std::thread::panicking()) {
            // who has said where it stands waits there
            let goes_on = |&me: &usize| self.unwinds(me) && !self.announced.get();
            let unwinds = self.member_of(usize::from(me)).filter(goes_on);
            if runs_on(me) && (self.quiet.get() || unwinds.is_some()) {
                return Some(me);
            }
            if let Some(me) = unwinds {
                self.cannot_judge(me);
            }
        }
        let mut tasks = self.runnable.borrow_mut();
        // who is parked could be woken for nothing: whoever relies on that would wait for ever
        let can_run = runnable.iter().filter(|task| task.runnable());
        tasks.clear();
        tasks.extend(can_run.map(|task| usize::from(task.id())));
        let current = current.map(usize::from);
        let next = catch_unwind(AssertUnwindSafe(|| self.next(current, &tasks, is_yielding)));
        let next = next.unwrap_or_else(|panic| self.breaks(panic, &tasks));
        next.map(TaskId::from)
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
        is_yielding: bool,
    ) -> Option<TaskId> {
        self.crew.answer(runnable, current, is_yielding)
    }

    /// The same numbers in each run: what is drawn is no choice, and a schedule has to lead to the
    /// same run again.
    fn next_u64(&mut self) -> u64 {
        self.crew.random.borrow_mut().next_u64()
    }
}
