//! What a run consists of while it goes on.
//!
//! User code runs in the middle of a step, and comes back in through the functions of this crate:
//! so everything is behind cells, and nothing is borrowed while user code runs.
//!
//! **Invariants**
//!
//! 1. While a run is taken down nothing is told any more: what is dropped then shows who held it.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Options, Resuming};
use crate::property::{Fact, Identity, SharedStrategy, SharedWitness, Situation};
use crate::run::{
    Action, Choice, Covering, Event, Op, Outcome, Resource, RunKind, SemaphoreId, StatementId,
    Status, View, WorkerId,
};
use crate::runtime::book::{Book, Entry};
use crate::runtime::names::{Here, MAIN};
use crate::runtime::scene::panics::{Panic, Sight};
use crate::runtime::scene::progress::Progress;
use crate::runtime::scene::slot::Striker;
use crate::runtime::scene::watch::{Invariant, OfRun, Probe};
use crate::runtime::tasks::lowered::Script;
use crate::runtime::tasks::tracked::account::Known;

/// Where a run is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::runtime) enum Phase {
    /// Between runs.
    Off,
    /// It goes on.
    Running,
    /// It is broken off in the middle of a poll, which unwinds.
    Leaving,
    /// It is over, and what is left of it is dropped.
    Ending,
}

/// Who runs: the slot of a task, and the worker that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::runtime) struct Runner {
    pub(in crate::runtime) slot: usize,
    pub(in crate::runtime) worker: WorkerId,
}

/// No task; what happens meanwhile is told of `main`.
pub(in crate::runtime) const NOBODY: Runner = Runner {
    slot: usize::MAX,
    worker: MAIN,
};

/// What comes next.
pub(in crate::runtime) enum Turn {
    /// The choice at this place among those that were gathered.
    Takes(usize),
    /// The strategy ends the run here.
    Abandoned,
    /// Nothing comes any more, which has not been told.
    Ends(Situation),
}

/// One exploration's run.
pub(crate) struct Core {
    pub(in crate::runtime) book: RefCell<Book>,
    pub(in crate::runtime) progress: RefCell<Progress>,
    /// How tasks that are granted go on.
    pub(in crate::runtime) resuming: Cell<Resuming>,
    /// Whether wakers look at the semaphores.
    pub(in crate::runtime) reentrant: Cell<bool>,
    pub(in crate::runtime) current: Cell<Runner>,
    /// Whether the task that runs may still perform an op that it has announced: one in each poll.
    pub(in crate::runtime) may_perform: Cell<bool>,
    /// Whether the task that runs has come to something that it waits for, in this poll.
    pub(in crate::runtime) knows: Cell<bool>,
    /// The statement of the op that is performed.
    pub(in crate::runtime) statement: Cell<StatementId>,
    pub(in crate::runtime) phase: Cell<Phase>,
    /// Whether the run is not judged any more: nothing of it is told from there on.
    pub(in crate::runtime) unjudged: Cell<bool>,
    /// Whether there is a probe or an invariant, or somebody meddled.
    pub(in crate::runtime) watched: Cell<bool>,
    pub(in crate::runtime) probes: RefCell<Vec<Probe>>,
    /// Those that were made while probes were read.
    pub(in crate::runtime) new_probes: RefCell<Vec<Probe>>,
    pub(in crate::runtime) tracked: RefCell<Vec<Known>>,
    pub(in crate::runtime) invariants: RefCell<Vec<Invariant>>,
    /// What is to hold in this run.
    pub(in crate::runtime) of_run: RefCell<Vec<OfRun>>,
    /// Those that were made while they were checked.
    pub(in crate::runtime) new_of_run: RefCell<Vec<OfRun>>,
    /// Whether the user's code looks at something now that is watched: there are no scheduling points.
    pub(in crate::runtime) looking: Cell<bool>,
    /// Whether it came to one all the same.
    pub(in crate::runtime) came_to_a_point: Cell<bool>,
    /// The probes and invariants that did, in any run.
    pub(in crate::runtime) refused: RefCell<Vec<StatementId>>,
    /// The semaphores that a thread has used that is none of the run's workers, since that was
    /// allowed for.
    pub(in crate::runtime) meddled: RefCell<Vec<SemaphoreId>>,
    /// What was put back while the run was taken down.
    pub(in crate::runtime) dropped: RefCell<Vec<Dropped>>,
    /// The addresses of the future that is dropped, from the first to before the last.
    pub(in crate::runtime) own: Cell<(usize, usize)>,
    /// Whether the guard that is dropped lies in what is its worker's own: its future, or its stack.
    pub(in crate::runtime) in_own: Cell<bool>,
    /// Our semaphores of this run, to tell those that are left otherwise than they were found.
    pub(in crate::runtime) found: RefCell<Vec<Found>>,
    /// Which run this is: what a semaphore's mark says.
    pub(in crate::runtime) epoch: Cell<u64>,
    /// How often semaphores were used in the poll that is under way.
    pub(in crate::runtime) uses: Cell<u32>,
    /// Who makes a task end that is aborted now.
    pub(in crate::runtime) striker: Cell<Striker>,
    /// Ops of the run on semaphores, the fault points that it came to, and its waits.
    pub(in crate::runtime) counts: Counts,
    /// Next number of a future that may be cancelled.
    pub(in crate::runtime) next_part: Cell<u32>,
    /// Where the run is one of a program.
    pub(in crate::runtime) script: Script,
    /// Where its workers are threads: how they take their turns.
    pub(in crate::runtime) turns: RefCell<Option<Rc<dyn Turns>>>,
}

/// How workers wait for their turn that need not be polled for it.
pub(in crate::runtime) trait Turns {
    /// The worker that runs stands at a statement, until it is chosen: how it goes on.
    fn take(&self, statement: StatementId, op: Op) -> Action;
}

/// Permits that were put back while the run was taken down.
#[derive(Debug, Clone, Copy)]
pub(in crate::runtime) struct Dropped {
    /// Whose future or stack was taken down.
    pub(in crate::runtime) by: WorkerId,
    pub(in crate::runtime) semaphore: SemaphoreId,
    /// Who took them.
    pub(in crate::runtime) entry: Entry,
    /// Whether the guard lay in that future or stack itself: then no other worker could reach it.
    pub(in crate::runtime) own: bool,
}

/// How a semaphore of ours was found and how it stands: free permits, capacity, closed.
#[derive(Debug, Clone, Copy)]
pub(in crate::runtime) struct Found {
    pub(in crate::runtime) id: SemaphoreId,
    pub(in crate::runtime) at_first: (u64, u64, bool),
    /// How it was left by what was told of it while the run was taken down.
    pub(in crate::runtime) left: Option<(u64, u64, bool)>,
    /// Whether it was dropped.
    pub(in crate::runtime) gone: bool,
    /// What was still owed to a shrink then.
    pub(in crate::runtime) debt: u64,
    /// Whether permits were missing then that no worker has.
    pub(in crate::runtime) taken_outside: bool,
}

/// What a run exercises, as far as user code says it: counted where nothing is borrowed.
#[derive(Debug, Default)]
pub(in crate::runtime) struct Counts {
    pub(in crate::runtime) ops: Count,
    pub(in crate::runtime) fault_points: Count,
    pub(in crate::runtime) waits: Count,
    /// Probes that were made.
    pub(in crate::runtime) probes: Count,
}

/// A number that only rises during a run.
#[derive(Debug, Default)]
pub(in crate::runtime) struct Count(Cell<u64>);

impl Count {
    #[inline]
    pub(in crate::runtime) fn add(&self) {
        self.0.set(self.0.get() + 1);
    }
}

impl Counts {
    fn begin(&self) {
        for count in [&self.ops, &self.fault_points, &self.waits, &self.probes] {
            count.0.set(0);
        }
    }
}

/// No two runs of a process have the same number: a semaphore may outlive its exploration.
static RUNS: AtomicU64 = AtomicU64::new(1);

impl Core {
    pub(in crate::runtime) fn new() -> Core {
        Core {
            book: RefCell::new(Book::new()),
            progress: RefCell::default(),
            resuming: Cell::new(Resuming::ByChoice),
            reentrant: Cell::new(false),
            current: Cell::new(NOBODY),
            may_perform: Cell::new(false),
            knows: Cell::new(false),
            statement: Cell::new(StatementId(0)),
            phase: Cell::new(Phase::Off),
            unjudged: Cell::new(false),
            watched: Cell::new(false),
            probes: RefCell::default(),
            new_probes: RefCell::default(),
            tracked: RefCell::default(),
            invariants: RefCell::default(),
            of_run: RefCell::default(),
            new_of_run: RefCell::default(),
            looking: Cell::new(false),
            came_to_a_point: Cell::new(false),
            refused: RefCell::default(),
            meddled: RefCell::default(),
            dropped: RefCell::default(),
            own: Cell::new((0, 0)),
            in_own: Cell::new(false),
            found: RefCell::default(),
            epoch: Cell::new(0),
            uses: Cell::new(0),
            striker: Cell::new(Striker::User),
            counts: Counts::default(),
            next_part: Cell::new(0),
            script: Script::default(),
            turns: RefCell::default(),
        }
    }

    /// Begins a run.
    pub(in crate::runtime) fn begin(
        &self,
        options: Options,
        strategy: &SharedStrategy,
        witness: &SharedWitness,
    ) {
        self.resuming.set(options.resuming);
        self.reentrant.set(options.wakers.reentrant);
        self.book.borrow_mut().reset();
        self.current.set(NOBODY);
        self.phase.set(Phase::Running);
        self.unjudged.set(false);
        self.epoch.set(RUNS.fetch_add(1, Ordering::Relaxed));
        self.next_part.set(0);
        self.counts.begin();
        self.watched.set(!self.invariants.borrow().is_empty());
        self.dropped.borrow_mut().clear();
        self.found.borrow_mut().clear();
        self.meddled.borrow_mut().clear();
        self.tracked.borrow_mut().clear();
        // wakers of timers that were forgotten are dropped where nothing is borrowed
        let stale = std::mem::take(&mut self.progress.borrow_mut().clock);
        drop(stale);
        self.progress.borrow_mut().begin(options, strategy, witness);
    }

    /// The run is over, and nothing of it is kept.
    pub(in crate::runtime) fn over(&self) {
        self.phase.set(Phase::Off);
        self.progress.borrow_mut().over();
    }

    /// Adds what the last run exercised.
    pub(in crate::runtime) fn cover(&self, all: &mut Covering, kind: RunKind) {
        let progress = &mut *self.progress.borrow_mut();
        let (workers, faults) = (progress.slots().len(), progress.spent.faults());
        let (counts, exercised) = (&self.counts, &mut progress.exercised);
        exercised.ops = counts.ops.0.get();
        exercised.fault_points = counts.fault_points.0.get();
        exercised.waits = counts.waits.0.get();
        exercised.judged = counts.probes.0.get() > 0 || !self.invariants.borrow().is_empty();
        exercised.workers = workers as u64;
        exercised.faults = u64::from(faults);
        all.add(exercised, kind);
    }

    /// The worker that runs; `main` if none does.
    pub(in crate::runtime) fn worker(&self) -> WorkerId {
        self.current.get().worker
    }

    /// The statement of these words at a place.
    pub(in crate::runtime) fn statement_at(&self, place: Here, head: &str) -> StatementId {
        self.book.borrow_mut().names.statement(place, head)
    }

    /// Whether nothing is told any more.
    pub(in crate::runtime) fn is_ending(&self) -> bool {
        self.phase.get() != Phase::Running
    }

    /// Tells the step that is under way, and what came of it.
    pub(in crate::runtime) fn tell(&self, situation: Situation) {
        if self.unjudged.get() {
            return;
        }
        // the end of a run is judged before it is taken down
        if matches!(situation, Situation::Going | Situation::StepBound) {
            self.check_invariants();
        }
        let book = &mut *self.book.borrow_mut();
        self.progress.borrow_mut().tell(book, situation);
    }

    /// Adds to what is told of the step.
    pub(in crate::runtime) fn add_fact(&self, identity: Identity) {
        self.progress
            .borrow_mut()
            .facts
            .push(Fact::Failed(identity));
    }

    /// Looks how the run stands; while it goes on, tells that and asks for a choice.
    pub(in crate::runtime) fn turn(&self) -> Turn {
        let situation = {
            let book = &mut *self.book.borrow_mut();
            self.progress.borrow_mut().look(book)
        };
        match situation {
            Situation::Going => self.tell_and_ask().map_or(Turn::Abandoned, Turn::Takes),
            end => Turn::Ends(end),
        }
    }

    /// Tells that the run goes on, and asks for one of the choices that were gathered; its place among them,
    /// or `None` if the run ends here.
    #[inline]
    pub(in crate::runtime) fn tell_and_ask(&self) -> Option<usize> {
        if self.watched.get() {
            self.tell(Situation::Going);
            return self.ask();
        }
        let book = &mut *self.book.borrow_mut();
        let progress = &mut *self.progress.borrow_mut();
        progress.tell(book, Situation::Going);
        progress.ask(book)
    }

    /// Asks for one of the choices that were gathered; its place among them, or `None` if the run ends here.
    pub(in crate::runtime) fn ask(&self) -> Option<usize> {
        self.progress.borrow_mut().ask(&self.book.borrow())
    }

    /// The choice at that place.
    #[inline]
    pub(in crate::runtime) fn taken(&self, at: usize) -> Choice {
        self.progress.borrow().taken(at)
    }

    /// A choice in the middle of a poll, for the worker that runs: which of these actions is taken.
    ///
    /// If the run ends here, this unwinds.
    pub(in crate::runtime) fn ask_within(
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
        self.read_probes();
        let bounded = self.progress.borrow().is_at_bound();
        self.tell(if bounded {
            Situation::StepBound
        } else {
            Situation::Going
        });
        self.progress.borrow_mut().offer_only(worker, op, actions);
        let taken = if bounded { None } else { self.ask() };
        match taken {
            Some(at) => {
                self.book.borrow_mut().account_mut(worker).op = Op::Poll;
                self.taken(at).action
            }
            None if bounded => self.break_off(Outcome::StepBound),
            None => self.break_off(Outcome::Abandoned),
        }
    }

    /// Ends the run in the middle of a poll.
    pub(in crate::runtime) fn break_off(&self, outcome: Outcome) -> ! {
        self.progress.borrow_mut().broken_off = Some(outcome);
        self.phase.set(Phase::Leaving);
        resume_unwind(Box::new(Panic::Abandoned))
    }

    /// How the run ended, if it did in the middle of a poll; what was not told yet is.
    pub(in crate::runtime) fn broken_off(&self) -> Option<Outcome> {
        let outcome = self.progress.borrow().broken_off?;
        if !self.progress.borrow().told {
            self.tell(Situation::Going);
        }
        Some(outcome)
    }

    /// Runs user code; a panic of its own is written down as a failure of the worker that runs.
    pub(in crate::runtime) fn guarded<T>(&self, f: impl FnOnce() -> T) -> Result<T, Sight> {
        match catch_unwind(AssertUnwindSafe(f)) {
            Ok(value) => Ok(value),
            Err(payload) => Err(Sight::of(payload)),
        }
    }

    /// Writes down that the user's code failed.
    pub(in crate::runtime) fn failed(&self, worker: WorkerId, sight: &Sight) {
        let Some((text, place)) = sight.failure() else {
            return;
        };
        let mut book = self.book.borrow_mut();
        let mut statement = book.account(worker).statement;
        if !self.script.on.get() {
            let place = place.unwrap_or_else(|| book.names.told_apart_by(statement));
            statement = book.names.failure(place, &text);
        }
        let text = book.text(&text);
        book.events.push(Event::Failed {
            worker,
            statement,
            text,
        });
    }

    /// A guard is put back while the run is taken down.
    pub(in crate::runtime) fn drops(&self, semaphore: SemaphoreId, entry: Entry) {
        let by = self.worker();
        self.dropped.borrow_mut().push(Dropped {
            by,
            semaphore,
            entry,
            own: self.in_own.replace(false) || by == entry.worker,
        });
    }

    /// Whether a worker of this run has ended.
    pub(in crate::runtime) fn has_ended(&self, worker: WorkerId) -> bool {
        self.book.borrow().status(worker) == Status::Ended
    }
}
