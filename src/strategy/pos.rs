//! POS: partial-order sampling (Yuan, Yang, Gu: Partial order aware concurrency sampling, CAV 2018).
//!
//! Each worker's next event has a random priority, and of those that can go on the one with the
//! highest does; what it does next gets a new priority. So do the events that race with what it did:
//! those that are on the same semaphore. Without that, a worker whose priority is low would lose
//! each race until it is alone, and the orders of racing events would not be sampled apart.

use super::order::Order;
use super::profile::Profile;
use super::ready::Able;
use crate::run::{Enabled, Rng, WorkerId};

/// A priority for each event.
#[derive(Debug, Default)]
pub struct Pos {
    /// The priority of a worker's next event; zero where none was drawn yet.
    priorities: Vec<u64>,
}

impl Order for Pos {
    fn begin(&mut self, _run: u64, _rng: &mut Rng, _profile: &Profile) {
        self.priorities.clear();
    }

    #[inline]
    fn pick(&mut self, rng: &mut Rng, able: &[Able], enabled: &[Enabled]) -> usize {
        let mut best = (0, 0);
        for (place, able) in able.iter().enumerate() {
            let at = able.worker.index();
            if self.priorities.len() <= at {
                self.priorities.resize(at + 1, 0);
            }
            if self.priorities[at] == 0 {
                self.priorities[at] = rng.next_u64().max(1);
            }
            if self.priorities[at] > best.1 {
                best = (place, self.priorities[at]);
            }
        }
        let picked = able[best.0];
        self.priorities[picked.worker.index()] = 0;
        if let Some(semaphore) = enabled[picked.first].op.semaphore() {
            for other in able {
                if enabled[other.first].op.semaphore() == Some(semaphore) {
                    self.priorities[other.worker.index()] = 0;
                }
            }
        }
        best.0
    }

    fn struck(&mut self, _rng: &mut Rng, worker: WorkerId) {
        if let Some(priority) = self.priorities.get_mut(worker.index()) {
            *priority = 0;
        }
    }
}
