//! What the runs of an exploration exercised: how much there was to decide and to judge.
//!
//! **Invariants**
//!
//! 1. Counting depends on the runs alone, so that the same exploration always has the same coverage.
//! 2. Memory is bounded: of [`MOST_FINGERPRINTS`] different runs on, no more are told apart.

use std::collections::{BTreeMap, BTreeSet};

/// Different runs that are told apart: 8 MiB of fingerprints.
const MOST_FINGERPRINTS: usize = 1 << 20;

/// What all runs of an exploration of a closure exercised.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Coverage {
    /// Runs, without pilots.
    pub runs: u64,
    /// Pilot runs, which are made first and show the strategy how large the closure is.
    pub pilots: u64,
    /// Runs, pilots included, that differ in a decision. Runs are compared by 64 bits of hash.
    pub different: u64,
    /// Whether there are more than `different` says: so many are told apart at most.
    pub at_least: bool,
    /// Points of a run at which there was more than one choice.
    pub choices: Range,
    /// Ops that a run performed on semaphores.
    pub ops: Range,
    /// The most workers in a run, `main` included.
    pub workers: u64,
    /// Fault points that runs came to, in all.
    pub fault_points: u64,
    /// Faults that were injected, in all.
    pub faults: u64,
    /// Awaits that were pending, and scheduling points of other libraries, in all.
    pub waits: u64,
    /// Points at which there was a choice between workers, in all.
    pub contested: u64,
    /// Whether a probe, an invariant or something that has to be reached was there to be judged.
    pub judged: bool,
    /// Whether a worker was blocked in a primitive of shuttle's, whose timed waits never time out.
    pub blocked_in_shuttle: bool,
    /// In how many runs each place was reached that [`reached`](crate::reached) names.
    pub reached: BTreeMap<String, u64>,
}

/// The least and the most that a run has of something; both zero without a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Range {
    /// The least.
    pub least: u64,
    /// The most.
    pub most: u64,
}

impl Coverage {
    /// Whether no run had anything to decide or to judge.
    pub fn is_vacuous(&self) -> bool {
        !self.judged
            && self.workers <= 1
            && self.ops.most == 0
            && self.choices.most == 0
            && self.fault_points == 0
            && self.waits == 0
    }

    /// Adds what another exploration exercised whose runs all differ from these.
    #[cfg(any(feature = "proptest", test))]
    pub(crate) fn add(&mut self, other: &Coverage) {
        let first = self.runs + self.pilots == 0;
        self.choices.widen(other.choices, first);
        self.ops.widen(other.ops, first);
        self.runs += other.runs;
        self.pilots += other.pilots;
        self.different += other.different;
        self.at_least |= other.at_least;
        self.workers = self.workers.max(other.workers);
        self.fault_points += other.fault_points;
        self.faults += other.faults;
        self.waits += other.waits;
        self.contested += other.contested;
        self.judged |= other.judged;
        self.blocked_in_shuttle |= other.blocked_in_shuttle;
        for (name, runs) in &other.reached {
            *self.reached.entry(name.clone()).or_default() += runs;
        }
    }
}

impl Range {
    fn widen(&mut self, by: Range, first: bool) {
        *self = match first {
            true => by,
            false => Range {
                least: self.least.min(by.least),
                most: self.most.max(by.most),
            },
        };
    }
}

/// What one run exercised.
#[derive(Debug, Clone, Default)]
pub struct Exercised {
    /// Points at which there was more than one choice.
    pub(crate) choices: u64,
    /// A hash of what was chosen at those points.
    pub(crate) decisions: u64,
    /// Points at which there was a choice between workers.
    pub(crate) contested: u64,
    pub(crate) ops: u64,
    pub(crate) workers: u64,
    pub(crate) fault_points: u64,
    pub(crate) faults: u64,
    pub(crate) waits: u64,
    pub(crate) judged: bool,
    pub(crate) blocked_in_shuttle: bool,
    /// The places that it reached.
    pub(crate) reached: BTreeSet<String>,
}

impl Exercised {
    /// A run begins.
    pub(crate) fn begin(&mut self) {
        let mut reached = std::mem::take(&mut self.reached);
        reached.clear();
        *self = Exercised {
            reached,
            ..Exercised::default()
        };
    }

    /// One of several choices was taken: its place among them. Where there is one choice only, the
    /// decisions before have settled it.
    ///
    /// Each step of the hash (an exclusive or, a product with an odd number, a shift that is folded in)
    /// can be undone, so two runs that part stay apart until chance brings their hashes together: with
    /// one in 2^64.
    #[inline]
    pub(crate) fn decided(&mut self, place: usize, contested: bool) {
        self.choices += 1;
        self.contested += u64::from(contested);
        let word = self.decisions ^ (place as u64 + 1);
        let product = word.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.decisions = product ^ product >> 32;
    }
}

/// Adds up what the runs of one exploration exercise.
#[derive(Debug, Default)]
pub struct Covering {
    coverage: Coverage,
    fingerprints: Fingerprints,
}

/// Whether a run has a number, or is made to learn from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunKind {
    /// It has a number.
    Numbered,
    /// It is made before the others.
    Pilot,
}

impl Covering {
    /// A run has ended.
    pub(crate) fn add(&mut self, run: &Exercised, kind: RunKind) {
        let all = &mut self.coverage;
        let first = all.runs + all.pilots == 0;
        let exactly = |n: u64| Range { least: n, most: n };
        all.choices.widen(exactly(run.choices), first);
        all.ops.widen(exactly(run.ops), first);
        match kind {
            RunKind::Numbered => all.runs += 1,
            RunKind::Pilot => all.pilots += 1,
        }
        all.workers = all.workers.max(run.workers);
        all.fault_points += run.fault_points;
        all.faults += run.faults;
        all.waits += run.waits;
        all.contested += run.contested;
        all.judged |= run.judged;
        all.blocked_in_shuttle |= run.blocked_in_shuttle;
        for name in &run.reached {
            match all.reached.get_mut(name) {
                Some(runs) => *runs += 1,
                None => {
                    all.reached.insert(name.clone(), 1);
                }
            }
        }
        self.fingerprints.add(run.decisions);
    }

    /// What all of them exercised.
    pub(crate) fn coverage(&self) -> Coverage {
        Coverage {
            different: self.fingerprints.len as u64,
            at_least: self.fingerprints.overflowed,
            ..self.coverage.clone()
        }
    }
}

/// A set of hashes, in an open-addressing table: to add one touches one line of memory.
#[derive(Debug, Default)]
struct Fingerprints {
    /// Zero is free; at most half of the slots are taken.
    slots: Vec<u64>,
    len: usize,
    /// Whether one was met that there was no room for.
    overflowed: bool,
}

impl Fingerprints {
    fn add(&mut self, hash: u64) {
        if self.len < MOST_FINGERPRINTS && 2 * (self.len + 1) > self.slots.len() {
            self.grow();
        }
        // zero is taken for one: no more of an error than any two equal hashes
        let hash = hash.max(1);
        let at = self.slot_of(hash);
        if self.slots[at] == hash {
            return;
        }
        if self.len == MOST_FINGERPRINTS {
            self.overflowed = true;
            return;
        }
        self.slots[at] = hash;
        self.len += 1;
    }

    /// The slot that has it, or the free one that it belongs into.
    fn slot_of(&self, hash: u64) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        while self.slots[at] != 0 && self.slots[at] != hash {
            at = (at + 1) & mask;
        }
        at
    }

    fn grow(&mut self) {
        let slots = (2 * self.slots.len()).max(64);
        let before = std::mem::replace(&mut self.slots, vec![0; slots]);
        for hash in before.into_iter().filter(|&hash| hash != 0) {
            let at = self.slot_of(hash);
            self.slots[at] = hash;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(places: &[usize]) -> Exercised {
        let mut run = Exercised::default();
        places.iter().for_each(|&place| run.decided(place, true));
        run
    }

    #[test]
    fn different_runs_are_counted_once() {
        let mut covering = Covering::default();
        let mut runs = 0;
        for length in 0..7usize {
            for code in 0..3usize.pow(length as u32) {
                let places: Vec<usize> = (0..length as u32)
                    .map(|i| code / 3usize.pow(i) % 3)
                    .collect();
                runs += 1;
                for _ in 0..2 {
                    covering.add(&run(&places), RunKind::Numbered);
                }
            }
        }
        let coverage = covering.coverage();
        assert_eq!((coverage.runs, coverage.different), (2 * runs, runs));
        assert_eq!(coverage.choices, Range { least: 0, most: 6 });
        assert!(!coverage.at_least);
    }

    #[test]
    fn memory_is_bounded() {
        let mut fingerprints = Fingerprints::default();
        let mut rng = crate::run::Rng::for_run(0, 0);
        for _ in 0..MOST_FINGERPRINTS + 10 {
            fingerprints.add(rng.next_u64());
        }
        assert_eq!(fingerprints.len, MOST_FINGERPRINTS);
        assert!(fingerprints.overflowed);
        assert_eq!(fingerprints.slots.len(), 2 * MOST_FINGERPRINTS);
    }

    #[test]
    fn explorations_add_up() {
        let mut covering = Covering::default();
        covering.add(&run(&[1, 0]), RunKind::Pilot);
        covering.add(&run(&[1]), RunKind::Numbered);
        let one = covering.coverage();
        let mut both = Coverage::default();
        both.add(&one);
        assert_eq!(both, one);
        both.add(&one);
        assert_eq!((both.runs, both.pilots, both.different), (2, 2, 4));
        assert_eq!(both.choices, Range { least: 1, most: 2 });
    }
}
