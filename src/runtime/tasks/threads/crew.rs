//! The workers of a run, where each stands, and whose turn it is.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;

use shuttle_engine::runtime::thread::continuation::switch;

use super::super::core::{Core, NOBODY, Phase, Turns};
use super::super::panics::Panic;
use super::host::{HOME, Host, host};
use super::lowered::Play;
use crate::property::Situation;
use crate::run::{
    Action, Choice, Enabled, Ending, Op, Outcome, Resource, Rng, SemaphoreId, StatementId, Status,
    View, Wait, WorkerId,
};
use crate::runtime::book::Book;
use crate::runtime::names::Here;
use crate::semaphore::{Cancel, Later};

/// Where a worker is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stand {
    /// It runs, or goes on without being chosen as soon as it can.
    Running,
    /// Before an op of ours.
    At,
    /// In an acquire that waits.
    Waiting {
        /// Whether its timer may fire.
        timed: bool,
    },
    /// At a scheduling point of shuttle's.
    Foreign,
}

/// One worker; it has the slot of the same number.
#[derive(Debug)]
pub(super) struct Member {
    /// What shuttle calls it.
    pub(super) task: usize,
    pub(super) stand: Stand,
    /// How it goes on, from being chosen until it does.
    pub(super) decided: Option<Action>,
    /// The worker in whose scope it was spawned.
    pub(super) scoped_in: Option<usize>,
    /// Whether it was told of a panic by a join.
    pub(super) heard_of_panic: bool,
    /// Whether it was joined.
    pub(super) joined: bool,
    /// What calls its acquire off.
    pub(super) cancel: Option<Cancel>,
    /// What it acquires of a semaphore that is none of ours, if it says so.
    pub(super) request: Option<Request>,
}

/// Permits of a semaphore that is none of ours.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request {
    pub(super) semaphore: SemaphoreId,
    pub(super) permits: u32,
    pub(super) statement: StatementId,
}

/// What is put back later, by a step of its own.
pub(super) struct Late {
    pub(super) statement: StatementId,
    pub(super) op: Op,
    pub(super) permits: Later,
}

/// The workers of a run.
pub(super) struct Crew {
    pub(super) core: Rc<Core>,
    pub(super) members: RefCell<Vec<Member>>,
    /// The member of each task of shuttle's; `NOBODY` for the one that only keeps the run going.
    by_task: RefCell<Vec<usize>>,
    /// The member that each worker was last.
    by_worker: RefCell<Vec<usize>>,
    /// What a worker stands at that only shuttle knows of, by where it was spawned.
    pub(super) unknown: RefCell<Vec<(Here, StatementId)>>,
    /// Whether the worker that asks for a switch has said where it stands.
    pub(super) announced: Cell<bool>,
    /// Whether scheduling points of shuttle's are none now.
    pub(super) quiet: Cell<bool>,
    /// Whether some run of the exploration came to what only shuttle knows of. Until then whose turn it
    /// is does not depend on what shuttle could run, and is found out without asking it.
    pub(super) foreign: Rc<Cell<bool>>,
    /// Where the stacks of this run are kept, if they are.
    pub(super) host: RefCell<Option<Rc<Host>>>,
    /// The task whose turn it is, once that is known before shuttle asks.
    pub(super) decided: Cell<Option<usize>>,
    /// A panic of whoever was asked, on its way to the engine: it must not unwind a worker.
    pub(super) broken: RefCell<Option<Box<dyn Any + Send>>>,
    /// The tasks that shuttle could run, kept from question to question.
    pub(super) runnable: RefCell<Vec<usize>>,
    /// What shuttle's random numbers are in this run.
    pub(super) random: RefCell<Rng>,
    /// How the run ends, once that is known.
    pub(super) outcome: Cell<Option<Outcome>>,
    late: RefCell<Vec<(usize, Late)>>,
    /// The program that is performed, if the run is one of a program.
    pub(super) play: RefCell<Option<Rc<Play>>>,
}

impl Crew {
    pub(super) fn new(core: Rc<Core>) -> Crew {
        Crew {
            core,
            members: RefCell::default(),
            by_task: RefCell::default(),
            by_worker: RefCell::default(),
            unknown: RefCell::default(),
            announced: Cell::new(false),
            quiet: Cell::new(false),
            foreign: host().map_or_else(Rc::default, |host| Rc::clone(&host.foreign)),
            host: RefCell::default(),
            decided: Cell::new(None),
            broken: RefCell::default(),
            runnable: RefCell::default(),
            random: RefCell::new(Rng::for_run(0, 0)),
            outcome: Cell::new(None),
            late: RefCell::default(),
            play: RefCell::default(),
        }
    }

    /// A run begins, with the stacks of a host or with its own.
    pub(super) fn begin(&self, host: Option<Rc<Host>>) {
        *self.host.borrow_mut() = host;
        *self.random.borrow_mut() = Rng::for_run(0, 0);
        self.decided.set(None);
        self.members.borrow_mut().clear();
        self.by_task.borrow_mut().clear();
        self.late.borrow_mut().clear();
        self.announced.set(false);
        self.quiet.set(false);
        self.outcome.set(None);
    }

    /// A worker has a stack, which is this task of shuttle's.
    pub(super) fn join(&self, task: usize, stand: Stand, scoped_in: Option<usize>) {
        let mut members = self.members.borrow_mut();
        self.knows(task, members.len());
        let worker = self.core.slots.borrow()[members.len()].id.index();
        let mut by_worker = self.by_worker.borrow_mut();
        if by_worker.len() <= worker {
            by_worker.resize(worker + 1, NOBODY);
        }
        by_worker[worker] = members.len();
        members.push(Member {
            task,
            stand,
            decided: None,
            scoped_in,
            heard_of_panic: false,
            joined: false,
            cancel: None,
            request: None,
        });
    }

    /// A task of shuttle's that is no worker, and has nothing to do.
    pub(super) fn knows(&self, task: usize, member: usize) {
        let mut by_task = self.by_task.borrow_mut();
        if by_task.len() <= task {
            by_task.resize(task + 1, NOBODY);
        }
        by_task[task] = member;
    }

    /// Whether a task of shuttle's was started by us.
    pub(super) fn is_known(&self, task: usize) -> bool {
        task < self.by_task.borrow().len()
    }

    /// The worker that runs waits for its turn where it stands; how it goes on.
    pub(super) fn stand(&self, statement: StatementId, op: Op, stand: Stand) -> Action {
        let core = &self.core;
        if core.is_ending() {
            self.leave();
            return Action::Proceed;
        }
        let me = core.current.get();
        if std::thread::panicking() || me == NOBODY {
            return Action::Proceed;
        }
        self.put_back_late();
        let worker = core.worker();
        core.book.borrow_mut().stands(worker, statement, op);
        let action = self.switch(me, stand);
        core.book.borrow_mut().account_mut(worker).op = Op::Poll;
        action
    }

    /// Lets others go on until the worker that runs is chosen again.
    pub(super) fn switch(&self, me: usize, stand: Stand) -> Action {
        self.members.borrow_mut()[me].stand = stand;
        let next = self.decide_here();
        if next.is_none() || next != Some(self.members.borrow()[me].task) {
            self.announced.set(true);
            self.decided.set(next);
            switch();
        }
        if self.core.is_ending() {
            self.leave();
        }
        let decided = self.members.borrow_mut()[me].decided.take();
        decided.unwrap_or(Action::Proceed)
    }

    /// Finds out whose turn it is without asking shuttle, if that is not its business.
    fn decide_here(&self) -> Option<usize> {
        if self.foreign.get() || self.play.borrow().is_some() {
            return None;
        }
        // what is watched may use shuttle's types
        self.quiet.set(true);
        let turn = catch_unwind(AssertUnwindSafe(|| self.turn(&[])));
        self.quiet.set(false);
        turn.unwrap_or_else(|panic| {
            *self.broken.borrow_mut() = Some(panic);
            None
        })
    }

    /// A worker has ended, and gives its stack back.
    pub(super) fn rests(&self) {
        self.decided.set(self.decide_here());
        self.announced.set(true);
    }

    /// The run is over: the worker that runs, if one does, unwinds, unless it does already.
    pub(super) fn leave(&self) {
        if !std::thread::panicking() && self.core.current.get() != NOBODY {
            resume_unwind(Box::new(Panic::Abandoned));
        }
    }

    /// Puts something back later.
    pub(super) fn defer(&self, late: Late) {
        let me = self.core.current.get();
        self.late.borrow_mut().push((me, late));
    }

    /// What the worker that runs could not put back while it unwound, each in a step of its own.
    pub(super) fn put_back_late(&self) {
        if self.late.borrow().is_empty() {
            return;
        }
        let me = self.core.current.get();
        loop {
            let next = {
                let mut late = self.late.borrow_mut();
                let at = late.iter().position(|(of, _)| *of == me);
                at.map(|at| late.remove(at).1)
            };
            let Some(late) = next else { return };
            // of one that is gone nobody can see when that happens
            if !self.core.is_ending() && !late.permits.is_gone() {
                let worker = self.core.worker();
                let mut book = self.core.book.borrow_mut();
                book.stands(worker, late.statement, late.op);
                drop(book);
                self.switch(me, Stand::At);
                self.core.statement.set(late.statement);
            }
            late.permits.put_back();
        }
    }

    /// Whether all threads have ended that were spawned in a worker's scopes.
    fn has_closed(&self, of: usize) -> bool {
        let members = self.members.borrow();
        let slots = self.core.slots.borrow();
        let mut scoped = members.iter().zip(&*slots);
        scoped.all(|(member, slot)| member.scoped_in != Some(of) || slot.ended)
    }

    /// Whose turn it is, among the tasks that shuttle could run; `None` to end the run as it is.
    pub(super) fn next(&self, current: Option<usize>, runnable: &[usize]) -> Option<usize> {
        let announced = self.announced.replace(false);
        if let Some(me) = current.and_then(|task| self.by_task.borrow().get(task).copied())
            && !announced
            && me != NOBODY
        {
            self.stands_at_foreign(me);
        }
        self.turn(runnable)
    }

    fn turn(&self, runnable: &[usize]) -> Option<usize> {
        if !self.core.is_ending() {
            match self.choose(runnable) {
                Turn::Of(me) => return Some(self.goes_on(me)),
                Turn::Over => return self.after(runnable),
                Turn::Ending => {}
            }
        }
        match self.leaves_next(runnable) {
            Some(me) => Some(self.goes_on(me)),
            None if self.all_have_ended() => self.after(runnable),
            // the others cannot be reached
            None => self.host.borrow().as_ref().map(|_| HOME),
        }
    }

    /// Who goes on when all workers have ended that can: who keeps the run going ends last.
    fn after(&self, runnable: &[usize]) -> Option<usize> {
        match &*self.host.borrow() {
            Some(host) => Some(host.after(runnable)),
            None => runnable.first().copied(),
        }
    }

    fn goes_on(&self, me: usize) -> usize {
        self.core.current.set(me);
        let member = &mut self.members.borrow_mut()[me];
        member.stand = Stand::Running;
        member.task
    }

    /// A worker has come to a scheduling point of which only shuttle knows.
    fn stands_at_foreign(&self, me: usize) {
        let slot = &self.core.slots.borrow()[me];
        // a task that ends without a host is asked about too
        if !slot.ended || self.host.borrow().is_some() {
            self.foreign.set(true);
        }
        if slot.ended || self.members.borrow()[me].stand != Stand::Running {
            return;
        }
        let member = &mut self.members.borrow_mut()[me];
        member.stand = Stand::Foreign;
        if !self.core.is_ending() {
            let statement = member.request.map_or(slot.awaits, |r| r.statement);
            let mut book = self.core.book.borrow_mut();
            book.stands(slot.id, statement, Op::Poll);
        }
    }

    /// A worker whose step is part of the one that was taken.
    fn goes_on_unasked(&self) -> Option<usize> {
        let members = self.members.borrow();
        let slots = self.core.slots.borrow();
        members.iter().zip(&*slots).position(|(member, slot)| {
            let goes_on = match member.stand {
                Stand::Running => true,
                Stand::Waiting { .. } => slot.flag.is_ready(),
                Stand::At | Stand::Foreign => false,
            };
            goes_on && !slot.ended
        })
    }

    fn all_have_ended(&self) -> bool {
        let slots = self.core.slots.borrow();
        slots[..self.core.used.get()].iter().all(|slot| slot.ended)
    }

    /// Whom to unwind next; who has opened a scope comes after those who run in it.
    fn leaves_next(&self, runnable: &[usize]) -> Option<usize> {
        let reached = |me: &usize| {
            let member = &self.members.borrow()[*me];
            let ended = self.core.slots.borrow()[*me].ended;
            let can_run = member.stand != Stand::Foreign || runnable.contains(&member.task);
            !ended && can_run && self.has_closed(*me)
        };
        let count = self.members.borrow().len();
        (0..count).rev().find(reached)
    }

    /// Asks the strategy.
    fn choose(&self, runnable: &[usize]) -> Turn {
        let play = self.play.borrow().clone();
        if (play.is_some() || self.foreign.get())
            && let Some(me) = self.goes_on_unasked()
        {
            return Turn::Of(me);
        }
        if let Some(play) = play {
            return self.perform(&play);
        }
        let core = &self.core;
        let (situation, timers) = match self.look(runnable) {
            Ok(stand) => stand,
            Err(me) => return Turn::Of(me),
        };
        let ends = match situation {
            Situation::Going => None,
            // it is settled when all stacks are gone
            Situation::Finished => return Turn::Over,
            Situation::Stuck => {
                core.read_probes();
                Some(Outcome::Stuck)
            }
            Situation::StepBound => {
                // who goes on for ever while a timer runs would be ended by it: no livelock
                core.tell(if timers { Situation::Going } else { situation });
                Some(Outcome::StepBound)
            }
        };
        let ends = ends.or_else(|| {
            core.tell(situation);
            let Some(choice) = core.ask() else {
                return Some(Outcome::Abandoned);
            };
            self.decide(choice);
            None
        });
        match ends {
            None => Turn::Of(core.current.get()),
            Some(outcome) => self.end(outcome),
        }
    }

    /// A worker goes on as it was chosen.
    pub(super) fn decide(&self, choice: Choice) {
        let me = self.by_worker.borrow()[choice.worker.index()];
        self.members.borrow_mut()[me].decided = Some(choice.action);
        self.core.current.set(me);
    }

    /// The run ends before all workers have.
    pub(super) fn end(&self, outcome: Outcome) -> Turn {
        self.outcome.set(Some(outcome));
        self.core.phase.set(Phase::Ending);
        Turn::Ending
    }

    /// Gathers what can happen next: what that amounts to, and whether timers run. If there is a worker
    /// whose step is part of the one that was taken, it comes first.
    fn look(&self, runnable: &[usize]) -> Result<(Situation, bool), usize> {
        let core = &self.core;
        let members = self.members.borrow();
        let slots = core.slots.borrow();
        let mut book = core.book.borrow_mut();
        let progress = &mut *core.progress.borrow_mut();
        progress.enabled.clear();
        let (mut something, mut unfinished, mut timers) = (false, false, false);
        for (me, (member, slot)) in members.iter().zip(&*slots).enumerate() {
            if slot.ended {
                continue;
            }
            unfinished = true;
            let worker = slot.id;
            let enabled = &mut progress.enabled;
            let stand = match member.stand {
                Stand::Running => return Err(me),
                Stand::Waiting { .. } if slot.flag.is_ready() => return Err(me),
                Stand::Waiting { timed: false } => continue,
                stand => stand,
            };
            let op = book.account(worker).op;
            let mut offer = |action, draws| {
                let choice = Choice { worker, action };
                enabled.push(Enabled { choice, op, draws });
            };
            match (stand, op) {
                (Stand::Running | Stand::Waiting { .. }, _) => {
                    timers = true;
                    offer(Action::Timeout, Some(Resource::Timeouts));
                    continue;
                }
                (Stand::Foreign, _) => {
                    let blocked = !runnable.contains(&member.task);
                    stands_still(&mut book, worker, blocked, member.request);
                    if blocked {
                        continue;
                    }
                    offer(Action::Proceed, None);
                }
                (Stand::At, Op::Join { first }) => {
                    let waits = book.status(first) != Status::Ended;
                    let wait = Wait::Join { first, count: 1 };
                    book.account_mut(worker).wait = waits.then_some(wait);
                    if waits {
                        continue;
                    }
                    offer(Action::Proceed, None);
                }
                (Stand::At, Op::Pick { branches }) => {
                    (0..branches).for_each(|k| offer(Action::Branch(k), None));
                }
                (Stand::At, Op::Work { fallible: true }) => {
                    offer(Action::Proceed, None);
                    offer(Action::Panic, Some(Resource::Panics));
                }
                (Stand::At, _) => offer(Action::Proceed, None),
            }
            something = true;
        }
        progress.bounded = true;
        if !something {
            // when nothing but timers is left, they fire free
            progress.enabled.iter_mut().for_each(|e| e.draws = None);
        }
        let situation = if !unfinished {
            Situation::Finished
        } else if !something && !timers {
            Situation::Stuck
        } else if progress.steps >= core.options.get().bound.0 {
            Situation::StepBound
        } else {
            Situation::Going
        };
        Ok((situation, timers))
    }
}

impl Crew {
    /// Whether a worker panicked, and nobody was told of it.
    pub(super) fn is_unheard_panic(&self, worker: WorkerId) -> bool {
        let book = self.core.book.borrow();
        let joined = self
            .core
            .slot_of(worker)
            .map(|member| self.members.borrow()[member].joined);
        book.account(worker).how == Ending::Panicked && joined == Some(false)
    }

    /// A worker that waits in an acquire still shows that.
    pub(super) fn shows_what_it_waits_for(&self, worker: WorkerId) {
        let mut book = self.core.book.borrow_mut();
        let account = book.account_mut(worker);
        if let Some(Wait::Permits {
            semaphore,
            permits,
            timed,
            ..
        }) = account.wait
        {
            account.op = Op::Acquire {
                semaphore,
                permits: permits as u32,
                timed,
            };
        }
    }

    /// The acquire is called off at which a worker waits.
    pub(super) fn call_off(&self, member: usize) {
        let cancel = self.members.borrow()[member].cancel.clone();
        if let Some(cancel) = cancel {
            cancel.fire();
        }
    }
}

/// Writes down what a worker waits for that shuttle blocks, or that it waits no more.
fn stands_still(book: &mut Book, worker: WorkerId, blocked: bool, request: Option<Request>) {
    let Some(request) = request else {
        book.account_mut(worker).wait = blocked.then_some(Wait::Unknown);
        return;
    };
    let Request {
        semaphore,
        permits,
        statement,
    } = request;
    let waits = book.account(worker).wait.is_some();
    if blocked && !waits {
        book.queued(semaphore, worker, statement, u64::from(permits));
    } else if waits && !blocked {
        book.stops_waiting(semaphore, worker);
    }
}

/// Whose turn it is.
pub(super) enum Turn {
    Of(usize),
    /// All workers have ended.
    Over,
    /// The run ends early.
    Ending,
}

impl Turns for Crew {
    fn take(&self, statement: StatementId, op: Op) -> Action {
        self.stand(statement, op, Stand::At)
    }
}
