//! What can happen next, by where each worker stands.
//!
//! **Invariants**
//!
//! 1. While shuttle has no say in who goes on, what is kept from turn to turn is what is gathered
//!    anew. Builds with debug assertions gather it at each turn, and compare.

use super::crew::{Crew, Request};
use super::team::{Stand, joins};
use crate::property::Situation;
use crate::run::{Action, Choice, Enabled, Op, Resource, Wait, WorkerId};
use crate::runtime::book::Book;

impl Crew {
    /// Holds what is kept against what is gathered anew.
    pub(super) fn compare(&self) {
        let team = self.team.borrow();
        let granted = || team.granted(self.core.progress.borrow().slots());
        let before = granted();
        let gathered = self.look(&[]);
        if granted() != before {
            // a thread of the system that wakes a worker does so at any time
            return;
        }
        assert_eq!(
            before,
            gathered.err(),
            "runtime::threads::offers, invariant 1"
        );
        let Ok((_, timers)) = gathered else { return };
        let anew = std::mem::take(&mut self.core.progress.borrow_mut().enabled);
        let plain = !timers && !anew.is_empty() && anew.iter().all(Enabled::is_plain);
        assert_eq!(
            team.are_all_plain(),
            plain,
            "runtime::threads::offers, invariant 1"
        );
        if plain {
            let mut kept = Vec::new();
            team.gather(&mut kept, &self.core.book.borrow());
            assert_eq!(kept, anew, "runtime::threads::offers, invariant 1");
        }
    }

    /// Gathers what can happen next: what that amounts to, and whether timers run. If there is a worker
    /// whose step is part of the one that was taken, it comes first.
    pub(super) fn look(&self, runnable: &[usize]) -> Result<(Situation, bool), usize> {
        let core = &self.core;
        core.read_probes();
        let team = self.team.borrow();
        let mut book = core.book.borrow_mut();
        let progress = &mut *core.progress.borrow_mut();
        progress.enabled.clear();
        let (mut something, mut unfinished, mut timers) = (false, false, false);
        let slots = progress.slots[..progress.used].iter();
        for (me, (member, slot)) in team.members.iter().zip(slots).enumerate() {
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
                        let known = member.request.is_some();
                        progress.exercised.blocked_in_shuttle |= !known;
                        continue;
                    }
                    offer(Action::Proceed, None);
                }
                (Stand::At, Op::Join { first }) => {
                    if joins(&mut book, worker, first) {
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
