//! PCT: few changes of priority (Burckhardt, Kothari, Musuvathi, Nagarakatte: A randomized scheduler
//! with probabilistic guarantees of finding bugs, ASPLOS 2010).
//!
//! Each worker gets a random priority, and of those that can go on the one with the highest does.
//! At `depth - 1` steps of the run, drawn from as many as the run has, the worker that would go on
//! falls below all others. A bug of that depth, among n workers in k steps, is hit with a
//! probability of `1 / (n k^(depth-1))` at least.
//!
//! How many steps runs have is what the pilots showed at most; where there were none, each run draws
//! a power of two, so that short runs and long ones are served alike. A run that is longer than that
//! has as many changes again in the next steps, as many as it has had, and so on: what lies behind the
//! longest pilot is reached, and what a run is depends on the seed and its number alone.
//!
//! A worker that yields falls below all others, as shuttle has it: who spins would go on for ever else,
//! and others would never be where it is. Code that yields between any two steps would so take turns
//! and nothing else; and therefore in half of the runs few yields count.
//!
//! **Invariants**
//!
//! 1. A run without yields that is no longer than the pilots were has `depth - 1` changes.

use super::order::Order;
use super::profile::Profile;
use super::ready::{Able, reach};
use crate::run::{Enabled, Op, Rng, WorkerId};

/// Without pilots, runs are taken to have up to `2^SCALES` steps.
const SCALES: u64 = 12;

/// A priority that is at least this was never lowered.
const HIGH: u64 = 1 << 63;

/// Whom a change lowers first is below this.
const LOW: u64 = 1 << 32;

/// In half of the runs one yield of so many counts.
const FEW: u64 = 8;

/// Priorities that change few times.
#[derive(Debug)]
pub struct Pct {
    depth: u32,
    /// By worker; zero is one that was not met yet.
    priorities: Vec<u64>,
    /// The steps at which the worker that would go on falls, and to which priority; the next last.
    changes: Vec<(u64, u64)>,
    steps: u64,
    /// The step up to which changes were drawn.
    drawn: u64,
    /// All priorities are higher.
    lowest: u64,
    /// One yield of so many counts.
    yields: u64,
    /// Who was picked last.
    last: Option<WorkerId>,
}

impl Pct {
    /// For bugs of that depth, at least one: the priorities change `depth - 1` times.
    pub fn new(depth: u32) -> Pct {
        Pct {
            depth,
            priorities: Vec::new(),
            changes: Vec::new(),
            steps: 0,
            drawn: 0,
            lowest: LOW,
            yields: 1,
            last: None,
        }
    }

    /// Draws the changes of so many more steps.
    fn draw(&mut self, rng: &mut Rng, steps: u64) {
        let changes = u64::from(self.depth.max(1)) - 1;
        for nth in 1..=changes {
            let step = self.drawn + 1 + rng.below(steps);
            self.changes.push((step, self.lowest - nth));
        }
        self.lowest -= changes;
        self.drawn += steps;
        self.changes.sort_unstable_by(|a, b| b.cmp(a));
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

    /// Lowers who was picked last, if it has come to a yield.
    #[inline]
    fn lower_who_yields(&mut self, rng: &mut Rng, able: &[Able], enabled: &[Enabled]) {
        let Some(last) = self.last.take() else { return };
        let came =
            |able: &&Able| able.worker == last && matches!(enabled[able.first()].op, Op::Yield);
        if able.iter().any(|able| came(&able)) && (self.yields == 1 || rng.below(self.yields) == 0)
        {
            self.lowest -= 1;
            self.priorities[last.index()] = self.lowest;
        }
    }
}

impl Order for Pct {
    fn learns(&self) -> bool {
        true
    }

    fn begin(&mut self, _run: u64, rng: &mut Rng, profile: &Profile) {
        self.priorities.clear();
        self.changes.clear();
        (self.steps, self.drawn) = (0, 0);
        self.lowest = LOW;
        self.last = None;
        let length = match profile.length() {
            0 => 1 << rng.below(SCALES + 1),
            length => length,
        };
        self.draw(rng, length);
        self.yields = [1, FEW][rng.below(2) as usize];
    }

    #[inline]
    fn pick(&mut self, rng: &mut Rng, able: &[Able], enabled: &[Enabled]) -> usize {
        self.steps += 1;
        if self.steps > self.drawn {
            self.draw(rng, self.drawn);
        }
        reach(&mut self.priorities, able, 0);
        self.lower_who_yields(rng, able, enabled);
        let mut picked = self.highest(rng, able);
        while let Some(&(step, low)) = self.changes.last()
            && step <= self.steps
        {
            self.changes.pop();
            self.priorities[able[picked].worker.index()] = low;
            picked = self.highest(rng, able);
        }
        self.last = Some(able[picked].worker);
        picked
    }

    fn struck(&mut self, _rng: &mut Rng, _worker: WorkerId) {
        self.steps += 1;
    }
}
