//! A run of a closure over threads.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::rc::Rc;
use std::sync::Arc;

use shuttle_engine::Config;
use shuttle_engine::runtime::execution::Execution;
use shuttle_engine::runtime::thread::continuation::{CONTINUATION_POOL, ContinuationPool};
use shuttle_engine::scheduler::Schedule;

use super::crew::{Crew, NO_MEMBER};
use super::hook::ThreadHook;
use super::host::{Host, host, keep_one_that_can_run};
use super::quiet::config;
use super::scheduler::Asked;
use super::spawn::{Present, crew, live};
use super::team::Stand;
use crate::property::{SharedStrategy, SharedWitness, Situation};
use crate::run::Outcome;
use crate::runtime::names::{Here, MAIN, Verb};
use crate::runtime::scene::Options;
use crate::runtime::scene::core::{Core, NOBODY, Phase, Turns};
use crate::runtime::scene::current::Entered;
use crate::runtime::scene::panics::message;
use crate::semaphore::hook;

/// Bytes of a worker's stack, as a thread of the standard library has. Only what is used takes memory.
pub(super) const STACK: usize = 2 << 20;

/// What the first worker runs.
pub(crate) type Main = Arc<dyn Fn() + Send + Sync>;

/// What is kept from run to run.
pub(crate) struct Threads {
    crew: Rc<Crew>,
    hook: Rc<ThreadHook>,
    asked: Rc<RefCell<Asked>>,
    stacks: ContinuationPool,
    config: Config,
}

impl Threads {
    pub(crate) fn new(core: &Rc<Core>) -> Threads {
        let crew = Rc::new(Crew::new(Rc::clone(core)));
        Threads {
            hook: Rc::new(ThreadHook::new(&crew)),
            asked: Rc::new(RefCell::new(Asked::new(Rc::clone(&crew)))),
            crew,
            stacks: ContinuationPool::new(),
            config: config(),
        }
    }

    /// Forgets what other runs came to: the next is as the first.
    pub(in crate::runtime) fn forget(&self) {
        self.crew.foreign.set(false);
        self.crew.unknown.borrow_mut().clear();
    }

    /// Whether a worker was kept waiting in the last run that could have gone on.
    pub(in crate::runtime) fn left_out(&self) -> bool {
        self.crew.left_out.get()
    }

    pub(super) fn crew(&self) -> &Rc<Crew> {
        &self.crew
    }

    /// One run.
    pub(crate) fn execute(
        &self,
        main: &Main,
        place: Here,
        options: Options,
        strategy: &SharedStrategy,
        witness: &SharedWitness,
    ) -> Outcome {
        let crew = &self.crew;
        let core = &crew.core;
        let _hook = hook::install(Rc::clone(&self.hook) as _);
        let _entered = Entered::new(Rc::clone(core));
        let _present = Present::new(crew);
        core.begin(options, strategy, witness);
        let host = host().filter(|host| !host.foreign.get());
        crew.begin(host.clone());
        *core.turns.borrow_mut() = Some(Rc::clone(crew) as Rc<dyn Turns>);
        let start = core.book.borrow_mut().names.alone(place, Verb::Start);
        crew.takes_slot(MAIN, place, start);
        let main = Arc::clone(main);
        let life = move || live(0, || main(), &Arc::default());
        let outcome = match host {
            Some(host) => self.run_in(&host, life),
            None => {
                crew.join(0, Stand::At, None);
                self.run(move || {
                    keep_going();
                    life();
                })
            }
        };
        *core.turns.borrow_mut() = None;
        self.pass_on_panic();
        let outcome = match core.unjudged.get() {
            true => Outcome::NotJudged,
            false => outcome,
        };
        self.settle(outcome);
        core.clear();
        strategy.borrow_mut().end(outcome);
        core.over();
        outcome
    }

    /// Lets shuttle run the workers on stacks that are kept, to the end of the run.
    fn run_in(&self, host: &Rc<Host>, life: impl FnOnce() + 'static) -> Outcome {
        let crew = &self.crew;
        let task = host.lend(0, Box::new(life));
        crew.join(task, Stand::At, None);
        host.house(crew);
        if !crew.all_have_ended() {
            // who could not be unwound has its stack still, and would go on in the next run
            host.foreign.set(true);
        }
        crew.core.current.set(NOBODY);
        crew.outcome.get().unwrap_or(Outcome::Finished)
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

    /// Whoever was asked during the run may have panicked.
    pub(super) fn pass_on_panic(&self) {
        let panic = self.crew.broken.borrow_mut().take();
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
    }

    /// Says how the run ended, once all that its workers held is dropped.
    fn settle(&self, outcome: Outcome) {
        let core = &self.crew.core;
        let situation = match outcome {
            Outcome::Finished => Situation::Finished,
            Outcome::Stuck => Situation::Stuck,
            Outcome::StepBound | Outcome::Abandoned | Outcome::NotJudged => {
                core.phase.set(Phase::Ending);
                return;
            }
        };
        if outcome == Outcome::Finished {
            core.read_probes();
        }
        core.phase.set(Phase::Ending);
        let judged = core.settle(situation);
        core.tell(judged);
    }
}

/// Has a task in the run that could always go on: whether all others are in a deadlock is ours to say.
fn keep_going() {
    let Some(crew) = crew() else { return };
    crew.quiet.set(true);
    let task = keep_one_that_can_run();
    crew.quiet.set(false);
    crew.knows(task, NO_MEMBER);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::property::{Engine, Step, Witness};
    use crate::run::{Choice, Point, Strategy, View};
    use crate::runtime::{Reserved, Root, Tasks};
    use crate::semaphore::Semaphore;

    /// Takes what comes first, and panics when it is asked that often.
    struct Panics(u32);

    impl Strategy for Panics {
        fn begin(&mut self, _: u64) -> bool {
            true
        }

        fn choose(&mut self, point: &Point<'_>) -> Option<Choice> {
            self.0 -= 1;
            assert!(self.0 > 0, "of the strategy");
            Some(point.enabled[0].choice)
        }
    }

    struct Deaf;

    impl Witness for Deaf {
        fn state(&mut self, _: &dyn View, _: Situation, _: &Step<'_>) {}
    }

    /// It is the engine that panics, whoever has asked, and no worker sees anything of that.
    #[track_caller]
    fn panics_outside(main: fn()) {
        for times in 1..8 {
            let ran = catch_unwind(|| {
                crate::runtime::threads::hosted(move || {
                    let _reserved = Reserved::new();
                    let place = Here::from(Location::caller());
                    let root = Root::Thread(Arc::new(main));
                    let strategy: SharedStrategy = Rc::new(RefCell::new(Panics(times)));
                    let witness: SharedWitness = Rc::new(RefCell::new(Deaf));
                    Tasks::new(root, place, Options::default()).execute(&strategy, &witness)
                })
            });
            let panic = ran.expect_err("the strategy has panicked");
            assert_eq!(message(&*panic), "of the strategy");
        }
    }

    fn works() {
        let pool = Arc::new(Semaphore::new(1));
        let there = Arc::clone(&pool);
        let thread = crate::runtime::threads::spawn(move || {
            let _permit = there.acquire_blocking();
        });
        for _ in 0..2 {
            let caught = catch_unwind(|| drop(pool.acquire_blocking()));
            if let Err(panic) = caught {
                assert_ne!(message(&*panic), "of the strategy");
                resume_unwind(panic);
            }
        }
        let _ = thread.join();
    }

    #[test]
    fn a_strategy_that_panics_unwinds_no_worker() {
        panics_outside(works);
        panics_outside(|| {
            shuttle_engine::runtime::thread::continuation::switch();
            works();
        });
    }
}
