//! A run of a closure over threads.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;

use shuttle_engine::Config;
use shuttle_engine::runtime::execution::{Execution, ExecutionState};
use shuttle_engine::runtime::thread::continuation::{CONTINUATION_POOL, ContinuationPool};
use shuttle_engine::scheduler::Schedule;

use super::super::core::{Core, NOBODY, Phase, Turns};
use super::super::current::Entered;
use super::super::panics::message;
use super::crew::{Crew, Stand};
use super::hook::ThreadHook;
use super::quiet::config;
use super::scheduler::Asked;
use super::spawn::{Present, crew, live};
use crate::property::{SharedStrategy, SharedWitness, Situation};
use crate::run::Outcome;
use crate::runtime::names::{Here, MAIN, Verb};
use crate::semaphore::hook;

/// Bytes of a worker's stack, as a thread of the standard library has. Only what is used takes memory.
pub(super) const STACK: usize = 2 << 20;

/// What the first worker runs.
pub(crate) type Main = Arc<dyn Fn() + Send + Sync>;

/// What is kept from run to run.
pub(crate) struct Threads {
    crew: Rc<Crew>,
    asked: Rc<RefCell<Asked>>,
    stacks: ContinuationPool,
    config: Config,
}

impl Threads {
    pub(crate) fn new(core: &Rc<Core>) -> Threads {
        let crew = Rc::new(Crew::new(Rc::clone(core)));
        Threads {
            asked: Rc::new(RefCell::new(Asked::new(Rc::clone(&crew)))),
            crew,
            stacks: ContinuationPool::new(),
            config: config(),
        }
    }

    /// Forgets what other runs came to: the next is as the first.
    pub(in crate::runtime::tasks) fn forget(&self) {
        self.crew.foreign.set(None);
    }

    pub(super) fn crew(&self) -> &Rc<Crew> {
        &self.crew
    }

    /// One run.
    pub(crate) fn execute(
        &self,
        main: &Main,
        place: Here,
        strategy: &SharedStrategy,
        witness: &SharedWitness,
    ) -> Outcome {
        let crew = &self.crew;
        let core = &crew.core;
        let _hook = hook::install(Rc::new(ThreadHook::new(crew)));
        let _entered = Entered::new(Rc::clone(core));
        let _present = Present::new(crew);
        core.begin(strategy, witness);
        crew.begin();
        self.asked.borrow_mut().begin();
        *core.turns.borrow_mut() = Some(Rc::clone(crew) as Rc<dyn Turns>);
        let start = core.book.borrow_mut().names.alone(place, Verb::Start);
        crew.takes_slot(MAIN, place, start);
        crew.join(0, Stand::Running, None);
        let main = Arc::clone(main);
        let outcome = self.run(move || {
            keep_going();
            live(0, || main(), &Arc::default());
        });
        *core.turns.borrow_mut() = None;
        crew.foreign.set(Some(crew.foreign.get() == Some(true)));
        self.settle(outcome);
        core.clear();
        strategy.borrow_mut().end(outcome);
        core.over();
        outcome
    }

    /// Lets shuttle run the workers, to the end of the run.
    pub(super) fn run(&self, main: impl FnOnce() + Send + 'static) -> Outcome {
        let core = &self.crew.core;
        let execution = Execution::new(Rc::clone(&self.asked) as _, Schedule::new(0));
        let ran = catch_unwind(AssertUnwindSafe(|| {
            CONTINUATION_POOL.set(&self.stacks, || {
                execution.run(&self.config, main, Location::caller());
            });
        }));
        core.current.set(NOBODY);
        match ran {
            Ok(()) => self.crew.outcome.get().unwrap_or(Outcome::Finished),
            // all are blocked in what only shuttle knows of
            Err(payload) if message(&*payload).starts_with("deadlock!") => {
                core.phase.set(Phase::Ending);
                Outcome::Stuck
            }
            Err(payload) => panic!("the engine of threads: {}", message(&*payload)),
        }
    }

    /// Says how the run ended, once all that its workers held is dropped.
    fn settle(&self, outcome: Outcome) {
        let core = &self.crew.core;
        let situation = match outcome {
            Outcome::Finished => Situation::Finished,
            Outcome::Stuck => Situation::Stuck,
            Outcome::StepBound | Outcome::Abandoned => {
                core.phase.set(Phase::Ending);
                return;
            }
        };
        if outcome == Outcome::Finished {
            core.read_probes();
        }
        core.phase.set(Phase::Ending);
        core.settle(situation);
        core.tell(situation);
    }
}

/// Has a task in the run that could always go on, so that shuttle asks us also when all others are
/// blocked in what it knows of alone: whether that is a deadlock is ours to say.
fn keep_going() {
    let Some(crew) = crew() else { return };
    if crew.foreign.get() != Some(false) {
        crew.quiet.set(true);
        let task =
            ExecutionState::spawn_thread(Box::new(|| ()), STACK, None, None, Location::caller());
        crew.quiet.set(false);
        crew.knows(task.into(), NOBODY);
    }
}
