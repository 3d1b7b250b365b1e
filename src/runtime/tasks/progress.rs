//! How far a run is: what is on offer, which of it is taken, and what is told of each step.
//!
//! **Invariants**
//!
//! 1. A step is told before the next choice is asked for, also where that is in the middle of a
//!    poll.
//! 2. Nothing here calls the user's code; so it may be borrowed as a whole.

use std::rc::Rc;
use std::sync::Arc;

use super::clock::Clock;
use super::published::Published;
use super::slot::{Io, Slot};
use super::{Options, Wakers};
use crate::property::{Fact, Identity, Judge, SharedStrategy, SharedWitness, Situation, Step};
use crate::run::{
    Action, Budget, Choice, Enabled, Event, Op, Outcome, Point, Resource, Spent, View, Wait,
    WorkerId,
};
use crate::runtime::book::Book;

/// How far a run is, and memory that is kept from run to run.
#[derive(Default)]
pub(super) struct Progress {
    /// The tasks; behind those of this run there is what is left of larger ones.
    pub(super) slots: Vec<Slot>,
    /// How many of them are of this run.
    pub(super) used: usize,
    pub(super) clock: Clock,
    pub(super) enabled: Vec<Enabled>,
    pub(super) facts: Vec<Fact>,
    pub(super) spent: Spent,
    pub(super) steps: u64,
    /// What was enabled at the last choice, and which of it was taken. It is copied from there when
    /// it is needed: what was put together just now is slow to read as a whole.
    before: Vec<Enabled>,
    taken: Option<usize>,
    /// Whether the step that the last choice began has been told.
    pub(super) told: bool,
    /// Whether the budgets have not been applied to what is enabled.
    pub(super) bounded: bool,
    /// The run ends in the middle of a poll, and how.
    pub(super) broken_off: Option<Outcome>,
    pub(super) published: Option<Arc<Published>>,
    /// How many workers had a name when names were published last.
    published_workers: usize,
    strategy: Option<SharedStrategy>,
    witness: Option<SharedWitness>,
}

impl Progress {
    /// A run begins.
    pub(super) fn begin(&mut self, strategy: &SharedStrategy, witness: &SharedWitness) {
        self.used = 0;
        self.clock.reset();
        self.spent = Spent::default();
        self.steps = 0;
        self.taken = None;
        self.told = false;
        self.broken_off = None;
        self.facts.clear();
        if let Some(published) = &self.published {
            published.begin();
        }
        self.strategy = Some(Rc::clone(strategy));
        self.witness = Some(Rc::clone(witness));
    }

    /// The run is over: who picked and who heard is let go.
    pub(super) fn over(&mut self) {
        self.strategy = None;
        self.witness = None;
    }

    /// The tasks of this run, in the order in which they were started.
    pub(super) fn slots(&self) -> &[Slot] {
        &self.slots[..self.used]
    }

    /// A slot for a worker; which.
    pub(super) fn take_slot(&mut self, id: WorkerId) -> usize {
        let index = self.used;
        self.used += 1;
        if index == self.slots.len() {
            self.slots.push(Slot::vacant());
        }
        self.slots[index].renew(id);
        index
    }

    /// The slot of a worker of this run.
    #[inline]
    pub(super) fn slot_of(&self, worker: WorkerId) -> Option<usize> {
        self.slots().iter().position(|slot| slot.id == worker)
    }

    /// Gathers what can happen next, and says what that amounts to.
    pub(super) fn look(&mut self, book: &mut Book, options: &Options) -> Situation {
        self.enabled.clear();
        let panics = self.is_left(Resource::Panics, &options.budget);
        let cancels = self.is_left(Resource::Cancels, &options.budget);
        let next_timer = self.clock.next_deadline();
        let (mut something, mut unfinished, mut timers) = (false, false, false);
        for (index, slot) in self.slots[..self.used].iter().enumerate() {
            if slot.ended {
                continue;
            }
            unfinished = true;
            let worker = slot.id;
            let ready = slot.flag.is_ready();
            let account = book.account_mut(worker);
            let op = account.op;
            let mut offer = |action, draws| {
                let choice = Choice { worker, action };
                self.enabled.push(Enabled { choice, op, draws });
            };
            if ready {
                something = true;
                if matches!(account.wait, Some(Wait::Unknown | Wait::Join { .. })) {
                    account.wait = None;
                }
                offer(Action::Proceed, None);
                if slot.io == Some(Io::Open) && panics {
                    offer(Action::Panic, Some(Resource::Panics));
                    offer(Action::Fail, Some(Resource::Panics));
                }
            }
            if next_timer.is_some() && self.clock.has_timer(index, next_timer) {
                timers = true;
                offer(Action::Timeout, Some(Resource::Timeouts));
            }
            if !cancels {
                continue;
            }
            if index > 0 && options.cancels_tasks {
                offer(Action::Cancel, Some(Resource::Cancels));
            }
            if !slot.parts.is_empty() || options.wakers.are_choices() {
                offer_rarities(slot, ready, options.wakers, |action| {
                    offer(action, Some(Resource::Cancels));
                });
            }
        }
        self.bounded = timers;
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
        } else if self.steps >= options.bound.0 {
            Situation::StepBound
        } else {
            Situation::Going
        }
    }

    /// Offers these actions of a worker, and nothing else.
    pub(super) fn offer_only(
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
    fn is_left(&self, resource: Resource, budget: &Budget) -> bool {
        self.spent.drawn[resource as usize] < budget.limit(resource)
    }

    /// Asks for one of the choices that were gathered and are within the budgets; `None` if the run
    /// ends here.
    pub(super) fn ask(&mut self, book: &Book, budget: &Budget) -> Option<Choice> {
        let held_up = (self.bounded || budget.preemptions.is_some()) && self.keep_within(budget);
        if self.enabled.is_empty() {
            return None;
        }
        let point = Point {
            enabled: &self.enabled,
            view: book,
            last: self.taken.map(|at| self.before[at].choice),
        };
        let choice = self.strategy.as_ref()?.borrow_mut().choose(&point)?;
        let at = self.enabled.iter().position(|e| e.choice == choice)?;
        self.spent.take(choice, self.enabled[at].draws, held_up);
        self.steps += 1;
        std::mem::swap(&mut self.enabled, &mut self.before);
        self.taken = Some(at);
        self.told = false;
        if let Some(published) = &self.published {
            let workers = book.names.workers();
            if self.published_workers != workers {
                self.published_workers = workers;
                published.name_workers(book.names.worker_names());
            }
            published.step(self.steps, choice);
        }
        Some(choice)
    }

    /// Leaves out what the budgets do not allow; whether the worker of the last choice could go on
    /// by itself.
    fn keep_within(&mut self, budget: &Budget) -> bool {
        let spent = &self.spent;
        let goes_on = |o: &Enabled| Some(o.choice.worker) == spent.last && o.choice.is_progress();
        let held_up = budget.preemptions.is_some() && self.enabled.iter().any(goes_on);
        self.enabled
            .retain(|o| spent.allows(o.choice, o.draws, held_up, budget));
        held_up
    }

    /// Puts the properties to the step that is under way and to the state after it, and tells both.
    pub(super) fn tell(&mut self, book: &mut Book, situation: Situation) {
        if !book.is_quiet() {
            judge(book, situation, &mut self.facts);
            if let Some(strategy) = self.strategy.as_ref().filter(|_| !book.events.is_empty()) {
                let mut strategy = strategy.borrow_mut();
                for event in &book.events {
                    strategy.observe(event);
                }
            }
        }
        Judge::situation(&*book, situation, |fact| self.facts.push(fact));
        if let Some(witness) = &self.witness {
            let taken = self.taken.filter(|_| !self.told);
            let step = Step {
                taken: taken.map(|at| &self.before[at]),
                events: &book.events,
                facts: &self.facts,
                spent: &self.spent,
            };
            witness.borrow_mut().state(book, situation, &step);
        }
        self.facts.clear();
        self.told = true;
        book.told();
    }
}

/// What counts as a cancellation beside that of a task.
fn offer_rarities(slot: &Slot, ready: bool, wakers: Wakers, mut offer: impl FnMut(Action)) {
    let parts = slot.parts.iter().filter(|part| !part.cancelled).count();
    for part in 0..parts {
        offer(Action::CancelPart(part as u32));
    }
    if wakers.replaced {
        offer(Action::NewWaker);
    }
    if !ready && wakers.spurious {
        offer(Action::Spurious);
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
#[inline]
fn fact_of(event: &Event) -> Option<Fact> {
    match *event {
        Event::Failed { statement, .. } => Some(Fact::Failed(Identity::Assertion { statement })),
        _ => Judge::event(event),
    }
}
