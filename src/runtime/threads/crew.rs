//! The workers of a run, where each stands, and whose turn it is.

use std::any::Any;
use std::cell::{Cell, RefCell, RefMut};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use shuttle_engine::runtime::thread::continuation::switch;

use super::host::{HOME, Host, host};
use super::lowered::Play;
use super::team::{Member, Opened, Stand, Team};
use crate::property::Situation;
use crate::run::{Action, Ending, Event, Op, Outcome, Rng, SemaphoreId, StatementId, WorkerId};
use crate::runtime::book::Book;
use crate::runtime::names::Here;
use crate::runtime::scene::core::{Core, NOBODY, Phase, Runner, Turns};
use crate::semaphore::Later;

/// No member of a crew.
pub(super) const NO_MEMBER: usize = usize::MAX;

const STRANGER: &str = "shuttle has started a thread or a task of its own, of which nothing is known here: \
     start threads with selvedge::thread::spawn";

/// A worker that goes on for longer when the run is over, from one scheduling point of shuttle's to the
/// next or by catching what unwinds it, is given up.
pub(super) const MOST_FAREWELLS: u32 = 1000;

/// What somebody panicked with.
pub(super) type Panicked = Box<dyn Any + Send>;

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
    pub(super) team: RefCell<Team>,
    /// The member of each task of shuttle's; [`NO_MEMBER`] for the one that only keeps the run going.
    by_task: RefCell<Vec<usize>>,
    /// Whether somebody else has started a task of shuttle's, and a worker was started after it.
    met_stranger: Cell<bool>,
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
    /// How the worker goes on that was chosen last.
    action: Cell<Action>,
    /// The task whose turn it is, once that is known before shuttle asks.
    pub(super) decided: Cell<Option<usize>>,
    /// A panic of whoever was asked, on its way to the engine: it must not unwind a worker.
    pub(super) broken: RefCell<Option<Panicked>>,
    /// The tasks that shuttle could run, kept from question to question.
    pub(super) runnable: RefCell<Vec<usize>>,
    /// What shuttle's random numbers are in this run.
    pub(super) random: RefCell<Rng>,
    /// How the run ends, once that is known.
    pub(super) outcome: Cell<Option<Outcome>>,
    late: RefCell<Vec<(usize, Late)>>,
    /// Who unwinds and had to wait; from there on the run is not judged.
    pub(super) unwinding: Cell<Option<usize>>,
    /// Steps since then.
    pub(super) unjudged_steps: Cell<u64>,
    /// Whether a worker was kept waiting in this run that could have gone on.
    pub(super) left_out: Cell<bool>,
    /// The program that is performed, if the run is one of a program.
    pub(super) play: RefCell<Option<Rc<Play>>>,
}

/// Of so many workers at most what is kept is compared with what is gathered anew: that costs as much
/// in each turn as there are workers, and whoever tests with hundreds waits for it.
const MOST_COMPARED: usize = 64;

impl Crew {
    pub(super) fn new(core: Rc<Core>) -> Crew {
        Crew {
            core,
            team: RefCell::default(),
            by_task: RefCell::default(),
            met_stranger: Cell::new(false),
            unknown: RefCell::default(),
            announced: Cell::new(false),
            quiet: Cell::new(false),
            foreign: host().map_or_else(Rc::default, |host| Rc::clone(&host.foreign)),
            host: RefCell::default(),
            action: Cell::new(Action::Proceed),
            decided: Cell::new(None),
            broken: RefCell::default(),
            runnable: RefCell::default(),
            random: RefCell::new(Rng::for_run(0, 0)),
            outcome: Cell::new(None),
            late: RefCell::default(),
            unwinding: Cell::new(None),
            unjudged_steps: Cell::new(0),
            left_out: Cell::new(false),
            play: RefCell::default(),
        }
    }

    /// A run begins, with the stacks of a host or with its own.
    pub(super) fn begin(&self, host: Option<Rc<Host>>) {
        *self.host.borrow_mut() = host;
        *self.random.borrow_mut() = Rng::for_run(0, 0);
        self.decided.set(None);
        self.team.borrow_mut().begin();
        self.by_task.borrow_mut().clear();
        self.met_stranger.set(false);
        self.late.borrow_mut().clear();
        self.announced.set(false);
        self.quiet.set(false);
        self.outcome.set(None);
        self.unwinding.set(None);
        self.unjudged_steps.set(0);
        self.left_out.set(false);
    }

    /// A worker has a stack, which is this task of shuttle's.
    pub(super) fn join(&self, task: usize, stand: Stand, scoped_in: Option<Opened>) {
        let team = &mut *self.team.borrow_mut();
        let me = team.members.len();
        self.knows(task, me);
        team.members.push(Member {
            worker: self.core.progress.borrow().slots[me].id,
            task,
            stand,
            scoped_in,
            heard_of_panic: false,
            joined: false,
            cancel: None,
            farewells: 0,
            request: None,
            struck: false,
            holds_back: None,
            unwound: false,
            stack: 0,
        });
        team.stands(me, stand, &mut self.core.book.borrow_mut());
    }

    /// A task of shuttle's that is no worker, and has nothing to do.
    pub(super) fn knows(&self, task: usize, member: usize) {
        let mut by_task = self.by_task.borrow_mut();
        let known = by_task.len();
        if known <= task {
            let host = self.host.borrow();
            let keeps = |task| host.as_ref().is_some_and(|host| host.keeps(task));
            if !(known..task).all(keeps) {
                self.met_stranger.set(true);
            }
            by_task.resize(task + 1, NO_MEMBER);
        }
        by_task[task] = member;
    }

    /// Which worker a task of shuttle's is.
    pub(super) fn member_of(&self, task: usize) -> Option<usize> {
        let member = self.by_task.borrow().get(task).copied();
        member.filter(|&me| me != NO_MEMBER)
    }

    /// Whether somebody else has started a task of shuttle's; they are in the order of their start.
    fn has_strangers(&self, runnable: &[usize]) -> bool {
        if self.met_stranger.get() {
            return true;
        }
        let known = self.by_task.borrow().len();
        let host = self.host.borrow();
        let is_stranger = |&task: &usize| !host.as_ref().is_some_and(|host| host.keeps(task));
        let others = runnable.iter().rev().take_while(|&&task| task >= known);
        others.copied().any(|task| is_stranger(&task))
    }

    /// The run ends here, for what is not ours cannot be told to wait.
    fn refuse_strangers(&self) {
        let core = &self.core;
        {
            let worker = core.worker();
            let mut book = core.book.borrow_mut();
            let statement = book.account(worker).statement;
            let text = book.text(STRANGER);
            book.events.push(Event::Failed {
                worker,
                statement,
                text,
            });
        }
        core.tell(Situation::Going);
        self.end(Outcome::Abandoned);
    }

    /// The worker that runs waits for its turn before an op; how it goes on.
    ///
    /// Each return after a switch of stacks is one that the processor has not foreseen: so this is part
    /// of its callers.
    #[inline(always)]
    pub(super) fn stand(&self, statement: StatementId, op: Op) -> Action {
        let core = &self.core;
        if core.is_ending() {
            self.leave();
            return Action::Proceed;
        }
        core.refuse_while_looking();
        let Runner { slot: me, worker } = core.current.get();
        if me == NOBODY.slot || self.unwinds(me) {
            return Action::Proceed;
        }
        self.put_back_late();
        self.stand_here(me, worker, statement, op)
    }

    /// The same, whether or not it unwinds.
    #[inline(always)]
    pub(super) fn stand_here(
        &self,
        me: usize,
        worker: WorkerId,
        statement: StatementId,
        op: Op,
    ) -> Action {
        let mut book = self.core.book.borrow_mut();
        if let Op::Acquire { timed, .. } = op {
            book.account_mut(worker).timers = u32::from(timed);
        }
        book.stands(worker, statement, op);
        self.switch(me, Stand::At, book)
    }

    /// Lets others go on until the worker that runs is chosen again.
    #[inline(always)]
    pub(super) fn switch(&self, me: usize, stand: Stand, mut book: RefMut<'_, Book>) -> Action {
        let task = self.team.borrow_mut().stands(me, stand, &mut book);
        drop(book);
        let next = self.decide_here();
        if next != Some(task) {
            self.announced.set(true);
            self.decided.set(next);
            switch();
        }
        if self.core.is_ending() {
            self.leave();
        }
        self.action.get()
    }

    /// Finds out whose turn it is without asking shuttle, if that is not its business.
    #[inline]
    fn decide_here(&self) -> Option<usize> {
        if self.foreign.get() || self.core.script.on.get() {
            return None;
        }
        let turn = catch_unwind(AssertUnwindSafe(|| {
            let next = self.next_of_kept();
            next.or_else(|| self.turn_quietly())
        }));
        turn.unwrap_or_else(|panic| {
            self.quiet.set(false);
            self.breaks(panic, &[])
        })
    }

    /// Whoever was asked has panicked: the run ends here, and the engine panics when its workers are gone.
    #[cold]
    pub(super) fn breaks(&self, panic: Panicked, runnable: &[usize]) -> Option<usize> {
        self.broken.borrow_mut().get_or_insert(panic);
        self.end(Outcome::Abandoned);
        self.turn(runnable)
    }

    #[cold]
    fn turn_quietly(&self) -> Option<usize> {
        // what is watched may use shuttle's types
        self.quiet.set(true);
        let turn = self.turn(&[]);
        self.quiet.set(false);
        turn
    }

    /// A worker has ended, and gives its stack back.
    pub(super) fn rests(&self) {
        self.decided.set(self.decide_here());
        self.announced.set(true);
    }

    /// Puts something back later.
    pub(super) fn defer(&self, late: Late) {
        let me = self.core.current.get().slot;
        self.late.borrow_mut().push((me, late));
    }

    /// What the worker that runs could not put back while it unwound, each in a step of its own.
    #[inline]
    pub(super) fn put_back_late(&self) {
        if !self.late.borrow().is_empty() {
            self.put_back_all_late();
        }
    }

    #[cold]
    fn put_back_all_late(&self) {
        let me = self.core.current.get().slot;
        while let Some(late) = self.next_late(me) {
            // of one that is gone nobody can see when that happens
            if !self.core.is_ending() && !late.permits.is_gone() {
                let worker = self.core.worker();
                let mut book = self.core.book.borrow_mut();
                book.stands(worker, late.statement, late.op);
                self.switch(me, Stand::At, book);
                self.core.statement.set(late.statement);
            }
            late.permits.put_back();
        }
    }

    /// The next thing that a worker has to put back.
    fn next_late(&self, me: usize) -> Option<Late> {
        let mut late = self.late.borrow_mut();
        let at = late.iter().position(|(of, _)| *of == me)?;
        Some(late.remove(at).1)
    }

    /// A semaphore is looked at: if the worker that runs does that, all that it has to put back is back.
    pub(super) fn looks(&self) {
        if self.late.borrow().is_empty() {
            return;
        }
        let me = self.core.current.get().slot;
        let member = self.team.borrow().members.get(me).map(|m| m.stand);
        // where it stands, it is a probe that looks
        if member == Some(Stand::Running) {
            self.put_back_late_at_once(me);
        }
    }

    /// What a worker has to put back, where no other may go on in between.
    fn put_back_late_at_once(&self, me: usize) {
        while let Some(late) = self.next_late(me) {
            late.permits.put_back();
        }
    }

    /// Whose turn it is, among the tasks that shuttle could run; `None` to end the run as it is.
    pub(super) fn next(
        &self,
        current: Option<usize>,
        runnable: &[usize],
        is_yielding: bool,
    ) -> Option<usize> {
        let announced = self.announced.replace(false);
        if let Some(me) = current.and_then(|task| self.member_of(task))
            && !announced
        {
            self.stands_at_foreign(me, is_yielding);
        }
        if !self.core.is_ending() && self.has_strangers(runnable) {
            self.refuse_strangers();
        }
        self.turn(runnable)
    }

    fn turn(&self, runnable: &[usize]) -> Option<usize> {
        if !self.core.is_ending() {
            match self.choose(runnable) {
                Turn::Of(me, action) => {
                    let (mut team, mut book) =
                        (self.team.borrow_mut(), self.core.book.borrow_mut());
                    return Some(self.goes_on(me, action, &mut team, &mut book));
                }
                Turn::Over => return self.after(runnable),
                Turn::Ending => {}
            }
        }
        match self.leaves_next(runnable) {
            Some(me) => Some(self.leaves(me)),
            None if self.all_have_ended() => self.after(runnable),
            // the others cannot be reached
            None => self.host.borrow().as_ref().map(|_| HOME),
        }
    }

    /// Who goes on when all workers have ended that can: who keeps the run going ends last.
    fn after(&self, runnable: &[usize]) -> Option<usize> {
        match &*self.host.borrow() {
            Some(host) => Some(host.after(runnable)),
            None => {
                let known = self.by_task.borrow().len();
                runnable.iter().copied().find(|&task| task < known)
            }
        }
    }

    /// A worker goes on; what shuttle calls it.
    #[inline]
    fn goes_on(&self, me: usize, action: Action, team: &mut Team, book: &mut Book) -> usize {
        let (worker, task) = team.goes_on(me, book);
        self.core.current.set(Runner { slot: me, worker });
        self.action.set(action);
        task
    }

    /// A worker is unwound; what shuttle calls it. What it waited for is told at the end of the run.
    fn leaves(&self, me: usize) -> usize {
        let member = &mut self.team.borrow_mut().members[me];
        let worker = member.worker;
        self.core.current.set(Runner { slot: me, worker });
        self.action.set(Action::Proceed);
        member.stand = Stand::Running;
        member.task
    }

    /// Whose turn it is where nothing but what is kept from turn to turn has a say in it, as is the
    /// rule: what shuttle calls that worker. `None` if that has to be found out otherwise.
    #[inline]
    fn next_of_kept(&self) -> Option<usize> {
        let core = &self.core;
        if core.watched.get() || core.is_ending() {
            return None;
        }
        if cfg!(debug_assertions) && self.team.borrow().members.len() <= MOST_COMPARED {
            self.compare();
        }
        let team = &mut *self.team.borrow_mut();
        let progress = &mut *core.progress.borrow_mut();
        let book = &mut *core.book.borrow_mut();
        if let Some(me) = team.granted(progress.slots()) {
            return Some(self.goes_on(me, Action::Proceed, team, book));
        }
        if !team.are_all_plain() || progress.is_at_bound() {
            return None;
        }
        team.gather(&mut progress.enabled, book);
        progress.bounded = false;
        progress.tell(book, Situation::Going);
        let Some(at) = progress.ask(book) else {
            self.end(Outcome::Abandoned);
            return None;
        };
        let (me, action) = progress.whose(at);
        Some(self.goes_on(me, action, team, book))
    }

    /// A worker has come to a scheduling point of which only shuttle knows.
    fn stands_at_foreign(&self, me: usize, is_yielding: bool) {
        let ended = self.core.progress.borrow().slots[me].ended;
        // a task that ends without a host is asked about too
        if !ended || self.host.borrow().is_some() {
            self.foreign.set(true);
        }
        if ended || self.team.borrow().members[me].stand != Stand::Running {
            return;
        }
        self.core.counts.waits.add();
        // nobody may be kept waiting for it meanwhile; shuttle's wakers panic here
        let _ = self.core.guarded(|| self.put_back_late_at_once(me));
        let slot = &self.core.progress.borrow().slots[me];
        let member = &mut self.team.borrow_mut().members[me];
        member.stand = Stand::Foreign;
        if !self.core.is_ending() {
            let statement = member.request.map_or(slot.awaits, |r| r.statement);
            let mut book = self.core.book.borrow_mut();
            let op = if is_yielding { Op::Yield } else { Op::Poll };
            book.stands(slot.id, statement, op);
        }
    }

    /// A worker whose step is part of the one that was taken.
    fn goes_on_unasked(&self) -> Option<usize> {
        let team = self.team.borrow();
        let progress = self.core.progress.borrow();
        team.members
            .iter()
            .zip(progress.slots())
            .position(|(member, slot)| {
                let goes_on = match member.stand {
                    Stand::Running => true,
                    Stand::Waiting { .. } => slot.flag.is_ready(),
                    Stand::At | Stand::Foreign => false,
                };
                goes_on && !slot.ended
            })
    }

    /// Asks the strategy.
    fn choose(&self, runnable: &[usize]) -> Turn {
        let play = self.play.borrow().clone();
        if (play.is_some() || self.foreign.get())
            && let Some(me) = self.goes_on_unasked()
        {
            return Turn::Of(me, Action::Proceed);
        }
        if let Some(play) = play {
            return self.perform(&play);
        }
        let core = &self.core;
        let (situation, timers) = match self.look(runnable) {
            Ok(stand) => stand,
            Err(me) => return Turn::Of(me, Action::Proceed),
        };
        if core.unjudged.get() && matches!(situation, Situation::Going | Situation::Stuck) {
            return self.choose_unjudged();
        }
        self.hold_back(runnable);
        match situation {
            Situation::Going => match core.tell_and_ask() {
                Some(at) => self.of(at),
                None => self.end(Outcome::Abandoned),
            },
            // it is settled when all stacks are gone
            Situation::Finished => {
                core.check_invariants();
                Turn::Over
            }
            Situation::StepBound => {
                // who goes on for ever while a timer runs would be ended by it: no livelock
                core.tell(if timers { Situation::Going } else { situation });
                self.end(Outcome::StepBound)
            }
            Situation::Stuck => {
                core.check_invariants();
                self.end(Outcome::Stuck)
            }
        }
    }

    /// The turn of the worker whose choice is at that place.
    #[inline]
    pub(super) fn of(&self, at: usize) -> Turn {
        let (me, action) = self.core.progress.borrow().whose(at);
        Turn::Of(me, action)
    }

    /// The run ends before all workers have.
    pub(super) fn end(&self, outcome: Outcome) -> Turn {
        self.outcome.set(Some(outcome));
        self.core.phase.set(Phase::Ending);
        Turn::Ending
    }
}

impl Crew {
    /// Whether a worker panicked, and nobody was told of it.
    pub(super) fn is_unheard_panic(&self, worker: WorkerId) -> bool {
        let book = self.core.book.borrow();
        let joined = self
            .core
            .slot_of(worker)
            .map(|member| self.team.borrow().members[member].joined);
        book.account(worker).how == Ending::Panicked && joined == Some(false)
    }
}

/// Whose turn it is.
pub(super) enum Turn {
    /// This member's, and how it goes on.
    Of(usize, Action),
    /// All workers have ended.
    Over,
    /// The run ends early.
    Ending,
}

impl Turns for Crew {
    fn take(&self, statement: StatementId, op: Op) -> Action {
        let action = self.stand(statement, op);
        if action == Action::Panic {
            self.holds_back(statement);
        }
        action
    }
}
