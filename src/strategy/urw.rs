//! URW: the uniform random walk (Zhao, Wolff, Mathur, Roychoudhury: Selectively uniform concurrency
//! testing, ASPLOS 2025).
//!
//! A worker is picked with a weight, which is how many events it and those that it will start have
//! still to perform. Where nothing ever waits, each interleaving is then as likely as the next:
//! a random walk prefers those in which short workers come late.
//!
//! Who has how much to do is what the pilots showed at most. A worker that has done all of that and
//! goes on, weighs one; one that no pilot had, weighs as much as the others do on average.

use super::order::Order;
use super::profile::Profile;
use super::ready::{Able, reach};
use crate::run::{Enabled, Rng, WorkerId};

/// Workers weighted by what they have still to do.
#[derive(Debug, Default)]
pub struct Urw {
    /// By worker.
    left: Vec<u64>,
    /// What a worker weighs that no pilot had.
    usual: u64,
}

impl Urw {
    fn entry(&mut self, worker: WorkerId) -> &mut u64 {
        if self.left.len() <= worker.index() {
            self.left.resize(worker.index() + 1, self.usual);
        }
        &mut self.left[worker.index()]
    }
}

impl Order for Urw {
    fn learns(&self) -> bool {
        true
    }

    fn begin(&mut self, _run: u64, _rng: &mut Rng, profile: &Profile) {
        let shares = profile.shares();
        self.left.clear();
        self.left.extend_from_slice(shares);
        self.usual = profile.usual();
    }

    #[inline]
    fn pick(&mut self, rng: &mut Rng, able: &[Able], _enabled: &[Enabled]) -> usize {
        reach(&mut self.left, able, self.usual);
        let mut picked = 0;
        if able.len() > 1 {
            let weight = |able: &Able| self.left[able.worker.index()].max(1);
            let mut rest = rng.below(able.iter().map(weight).sum());
            for (place, able) in able.iter().enumerate() {
                let weight = weight(able);
                if rest < weight {
                    picked = place;
                    break;
                }
                rest -= weight;
            }
        }
        let left = &mut self.left[able[picked].worker.index()];
        *left = left.saturating_sub(1);
        picked
    }

    fn struck(&mut self, _rng: &mut Rng, worker: WorkerId) {
        let left = self.entry(worker);
        *left = left.saturating_sub(1);
    }

    fn started(&mut self, _rng: &mut Rng, worker: WorkerId, by: WorkerId) {
        // What the started one has to do was on the account of who started it, if it was known.
        if let Some(&share) = self.left.get(worker.index()) {
            let left = self.entry(by);
            *left = left.saturating_sub(share);
        }
    }
}
