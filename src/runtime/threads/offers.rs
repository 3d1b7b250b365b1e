//! What can happen next, by where each worker stands.
//!
//! **Invariants**
//!
//! 1. While shuttle has no say in who goes on, what is kept from turn to turn is what is gathered
//!    anew. Builds with debug assertions gather it at each turn, and compare.

use super::crew::{Crew, Request, Stand};
use crate::property::Situation;
use crate::run::{Action, Choice, Enabled, Op, Resource, Status, View, Wait, WorkerId};
use crate::runtime::book::Book;
use crate::runtime::scene::slot::Slot;

/// What the workers that stand can do: a step changes little of it.
#[derive(Default)]
pub(super) struct Offers {
    /// In the order of the members.
    enabled: Vec<Enabled>,
    /// Of each, the member that can do it.
    whose: Vec<usize>,
    /// How many of them need the consent of a budget, timers included.
    draw: usize,
    /// How many of them are timers.
    timers: usize,
    /// The members that wait in acquires.
    waiting: Vec<usize>,
    /// The members at a join, and the worker that has to end first.
    joining: Vec<(usize, WorkerId)>,
    /// How many members have not ended.
    unfinished: usize,
}

impl Offers {
    /// A run begins.
    pub(super) fn begin(&mut self) {
        self.enabled.clear();
        self.whose.clear();
        self.waiting.clear();
        self.joining.clear();
        (self.draw, self.timers, self.unfinished) = (0, 0, 0);
    }

    /// A member begins.
    pub(super) fn begins(&mut self) {
        self.unfinished += 1;
    }

    /// A member stands there, about to perform the op that its account says.
    #[inline]
    pub(super) fn stands(&mut self, me: usize, worker: WorkerId, stand: Stand, book: &mut Book) {
        let op = book.account(worker).op;
        match stand {
            Stand::At => {}
            Stand::Waiting { timed } => {
                self.waiting.push(me);
                if timed {
                    self.timers += 1;
                    self.add(me, worker, op, Action::Timeout, Some(Resource::Timeouts));
                }
                return;
            }
            Stand::Running | Stand::Foreign => return,
        }
        match op {
            Op::Join { first } => {
                let waits = book.status(first) != Status::Ended;
                let wait = Wait::Join { first, count: 1 };
                book.account_mut(worker).wait = waits.then_some(wait);
                if waits {
                    self.joining.push((me, first));
                } else {
                    self.add(me, worker, op, Action::Proceed, None);
                }
            }
            Op::Pick { branches } => {
                for branch in 0..branches {
                    self.add(me, worker, op, Action::Branch(branch), None);
                }
            }
            Op::Work { fallible: true } => {
                self.add(me, worker, op, Action::Proceed, None);
                self.add(me, worker, op, Action::Panic, Some(Resource::Panics));
            }
            _ => self.add(me, worker, op, Action::Proceed, None),
        }
    }

    /// Adds what a member can do behind what else it can.
    #[inline]
    fn add(
        &mut self,
        me: usize,
        worker: WorkerId,
        op: Op,
        action: Action,
        draws: Option<Resource>,
    ) {
        let choice = Choice { worker, action };
        let before = self.whose.iter().rposition(|&other| other <= me);
        let at = before.map_or(0, |before| before + 1);
        self.whose.insert(at, me);
        self.enabled.insert(at, Enabled { choice, op, draws });
        self.draw += usize::from(draws.is_some());
    }

    /// A member goes on from there.
    #[inline]
    pub(super) fn goes_on(&mut self, me: usize, stand: Stand) {
        if let Stand::Waiting { timed } = stand {
            let at = self.waiting.iter().position(|&other| other == me);
            at.map(|at| self.waiting.swap_remove(at));
            if !timed {
                return;
            }
            self.timers -= 1;
        }
        while let Some(at) = self.whose.iter().position(|&other| other == me) {
            self.whose.remove(at);
            let gone = self.enabled.remove(at);
            self.draw -= usize::from(gone.draws.is_some());
        }
    }

    /// A member has ended, and those who wait for that can go on.
    pub(super) fn ends(
        &mut self,
        ended: WorkerId,
        book: &mut Book,
        workers: impl Fn(usize) -> WorkerId,
    ) {
        self.unfinished -= 1;
        while let Some(at) = self.joining.iter().position(|&(_, first)| first == ended) {
            let (me, _) = self.joining.swap_remove(at);
            let worker = workers(me);
            let account = book.account_mut(worker);
            account.wait = None;
            let op = account.op;
            self.add(me, worker, op, Action::Proceed, None);
        }
    }

    /// The first of those that wait whose wait is over.
    #[inline]
    fn granted(&self, slots: &[Slot]) -> Option<usize> {
        let mut granted = None;
        for &me in &self.waiting {
            if slots[me].flag.is_ready() && granted.is_none_or(|first| me < first) {
                granted = Some(me);
            }
        }
        granted
    }
}

impl Crew {
    /// What can happen next: what that amounts to, and whether timers run. If there is a worker whose
    /// step is part of the one that was taken, it comes first.
    #[inline]
    pub(super) fn look(&self, runnable: &[usize]) -> Result<(Situation, bool), usize> {
        self.core.read_probes();
        if self.foreign.get() {
            return self.gather(runnable);
        }
        let seen = self.recall();
        if cfg!(debug_assertions) {
            self.compare(&seen);
        }
        seen
    }

    /// What is kept from turn to turn.
    #[inline]
    fn recall(&self) -> Result<(Situation, bool), usize> {
        let offers = &*self.offers.borrow();
        let progress = &mut *self.core.progress.borrow_mut();
        if let Some(me) = offers.granted(progress.slots()) {
            return Err(me);
        }
        progress.enabled.clear();
        progress.enabled.extend_from_slice(&offers.enabled);
        progress.bounded = offers.draw > 0;
        let something = offers.enabled.len() > offers.timers;
        let timers = offers.timers > 0;
        if !something {
            // when nothing but timers is left, they fire free
            progress.enabled.iter_mut().for_each(|e| e.draws = None);
        }
        let situation = if offers.unfinished == 0 {
            Situation::Finished
        } else if !something && !timers {
            Situation::Stuck
        } else if progress.is_at_bound() {
            Situation::StepBound
        } else {
            Situation::Going
        };
        Ok((situation, timers))
    }

    /// Holds what is kept against what is gathered anew.
    fn compare(&self, kept: &Result<(Situation, bool), usize>) {
        let enabled = self.core.progress.borrow().enabled.clone();
        let bounded = self.core.progress.borrow().bounded;
        let gathered = self.gather(&[]);
        assert_eq!(*kept, gathered, "runtime::threads::offers, invariant 1");
        let progress = &mut *self.core.progress.borrow_mut();
        if kept.is_ok() {
            assert_eq!(
                enabled, progress.enabled,
                "runtime::threads::offers, invariant 1"
            );
            progress.bounded = bounded;
        }
    }

    /// Gathers it from the workers.
    fn gather(&self, runnable: &[usize]) -> Result<(Situation, bool), usize> {
        let core = &self.core;
        let members = self.members.borrow();
        let mut book = core.book.borrow_mut();
        let progress = &mut *core.progress.borrow_mut();
        progress.enabled.clear();
        let (mut something, mut unfinished, mut timers) = (false, false, false);
        let slots = progress.slots[..progress.used].iter();
        for (me, (member, slot)) in members.iter().zip(slots).enumerate() {
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
        } else if progress.is_at_bound() {
            Situation::StepBound
        } else {
            Situation::Going
        };
        Ok((situation, timers))
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
