//! While a worker unwinds nobody else goes on: all workers share one thread of the system, so
//! `std::thread::panicking` would be true for them too, and locks that they let go would be poisoned.
//!
//! A worker that unwinds may have to wait for another one: for a lock of shuttle's that another holds,
//! for permits, for a thread to end. Then others have to go on, in a way that no real run does: the run
//! is carried to its end, and is not judged from there on.
//!
//! That is rare, since a panic that is injected unwinds only once those have gone on who are at
//! scheduling points of shuttle's, where they may hold locks.
//!
//! **Invariants**
//!
//! 1. In a run that is judged nobody is switched to while a worker unwinds.
//! 2. A worker that is struck by an injected panic unwinds without another step of its own.

use super::crew::{Crew, Turn};
use super::team::Stand;
use crate::run::{Action, Event, Op, Outcome, StatementId};
use crate::runtime::names::Verb;
use crate::runtime::scene::panics::{INJECTED, last_panic};

/// Steps of a run that is not judged any more, after which it is ended.
const MOST_UNJUDGED: u64 = 10_000;

/// Steps that others may make before a worker unwinds that an injected panic has struck: they may go
/// round in a loop that only what it drops ends.
const MOST_HELD_BACK: u64 = 1000;

impl Crew {
    /// Whether that worker is known to unwind.
    #[inline]
    pub(super) fn unwinds(&self, me: usize) -> bool {
        std::thread::panicking() && self.unwinding.get().is_none_or(|who| who == me)
    }

    /// A worker that unwinds has to wait.
    #[cold]
    pub(super) fn cannot_judge(&self, me: usize) {
        if self.core.is_ending() || self.core.unjudged.get() {
            return;
        }
        self.tell_own_panic(me);
        self.unwinding.set(Some(me));
        self.core.unjudged.set(true);
        // from here on the next worker is not found by what is kept from turn to turn
        self.core.watched.set(true);
    }

    /// A panic of the user's is told before the run is given up: it is no consequence.
    fn tell_own_panic(&self, me: usize) {
        let (struck, heard) = {
            let member = &self.team.borrow().members[me];
            (member.struck, member.heard_of_panic)
        };
        let own = last_panic().filter(|(text, _)| !text.contains(INJECTED));
        let Some((text, Some(place))) = own.filter(|_| !struck && !heard) else {
            return;
        };
        let worker = self.core.progress.borrow().slots[me].id;
        {
            let mut book = self.core.book.borrow_mut();
            let statement = book.names.failure(place, &text);
            let text = book.text(&text);
            book.events.push(Event::Failed {
                worker,
                statement,
                text,
            });
        }
        self.core.tell(crate::property::Situation::Going);
    }

    /// Who goes on in a run that is not judged: who unwinds if it can, else one after the other.
    pub(super) fn choose_unjudged(&self) -> Turn {
        let step = self.unjudged_steps.get();
        self.unjudged_steps.set(step + 1);
        let chosen = {
            let progress = self.core.progress.borrow();
            let choices = || progress.enabled.iter().map(|enabled| enabled.choice);
            let plain = || choices().filter(|c| c.is_progress());
            let unwinds = self.unwinding.get().map(|me| progress.slots[me].id);
            let count = plain().count().max(1);
            let first = plain().find(|c| Some(c.worker) == unwinds);
            let next = first.or_else(|| plain().nth(step as usize % count));
            let next = next.or_else(|| choices().find(|c| c.action == Action::Timeout));
            next.and_then(|c| Some((progress.slot_of(c.worker)?, c.action)))
        };
        match chosen {
            Some((me, action)) if step < MOST_UNJUDGED => Turn::Of(me, action),
            _ => self.end(Outcome::NotJudged),
        }
    }

    /// An injected panic has struck the worker that runs. Who is at a scheduling point of shuttle's and
    /// can go on may hold a lock: it goes on first.
    pub(super) fn holds_back(&self, statement: StatementId) {
        let me = self.core.current.get().slot;
        self.team.borrow_mut().members[me].struck = true;
        if !self.foreign.get() || !self.others_may_hold_locks(&self.runnable.borrow()) {
            return;
        }
        let unwind = {
            let mut book = self.core.book.borrow_mut();
            let place = book.names.told_apart_by(statement);
            book.names.alone(place, Verb::Unwind)
        };
        let step = self.core.progress.borrow().steps();
        self.team.borrow_mut().members[me].holds_back = Some(step);
        let mut book = self.core.book.borrow_mut();
        book.stands(self.core.worker(), unwind, Op::Work { fallible: false });
        self.switch(me, Stand::At, book);
        self.team.borrow_mut().members[me].holds_back = None;
    }

    /// Whether somebody is at a scheduling point of shuttle's, and can go on.
    fn others_may_hold_locks(&self, runnable: &[usize]) -> bool {
        let team = self.team.borrow();
        let progress = self.core.progress.borrow();
        let mut all = team.members.iter().zip(progress.slots());
        all.any(|(member, slot)| {
            member.stand == Stand::Foreign && !slot.ended && runnable.contains(&member.task)
        })
    }

    /// While somebody is held back, offers only those that it waits for: each goes on to its next place
    /// that is none of shuttle's, and they do not wait for one another.
    pub(super) fn hold_back(&self, runnable: &[usize]) {
        let steps = self.core.progress.borrow().steps();
        let waits = |since: Option<u64>| since.is_some_and(|at| steps - at < MOST_HELD_BACK);
        let any = self
            .team
            .borrow()
            .members
            .iter()
            .any(|m| waits(m.holds_back));
        if !any || !self.others_may_hold_locks(runnable) {
            return;
        }
        let team = self.team.borrow();
        let progress = &mut *self.core.progress.borrow_mut();
        let (slots, enabled) = (&progress.slots[..progress.used], &mut progress.enabled);
        let is_waited_for = |worker| {
            let at = slots.iter().position(|slot| slot.id == worker);
            at.is_some_and(|me| team.members[me].stand == Stand::Foreign)
        };
        enabled.retain(|e| is_waited_for(e.choice.worker));
        self.left_out.set(true);
    }
}
