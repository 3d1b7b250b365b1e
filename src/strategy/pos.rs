//! POS: partial-order sampling (Yuan, Yang, Gu: Partial order aware concurrency sampling, CAV 2018).
//!
//! Each worker's next event has a random priority, and of those that can go on the one with the
//! highest does; what it does next gets a new priority. So do the events that race with what it did:
//! those that are on the same object. Without that, a worker whose priority is low would lose
//! each race until it is alone, and the orders of racing events would not be sampled apart (one
//! reversed pair among eight workers is then found in .80 of the runs instead of .91).
//!
//! Two events on one object race here whether or not they commute, and only if both can happen
//! now. With events that commute left out, or with those taken in that cannot happen yet, no rate
//! of finding differed by more than chance.

use super::object::Object;
use super::order::Order;
use super::profile::Profile;
use super::ready::{Able, reach};
use crate::run::{Enabled, Rng, WorkerId};

/// A priority for each event.
#[derive(Debug, Default)]
pub struct Pos {
    /// The priority of a worker's next event; zero for a worker that was not met yet.
    priorities: Vec<u64>,
}

/// A priority; not zero.
#[inline]
fn drawn(rng: &mut Rng) -> u64 {
    rng.next_u64() | 1
}

impl Order for Pos {
    fn begin(&mut self, _run: u64, _rng: &mut Rng, _profile: &Profile) {
        self.priorities.clear();
    }

    #[inline]
    fn pick(&mut self, rng: &mut Rng, able: &[Able], enabled: &[Enabled]) -> usize {
        reach(&mut self.priorities, able, 0);
        let mut best = (0, 0);
        for (place, able) in able.iter().enumerate() {
            let priority = &mut self.priorities[able.worker.index()];
            if *priority == 0 {
                *priority = drawn(rng);
            }
            if *priority > best.1 {
                best = (place, *priority);
            }
        }
        let picked = able[best.0];
        self.priorities[picked.worker.index()] = drawn(rng);
        if let Some(object) = Object::of(&enabled[picked.first()].op) {
            for other in able {
                let races = Object::of(&enabled[other.first()].op) == Some(object);
                if races && other.worker != picked.worker {
                    self.priorities[other.worker.index()] = drawn(rng);
                }
            }
        }
        best.0
    }

    fn struck(&mut self, rng: &mut Rng, worker: WorkerId) {
        if let Some(priority) = self.priorities.get_mut(worker.index()) {
            *priority = drawn(rng);
        }
    }
}
