//! The end of a run before all workers have ended: they are unwound.

use std::panic::resume_unwind;

use shuttle_engine::runtime::thread::continuation::switch;

use super::crew::{Crew, MOST_FAREWELLS};
use super::team::Stand;
use crate::runtime::scene::core::NOBODY;
use crate::runtime::scene::panics::Panic;

impl Crew {
    /// The run is over: the worker that runs, if one does, unwinds, unless it does already.
    pub(super) fn leave(&self) {
        let me = self.core.current.get().slot;
        if me == NOBODY.slot || self.unwinds(me) {
            return;
        }
        // another one may unwind, and wait
        let panicking = std::thread::panicking();
        let (given_up, unwinds) = match self.team.borrow_mut().members.get_mut(me) {
            Some(member) => {
                member.farewells += 1;
                let before = std::mem::replace(&mut member.unwound, true);
                (member.farewells > MOST_FAREWELLS, before && panicking)
            }
            None => (false, false),
        };
        if unwinds && !given_up {
            return;
        }
        if given_up {
            // nobody comes back to it
            self.announced.set(true);
            switch();
        }
        resume_unwind(Box::new(Panic::Abandoned));
    }

    /// The worker that runs begins its life on a stack of which this is the first frame, or near it.
    pub(super) fn begins_on_stack(&self, me: usize) {
        /// What is moved into a thread may lie in the frames of who calls this.
        const BEFORE: usize = 8192;
        let here = std::ptr::from_ref(&me).addr();
        self.team.borrow_mut().members[me].stack = here + BEFORE;
    }

    /// Whether what lies at that address is on the stack of the worker that runs.
    pub(super) fn is_on_own_stack(&self, address: usize) -> bool {
        let me = self.core.current.get().slot;
        let here = std::ptr::from_ref(&me).addr();
        let team = self.team.borrow();
        let begins = team.members.get(me).map_or(0, |member| member.stack);
        (here..begins).contains(&address)
    }

    /// Whether all threads have ended that were spawned in a worker's scopes.
    fn has_closed(&self, of: usize) -> bool {
        let team = self.team.borrow();
        let progress = self.core.progress.borrow();
        let mut scoped = team.members.iter().zip(progress.slots());
        scoped.all(|(member, slot)| slot.ended || member.scoped_in.is_none_or(|s| s.by != of))
    }

    pub(super) fn all_have_ended(&self) -> bool {
        let progress = self.core.progress.borrow();
        progress.slots().iter().all(|slot| slot.ended)
    }

    /// Whom to unwind next; who has opened a scope comes after those who run in it.
    pub(super) fn leaves_next(&self, runnable: &[usize]) -> Option<usize> {
        let reached = |me: &usize| {
            let member = &self.team.borrow().members[*me];
            let ended = self.core.progress.borrow().slots[*me].ended;
            let can_run = member.stand != Stand::Foreign || runnable.contains(&member.task);
            let goes_on = member.farewells <= MOST_FAREWELLS;
            !ended && can_run && goes_on && self.has_closed(*me)
        };
        let count = self.team.borrow().members.len();
        let next = (0..count).rev().find(reached)?;
        self.team.borrow_mut().members[next].farewells += 1;
        Some(next)
    }
}
