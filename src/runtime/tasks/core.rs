//! What a run consists of while it goes on, and the asking of the strategy.
//!
//! User code runs in the middle of a step, and comes back in through the functions of this crate:
//! so everything is behind cells, and nothing is borrowed while user code runs.
//!
//! **Invariants**
//!
//! 1. A step is told before the next choice is asked for, also where that is in the middle of a
//!    poll.
//! 2. While a run is taken down nothing is told any more: what is dropped then shows who held it.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::clock::Clock;
use super::lowered::Script;
use super::panics::{Panic, Sight};
use super::published::Published;
use super::slot::{Io, Slot, Striker};
use super::tracked::Known;
use super::watch::{Invariant, Probe};
use super::{Options, Resuming};
use crate::property::{Fact, Identity, Judge, SharedStrategy, SharedWitness, Situation, Step};
use crate::run::{
    Action, Budget, Choice, Enabled, Event, Op, Outcome, Point, Resource, SemaphoreId, Spent,
    StatementId, Status, View, Wait, WorkerId,
};
use crate::runtime::book::{Book, Entry};
use crate::runtime::names::Here;

/// Where a run is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Between runs.
    Off,
    /// It goes on.
    Running,
    /// It is broken off in the middle of a poll, which unwinds.
    Leaving,
    /// It is over, and what is left of it is dropped.
    Ending,
}

/// No task.
pub(super) const NOBODY: usize = usize::MAX;

/// One exploration's run.
pub(crate) struct Core {
    pub(super) book: RefCell<Book>,
    pub(super) slots: RefCell<Vec<Slot>>,
    /// How many slots this run uses.
    pub(super) used: Cell<usize>,
    /// The slot of the task that runs.
    pub(super) current: Cell<usize>,
    /// Whether the task that runs may still perform an op that it has announced: one in each poll.
    pub(super) may_perform: Cell<bool>,
    /// Whether the task that runs has come to something that it waits for, in this poll.
    pub(super) knows: Cell<bool>,
    /// The statement of the op that is performed.
    pub(super) statement: Cell<StatementId>,
    pub(super) phase: Cell<Phase>,
    pub(super) clock: RefCell<Clock>,
    pub(super) probes: RefCell<Vec<Probe>>,
    /// Those that were made while probes were read.
    pub(super) new_probes: RefCell<Vec<Probe>>,
    pub(super) tracked: RefCell<Vec<Known>>,
    pub(super) invariants: RefCell<Vec<Invariant>>,
    /// What was put back while the run was taken down: who dropped it, and what it was.
    pub(super) dropped: RefCell<Vec<(WorkerId, SemaphoreId, Entry)>>,
    /// Our semaphores of this run, to tell those that are left otherwise than they were found.
    pub(super) found: RefCell<Vec<Found>>,
    /// Which run this is: what a semaphore's mark says.
    pub(super) epoch: Cell<u64>,
    /// How often semaphores were used in the poll that is under way.
    pub(super) uses: Cell<u32>,
    /// Who makes a task end that is aborted now.
    pub(super) striker: Cell<Striker>,
    /// Next number of a future that may be cancelled.
    pub(super) next_part: Cell<u32>,
    pub(super) options: Cell<Options>,
    pub(super) progress: RefCell<Progress>,
    pub(super) published: RefCell<Option<std::sync::Arc<Published>>>,
    /// How many workers had a name when names were published last.
    published_workers: Cell<usize>,
    /// Where the run is one of a program.
    pub(super) script: Script,
    /// Where its workers are threads: how they take their turns.
    pub(super) turns: RefCell<Option<Rc<dyn Turns>>>,
    strategy: RefCell<Option<SharedStrategy>>,
    witness: RefCell<Option<SharedWitness>>,
}

/// How workers wait for their turn that need not be polled for it.
pub(super) trait Turns {
    /// The worker that runs stands at a statement, until it is chosen: how it goes on.
    fn take(&self, statement: StatementId, op: Op) -> Action;
}

/// How a semaphore of ours was found and how it stands: free permits, capacity, closed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    pub(super) id: SemaphoreId,
    pub(super) at_first: (u64, u64, bool),
    pub(super) now: (u64, u64, bool),
    /// Whether it was dropped.
    pub(super) gone: bool,
}

/// No two runs of a process have the same number: a semaphore may outlive its exploration.
static RUNS: AtomicU64 = AtomicU64::new(1);

/// How far a run is, and memory that is kept from run to run.
#[derive(Default)]
pub(super) struct Progress {
    pub(super) enabled: Vec<Enabled>,
    facts: Vec<Fact>,
    pub(super) spent: Spent,
    pub(super) steps: u64,
    /// What was enabled at the last choice, and which of it was taken. It is copied from there when
    /// it is needed: what was put together just now is slow to read as a whole.
    before: Vec<Enabled>,
    taken: Option<usize>,
    /// Whether the step that the last choice began has been told.
    told: bool,
    /// Whether the budgets have not been applied to what is enabled.
    pub(super) bounded: bool,
    /// The run ends in the middle of a poll, and how.
    broken_off: Option<Outcome>,
}

impl Core {
    pub(super) fn new() -> Core {
        Core {
            book: RefCell::new(Book::new()),
            slots: RefCell::default(),
            used: Cell::new(0),
            current: Cell::new(NOBODY),
            may_perform: Cell::new(false),
            knows: Cell::new(false),
            statement: Cell::new(StatementId(0)),
            phase: Cell::new(Phase::Off),
            clock: RefCell::default(),
            probes: RefCell::default(),
            new_probes: RefCell::default(),
            tracked: RefCell::default(),
            invariants: RefCell::default(),
            dropped: RefCell::default(),
            found: RefCell::default(),
            epoch: Cell::new(0),
            uses: Cell::new(0),
            striker: Cell::new(Striker::User),
            next_part: Cell::new(0),
            options: Cell::new(Options::default()),
            progress: RefCell::default(),
            published: RefCell::default(),
            published_workers: Cell::new(0),
            script: Script::default(),
            turns: RefCell::default(),
            strategy: RefCell::default(),
            witness: RefCell::default(),
        }
    }

    /// Begins a run.
    pub(super) fn begin(&self, strategy: &SharedStrategy, witness: &SharedWitness) {
        self.book.borrow_mut().reset();
        self.used.set(0);
        self.current.set(NOBODY);
        self.phase.set(Phase::Running);
        self.clock.borrow_mut().reset();
        self.epoch.set(RUNS.fetch_add(1, Ordering::Relaxed));
        self.next_part.set(0);
        self.dropped.borrow_mut().clear();
        self.found.borrow_mut().clear();
        self.tracked.borrow_mut().clear();
        let mut progress = self.progress.borrow_mut();
        progress.spent = Spent::default();
        progress.steps = 0;
        progress.taken = None;
        progress.told = false;
        progress.broken_off = None;
        progress.facts.clear();
        if let Some(published) = &*self.published.borrow() {
            published.begin();
        }
        *self.strategy.borrow_mut() = Some(Rc::clone(strategy));
        *self.witness.borrow_mut() = Some(Rc::clone(witness));
    }

    /// The run is over, and nothing of it is kept.
    pub(super) fn over(&self) {
        self.phase.set(Phase::Off);
        self.strategy.borrow_mut().take();
        self.witness.borrow_mut().take();
    }

    /// The worker that runs; `main` if none does.
    pub(super) fn worker(&self) -> WorkerId {
        let current = self.current.get();
        if current == NOBODY {
            return crate::runtime::names::MAIN;
        }
        self.slots.borrow()[current].id
    }

    /// The statement of these words at a place.
    pub(super) fn statement_at(&self, place: Here, head: &str) -> StatementId {
        self.book.borrow_mut().names.statement(place, head)
    }

    /// Whether nothing is told any more.
    pub(super) fn is_ending(&self) -> bool {
        self.phase.get() != Phase::Running
    }

    /// Tells the step that is under way, and what came of it.
    pub(super) fn tell(&self, situation: Situation) {
        if !self.is_ending() {
            // what is left when all was dropped is no part of the last state
            self.read_probes();
        }
        self.check_invariants();
        let progress = &mut *self.progress.borrow_mut();
        let book = &mut *self.book.borrow_mut();
        if !book.is_quiet() {
            judge(book, situation, &mut progress.facts);
            if let Some(strategy) = &*self.strategy.borrow() {
                let mut strategy = strategy.borrow_mut();
                for event in &book.events {
                    strategy.observe(event);
                }
            }
        }
        Judge::situation(&*book, situation, |fact| progress.facts.push(fact));
        let taken = progress.taken.filter(|_| !progress.told);
        if let Some(witness) = &*self.witness.borrow() {
            let step = Step {
                taken: taken.map(|at| &progress.before[at]),
                events: &book.events,
                facts: &progress.facts,
                spent: &progress.spent,
            };
            witness.borrow_mut().state(book, situation, &step);
        }
        progress.facts.clear();
        progress.told = true;
        book.told();
    }

    /// Adds to what is told of the step.
    pub(super) fn add_fact(&self, identity: Identity) {
        self.progress
            .borrow_mut()
            .facts
            .push(Fact::Failed(identity));
    }

    /// Gathers what can happen next, and says what that amounts to.
    pub(super) fn look(&self) -> Situation {
        let slots = self.slots.borrow();
        let mut book = self.book.borrow_mut();
        let progress = &mut *self.progress.borrow_mut();
        let options = self.options.get();
        let enabled = &mut progress.enabled;
        enabled.clear();
        let within = |resource: Resource| {
            progress.spent.drawn[resource as usize] < options.budget.limit(resource)
        };
        let cancels = within(Resource::Cancels);
        let clock = self.clock.borrow();
        let next_timer = clock.next_deadline();
        let (mut something, mut unfinished, mut timers) = (false, false, false);
        for (index, slot) in slots[..self.used.get()].iter().enumerate() {
            if slot.ended {
                continue;
            }
            unfinished = true;
            let ready = slot.flag.is_ready();
            let timed = next_timer.is_some() && clock.has_timer(index, next_timer);
            if !(ready || cancels || timed) {
                continue;
            }
            let account = book.account_mut(slot.id);
            let (worker, op) = (slot.id, account.op);
            let mut offer = |action, draws| {
                let choice = Choice { worker, action };
                enabled.push(Enabled { choice, op, draws });
            };
            if ready {
                something = true;
                if matches!(account.wait, Some(Wait::Unknown | Wait::Join { .. })) {
                    account.wait = None;
                }
                offer(Action::Proceed, None);
                if slot.io == Some(Io::Open) && within(Resource::Panics) {
                    offer(Action::Panic, Some(Resource::Panics));
                    offer(Action::Fail, Some(Resource::Panics));
                }
            }
            if timed {
                timers = true;
                offer(Action::Timeout, Some(Resource::Timeouts));
            }
            if !cancels {
                continue;
            }
            if index > 0 && options.cancels_tasks {
                offer(Action::Cancel, Some(Resource::Cancels));
            }
            let parts = slot.parts.iter().filter(|part| !part.cancelled).count();
            for part in 0..parts {
                offer(Action::CancelPart(part as u32), Some(Resource::Cancels));
            }
            if options.wakers.replaced {
                offer(Action::NewWaker, Some(Resource::Cancels));
            }
            if !ready && options.wakers.spurious {
                offer(Action::Spurious, Some(Resource::Cancels));
            }
        }
        progress.bounded = timers;
        if !something && timers {
            // when nothing but timers and cancellations is left, timers fire free
            for offer in enabled.iter_mut() {
                if offer.choice.action == Action::Timeout {
                    offer.draws = None;
                }
            }
        }
        if !unfinished {
            Situation::Finished
        } else if !something && !timers {
            Situation::Stuck
        } else if progress.steps >= options.bound.0 {
            Situation::StepBound
        } else {
            Situation::Going
        }
    }

    /// Asks for one of the choices that were gathered and are within the budgets; `None` if the run
    /// ends here.
    pub(super) fn ask(&self) -> Option<Choice> {
        let progress = &mut *self.progress.borrow_mut();
        let budget: Budget = self.options.get().budget;
        let spent = &progress.spent;
        let goes_on = |o: &Enabled| Some(o.choice.worker) == spent.last && o.choice.is_progress();
        let held_up = budget.preemptions.is_some() && progress.enabled.iter().any(goes_on);
        if progress.bounded || budget.preemptions.is_some() {
            progress
                .enabled
                .retain(|o| spent.allows(o.choice, o.draws, held_up, &budget));
        }
        if progress.enabled.is_empty() {
            return None;
        }
        let book = self.book.borrow();
        let point = Point {
            enabled: &progress.enabled,
            view: &*book,
            last: progress.taken.map(|at| progress.before[at].choice),
        };
        let strategy = self.strategy.borrow();
        let choice = strategy.as_ref()?.borrow_mut().choose(&point)?;
        let at = progress.enabled.iter().position(|e| e.choice == choice)?;
        let draws = progress.enabled[at].draws;
        progress.spent.take(choice, draws, held_up);
        progress.steps += 1;
        std::mem::swap(&mut progress.enabled, &mut progress.before);
        progress.taken = Some(at);
        progress.told = false;
        if let Some(published) = &*self.published.borrow() {
            let workers = book.names.workers();
            if self.published_workers.replace(workers) != workers {
                published.name_workers(book.names.worker_names());
            }
            published.step(progress.steps, choice);
        }
        Some(choice)
    }

    /// A choice in the middle of a poll, for the worker that runs: which of these actions is taken.
    ///
    /// If the run ends here, this unwinds.
    pub(super) fn ask_within(
        &self,
        statement: StatementId,
        op: Op,
        actions: impl Iterator<Item = (Action, Option<Resource>)>,
    ) -> Action {
        let turns = self.turns.borrow().clone();
        if let Some(turns) = turns {
            return turns.take(statement, op);
        }
        let worker = self.worker();
        self.book.borrow_mut().stands(worker, statement, op);
        let bounded = self.progress.borrow().steps >= self.options.get().bound.0;
        self.tell(if bounded {
            Situation::StepBound
        } else {
            Situation::Going
        });
        {
            let progress = &mut *self.progress.borrow_mut();
            progress.enabled.clear();
            progress.bounded = true;
            progress
                .enabled
                .extend(actions.map(|(action, draws)| Enabled {
                    choice: Choice { worker, action },
                    op,
                    draws,
                }));
        }
        let taken = if bounded { None } else { self.ask() };
        match taken {
            Some(choice) => {
                self.book.borrow_mut().account_mut(worker).op = Op::Poll;
                choice.action
            }
            None if bounded => self.break_off(Outcome::StepBound),
            None => self.break_off(Outcome::Abandoned),
        }
    }

    /// Ends the run in the middle of a poll.
    pub(super) fn break_off(&self, outcome: Outcome) -> ! {
        self.progress.borrow_mut().broken_off = Some(outcome);
        self.phase.set(Phase::Leaving);
        resume_unwind(Box::new(Panic::Abandoned))
    }

    /// How the run ended, if it did in the middle of a poll; what was not told yet is.
    pub(super) fn broken_off(&self) -> Option<Outcome> {
        let outcome = self.progress.borrow().broken_off?;
        if !self.progress.borrow().told {
            self.tell(Situation::Going);
        }
        Some(outcome)
    }

    /// Runs user code; a panic of its own is written down as a failure of the worker that runs.
    pub(super) fn guarded<T>(&self, f: impl FnOnce() -> T) -> Result<T, Sight> {
        match catch_unwind(AssertUnwindSafe(f)) {
            Ok(value) => Ok(value),
            Err(payload) => Err(Sight::of(payload)),
        }
    }

    /// Writes down that the user's code failed.
    pub(super) fn failed(&self, worker: WorkerId, sight: &Sight) {
        let Some((text, place)) = sight.failure() else {
            return;
        };
        let mut book = self.book.borrow_mut();
        let statement = match place {
            Some(place) if !self.script.on.get() => book.names.statement(place, "panic"),
            _ => book.account(worker).statement,
        };
        let text = book.text(&text);
        book.events.push(Event::Failed {
            worker,
            statement,
            text,
        });
    }

    /// How tasks that are granted go on.
    pub(super) fn resuming(&self) -> Resuming {
        self.options.get().resuming
    }

    /// Whether a worker of this run has ended.
    pub(super) fn has_ended(&self, worker: WorkerId) -> bool {
        self.book.borrow().status(worker) == Status::Ended
    }
}

/// Puts the properties to what happened.
fn judge(book: &Book, situation: Situation, facts: &mut Vec<Fact>) {
    facts.extend(book.events.iter().filter_map(fact_of));
    for &worker in &book.moved {
        Judge::moved(book, worker, |fact| {
            let told_apart = match fact {
                Fact::Ordered { from, to, .. } => {
                    !book.names.is_ambiguous(from) && !book.names.is_ambiguous(to)
                }
                _ => true,
            };
            if told_apart {
                facts.push(fact);
            }
        });
    }
    for &semaphore in &book.touched {
        // of our own, what is held at the end is settled already
        if situation != Situation::Finished || book.is_foreign(semaphore) {
            Judge::semaphore(book, semaphore, |fact| facts.push(fact));
        }
    }
}

/// What an event is a failure of.
fn fact_of(event: &Event) -> Option<Fact> {
    match *event {
        Event::Failed { statement, .. } => Some(Fact::Failed(Identity::Assertion { statement })),
        _ => Judge::event(event),
    }
}
