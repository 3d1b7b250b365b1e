//! How far a run is: what is on offer, which of it is taken, and what is told of each step.
//!
//! **Invariants**
//!
//! 1. A step is told before the next choice is asked for, also where that is in the middle of a
//!    poll.
//! 2. Nothing here calls the user's code; so it may be borrowed as a whole.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::Options;
use crate::property::{
    Fact, Identity, Judge, SharedStrategy, SharedWitness, Situation, Step, WorkerEdge,
};
use crate::run::{
    Action, Choice, Enabled, Event, Exercised, Op, Outcome, Point, Resource, Spent, StopFlag, View,
    Wait, WorkerId,
};
use crate::runtime::book::{Account, Book};
use crate::runtime::scene::published::Published;
use crate::runtime::scene::slot::{Io, Slot};
use crate::runtime::tasks::clock::Clock;

/// How far a run is, and memory that is kept from run to run.
#[derive(Default)]
pub(in crate::runtime) struct Progress {
    /// The tasks; behind those of this run there is what is left of larger ones.
    pub(in crate::runtime) slots: Vec<Slot>,
    /// How many of them are of this run.
    pub(in crate::runtime) used: usize,
    /// The slot that a worker had last, by worker.
    places: Vec<usize>,
    pub(in crate::runtime) clock: Clock,
    pub(in crate::runtime) enabled: Vec<Enabled>,
    pub(in crate::runtime) facts: Vec<Fact>,
    pub(in crate::runtime) spent: Spent,
    /// What the run exercises, as far as it is counted here.
    pub(in crate::runtime) exercised: Exercised,
    /// What was enabled at the last choice, and which of it was taken. It is not copied: what was put
    /// together just now is slow to read as a whole.
    before: Vec<Enabled>,
    taken: Option<usize>,
    /// Whether the step that the last choice began has been told.
    pub(in crate::runtime) told: bool,
    /// The choices of the run.
    path: Vec<Choice>,
    /// Whether the budgets have not been applied to what is enabled.
    pub(in crate::runtime) bounded: bool,
    pub(in crate::runtime) options: Options,
    /// The run ends in the middle of a poll, and how.
    pub(in crate::runtime) broken_off: Option<Outcome>,
    pub(in crate::runtime) published: Option<Arc<Published>>,
    /// How many workers had a name when names were published last.
    published_workers: usize,
    strategy: Option<SharedStrategy>,
    witness: Option<SharedWitness>,
    /// Whether the witness hears of steps that show nothing.
    hears_all: bool,
    /// Ends the run at its next choice, once it is set.
    pub(in crate::runtime) stop: StopFlag,
}

impl Progress {
    /// A run begins.
    pub(in crate::runtime) fn begin(
        &mut self,
        options: Options,
        strategy: &SharedStrategy,
        witness: &SharedWitness,
    ) {
        self.options = options;
        self.used = 0;
        self.spent = Spent::default();
        self.exercised.begin();
        self.taken = None;
        self.told = false;
        self.path.clear();
        self.broken_off = None;
        self.facts.clear();
        if let Some(published) = &self.published {
            published.begin();
        }
        self.strategy = Some(Rc::clone(strategy));
        self.hears_all = witness.borrow().hears_all();
        self.witness = Some(Rc::clone(witness));
    }

    /// Forgets the tasks of all runs; they are to be dropped where nothing is borrowed.
    pub(in crate::runtime) fn forget(&mut self) -> Vec<Slot> {
        self.used = 0;
        self.places.clear();
        self.published_workers = 0;
        std::mem::take(&mut self.slots)
    }

    /// Lets another thread see how far runs are.
    pub(in crate::runtime) fn publish(&mut self, to: Option<Arc<Published>>) {
        self.published = to;
        self.published_workers = 0;
    }

    /// How many choices the run has had.
    pub(in crate::runtime) fn steps(&self) -> u64 {
        self.path.len() as u64
    }

    /// The run is over: who picked and who heard is let go.
    pub(in crate::runtime) fn over(&mut self) {
        self.strategy = None;
        self.witness = None;
    }

    /// Whose the last choice was.
    pub(in crate::runtime) fn last_worker(&self) -> Option<WorkerId> {
        self.path.last().map(|choice| choice.worker)
    }

    /// The tasks of this run, in the order in which they were started.
    pub(in crate::runtime) fn slots(&self) -> &[Slot] {
        &self.slots[..self.used]
    }

    /// A slot for a worker; which.
    pub(in crate::runtime) fn take_slot(&mut self, id: WorkerId) -> usize {
        let index = self.used;
        self.used += 1;
        if index == self.slots.len() {
            self.slots.push(Slot::vacant());
        }
        self.slots[index].renew(id);
        if self.places.len() <= id.index() {
            self.places.resize(id.index() + 1, 0);
        }
        self.places[id.index()] = index;
        index
    }

    /// The slot of a worker of this run.
    #[inline]
    pub(in crate::runtime) fn slot_of(&self, worker: WorkerId) -> Option<usize> {
        let place = *self.places.get(worker.index())?;
        let is_there = place < self.used && self.slots[place].id == worker;
        is_there.then_some(place)
    }

    /// Gathers what can happen next, and says what that amounts to.
    #[inline(never)]
    pub(in crate::runtime) fn look(&mut self, book: &mut Book) -> Situation {
        let next_timer = self.clock.next_deadline();
        let cancels_tasks = self.is_left(Resource::Cancels) && self.options.cancels_tasks;
        let rare = next_timer.is_some() || self.options.wakers.are_choices();
        let (mut something, mut unfinished) = (false, false);
        let mut rarities = false;
        let enabled = &mut self.enabled;
        enabled.clear();
        for (index, slot) in self.slots[..self.used].iter().enumerate() {
            if slot.ended {
                continue;
            }
            unfinished = true;
            rarities |= rare || slot.io.is_some() || !slot.parts.is_empty();
            let ready = slot.flag.is_ready();
            let account = book.account_mut(slot.id);
            if ready {
                something = true;
                if matches!(account.wait, Some(Wait::Unknown | Wait::Join { .. })) {
                    account.wait = None;
                }
                enabled.push(offer(slot, account, Action::Proceed, None));
            }
            if cancels_tasks && index > 0 {
                let draws = Some(Resource::Cancels);
                enabled.push(offer(slot, account, Action::Cancel, draws));
            }
        }
        self.bounded = false;
        if rarities {
            self.offer_all(book, next_timer);
        }
        let timers = self.bounded;
        if !something && timers {
            // when nothing but timers and cancellations is left, timers fire free
            for offer in &mut self.enabled {
                if offer.choice.action == Action::Timeout {
                    offer.draws = None;
                }
            }
        }
        if !unfinished {
            Situation::Finished
        } else if !something && !timers {
            Situation::Stuck
        } else if self.is_at_bound() {
            Situation::StepBound
        } else {
            Situation::Going
        }
    }

    /// Whether the run may take no more steps.
    pub(in crate::runtime) fn is_at_bound(&self) -> bool {
        self.steps() >= self.options.bound.0
    }

    /// The same where tasks may do more than go on and be cancelled whole.
    #[cold]
    fn offer_all(&mut self, book: &Book, next_timer: Option<Duration>) {
        let panics = self.is_left(Resource::Panics);
        let cancels = self.is_left(Resource::Cancels);
        let Options {
            wakers,
            cancels_tasks,
            ..
        } = self.options;
        self.enabled.clear();
        let unfinished = self.slots[..self.used].iter().enumerate();
        for (index, slot) in unfinished.filter(|(_, slot)| !slot.ended) {
            let account = book.account(slot.id);
            let mut add = |action, draws| self.enabled.push(offer(slot, account, action, draws));
            let ready = slot.flag.is_ready();
            if ready {
                add(Action::Proceed, None);
                if slot.io == Some(Io::Open) && panics {
                    add(Action::Panic, Some(Resource::Panics));
                    add(Action::Fail, Some(Resource::Panics));
                }
            }
            if next_timer.is_some() && self.clock.has_timer(index, next_timer) {
                self.bounded = true;
                add(Action::Timeout, Some(Resource::Timeouts));
            }
            if !cancels {
                continue;
            }
            let mut add = |action| add(action, Some(Resource::Cancels));
            if index > 0 && cancels_tasks {
                add(Action::Cancel);
            }
            let parts = slot.parts.iter().filter(|part| !part.cancelled).count();
            for part in 0..parts {
                add(Action::CancelPart(part as u32));
            }
            if wakers.replaced {
                add(Action::NewWaker);
            }
            if !ready && wakers.spurious {
                add(Action::Spurious);
            }
        }
    }

    /// Offers these actions of a worker, and nothing else.
    pub(in crate::runtime) fn offer_only(
        &mut self,
        worker: WorkerId,
        op: Op,
        actions: impl Iterator<Item = (Action, Option<Resource>)>,
    ) {
        self.enabled.clear();
        self.bounded = true;
        self.enabled.extend(actions.map(|(action, draws)| Enabled {
            choice: Choice { worker, action },
            op,
            draws,
        }));
    }

    #[inline]
    fn is_left(&self, resource: Resource) -> bool {
        self.spent.drawn[resource as usize] < self.options.budget.limit(resource)
    }

    /// Asks for one of the choices that were gathered and are within the budgets; its place among
    /// them, for [`Progress::taken`], or `None` if the run ends here. Whoever has the place reads the
    /// choice where it was gathered: one that has just been put together is slow to read as a whole.
    #[inline]
    pub(in crate::runtime) fn ask(&mut self, book: &Book) -> Option<usize> {
        let counts = self.bounded || self.options.budget.preemptions.is_some();
        let held_up = counts && self.keep_within_budget();
        if self.enabled.is_empty() || self.stop.is_set() {
            return None;
        }
        let point = Point {
            enabled: &self.enabled,
            view: book,
            last: self.path.last().copied(),
        };
        let at = self.strategy.as_ref()?.borrow_mut().choose_place(&point)?;
        let Enabled { choice, draws, .. } = self.enabled[at];
        if let [first, .., last] = &self.enabled[..] {
            let contested = first.choice.worker != last.choice.worker;
            self.exercised.decided(at, contested);
        }
        self.spent.take(choice, draws, held_up);
        std::mem::swap(&mut self.enabled, &mut self.before);
        self.path.push(choice);
        self.taken = Some(at);
        self.told = false;
        if self.published_workers != book.names.workers() {
            self.publish_names(book);
        }
        if let Some(published) = &self.published {
            published.step(self.path.len(), choice);
        }
        Some(at)
    }

    /// Whether this worker, which has just started another one, stops there: the strategy says so, and
    /// its last choice then does.
    #[cfg(feature = "threads")]
    pub(in crate::runtime) fn stops_at_spawn(&mut self, worker: WorkerId) -> bool {
        let (Some(at), Some(strategy)) = (self.taken, &self.strategy) else {
            return false;
        };
        let choice = &mut self.before[at].choice;
        let went_on = choice.worker == worker && choice.action == Action::Proceed;
        if !went_on || self.told || !strategy.borrow_mut().stops_at_spawn() {
            return false;
        }
        choice.action = Action::ToSpawn;
        if let Some(last) = self.path.last_mut() {
            *last = *choice;
        }
        if let Some(published) = &self.published {
            published.step(self.path.len(), *choice);
        }
        true
    }

    /// The choice at a place where the last ones were gathered.
    #[inline]
    pub(in crate::runtime) fn taken(&self, at: usize) -> Choice {
        self.before[at].choice
    }

    /// The slot of the worker whose choice that is, and its action.
    #[inline]
    pub(in crate::runtime) fn whose(&self, at: usize) -> (usize, Action) {
        let Choice { worker, action } = self.taken(at);
        let slot = self.slot_of(worker);
        (slot.expect("who is offered has a slot"), action)
    }

    #[cold]
    fn publish_names(&mut self, book: &Book) {
        let first = std::mem::replace(&mut self.published_workers, book.names.workers());
        if let Some(published) = &self.published {
            published.name_workers(first, book.names.worker_names_from(first));
        }
    }

    /// Leaves out what the budgets do not allow; whether the worker of the last choice could go on
    /// by itself.
    #[cold]
    fn keep_within_budget(&mut self) -> bool {
        let budget = &self.options.budget;
        let spent = &self.spent;
        let goes_on = |o: &Enabled| Some(o.choice.worker) == spent.last && o.choice.is_progress();
        let held_up = budget.preemptions.is_some() && self.enabled.iter().any(goes_on);
        self.enabled
            .retain(|o| spent.allows(o.choice, o.draws, held_up, budget));
        held_up
    }

    /// Puts the properties to the step that is under way and to the state after it, and tells both.
    #[inline]
    pub(in crate::runtime) fn tell(&mut self, book: &mut Book, situation: Situation) {
        if !book.is_quiet() {
            self.judge(book, situation);
        }
        if situation != Situation::Going {
            Judge::situation(&*book, situation, |fact| self.facts.push(fact));
        }
        if self.hears_all || !self.facts.is_empty() {
            self.tell_witness(book, situation);
        }
        self.told = true;
        book.told();
    }

    /// Puts the properties to what happened, and lets the strategy know.
    fn judge(&mut self, book: &mut Book, situation: Situation) {
        if let Some(strategy) = self.strategy.as_ref().filter(|_| !book.events.is_empty()) {
            let mut strategy = strategy.borrow_mut();
            for event in &book.events {
                if let Some(fact) = fact_of(event) {
                    self.facts.push(fact);
                }
                strategy.observe(event);
            }
        }
        let before = self.facts.len();
        judge(book, situation, &mut self.facts);
        for fact in &self.facts[before..] {
            if let Fact::Ordered { from, to, worker } = *fact {
                book.takes_edge(WorkerEdge { from, to, worker });
            }
        }
    }

    fn tell_witness(&mut self, book: &Book, situation: Situation) {
        if let Some(witness) = &self.witness {
            let taken = self.taken.filter(|_| !self.told);
            let step = Step {
                taken: taken.map(|at| &self.before[at]),
                path: &self.path,
                events: &book.events,
                facts: &self.facts,
                spent: &self.spent,
            };
            witness.borrow_mut().state(book, situation, &step);
        }
        self.facts.clear();
    }
}

/// What a task is offered to do.
#[inline]
fn offer(slot: &Slot, account: &Account, action: Action, draws: Option<Resource>) -> Enabled {
    Enabled {
        choice: Choice {
            worker: slot.id,
            action,
        },
        op: account.op,
        draws,
    }
}

/// Puts the properties to what happened.
fn judge(book: &Book, situation: Situation, facts: &mut Vec<Fact>) {
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
#[inline]
fn fact_of(event: &Event) -> Option<Fact> {
    match *event {
        Event::Failed { statement, .. } => Some(Fact::Failed(Identity::Assertion { statement })),
        _ => Judge::event(event),
    }
}
