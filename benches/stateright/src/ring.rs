//! The naive ring of dining philosophers: the model of `benches/spin/ring.pml`.
//!
//! Four bits a worker say where it stands, 0 to 12; their low two say which step comes next:
//! acquire left, acquire right, release right, release left.

use stateright::{Model, Property};

/// A ring of so many workers, each of three rounds.
pub(crate) struct Ring {
    workers: u32,
}

const BITS: u32 = 4;
const END: u64 = 12;

/// The ring of `ring-N`.
pub(crate) fn named(name: &str) -> Option<Ring> {
    let workers = name.strip_prefix("ring-")?.parse().ok()?;
    (3..=16).contains(&workers).then_some(Ring { workers })
}

impl Ring {
    fn can_go_on(&self, state: u64, worker: u32) -> bool {
        let at = |worker: u32| state >> (BITS * worker) & 0xf;
        let position = at(worker);
        match position & 3 {
            // The left neighbour has my left fork while it has both of its own.
            0 => {
                let left = if worker == 0 {
                    self.workers - 1
                } else {
                    worker - 1
                };
                position < END && at(left) & 3 != 2
            }
            // The right neighbour has my right fork from its first acquire to its last release.
            1 => {
                let right = if worker + 1 == self.workers {
                    0
                } else {
                    worker + 1
                };
                at(right) & 3 == 0
            }
            _ => true,
        }
    }
}

impl Model for Ring {
    type State = u64;
    type Action = u32;

    fn init_states(&self) -> Vec<u64> {
        vec![0]
    }

    fn actions(&self, state: &u64, actions: &mut Vec<u32>) {
        actions.extend((0..self.workers).filter(|&worker| self.can_go_on(*state, worker)));
    }

    fn next_state(&self, state: &u64, worker: u32) -> Option<u64> {
        Some(state + (1 << (BITS * worker)))
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always("counts", |_, _| true)]
    }
}
