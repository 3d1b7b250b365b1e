//! Random numbers that are the same on every machine and in every release.
//!
//! SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014).

/// A stream of random numbers.
#[derive(Debug, Clone)]
pub struct Rng {
    state: u64,
}

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Rng {
    /// The stream of one run: it depends on the seed and the number of the run, and on nothing
    /// else.
    pub fn for_run(seed: u64, run: u64) -> Rng {
        Rng {
            state: mix(seed.wrapping_add(GOLDEN)) ^ mix(run.wrapping_mul(GOLDEN) ^ GOLDEN),
        }
    }

    /// The next number, all 64 bits random.
    pub fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GOLDEN);
        mix(self.state)
    }

    /// A number below `bound`, each equally likely (Lemire: Fast random integer generation in an
    /// interval, 2019).
    ///
    /// # Panics
    ///
    /// If `bound` is zero.
    pub fn below(&mut self, bound: u64) -> u64 {
        assert!(bound > 0, "there is no number below zero");
        let mut product = u128::from(self.next_u64()) * u128::from(bound);
        if (product as u64) < bound {
            let threshold = bound.wrapping_neg() % bound;
            while (product as u64) < threshold {
                product = u128::from(self.next_u64()) * u128::from(bound);
            }
        }
        (product >> 64) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_below_is_as_likely() {
        let mut rng = Rng::for_run(1, 2);
        let mut counts = [0u32; 7];
        for _ in 0..70_000 {
            counts[rng.below(7) as usize] += 1;
        }
        for count in counts {
            // five standard deviations
            assert!(
                (f64::from(count) - 10_000.0).abs() < 5.0 * 92.6,
                "{counts:?}"
            );
        }
    }

    #[test]
    fn streams_do_not_change_between_releases() {
        let first: Vec<u64> = (0..3).map(|run| Rng::for_run(7, run).next_u64()).collect();
        assert_eq!(first, STREAMS);
    }

    const STREAMS: [u64; 3] = [
        5_802_186_646_602_307_193,
        13_309_476_754_707_697_221,
        1_534_125_885_642_052_448,
    ];
}
