//! The driver: sequence after sequence, until one shows a difference.

use super::difference::Difference;
use super::draw::Draw;
use super::op::{Abilities, MOST_PERMITS};
use super::reference::Models;
use super::sequence::{Performed, perform};
use super::shrink::shrink;
use crate::run::Rng;
use crate::runtime::Counting;

/// How a semaphore is held against the model.
///
/// Sequences of ops are generated, as a user of the semaphore could perform them: up to five
/// requests at once, for up to four permits each; acquires that wait are polled when they are woken
/// or by chance, each time with a new waker, and dropped whether they are queued, granted and not
/// polled since, or in the middle of a partial grant; permits are released as a whole, in pieces and
/// never; tries come while others wait; the semaphore grows, shrinks, is drained and is closed, as
/// far as it can be. At the end of a sequence everybody lets go, and what is left has to be there.
///
/// The model is the machine for worker programs, with the order that the semaphore claims. After
/// each op the two are compared: who was granted what, who was woken and in which order, and how many
/// permits are free.
///
/// All ops come from one thread: what is tested is the algorithm, and not its atomics. A semaphore
/// that panics differs, though each panic is still printed, once for every sequence that was tried
/// to find a short one. One that spins for ever inside of a poll is not handled: this does not
/// return either.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conformance {
    /// How many sequences.
    pub sequences: u32,
    /// Ops of a sequence, before everybody lets go.
    pub steps: u32,
    /// Where the random numbers come from; sequence i depends on the seed and on i alone.
    pub seed: u64,
}

impl Default for Conformance {
    fn default() -> Conformance {
        Conformance {
            sequences: 2_000,
            steps: 30,
            seed: 0,
        }
    }
}

impl Conformance {
    /// Holds a semaphore against the model of the order that it claims.
    ///
    /// # Errors
    ///
    /// The first difference, in the shortest sequence that was found to show one.
    pub fn check<S: Counting>(&self) -> Result<(), Difference> {
        let models = Models::new(S::ORDER, self.steps);
        let abilities = Abilities::of::<S>();
        for sequence in 0..self.sequences {
            let mut rng = Rng::for_run(self.seed, sequence.into());
            let permits = rng.below(u64::from(MOST_PERMITS) + 1) as u32;
            let mut draw = Draw::new(rng, self.steps);
            let performed =
                perform::<S>(&models, abilities, permits, &mut |trial| draw.next(trial));
            if performed.parting.is_some() {
                let before = performed.ops.len();
                let performed = shrink::<S>(&models, abilities, performed);
                return Err(self.difference::<S>(performed, sequence, before));
            }
        }
        Ok(())
    }

    fn difference<S: Counting>(
        &self,
        performed: Performed,
        sequence: u32,
        before: usize,
    ) -> Difference {
        let after = performed.ops.len();
        let shrunk = if after < before {
            format!(", shrunk from {before} steps to {after}")
        } else {
            String::new()
        };
        let found = format!("found in sequence {sequence} of seed {}{shrunk}", self.seed);
        Difference::new(
            std::any::type_name::<S>(),
            S::ORDER,
            &performed,
            sequence,
            &found,
        )
    }
}

/// Holds a semaphore against the model of the order that it claims, with the default options.
///
/// ```
/// selvedge::check_semaphore::<selvedge::Semaphore>(); // it is `fifo`, as it claims
/// ```
///
/// # Panics
///
/// With the [`Difference`], if there is one.
#[track_caller]
pub fn check_semaphore<S: Counting>() {
    if let Err(difference) = Conformance::default().check::<S>() {
        panic!("{difference}");
    }
}
