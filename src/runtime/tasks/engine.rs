//! The run loop: look, tell, ask, act.

use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::property::{Engine, SharedStrategy, SharedWitness, Situation, WorkerEdge};
use crate::run::{
    Action, Cause, Covering, Ending, Event, Op, Outcome, RunKind, SemaphoreId, StopFlag, WorkerId,
};
use crate::runtime::names::{Here, MAIN, Names, Verb};
use crate::runtime::scene::core::{Core, NOBODY, Runner, Turn};
use crate::runtime::scene::current::Entered;
use crate::runtime::scene::panics::Sight;
use crate::runtime::scene::published::Published;
use crate::runtime::scene::slot::{Body, Io, Joined, Striker, nosy};
use crate::runtime::scene::watch::{Holds, Invariant};
use crate::runtime::scene::{Options, Resuming};
use crate::semaphore::hook;

/// What a run begins with.
#[derive(Clone)]
pub(crate) enum Root {
    /// The future that this makes.
    Future(Rc<dyn Fn() -> Body>),
    /// This, in a thread.
    #[cfg(feature = "threads")]
    Thread(crate::runtime::threads::Main),
}

impl Root {
    /// Explores it, with whatever is kept from run to run.
    pub(crate) fn host<T: Send + 'static>(
        &self,
        explore: impl FnOnce() -> T + Send + 'static,
    ) -> T {
        match self {
            Root::Future(_) => explore(),
            #[cfg(feature = "threads")]
            Root::Thread(_) => crate::runtime::threads::hosted(explore),
        }
    }
}

/// Makes runs of a closure.
pub(crate) struct Tasks {
    core: Rc<Core>,
    root: Root,
    place: Here,
    options: Options,
    #[cfg(feature = "threads")]
    threads: std::cell::OnceCell<crate::runtime::threads::Threads>,
}

impl Tasks {
    /// An engine for what `root` makes; `place` is where it stands in the user's code.
    pub(crate) fn new(root: Root, place: Here, options: Options) -> Tasks {
        Tasks {
            core: Rc::new(Core::new()),
            root,
            place,
            options,
            #[cfg(feature = "threads")]
            threads: std::cell::OnceCell::new(),
        }
    }

    /// Another one that shares all names with this one.
    pub(crate) fn again(&self, options: Options) -> Tasks {
        Tasks {
            core: Rc::clone(&self.core),
            root: self.root.clone(),
            place: self.place,
            options,
            #[cfg(feature = "threads")]
            threads: std::cell::OnceCell::new(),
        }
    }

    /// How its runs are made.
    pub(crate) fn options(&self) -> &Options {
        &self.options
    }

    /// Lets another thread see how far the run is.
    pub(crate) fn publish(&self, to: Option<Arc<Published>>) {
        self.core.progress.borrow_mut().publish(to);
    }

    /// Watches something the user wants to hold.
    pub(crate) fn watch(&self, place: Here, name: &str, holds: Holds) {
        let statement = self.core.statement_at(place, &format!("invariant {name}"));
        self.core.watched.set(true);
        self.core.invariants.borrow_mut().push(Invariant {
            statement,
            name: name.to_owned(),
            holds,
        });
    }

    /// Forgets all names, as if nothing had run before: what is watched is watched no more.
    pub(crate) fn forget(&self) {
        self.core.book.borrow_mut().forget();
        self.core.invariants.borrow_mut().clear();
        self.core.refused.borrow_mut().clear();
        // what wakes their workers belongs to the exploration in which it was made
        let slots = self.core.progress.borrow_mut().forget();
        drop(slots);
        #[cfg(feature = "threads")]
        if let Some(threads) = self.threads.get() {
            threads.forget();
        }
    }

    /// Calls `f` with the names.
    pub(crate) fn names<T>(&self, f: impl FnOnce(&mut Names) -> T) -> T {
        f(&mut self.core.book.borrow_mut().names)
    }

    /// The semaphores that the last run found otherwise than the first one with them, and how that found
    /// them: free permits and capacity.
    pub(crate) fn found_otherwise(&self) -> Vec<(SemaphoreId, (u64, u64))> {
        self.core.book.borrow().found_otherwise()
    }

    /// Whether two edges of the order graph may be waited on at once, as far as the runs show.
    pub(crate) fn may_meet(&self, one: WorkerEdge, other: WorkerEdge) -> bool {
        self.core.book.borrow().pairs.may_meet(one, other)
    }

    /// Whether what a worker had taken was put back by others alone when the last run was taken
    /// down. What nobody puts back has no guard, and is still its own.
    pub(crate) fn handed_over(&self, worker: WorkerId, semaphore: SemaphoreId) -> bool {
        let dropped = self.core.dropped.borrow();
        let mut of_it = dropped.iter().filter(|d| d.semaphore == semaphore);
        let mut taken = of_it.clone().filter(|d| d.entry.worker == worker);
        taken.next().is_some() && of_it.all(|d| d.by != worker)
    }
}

impl Engine for Tasks {
    fn execute(&mut self, strategy: &SharedStrategy, witness: &SharedWitness) -> Outcome {
        let core = &self.core;
        // one of two, where there are threads
        #[cfg_attr(
            not(feature = "threads"),
            allow(clippy::infallible_destructuring_match)
        )]
        let root = match &self.root {
            Root::Future(root) => root,
            #[cfg(feature = "threads")]
            Root::Thread(main) => {
                let threads = self
                    .threads
                    .get_or_init(|| crate::runtime::threads::Threads::new(core));
                return threads.execute(main, self.place, self.options, strategy, witness);
            }
        };
        let _hook = hook::install(Rc::clone(core) as Rc<dyn hook::Hook>);
        let _entered = Entered::new(Rc::clone(core));
        core.begin(self.options, strategy, witness);
        core.start_main(root, self.place);
        let outcome = core.run();
        core.take_down();
        core.clear();
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

    #[cfg(feature = "threads")]
    fn left_out(&self) -> bool {
        self.threads.get().is_some_and(|threads| threads.left_out())
    }

    fn cover(&self, all: &mut Covering, kind: RunKind) {
        self.core.cover(all, kind);
    }
}

impl Core {
    fn start_main(&self, root: &Rc<dyn Fn() -> Body>, place: Here) {
        let index = {
            let mut book = self.book.borrow_mut();
            let start = book.names.alone(place, Verb::Start);
            let awaits = book.names.alone(place, Verb::Await);
            book.start(MAIN, start);
            let progress = &mut *self.progress.borrow_mut();
            let index = progress.take_slot(MAIN);
            progress.slots[index].awaits = awaits;
            index
        };
        let (slot, worker) = (index, MAIN);
        self.current.set(Runner { slot, worker });
        match self.guarded(|| root()) {
            Ok(body) => self.progress.borrow_mut().slots[index].body = Some(body),
            Err(sight) => self.panicked(index, sight),
        }
        self.current.set(NOBODY);
        self.go_on_at_once();
    }

    /// Starts a task of the one that runs.
    pub(in crate::runtime) fn spawn(
        &self,
        place: Here,
        body: Body,
        joined: Rc<dyn Joined>,
    ) -> WorkerId {
        let parent = self.current.get();
        if self.is_ending() || parent == NOBODY {
            // it is never polled
            drop(body);
            joined.failed(Striker::User, None);
            return MAIN;
        }
        let progress = &mut *self.progress.borrow_mut();
        let mut book = self.book.borrow_mut();
        let parent = &mut progress.slots[parent.slot];
        let id = book.names.child(parent.id, parent.children);
        parent.children += 1;
        let start = book.names.alone(place, Verb::Start);
        let awaits = book.names.alone(place, Verb::Await);
        book.pairs.spawned(parent.id, id);
        book.start(id, start);
        let index = progress.take_slot(id);
        let slot = &mut progress.slots[index];
        slot.body = Some(body);
        slot.joined = Some(joined);
        slot.awaits = awaits;
        id
    }

    fn run(&self) -> Outcome {
        if let Some(outcome) = self.broken_off() {
            return outcome;
        }
        loop {
            self.read_probes();
            let taken = match self.turn() {
                Turn::Takes(at) => at,
                Turn::Abandoned => return Outcome::Abandoned,
                Turn::Ends(situation) => return self.come_to_an_end(situation),
            };
            self.act(taken);
            if self.is_ending()
                && let Some(outcome) = self.broken_off()
            {
                return outcome;
            }
        }
    }

    /// The run has come to an end by itself; how.
    fn come_to_an_end(&self, situation: Situation) -> Outcome {
        let mut judged = situation;
        if matches!(situation, Situation::Finished | Situation::Stuck) {
            self.check_invariants();
            self.take_down();
            judged = self.settle(situation);
        }
        // who goes on for ever while a timer runs would be ended by it: no livelock
        let timed = self.progress.borrow().clock.is_running();
        self.tell(match judged {
            Situation::StepBound if timed => Situation::Going,
            other => other,
        });
        match situation {
            Situation::Finished => Outcome::Finished,
            Situation::Stuck => Outcome::Stuck,
            Situation::StepBound => Outcome::StepBound,
            Situation::Going => unreachable!("a run that goes on has no end"),
        }
    }

    pub(in crate::runtime) fn slot_of(&self, worker: WorkerId) -> Option<usize> {
        self.progress.borrow().slot_of(worker)
    }

    /// Performs a choice.
    fn act(&self, at: usize) {
        let (slot, action) = self.progress.borrow().whose(at);
        match action {
            Action::Proceed | Action::ToSpawn | Action::Branch(_) | Action::Spurious => {
                self.poll(slot);
            }
            Action::Panic => self.decide(slot, Io::Panics),
            Action::Fail => self.decide(slot, Io::Fails),
            Action::NewWaker => {
                self.progress.borrow_mut().slots[slot].new_waker();
                self.poll(slot);
            }
            Action::Timeout => {
                let waker = self.progress.borrow_mut().clock.fire(slot);
                if let Some(waker) = waker {
                    waker.wake();
                }
                self.poll(slot);
            }
            Action::CancelPart(nth) => {
                self.cancel_part(slot, nth);
                self.poll(slot);
            }
            Action::Cancel => {
                self.striker.set(Striker::Injected);
                self.cancel(slot, Striker::Injected);
                self.striker.set(Striker::User);
            }
        }
        self.current.set(NOBODY);
        self.go_on_at_once();
    }

    fn decide(&self, slot: usize, io: Io) {
        self.progress.borrow_mut().slots[slot].io = Some(io);
        self.poll(slot);
    }

    /// Lets those go on whose step is part of the one that was taken.
    #[inline]
    pub(in crate::runtime) fn go_on_at_once(&self) {
        if self.resuming.get() == Resuming::AtOnce && !self.is_ending() {
            self.let_go_on();
        }
    }

    #[cold]
    fn let_go_on(&self) {
        loop {
            let next = {
                let progress = self.progress.borrow();
                let book = self.book.borrow();
                progress.slots().iter().position(|s| {
                    !s.ended && s.flag.is_ready() && book.account(s.id).op == Op::Poll
                })
            };
            match next {
                Some(slot) => self.poll(slot),
                None => break,
            }
        }
        self.current.set(NOBODY);
    }

    /// Polls the task in a slot.
    pub(in crate::runtime) fn poll(&self, index: usize) {
        let (body, waker, id) = {
            let slot = &mut self.progress.borrow_mut().slots[index];
            slot.flag.set(false);
            // what still stands at I/O says so again
            slot.io.take_if(|io| *io == Io::Open);
            (slot.body.take(), slot.waker.take(), slot.id)
        };
        let (Some(mut body), Some(waker)) = (body, waker) else {
            unreachable!("a task that is polled has a future, and is not being polled")
        };
        let nosy = self
            .reentrant
            .get()
            .then(|| nosy(&self.progress.borrow().slots[index].flag));
        self.book.borrow_mut().goes_on(id);
        let (slot, worker) = (index, id);
        self.current.set(Runner { slot, worker });
        self.may_perform.set(true);
        self.knows.set(false);
        self.uses.set(0);
        let polled = self.guarded(|| {
            let waker = nosy.as_ref().unwrap_or(&waker);
            body.as_mut().poll(&mut Context::from_waker(waker))
        });
        // it may look at the semaphores when it is dropped
        drop(nosy);
        match polled {
            Ok(Poll::Pending) => {
                self.counts.waits.add();
                let aborted = {
                    let slot = &mut self.progress.borrow_mut().slots[index];
                    slot.was_polled(waker);
                    slot.body = Some(body);
                    if !slot.aborted && !self.knows.get() {
                        let ready = slot.flag.is_ready();
                        self.book.borrow_mut().awaits(id, slot.awaits, ready);
                    }
                    slot.aborted
                };
                if aborted {
                    self.cancel(index, Striker::User);
                }
            }
            Ok(Poll::Ready(())) => {
                self.progress.borrow_mut().slots[index].was_polled(waker);
                // what the future kept to its end is dropped as a part of the task
                let dropped = self.guarded(|| drop(body));
                match dropped {
                    Ok(()) => {
                        // a closure's returns; how a program's ends it has said
                        let how = self.book.borrow().account(id).how;
                        self.ended(index, how, Striker::User, None);
                    }
                    Err(sight) => self.panicked(index, sight),
                }
            }
            Err(sight) => {
                self.progress.borrow_mut().slots[index].was_polled(waker);
                let _ = self.guarded(|| drop(body));
                self.panicked(index, sight);
            }
        }
    }

    /// A task has panicked.
    pub(in crate::runtime) fn panicked(&self, index: usize, sight: Sight) {
        if sight.is_abandoned() {
            return;
        }
        let id = self.progress.borrow().slots()[index].id;
        self.failed(id, &sight);
        let event = Event::Raised {
            worker: id,
            cause: Cause::Panic,
        };
        self.book.borrow_mut().events.push(event);
        let by = if sight.is_injected() {
            Striker::Injected
        } else {
            Striker::User
        };
        self.ended(index, Ending::Panicked, by, Some(sight));
    }

    /// Cancels the task in a slot: its future is dropped.
    fn cancel(&self, index: usize, by: Striker) {
        let (body, id) = {
            let slot = &mut self.progress.borrow_mut().slots[index];
            (slot.body.take(), slot.id)
        };
        let (slot, worker) = (index, id);
        let before = self.current.replace(Runner { slot, worker });
        let event = Event::Raised {
            worker: id,
            cause: Cause::Cancelled,
        };
        self.book.borrow_mut().events.push(event);
        self.uses.set(0);
        if let Err(sight) = self.guarded(|| drop(body)) {
            self.failed(id, &sight);
        }
        self.ended(index, Ending::Cancelled, by, None);
        self.current.set(before);
    }

    /// Cancels a task at the wish of another one, or of itself.
    pub(in crate::runtime) fn abort(&self, worker: WorkerId) {
        if self.is_ending() || self.has_ended(worker) {
            return;
        }
        let Some(index) = self.slot_of(worker) else {
            return;
        };
        let is_busy = {
            let slot = &mut self.progress.borrow_mut().slots[index];
            slot.aborted = slot.body.is_none();
            slot.aborted
        };
        if is_busy {
            // it is being polled or dropped, and ends when that returns
            return;
        }
        // who cleans up after an injected fault does not abort out of free will
        let by = if std::thread::panicking() {
            Striker::Injected
        } else {
            self.striker.get()
        };
        self.cancel(index, by);
    }

    pub(in crate::runtime) fn ended(
        &self,
        index: usize,
        how: Ending,
        by: Striker,
        sight: Option<Sight>,
    ) {
        let (id, joined) = {
            let slot = &mut self.progress.borrow_mut().slots[index];
            slot.ended = true;
            slot.parts.clear();
            (slot.id, slot.joined.take())
        };
        self.book.borrow_mut().end(id, how);
        if let Some(joined) = joined
            && how != Ending::Returned
        {
            // a waker of the user's may be woken or dropped by this
            let told = self.guarded(|| joined.failed(by, sight));
            if let Err(sight) = told {
                self.failed(id, &sight);
            }
        }
    }

    /// How many timers can end what a worker waits for.
    pub(in crate::runtime) fn add_timers(&self, worker: WorkerId, by: i64) {
        let mut book = self.book.borrow_mut();
        let account = book.account_mut(worker);
        account.timers = account.timers.saturating_add_signed(by as i32);
    }
}
