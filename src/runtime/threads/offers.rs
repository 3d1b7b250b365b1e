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

/// Who can go on, kept from turn to turn: a step changes little of it.
#[derive(Default)]
pub(super) struct Offers {
    /// The members that can go on, and in no other way.
    ready: Set,
    /// What each of them does.
    plain: Vec<Enabled>,
    /// The members that wait in acquires.
    waiting: Set,
    /// The members at a join, and the worker that has to end first.
    joining: Vec<(usize, WorkerId)>,
    /// How many members can do more than go on, or have a timer.
    special: usize,
}

impl Offers {
    /// A run begins.
    pub(super) fn begin(&mut self) {
        self.ready.clear();
        self.waiting.clear();
        self.joining.clear();
        self.special = 0;
    }

    /// A member stands there, about to perform the op that its account says.
    #[inline]
    pub(super) fn stands(&mut self, me: usize, worker: WorkerId, stand: Stand, book: &mut Book) {
        match stand {
            Stand::At => {}
            Stand::Waiting { timed } => {
                self.special += usize::from(timed);
                return self.waiting.insert(me);
            }
            Stand::Running | Stand::Foreign => return,
        }
        let op = book.account(worker).op;
        match op {
            Op::Join { first } => {
                let waits = book.status(first) != Status::Ended;
                let wait = Wait::Join { first, count: 1 };
                book.account_mut(worker).wait = waits.then_some(wait);
                if waits {
                    return self.joining.push((me, first));
                }
            }
            Op::Pick { .. } | Op::Work { fallible: true } => return self.special += 1,
            _ => {}
        }
        self.can_go_on(me, worker, op);
    }

    #[inline]
    fn can_go_on(&mut self, me: usize, worker: WorkerId, op: Op) {
        let action = Action::Proceed;
        let plain = Enabled {
            choice: Choice { worker, action },
            op,
            draws: None,
        };
        if self.plain.len() <= me {
            self.plain.resize(me + 1, plain);
        }
        self.plain[me] = plain;
        self.ready.insert(me);
    }

    /// A member goes on from there.
    #[inline]
    pub(super) fn goes_on(&mut self, me: usize, stand: Stand) {
        match stand {
            Stand::At if self.ready.remove(me) => {}
            Stand::At => match self.joining.iter().position(|&(member, _)| member == me) {
                Some(at) => {
                    self.joining.swap_remove(at);
                }
                None => self.special -= 1,
            },
            Stand::Waiting { timed } => {
                self.special -= usize::from(timed);
                self.waiting.remove(me);
            }
            Stand::Running | Stand::Foreign => {}
        }
    }

    /// The first of those that wait whose wait is over.
    #[inline]
    pub(super) fn granted(&self, slots: &[Slot]) -> Option<usize> {
        let mut granted = None;
        self.waiting.each(|me| {
            if granted.is_none() && slots[me].flag.is_ready() {
                granted = Some(me);
            }
        });
        granted
    }

    /// Whether somebody can go on, and nobody can do anything else.
    #[inline]
    pub(super) fn are_all_plain(&self) -> bool {
        self.special == 0 && !self.ready.is_empty()
    }

    /// What those can do that can go on.
    #[inline]
    pub(super) fn gather(&self, enabled: &mut Vec<Enabled>) {
        enabled.clear();
        self.ready.each(|me| enabled.push(self.plain[me]));
    }

    /// A member has ended, and those who wait for that can go on.
    pub(super) fn ends(
        &mut self,
        ended: WorkerId,
        book: &mut Book,
        workers: impl Fn(usize) -> WorkerId,
    ) {
        while let Some(at) = self.joining.iter().position(|&(_, first)| first == ended) {
            let (me, _) = self.joining.swap_remove(at);
            let worker = workers(me);
            let account = book.account_mut(worker);
            account.wait = None;
            self.can_go_on(me, worker, account.op);
        }
    }
}

/// A set of members.
#[derive(Default)]
struct Set(Vec<u64>);

impl Set {
    fn clear(&mut self) {
        self.0.clear();
    }

    #[inline]
    fn insert(&mut self, me: usize) {
        let word = me / 64;
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (me % 64);
    }

    /// Whether it was there.
    #[inline]
    fn remove(&mut self, me: usize) -> bool {
        let Some(word) = self.0.get_mut(me / 64) else {
            return false;
        };
        let bit = 1 << (me % 64);
        let was = *word & bit != 0;
        *word &= !bit;
        was
    }

    fn is_empty(&self) -> bool {
        self.0.iter().all(|&word| word == 0)
    }

    /// In their order.
    #[inline]
    fn each(&self, mut f: impl FnMut(usize)) {
        for (word, &bits) in self.0.iter().enumerate() {
            let mut left = bits;
            while left != 0 {
                f(word * 64 + left.trailing_zeros() as usize);
                left &= left - 1;
            }
        }
    }
}

impl Crew {
    /// Holds what is kept against what is gathered anew.
    pub(super) fn compare(&self) {
        let gathered = self.look(&[]);
        let offers = self.offers.borrow();
        let granted = offers.granted(self.core.progress.borrow().slots());
        assert_eq!(
            granted,
            gathered.err(),
            "runtime::threads::offers, invariant 1"
        );
        if let Ok((situation, timers)) = gathered {
            let anew = std::mem::take(&mut self.core.progress.borrow_mut().enabled);
            let plain = anew.iter().all(Enabled::is_plain) && !anew.is_empty() && !timers;
            assert!(
                plain || !offers.are_all_plain(),
                "runtime::threads::offers, invariant 1"
            );
            if offers.are_all_plain() {
                let mut kept = Vec::new();
                offers.gather(&mut kept);
                assert_eq!(kept, anew, "runtime::threads::offers, invariant 1");
                let goes_on = matches!(situation, Situation::Going | Situation::StepBound);
                assert!(goes_on, "runtime::threads::offers, invariant 1");
            }
        }
    }

    /// Gathers what can happen next: what that amounts to, and whether timers run. If there is a worker
    /// whose step is part of the one that was taken, it comes first.
    pub(super) fn look(&self, runnable: &[usize]) -> Result<(Situation, bool), usize> {
        let core = &self.core;
        core.read_probes();
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
