//! Which workers' choices have to be followed from a state, others standing for the rest.
//!
//! A set of workers is enough when nothing that the workers outside of it may still do, before one
//! of the set does something, is dependent on what the set could do now: a persistent set, found
//! by closing a single worker under "may still do something that its next op minds" and, for who
//! waits, under "may end its wait" (Overman 1981; Godefroid, Partial-Order Methods for the
//! Verification of Concurrent Systems, 1996; Valmari's stubborn sets, 1989). What a worker may
//! still do depends on where it stands, so the sets grow smaller from phase to phase.
//!
//! Two things are particular here:
//!
//! - A set needs a worker that can go on without a fault. While it could, no timer fires free, so
//!   a timer of the set that is fired later costs no more than one fired now.
//! - A state graph has no cycles, so no choice can be put off for ever.
//!
//! All that the properties look at is a matter of one worker (leaks, over-releases, the order
//! graph) or of states that nothing follows (deadlocks and their kin), but for `over-admission`:
//! workers that have a say in who holds how much of a plain semaphore are never in a set that
//! leaves others out.

use crate::machine::{Footprints, Machine, Offer, meet};
use crate::run::{Budget, WorkerId};

/// Chooses persistent sets.
pub(super) struct Reducer {
    footprints: Footprints,
    /// The workers with a say in who holds how much of a plain semaphore.
    seen: Vec<bool>,
}

/// Memory that choosing needs.
#[derive(Default)]
pub(super) struct Chosen {
    members: Vec<bool>,
    list: Vec<WorkerId>,
    alive: Vec<WorkerId>,
    best: Vec<bool>,
}

impl Reducer {
    pub(super) fn new(machine: &Machine, budget: &Budget) -> Reducer {
        Reducer {
            footprints: Footprints::new(machine, budget.cancels > 0),
            seen: machine.looked_at(),
        }
    }

    /// Keeps the offers of a persistent set, or all. `seeds` says which offers are worth a set of
    /// their own. Whether the set is a single choice: a step that everything can be continued by.
    pub(super) fn choose(
        &self,
        machine: &Machine,
        state: &[u64],
        offers: &mut Vec<Offer>,
        seeds: impl Fn(usize) -> bool,
        chosen: &mut Chosen,
    ) -> bool {
        let all = offers.len();
        chosen.alive.clear();
        chosen.alive.extend(machine.alive(state));
        // a set of everything is of use only where it is a single choice
        let mut least = all.max(2);
        let mut last = None;
        for (i, offer) in offers.iter().enumerate() {
            let id = offer.choice.worker;
            if last == Some(id) || !offer.choice.is_progress() || !seeds(i) {
                continue;
            }
            last = Some(id);
            if let Some(size) = self.close(machine, state, id, offers, chosen, least) {
                least = size;
                std::mem::swap(&mut chosen.best, &mut chosen.members);
                if size == 1 {
                    break;
                }
            }
        }
        if least < all {
            offers.retain(|o| chosen.best[o.choice.worker.index()]);
        }
        least == 1
    }

    /// Closes a worker; how many choices the set has, `None` if it is not less than `least`.
    fn close(
        &self,
        machine: &Machine,
        state: &[u64],
        seed: WorkerId,
        offers: &[Offer],
        chosen: &mut Chosen,
        least: usize,
    ) -> Option<usize> {
        chosen.members.clear();
        chosen.members.resize(machine.worker_count(), false);
        chosen.list.clear();
        chosen.members[seed.index()] = true;
        chosen.list.push(seed);
        let mut size = 0;
        let mut next = 0;
        while next < chosen.list.len() {
            let id = chosen.list[next];
            next += 1;
            if self.seen[id.index()] {
                return None;
            }
            let mine = offers.iter().filter(|o| o.choice.worker == id).count();
            size += mine;
            if size >= least {
                return None;
            }
            let minds = match machine.at(state, id) {
                Some(pc) if mine > 0 => self.footprints.minds(id, pc),
                Some(pc) => self.footprints.frees(id, pc),
                None => self.footprints.spawns(id),
            };
            for i in 0..chosen.alive.len() {
                let other = chosen.alive[i];
                if chosen.members[other.index()] {
                    continue;
                }
                let future = match machine.at(state, other) {
                    Some(pc) => self.footprints.future(other, pc),
                    None => self.footprints.whole_future(machine, other),
                };
                if meet(minds, future) {
                    chosen.members[other.index()] = true;
                    chosen.list.push(other);
                }
            }
            if chosen.list.len() == chosen.alive.len() && offers.len() > 1 {
                return None;
            }
        }
        Some(size)
    }
}
