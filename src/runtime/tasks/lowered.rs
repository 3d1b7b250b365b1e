//! Programs performed by tasks: the loop that offers what a program offers, and the stage on which
//! its workers stand.
//!
//! It differs from a closure's run where the language does. All choices of a worker come from the
//! statement at which it stands; a grant, a call-off and a spawn go on in the step that brings them
//! about; a stuck run goes on with cancellations; leaks are judged by the program's ledger, and so
//! nothing has to be dropped to see who holds what.
//!
//! **Invariants**
//!
//! 1. Between two choices each task that is not in a queue stands at a statement.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;

use crate::program::Program;
use crate::property::{Engine, SharedStrategy, SharedWitness, Situation, StepBound};
use crate::run::{
    Action, Budget, Choice, Enabled, Ending, Event, Op, Outcome, Resource, SemaphoreId,
    StatementId, Status, StopFlag, View, Wait, WorkerId,
};
use crate::runtime::book::Entry;
use crate::runtime::lowering::{Acquiring, Answer, Cast, NotLowered, Part, Plan, Request, Stage};
use crate::runtime::names::Names;
use crate::runtime::scene::core::{Core, NOBODY};
use crate::runtime::scene::current::{Entered, Reserved};
use crate::runtime::scene::{Options, Resuming};
use crate::runtime::tasks::arrange::arrange;
use crate::semaphore::hook;

/// What the tasks of a program have beyond those of a closure.
#[derive(Debug)]
pub(in crate::runtime) struct Script {
    /// Whether the run is one of a program.
    pub(in crate::runtime) on: Cell<bool>,
    /// Whose permits the op moves that is performed.
    pub(in crate::runtime) holder: Cell<WorkerId>,
    /// Those who left a queue in this step without being granted.
    pub(in crate::runtime) left: RefCell<Vec<WorkerId>>,
    /// How the worker goes on that is chosen, until it does.
    decided: Cell<Option<Action>>,
}

impl Default for Script {
    fn default() -> Script {
        Script {
            on: Cell::new(false),
            holder: Cell::new(WorkerId(0)),
            left: RefCell::default(),
            decided: Cell::new(None),
        }
    }
}

/// Makes runs of a worker program as futures or threads over
/// [`Semaphore`](crate::semaphore::Semaphore).
///
/// Schedules, events and states are those of the machine, so that a strategy makes the same runs of
/// either.
pub struct Lowered {
    core: Rc<Core>,
    plan: Arc<Plan>,
    options: Options,
    workers: Workers,
}

/// What performs the workers of a program.
enum Workers {
    Tasks,
    #[cfg(feature = "threads")]
    Threads(crate::runtime::threads::Threads),
}

impl fmt::Debug for Lowered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lowered").finish_non_exhaustive()
    }
}

impl Lowered {
    /// An engine for a program, within a budget and a step bound.
    ///
    /// # Errors
    ///
    /// If a semaphore of the program is neither bounded nor a signal, or not `fifo`.
    pub fn new(program: &Program, budget: Budget, bound: StepBound) -> Result<Lowered, NotLowered> {
        let core = Core::new();
        core.script.on.set(true);
        core.book.borrow_mut().names = Names::of_program(program.instance_names());
        Ok(Lowered {
            workers: Workers::Tasks,
            core: Rc::new(core),
            plan: Arc::new(Plan::new(program)?),
            options: Options {
                budget,
                bound,
                resuming: Resuming::AtOnce,
                cancels_tasks: false,
                ..Options::default()
            },
        })
    }

    /// The same whose workers are threads.
    #[cfg(feature = "threads")]
    #[must_use]
    pub fn on_threads(mut self) -> Lowered {
        self.workers = Workers::Threads(crate::runtime::threads::Threads::new(&self.core));
        self
    }

    /// Another one for the same program, under other bounds.
    pub(crate) fn again(&self, budget: Budget, bound: StepBound) -> Lowered {
        Lowered {
            workers: match &self.workers {
                Workers::Tasks => Workers::Tasks,
                #[cfg(feature = "threads")]
                Workers::Threads(_) => {
                    Workers::Threads(crate::runtime::threads::Threads::new(&self.core))
                }
            },
            core: Rc::clone(&self.core),
            plan: Arc::clone(&self.plan),
            options: Options {
                budget,
                bound,
                ..self.options
            },
        }
    }

    /// The texts that events carry: a semaphore that breaks its word panics.
    pub(crate) fn texts(&self) -> Vec<String> {
        self.core.book.borrow().names.all_texts()
    }
}

impl Engine for Lowered {
    /// # Panics
    ///
    /// In an exploration: one goes after the other.
    fn execute(&mut self, strategy: &SharedStrategy, witness: &SharedWitness) -> Outcome {
        let core = &self.core;
        let _reserved = Reserved::new();
        match &self.workers {
            Workers::Tasks => {}
            #[cfg(feature = "threads")]
            Workers::Threads(threads) => {
                return threads.perform(&self.plan, self.options, strategy, witness);
            }
        }
        let _hook = hook::install(Rc::clone(core) as Rc<dyn hook::Hook>);
        let _entered = Entered::new(Rc::clone(core));
        core.begin(self.options, strategy, witness);
        let cast = Rc::new(Cast::new(Arc::clone(&self.plan), Tasked(Rc::clone(core))));
        core.set_the_stage(&cast, &self.plan);
        let outcome = core.perform(&cast, &self.plan);
        core.take_down();
        core.clear();
        // permits that were leaked are put back here, and nobody is told
        drop(cast);
        strategy.borrow_mut().end(outcome);
        core.over();
        outcome
    }

    fn stop_by(&mut self, flag: &StopFlag) {
        self.core.progress.borrow_mut().stop = flag.clone();
    }

    fn steps(&self) -> u64 {
        self.core.progress.borrow().steps()
    }
}

impl Core {
    /// All workers come to their first op.
    fn set_the_stage(&self, cast: &Rc<Cast<Tasked>>, plan: &Plan) {
        self.script.decided.set(None);
        self.script.left.borrow_mut().clear();
        self.book.borrow_mut().make_room(plan.workers().count());
        for semaphore in cast.semaphores() {
            self.id_of(&semaphore.site());
        }
        for worker in plan.workers().filter(|&w| !plan.is_spawned(w)) {
            self.start_worker(cast, worker);
        }
        self.go_on_at_once();
        self.after_the_step(&**cast, None);
    }

    fn start_worker(&self, cast: &Rc<Cast<Tasked>>, worker: WorkerId) {
        self.book.borrow_mut().begin(worker, StatementId(0));
        let body = Box::pin(Rc::clone(cast).run(worker));
        let progress = &mut *self.progress.borrow_mut();
        let index = progress.take_slot(worker);
        progress.slots[index].body = Some(body);
    }

    fn perform(&self, cast: &Rc<Cast<Tasked>>, plan: &Plan) -> Outcome {
        loop {
            let situation = self.look_at_statements(plan);
            if matches!(situation, Situation::Finished | Situation::Stuck) {
                cast.judge_deferred();
            }
            self.tell(situation);
            match situation {
                Situation::Finished => return Outcome::Finished,
                Situation::StepBound => return Outcome::StepBound,
                Situation::Going | Situation::Stuck => {}
            }
            let Some(at) = self.ask() else {
                return if self.progress.borrow().enabled.is_empty() {
                    Outcome::Stuck
                } else {
                    Outcome::Abandoned
                };
            };
            let choice = self.taken(at);
            self.go_on(choice);
            self.after_the_step(&**cast, Some(choice));
            if let Some(outcome) = self.broken_off() {
                return outcome;
            }
        }
    }

    fn go_on(&self, choice: Choice) {
        self.script.decided.set(Some(choice.action));
        let Some(slot) = self.slot_of(choice.worker) else {
            unreachable!("a choice is for a worker that runs")
        };
        self.poll(slot);
        self.current.set(NOBODY);
        self.go_on_at_once();
    }

    /// Tells what those leak who have ended, and puts all in order.
    pub(in crate::runtime) fn after_the_step<S: Stage>(
        &self,
        cast: &Cast<S>,
        choice: Option<Choice>,
    ) {
        let ended: Vec<(WorkerId, Ending)> = {
            let events = &self.book.borrow().events;
            let ended = events.iter().filter_map(|event| match *event {
                Event::Ended { worker, how } => Some((worker, how)),
                _ => None,
            });
            ended.collect()
        };
        for (worker, how) in ended {
            cast.judge_leaks(worker, how);
        }
        let left = std::mem::take(&mut *self.script.left.borrow_mut());
        if let Some(choice) = choice {
            arrange(&mut self.book.borrow_mut().events, choice, &left);
        }
    }

    /// Gathers what the statements offer at which the workers stand, and says what that amounts to.
    pub(in crate::runtime) fn look_at_statements(&self, plan: &Plan) -> Situation {
        let mut book = self.book.borrow_mut();
        let progress = &mut *self.progress.borrow_mut();
        progress.bounded = true;
        let enabled = &mut progress.enabled;
        enabled.clear();
        let mut unfinished = false;
        let slots = progress.slots[..progress.used].iter();
        for slot in slots.filter(|slot| !slot.ended) {
            unfinished = true;
            let worker = slot.id;
            let op = book.account(worker).op;
            if let Op::Join { first } = op {
                let count = plan.count(first);
                let running = |w| book.status(WorkerId(w)) == Status::Running;
                let waits = (first.0..first.0 + count).any(running);
                book.account_mut(worker).wait = waits.then_some(Wait::Join { first, count });
            }
            let wait = book.account(worker).wait;
            let mut offer = |action, draws| {
                let choice = Choice { worker, action };
                enabled.push(Enabled { choice, op, draws });
            };
            match (wait, op) {
                (Some(Wait::Permits { timed, .. }), _) => {
                    if timed {
                        offer(Action::Timeout, Some(Resource::Timeouts));
                    }
                    offer(Action::Cancel, Some(Resource::Cancels));
                }
                (Some(_), _) => {}
                // who has left its statement and was not woken cannot go on
                (None, Op::Poll) => debug_assert!(!slot.flag.is_ready(), "invariant 1"),
                (None, Op::Pick { branches }) => {
                    (0..branches).for_each(|k| offer(Action::Branch(k), None));
                }
                (None, Op::Work { fallible }) => {
                    offer(Action::Proceed, None);
                    if fallible {
                        offer(Action::Panic, Some(Resource::Panics));
                    }
                }
                (None, _) => offer(Action::Proceed, None),
            }
        }
        // slots are in the order of starting
        enabled.sort_unstable_by_key(|e| e.choice);
        if !enabled.iter().any(|e| e.choice.is_progress()) {
            // when nothing but timers and cancellations is left, timers fire free
            let timers = enabled.iter_mut();
            for timer in timers.filter(|e| e.choice.action == Action::Timeout) {
                timer.draws = None;
            }
        }
        let something = enabled.iter().any(|e| e.choice.action != Action::Cancel);
        if !unfinished {
            Situation::Finished
        } else if !something {
            Situation::Stuck
        } else if progress.is_at_bound() {
            Situation::StepBound
        } else {
            Situation::Going
        }
    }
}

/// What a stage does, whatever the workers are.
impl Core {
    pub(in crate::runtime) fn moves(
        &self,
        semaphore: SemaphoreId,
        holder: WorkerId,
        parts: &[Part],
    ) {
        self.script.holder.set(holder);
        let mut book = self.book.borrow_mut();
        for part in parts {
            book.strike(semaphore, holder, part.statement, part.permits());
        }
    }

    pub(in crate::runtime) fn receives(
        &self,
        semaphore: SemaphoreId,
        worker: WorkerId,
        parts: &[Part],
    ) {
        let mut book = self.book.borrow_mut();
        for part in parts {
            let entry = Entry {
                worker,
                statement: part.statement,
                permits: part.permits(),
            };
            book.enter(semaphore, entry);
        }
        book.moved.push(worker);
    }

    /// Where a worker is in its life, and how it ended if it did.
    pub(in crate::runtime) fn how_it_is(&self, worker: WorkerId) -> (Status, Ending) {
        let book = self.book.borrow();
        (book.status(worker), book.account(worker).how)
    }

    pub(in crate::runtime) fn waits_for_permits(&self, worker: WorkerId) -> bool {
        matches!(self.book.borrow().wait(worker), Some(Wait::Permits { .. }))
    }
}

/// A stage of tasks.
pub(in crate::runtime) struct Tasked(Rc<Core>);

impl Stage for Tasked {
    const DROPS: bool = true;

    fn stand(
        &self,
        worker: WorkerId,
        statement: StatementId,
        op: Op,
    ) -> impl Future<Output = Action> {
        let mut stood = false;
        poll_fn(move |cx| {
            if std::mem::replace(&mut stood, true) {
                let decided = self.0.script.decided.take();
                return Poll::Ready(decided.unwrap_or(Action::Proceed));
            }
            self.0.book.borrow_mut().stands(worker, statement, op);
            self.0.knows.set(true);
            cx.waker().wake_by_ref();
            Poll::Pending
        })
    }

    /// The semaphore itself says that the worker stands at the acquire, before it performs it.
    fn acquire<T, F>(&self, request: Request<F>) -> impl Future<Output = Answer<T>>
    where
        F: Acquiring<T>,
    {
        let Request {
            worker,
            statement,
            op,
            timed,
            cancel,
            acquire,
        } = request;
        let mut acquire = Some(acquire);
        let mut begun = false;
        poll_fn(move |cx| {
            if !std::mem::replace(&mut begun, true) {
                let mut book = self.0.book.borrow_mut();
                let account = book.account_mut(worker);
                account.statement = statement;
                account.timers = u32::from(timed);
            }
            match (self.0.script.decided.take(), &cancel) {
                (Some(Action::Timeout), _) => {
                    if let Some(semaphore) = op.semaphore() {
                        self.tell(Event::TimedOut { worker, semaphore });
                    }
                    acquire = None;
                    return Poll::Ready(Answer::TimedOut);
                }
                (Some(Action::Cancel), None) => {
                    acquire = None;
                    return Poll::Ready(Answer::Cancelled);
                }
                (Some(Action::Cancel), Some(cancel)) => cancel.fire(),
                _ => {}
            }
            let Some(pending) = &mut acquire else {
                unreachable!("an acquire is polled until it has its answer")
            };
            let answer = match Pin::new(pending).poll(cx) {
                Poll::Ready(answer) => answer,
                Poll::Pending => {
                    let mut book = self.0.book.borrow_mut();
                    let account = book.account_mut(worker);
                    if matches!(account.wait, Some(Wait::Permits { .. })) {
                        account.op = op;
                    }
                    return Poll::Pending;
                }
            };
            self.0.book.borrow_mut().account_mut(worker).timers = 0;
            Poll::Ready(answer.into())
        })
    }

    fn tell(&self, event: Event) {
        self.0.book.borrow_mut().events.push(event);
    }

    fn moves(&self, semaphore: SemaphoreId, holder: WorkerId, parts: &[Part]) {
        self.0.moves(semaphore, holder, parts);
    }

    fn receives(&self, semaphore: SemaphoreId, worker: WorkerId, parts: &[Part]) {
        self.0.receives(semaphore, worker, parts);
    }

    fn status(&self, worker: WorkerId) -> (Status, Ending) {
        self.0.how_it_is(worker)
    }

    fn waits(&self, worker: WorkerId) -> bool {
        self.0.waits_for_permits(worker)
    }

    fn call(&self, worker: WorkerId) {
        self.0.book.borrow_mut().account_mut(worker).op = Op::Poll;
    }

    fn spawn(&self, cast: &Rc<Cast<Tasked>>, worker: WorkerId) {
        self.tell(Event::Spawned { worker });
        self.0.start_worker(cast, worker);
    }

    fn ends(&self, worker: WorkerId, how: Ending) {
        self.0.book.borrow_mut().account_mut(worker).how = how;
    }
}
