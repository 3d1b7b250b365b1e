//! Which steps followed one another, as counters that a fuzzer takes for coverage.
//!
//! Coverage of code says nothing of an order: two runs that take the same branches in another order
//! look alike. So each switch from one worker to another counts in a place that depends on what both
//! did: op, semaphore and action.
//!
//! `fuzz/ablation.sh` measures what that is worth: nothing so far, so no target has them unless it places
//! them itself.

use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicU8, Ordering};

use crate::property::{Situation, Step, Witness};
use crate::run::{Op, View, WorkerId};

/// How many counters there are.
const COUNTERS: usize = 4096;

/// Counters in the form in which libFuzzer takes them: bytes in the section
/// `__libfuzzer_extra_counters`, where a target may put them.
#[derive(Debug)]
#[repr(transparent)]
pub struct Counters([AtomicU8; COUNTERS]);

impl Counters {
    /// All zero.
    #[allow(clippy::new_without_default)] // it is for statics
    pub const fn new() -> Counters {
        Counters([const { AtomicU8::new(0) }; COUNTERS])
    }

    /// How many have been counted in, for tests.
    pub fn touched(&self) -> usize {
        let touched = |counter: &&AtomicU8| counter.load(Ordering::Relaxed) > 0;
        self.0.iter().filter(touched).count()
    }

    fn count(&self, hash: u64) {
        let counter = &self.0[hash as usize % COUNTERS];
        let before = counter.load(Ordering::Relaxed);
        counter.store(before.saturating_add(1), Ordering::Relaxed);
    }
}

/// Counts the pairs of consecutive steps of different workers.
#[derive(Debug)]
pub struct Pairs {
    counters: &'static Counters,
    last: Option<(WorkerId, u64)>,
}

impl Pairs {
    /// Counts in these.
    pub fn new(counters: &'static Counters) -> Pairs {
        Pairs {
            counters,
            last: None,
        }
    }
}

impl Witness for Pairs {
    fn state(&mut self, _: &dyn View, _: Situation, step: &Step<'_>) {
        let Some(taken) = step.taken else {
            self.last = None;
            return;
        };
        let mut hasher = Fnv::new();
        op(taken.op).hash(&mut hasher);
        taken.choice.action.hash(&mut hasher);
        let (worker, this) = (taken.choice.worker, hasher.finish());
        if let Some((before, that)) = self.last.replace((worker, this))
            && before != worker
        {
            let mut pair = Fnv::new();
            (that, this).hash(&mut pair);
            self.counters.count(pair.finish());
        }
    }
}

/// What tells an op from others; who puts back for whom, and how much, makes no difference.
fn op(op: Op) -> (std::mem::Discriminant<Op>, Option<u32>) {
    (
        std::mem::discriminant(&op),
        op.semaphore().map(|semaphore| semaphore.0),
    )
}

/// Fowler, Noll and Vo's hash, 1a, of 64 bits, its high half folded in: short inputs, and no order
/// or address in them.
struct Fnv(u64);

impl Fnv {
    fn new() -> Fnv {
        Fnv(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}
