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
    best: Vec<bool>,
    alive: Vec<WorkerId>,
    /// For each place in `alive`, where its future is kept.
    futures: Vec<u32>,
    /// Workers whose sets are no use, nor is any that they are in.
    hopeless: Vec<bool>,
    /// For each place in `alive`, what those behind it may leave.
    behind: Vec<u64>,
    /// What those before the place at hand may leave.
    before: Vec<u64>,
    tried: Vec<(WorkerId, u32)>,
}

impl Reducer {
    pub(super) fn new(machine: &Machine, budget: &Budget) -> Reducer {
        Reducer {
            footprints: Footprints::new(machine, budget.cancels > 0),
            seen: machine.looked_at(),
        }
    }

    fn future(&self, machine: &Machine, state: &[u64], id: WorkerId) -> u32 {
        match machine.at(state, id) {
            Some(pc) => self.footprints.future_row(id, pc),
            None => self.footprints.whole_future_row(id),
        }
    }

    /// Keeps the offers of a persistent set, or all. Whether the set is a single choice: a step
    /// that everything can be continued by.
    pub(super) fn choose(
        &self,
        machine: &Machine,
        state: &[u64],
        offers: &mut Vec<Offer>,
        chosen: &mut Chosen,
    ) -> bool {
        chosen.alive.clear();
        chosen.alive.extend(machine.alive(state));
        chosen.futures.clear();
        let futures = chosen
            .alive
            .iter()
            .map(|&id| self.future(machine, state, id));
        chosen.futures.extend(futures);
        if let Some(id) = self.single(machine, state, offers, chosen) {
            offers.retain(|o| o.choice.worker == id);
            return offers.len() == 1;
        }
        let all = offers.len();
        let mut least = all;
        chosen.tried.clear();
        chosen.hopeless.clear();
        chosen.hopeless.resize(machine.worker_count(), false);
        for &Offer { choice, .. } in offers.iter() {
            let id = choice.worker;
            let Some(pc) = machine.at(state, id) else {
                continue;
            };
            // those of a class that stand alike have alike sets
            let kind = (machine.first_instance(id), pc);
            if !choice.is_progress() || chosen.tried.contains(&kind) {
                continue;
            }
            if !machine.is_named(id) {
                chosen.tried.push(kind);
            }
            match self.close(machine, state, id, offers, chosen, least) {
                Some(size) => {
                    least = size;
                    std::mem::swap(&mut chosen.best, &mut chosen.members);
                }
                // a set grows with what it is closed from, and those to come must be smaller still
                None => chosen.hopeless[id.index()] = true,
            }
        }
        if least < all {
            offers.retain(|o| chosen.best[o.choice.worker.index()]);
        }
        false
    }

    /// A worker that is a set of its own, the one with the fewest choices.
    fn single(
        &self,
        machine: &Machine,
        state: &[u64],
        offers: &[Offer],
        chosen: &mut Chosen,
    ) -> Option<WorkerId> {
        let alive = &chosen.alive;
        let words = self.footprints.words();
        chosen.behind.clear();
        chosen.behind.resize((alive.len() + 1) * words, 0);
        for place in (0..alive.len()).rev() {
            let future = self.footprints.row(chosen.futures[place]);
            let (here, behind) = chosen.behind[place * words..].split_at_mut(words);
            for ((mark, behind), future) in here.iter_mut().zip(behind).zip(future) {
                *mark = *behind | future;
            }
        }
        chosen.before.clear();
        chosen.before.resize(words, 0);
        let mut offers = offers.iter().peekable();
        let mut best: Option<(usize, WorkerId)> = None;
        for (place, &id) in alive.iter().enumerate() {
            let (mut choices, mut progress) = (0, false);
            while let Some(offer) = offers.next_if(|o| o.choice.worker == id) {
                choices += 1;
                progress |= offer.choice.is_progress();
            }
            let less = best.is_none_or(|(least, _)| choices < least);
            if progress
                && less
                && !self.seen[id.index()]
                && let Some(pc) = machine.at(state, id)
            {
                let minds = self.footprints.minds(id, pc);
                let behind = &chosen.behind[(place + 1) * words..][..words];
                if !meet(minds, &chosen.before) && !meet(minds, behind) {
                    if choices == 1 {
                        return Some(id);
                    }
                    best = Some((choices, id));
                }
            }
            let future = self.footprints.row(chosen.futures[place]);
            for (mark, future) in chosen.before.iter_mut().zip(future) {
                *mark |= future;
            }
        }
        best.map(|(_, id)| id)
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
                if meet(minds, self.footprints.row(chosen.futures[i])) {
                    if chosen.hopeless[other.index()] {
                        return None;
                    }
                    chosen.members[other.index()] = true;
                    chosen.list.push(other);
                }
            }
            if chosen.list.len() == chosen.alive.len() {
                return None;
            }
        }
        Some(size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::{Size, generate};
    use crate::run::commute;
    use std::collections::BTreeSet;

    /// The marks are coarser than the exact conditions, never finer: what they take to be
    /// independent commutes.
    #[test]
    fn marks_never_miss_a_dependence() {
        let mut compared = 0;
        for seed in 0..400 {
            let program = generate(seed, &Size::default());
            let machine = Machine::new(&program);
            let marks = Footprints::new(&machine, true);
            let mut seen = BTreeSet::new();
            let mut open = vec![machine.initial(&mut ())];
            while let Some(state) = open.pop() {
                if seen.len() > 300 || !seen.insert(state.clone()) {
                    continue;
                }
                let view = machine.view(&state);
                let choices = machine.choices(&state);
                for a in &choices {
                    for b in &choices {
                        let (p, q) = (a.choice.worker, b.choice.worker);
                        let at = |id| machine.at(&state.0, id).expect("it has a choice");
                        if p != q
                            && !meet(marks.minds(p, at(p)), marks.row(marks.future_row(q, at(q))))
                        {
                            compared += 1;
                            assert!(
                                commute(a, b, &view),
                                "seed {seed}: {a:?} and {b:?} in {view}\n{program}"
                            );
                        }
                    }
                }
                open.extend(machine.successors(&state).into_iter().map(|(_, next)| next));
            }
        }
        assert!(compared > 50_000, "{compared}");
    }
}
