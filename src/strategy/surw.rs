//! SURW: selectively uniform random walk (Zhao, Wolff, Mathur, Roychoudhury: Selectively uniform
//! concurrency testing, ASPLOS 2025).
//!
//! Some events are interesting: here those on one object, which each run draws anew. Whose
//! interesting event comes next is drawn beforehand, with the weights of URW counted in interesting
//! events; until then the others are held before theirs, and everything else is picked as in a
//! random walk. So the order of the interesting events is uniform, however many others there are in
//! between.
//!
//! The worker that was drawn may have to wait for one that is held, or may never come to its event;
//! when nobody else can go on, the draw is made again among those that can.

use super::object::Object;
use super::order::Order;
use super::profile::Profile;
use super::ready::Able;
use crate::run::{Enabled, Rng, WorkerId};

/// Uniform in the events on one object.
#[derive(Debug, Default)]
pub struct Surw {
    /// What the interesting events are about; `None` where there are none.
    object: Option<Object>,
    /// By worker, the interesting events that it and those that it will start have still to
    /// perform, as the pilots had it.
    shares: Vec<u64>,
    /// The same, zero for workers that were not started yet.
    left: Vec<u64>,
    /// Whose interesting event comes next.
    next: Option<WorkerId>,
    /// The places among the able of those that are not held.
    free: Vec<usize>,
}

impl Surw {
    /// Draws whose interesting event comes next.
    fn draw(&mut self, rng: &mut Rng) {
        let total: u64 = self.left.iter().sum();
        self.next = (total > 0).then(|| {
            let mut rest = rng.below(total);
            let place = self.left.iter().position(|&weight| {
                let here = rest < weight;
                if !here {
                    rest -= weight;
                }
                here
            });
            WorkerId(place.unwrap_or(0) as u32)
        });
    }

    fn weight(&self, worker: WorkerId) -> u64 {
        self.left.get(worker.index()).copied().unwrap_or(0)
    }

    /// One of these, all before an interesting event, by weight.
    fn among(&self, rng: &mut Rng, able: &[Able]) -> usize {
        let weight = |able: &Able| self.weight(able.worker).max(1);
        let mut rest = rng.below(able.iter().map(weight).sum());
        let place = able.iter().position(|able| {
            let here = rest < weight(able);
            if !here {
                rest -= weight(able);
            }
            here
        });
        place.unwrap_or(0)
    }
}

impl Order for Surw {
    fn learns(&self) -> bool {
        true
    }

    fn begin(&mut self, _run: u64, rng: &mut Rng, profile: &Profile) {
        self.left.clear();
        self.shares.clear();
        self.next = None;
        let used = profile.used();
        self.object = (!used.is_empty()).then(|| used[rng.below(used.len() as u64) as usize]);
        if let Some(object) = self.object {
            self.shares.extend_from_slice(profile.shares_on(object));
            self.left.extend_from_slice(&self.shares);
            for (worker, left) in self.left.iter_mut().enumerate() {
                if profile.is_started(WorkerId(worker as u32)) {
                    *left = 0;
                }
            }
            self.draw(rng);
        }
    }

    #[inline]
    fn pick(&mut self, rng: &mut Rng, able: &[Able], enabled: &[Enabled]) -> usize {
        let Some(object) = self.object else {
            return rng.below(able.len() as u64) as usize;
        };
        let interesting = |able: &Able| Object::of(&enabled[able.first()].op) == Some(object);
        self.free.clear();
        for (place, able) in able.iter().enumerate() {
            let held = self.next.is_some_and(|next| next != able.worker) && interesting(able);
            if !held {
                self.free.push(place);
            }
        }
        let picked = match self.free.len() {
            0 => self.among(rng, able),
            1 => self.free[0],
            free => self.free[rng.below(free as u64) as usize],
        };
        if interesting(&able[picked]) {
            if let Some(left) = self.left.get_mut(able[picked].worker.index()) {
                *left = left.saturating_sub(1);
            }
            self.draw(rng);
        }
        picked
    }

    fn started(&mut self, rng: &mut Rng, worker: WorkerId, by: WorkerId) {
        let share = self.shares.get(worker.index()).copied().unwrap_or(0);
        if share == 0 || self.left[worker.index()] > 0 {
            return;
        }
        // what the started one has to do was on the account of who started it
        self.left[worker.index()] = share;
        let Some(left) = self.left.get_mut(by.index()) else {
            return;
        };
        let before = *left;
        *left = left.saturating_sub(share);
        if self.next == Some(by) && before > 0 && rng.below(before) < share {
            self.next = Some(worker);
        }
    }

    fn ended(&mut self, rng: &mut Rng, worker: WorkerId) {
        if let Some(left) = self.left.get_mut(worker.index()) {
            *left = 0;
        }
        if self.next == Some(worker) {
            self.draw(rng);
        }
    }
}
