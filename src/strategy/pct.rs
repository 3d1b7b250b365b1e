//! PCT: few changes of priority (Burckhardt, Kothari, Musuvathi, Nagarakatte: A randomized scheduler
//! with probabilistic guarantees of finding bugs, ASPLOS 2010).
//!
//! Each worker gets a random priority, and of those that can go on the one with the highest does.
//! At `depth - 1` steps of the run, drawn from as many as the run has, the worker that would go on
//! falls below all others. A bug of that depth, among n workers in k steps, is hit with a
//! probability of `1 / (n k^(depth-1))` at least.
//!
//! How many steps runs have is what the pilots showed at most; where there were none, each run draws
//! a power of two, so that short runs and long ones are served alike.

use super::order::Order;
use super::profile::Profile;
use super::ready::{Able, reach};
use crate::run::{Enabled, Rng, WorkerId};

/// Without pilots, runs are taken to have up to `2^SCALES` steps.
const SCALES: u64 = 12;

/// A priority that is at least this was never lowered.
const HIGH: u64 = 1 << 63;

/// Priorities that change few times.
#[derive(Debug)]
pub struct Pct {
    depth: u32,
    /// By worker; zero is one that was not met yet.
    priorities: Vec<u64>,
    /// The steps at which the worker that would go on falls, and to which priority; the next last.
    changes: Vec<(u64, u64)>,
    steps: u64,
}

impl Pct {
    /// For bugs of that depth, at least one: the priorities change `depth - 1` times.
    pub fn new(depth: u32) -> Pct {
        Pct {
            depth,
            priorities: Vec::new(),
            changes: Vec::new(),
            steps: 0,
        }
    }

    /// The place of the worker with the highest priority; who has none yet is given one.
    #[inline]
    fn highest(&mut self, rng: &mut Rng, able: &[Able]) -> usize {
        let mut best = (0, 0);
        for (place, able) in able.iter().enumerate() {
            let priority = &mut self.priorities[able.worker.index()];
            if *priority == 0 {
                *priority = rng.next_u64() | HIGH;
            }
            if *priority > best.1 {
                best = (place, *priority);
            }
        }
        best.0
    }
}

impl Order for Pct {
    fn learns(&self) -> bool {
        true
    }

    fn begin(&mut self, _run: u64, rng: &mut Rng, profile: &Profile) {
        self.priorities.clear();
        self.changes.clear();
        self.steps = 0;
        let length = match profile.length() {
            0 => 1 << rng.below(SCALES + 1),
            length => length,
        };
        for low in 1..u64::from(self.depth.max(1)) {
            self.changes.push((1 + rng.below(length), low));
        }
        self.changes.sort_unstable_by(|a, b| b.cmp(a));
    }

    #[inline]
    fn pick(&mut self, rng: &mut Rng, able: &[Able], _enabled: &[Enabled]) -> usize {
        self.steps += 1;
        reach(&mut self.priorities, able, 0);
        let mut picked = self.highest(rng, able);
        while let Some(&(step, low)) = self.changes.last()
            && step <= self.steps
        {
            self.changes.pop();
            self.priorities[able[picked].worker.index()] = low;
            picked = self.highest(rng, able);
        }
        picked
    }

    fn struck(&mut self, _rng: &mut Rng, _worker: WorkerId) {
        self.steps += 1;
    }
}
