//! What is known of a subject's size: how many events its runs have, and who performs them where.
//!
//! It is learned from pilot runs, which are made before the first run and depend on the seed alone.
//! A pilot is a random walk without faults. There are at most [`PILOTS`], and no more once
//! [`ENOUGH`] of them went through to the end: one that gets stuck shows a part of the events only.
//!
//! **Invariants**
//!
//! 1. Once the runs begin it does not change, so what a run is depends on the seed and its number.
//! 2. A worker's share contains those of the workers that it starts, and they that of theirs.

use super::object::Object;
use crate::run::{Enabled, Outcome, WorkerId};

/// Pilot runs that are made at most.
const PILOTS: u64 = 8;

/// Pilot runs that go through to the end, after which there are no more.
const ENOUGH: u64 = 2;

/// Steps of a pilot run at most.
pub(super) const LONGEST_PILOT: u64 = 10_000;

/// Events that workers perform, by worker: what was counted in this pilot, and the most so far.
#[derive(Debug, Default)]
struct Counts {
    now: Vec<u64>,
    most: Vec<u64>,
}

impl Counts {
    fn add(&mut self, worker: WorkerId) {
        if self.now.len() <= worker.index() {
            self.now.resize(worker.index() + 1, 0);
        }
        self.now[worker.index()] += 1;
    }

    fn finish(&mut self) {
        if self.most.len() < self.now.len() {
            self.most.resize(self.now.len(), 0);
        }
        for (most, now) in self.most.iter_mut().zip(&mut self.now) {
            *most = (*most).max(std::mem::take(now));
        }
    }
}

/// What pilot runs show of a subject.
#[derive(Debug, Default)]
pub struct Profile {
    pilots: u64,
    finished: u64,
    steps: u64,
    length: u64,
    events: Counts,
    /// For each object, the events on it.
    on: Vec<Counts>,
    /// Who started a worker, where somebody did, as the first pilot that had the worker shows.
    starters: Vec<Option<WorkerId>>,
    /// Shares are worked out once all pilots are made.
    shares: Vec<u64>,
    usual: u64,
    shares_on: Vec<Vec<u64>>,
    /// The objects whose events can come in different orders.
    used: Vec<Object>,
}

impl Profile {
    /// Begins a pilot; its number, from zero, or `None` if there is no need for another.
    pub(super) fn pilot(&mut self) -> Option<u64> {
        if self.pilots == PILOTS || self.finished == ENOUGH {
            return None;
        }
        self.pilots += 1;
        self.steps = 0;
        Some(self.pilots - 1)
    }

    /// A choice is taken in a pilot.
    pub(super) fn step(&mut self, taken: &Enabled) {
        self.steps += 1;
        let worker = taken.choice.worker;
        self.events.add(worker);
        if let Some(object) = Object::of(&taken.op) {
            if self.on.len() <= object.place() {
                self.on.resize_with(object.place() + 1, Counts::default);
            }
            self.on[object.place()].add(worker);
        }
    }

    /// How many steps this pilot has made.
    pub(super) fn steps(&self) -> u64 {
        self.steps
    }

    /// A worker was started in a pilot, by the worker of the last choice.
    pub(super) fn started(&mut self, worker: WorkerId, by: WorkerId) {
        if self.starters.len() <= worker.index() {
            self.starters.resize(worker.index() + 1, None);
        }
        if self.events.most.len() <= worker.index() {
            self.starters[worker.index()].get_or_insert(by);
        }
    }

    /// A pilot has ended.
    pub(super) fn end(&mut self, outcome: Outcome) {
        self.finished += u64::from(outcome == Outcome::Finished);
        self.length = self.length.max(self.steps);
        self.events.finish();
        self.on.iter_mut().for_each(Counts::finish);
        if self.pilots == PILOTS || self.finished == ENOUGH {
            self.share();
        }
    }

    fn share(&mut self) {
        self.shares = shares(&self.events.most, &self.starters);
        let workers = self.events.most.len().max(1) as u64;
        self.usual = self.events.most.iter().sum::<u64>() / workers;
        let on = self.on.iter();
        self.shares_on = on.map(|c| shares(&c.most, &self.starters)).collect();
        let most = |object: &Object| self.on[object.place()].most.iter().copied().max();
        // of a worker's start nothing is known either, and that alone is of no interest
        let least = |object: &Object| 1 + u64::from(*object == Object::UNKNOWN);
        self.used = (0..self.on.len())
            .map(Object::at)
            .filter(|object| most(object) >= Some(least(object)))
            .collect();
    }

    /// The most steps of a pilot; zero when there was none.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// For each worker, the events of it and of those that it starts.
    pub(super) fn shares(&self) -> &[u64] {
        &self.shares
    }

    /// What a worker has to do on average, at least one.
    pub(super) fn usual(&self) -> u64 {
        self.usual.max(1)
    }

    /// The same as [`Profile::shares`], of the events on one of the objects that are used.
    pub(super) fn shares_on(&self, object: Object) -> &[u64] {
        &self.shares_on[object.place()]
    }

    /// The objects whose events can come in different orders.
    pub(super) fn used(&self) -> &[Object] {
        &self.used
    }

    /// Whether a worker was started by another one.
    pub(super) fn is_started(&self, worker: WorkerId) -> bool {
        matches!(self.starters.get(worker.index()), Some(Some(_)))
    }
}

/// What each has counted, and those have that it started.
fn shares(counts: &[u64], starters: &[Option<WorkerId>]) -> Vec<u64> {
    let mut shares = counts.to_vec();
    for (worker, &count) in counts.iter().enumerate() {
        let mut at = worker;
        while let Some(&Some(by)) = starters.get(at) {
            at = by.index();
            if shares.len() <= at {
                shares.resize(at + 1, 0);
            }
            shares[at] += count;
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_contains_those_of_the_started() {
        // 0 starts 1 and 3, and 1 starts 2
        let starters = [None, Some(0), Some(1), Some(0)].map(|by| by.map(WorkerId));
        assert_eq!(shares(&[5, 4, 3, 2], &starters), [14, 7, 3, 2]);
        assert_eq!(shares(&[0, 0, 3], &starters), [3, 3, 3]);
    }
}
