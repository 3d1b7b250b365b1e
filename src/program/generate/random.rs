//! The random numbers of a seed.

use crate::run::Rng;

/// Small random choices.
pub(super) struct Random {
    rng: Rng,
}

impl Random {
    pub(super) fn new(seed: u64) -> Random {
        Random {
            rng: Rng::for_run(seed, 0),
        }
    }

    /// A number from 0 to `end - 1`.
    pub(super) fn below(&mut self, end: u32) -> u32 {
        self.rng.below(u64::from(end)) as u32
    }

    /// A number from 0 to `most`.
    pub(super) fn up_to(&mut self, most: u32) -> u32 {
        self.rng.below(u64::from(most) + 1) as u32
    }

    pub(super) fn one_in(&mut self, n: u32) -> bool {
        self.below(n) == 0
    }

    pub(super) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len() as u32) as usize]
    }
}
