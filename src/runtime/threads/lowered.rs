//! Programs performed by threads: a stage on which blocking code stands.
//!
//! The statements of a worker are walked by a future that never waits: where it would, the thread does,
//! and so it is the blocking half of the semaphore that is performed.

use std::cell::Cell;
use std::future::Future;
use std::panic::Location;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use shuttle_engine::runtime::execution::ExecutionState;

use super::crew::{Crew, NO_MEMBER, Turn};
use super::engine::{STACK, Threads};
use super::hook::ThreadHook;
use super::spawn::{Present, crew};
use super::team::Stand;
use crate::property::{SharedStrategy, SharedWitness, Situation};
use crate::run::{
    Action, Choice, Ending, Event, Op, Outcome, SemaphoreId, StatementId, Status, WorkerId,
};
use crate::runtime::lowering::{Acquiring, Answer, Cast, Part, Plan, Request, Stage};
use crate::runtime::scene::Options;
use crate::runtime::scene::current::Entered;
use crate::semaphore::hook;

/// A program on its stage.
pub(super) struct Play {
    cast: Rc<Cast<Threaded>>,
    plan: Arc<Plan>,
    /// The choice whose step is under way.
    last: Cell<Option<Choice>>,
    /// Whether the workers that nobody spawns have begun.
    raised: Cell<bool>,
}

impl Threads {
    /// One run of a program.
    pub(crate) fn perform(
        &self,
        plan: &Arc<Plan>,
        options: Options,
        strategy: &SharedStrategy,
        witness: &SharedWitness,
    ) -> Outcome {
        let crew = self.crew();
        let core = &crew.core;
        let _hook = hook::install(Rc::new(ThreadHook::new(crew)));
        let _entered = Entered::new(Rc::clone(core));
        let _present = Present::new(crew);
        core.begin(options, strategy, witness);
        crew.begin(None);
        let cast = Rc::new(Cast::new(Arc::clone(plan), Threaded(Rc::clone(crew))));
        core.script.left.borrow_mut().clear();
        core.book.borrow_mut().make_room(plan.workers().count());
        for semaphore in cast.semaphores() {
            core.id_of(&semaphore.site());
        }
        *crew.play.borrow_mut() = Some(Rc::new(Play {
            cast: Rc::clone(&cast),
            plan: Arc::clone(plan),
            last: Cell::new(None),
            raised: Cell::new(false),
        }));
        crew.knows(0, NO_MEMBER);
        let outcome = self.run(raise_the_curtain);
        *crew.play.borrow_mut() = None;
        self.pass_on_panic();
        core.phase.set(crate::runtime::scene::core::Phase::Ending);
        core.clear();
        // permits that were leaked are put back here, and nobody is told
        drop(cast);
        strategy.borrow_mut().end(outcome);
        core.over();
        outcome
    }
}

/// All workers that nobody spawns begin. What does this is none of them.
fn raise_the_curtain() {
    let Some(crew) = crew() else { return };
    let play = crew.play.borrow().clone();
    if let Some(play) = play {
        for worker in play.plan.workers().filter(|&w| !play.plan.is_spawned(w)) {
            crew.enters(&play.cast, worker);
        }
        play.raised.set(true);
    }
}

impl Crew {
    /// A worker begins, and comes to its first op within the step that is under way.
    fn enters(&self, cast: &Rc<Cast<Threaded>>, worker: WorkerId) {
        let core = &self.core;
        let index = {
            let progress = &mut *core.progress.borrow_mut();
            let index = progress.take_slot(worker);
            progress.slots[index].flag.set(false);
            index
        };
        core.book.borrow_mut().begin(worker, StatementId(0));
        let cast = Rc::clone(cast);
        let body = Box::new(move || {
            if let Some(crew) = crew() {
                crew.plays(index, &cast, worker);
            }
        });
        self.quiet.set(true);
        let task = ExecutionState::spawn_thread(body, STACK, None, None, Location::caller());
        self.quiet.set(false);
        self.join(task.into(), Stand::Running, None);
    }

    /// The whole life of a worker.
    fn plays(&self, me: usize, cast: &Rc<Cast<Threaded>>, worker: WorkerId) {
        let core = &self.core;
        let played = core.guarded(|| {
            if core.is_ending() {
                return;
            }
            let walk = pin!(Rc::clone(cast).run(worker));
            match walk.poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(()) => {}
                Poll::Pending => unreachable!("where a worker waits, its thread does"),
            }
        });
        if let Err(sight) = played
            && !core.is_ending()
        {
            core.failed(worker, &sight);
        }
        let how = core.book.borrow().account(worker).how;
        self.leaves_the_stage(me, how);
    }

    /// Offers what the statements do, tells, and asks the strategy.
    pub(super) fn perform(&self, play: &Play) -> Turn {
        let core = &self.core;
        // what keeps the run going has nothing to do but to raise the curtain, and to end
        if self.outcome.get().is_some() || !play.raised.get() {
            return Turn::Over;
        }
        core.after_the_step(&*play.cast, play.last.take());
        let situation = core.look_at_statements(&play.plan);
        if matches!(situation, Situation::Finished | Situation::Stuck) {
            play.cast.judge_deferred();
        }
        core.tell(situation);
        match situation {
            Situation::Finished => {
                self.outcome.set(Some(Outcome::Finished));
                return Turn::Over;
            }
            Situation::StepBound => return self.end(Outcome::StepBound),
            Situation::Going | Situation::Stuck => {}
        }
        match core.ask() {
            Some(at) => {
                play.last.set(Some(core.taken(at)));
                self.of(at)
            }
            None if core.progress.borrow().enabled.is_empty() => self.end(Outcome::Stuck),
            None => self.end(Outcome::Abandoned),
        }
    }
}

/// A stage of threads.
pub(super) struct Threaded(Rc<Crew>);

impl Stage for Threaded {
    const DROPS: bool = false;

    async fn stand(&self, _worker: WorkerId, statement: StatementId, op: Op) -> Action {
        self.0.stand(statement, op)
    }

    /// The semaphore itself says that the worker stands at the acquire, before it performs it.
    async fn acquire<T, F: Acquiring<T>>(&self, request: Request<F>) -> Answer<T> {
        let me = self.0.core.current.get().slot;
        self.0.team.borrow_mut().members[me].cancel = request.cancel;
        let book = &self.0.core.book;
        book.borrow_mut().account_mut(request.worker).statement = request.statement;
        let answer = request.acquire.block(request.timed);
        book.borrow_mut().account_mut(request.worker).timers = 0;
        answer.into()
    }

    fn tell(&self, event: Event) {
        self.0.core.book.borrow_mut().events.push(event);
    }

    fn moves(&self, semaphore: SemaphoreId, holder: WorkerId, parts: &[Part]) {
        self.0.core.moves(semaphore, holder, parts);
    }

    fn receives(&self, semaphore: SemaphoreId, worker: WorkerId, parts: &[Part]) {
        self.0.core.receives(semaphore, worker, parts);
    }

    fn status(&self, worker: WorkerId) -> (Status, Ending) {
        self.0.core.how_it_is(worker)
    }

    fn waits(&self, worker: WorkerId) -> bool {
        self.0.core.waits_for_permits(worker)
    }

    /// Its waker is woken, and so it goes on.
    fn call(&self, _worker: WorkerId) {}

    fn spawn(&self, cast: &Rc<Cast<Threaded>>, worker: WorkerId) {
        self.tell(Event::Spawned { worker });
        self.0.enters(cast, worker);
    }

    fn ends(&self, worker: WorkerId, how: Ending) {
        self.0.core.book.borrow_mut().account_mut(worker).how = how;
    }
}
