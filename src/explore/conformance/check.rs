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
/// or by chance, each time with a waker that nobody has kept, and dropped whether they are queued,
/// granted and not polled since, or in the middle of a partial grant, or called off by a token that
/// several of them share; permits are released as a whole, in pieces and never, and merged; tries come while others wait; the semaphore grows, shrinks, is
/// drained and is closed, as far as it can be. At the end of a sequence everybody lets go, and what is
/// left has to be there.
///
/// The model is the machine for worker programs, with the order that the semaphore claims. Where
/// [newcomers barge](crate::runtime::Newcomers::Barge), one that fits takes its permits past the queue;
/// all else is as in `fifo`.
///
/// **What is compared**, after each op:
///
/// 1. What the one who performs it is answered: an acquire is granted at once, waits or finds the
///    semaphore closed; a try is granted or refused; a `forget_free` says how many.
/// 2. *With hand-off*, in the `fifo` orders: whom it serves. All whom the model grants or fails in
///    that op are woken by it, in the same order; when they are polled they have it, and nobody else
///    does. Waking more than those is a waste and no difference.
/// 3. *With wake-and-retry*, in the `fifo` orders: of those whom the model has granted, at least one
///    is woken, until all have been polled; the first of them has it when it is polled. No op that
///    could come in between is performed meanwhile ([`Handover::WakeAndRetry`](crate::runtime::Handover::WakeAndRetry)).
/// 4. *In `barging` order*: a waiter that is woken and polled has it if and only if it fits; one that
///    is polled by chance may have it if it fits. If a waiter fits and nobody is woken, the wake-up
///    is lost.
/// 5. Whom a token calls off: all that wait with it are woken by that op, in whatever order, and find
///    themselves cancelled; what was granted before is theirs.
/// 6. Whether it comes to rest: when everybody lets go, whoever is woken is polled, and after 1,000
///    polls in a row of which each has only led to the next, that is told as a livelock.
/// 7. How many permits are free, if it can say: as many as in the model; with wake-and-retry, those
///    too that are granted and not taken yet.
///
/// Two things are left open, for `close`. What a waiter had taken of its request may come back as
/// late as it is polled or dropped. And a waiter that was granted but not polled since may find the
/// semaphore closed, and give back what it was granted.
///
/// All ops come from one thread: what is tested is the algorithm, and not its atomics. A semaphore
/// that panics differs, though each panic is still printed, once for every sequence that was tried
/// to find a short one. So does one that wakes somebody 100,000 times in one call. One that blocks or
/// spins for ever in a call, and wakes nobody, is not handled: this does not return either.
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
            let performed = perform::<S>(&models, abilities, permits, |trial| draw.next(trial));
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
        Difference::new::<S>(&performed, sequence, &found)
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
