//! Which edges of the order graph can be waited on at once.
//!
//! In a circular wait each worker stands at its acquire while it holds what it held there. Two edges
//! are apart where that is impossible: one of them happens before the other by spawns and joins, or
//! both workers hold permits of a gate that has not enough for both. What is seen is kept for each
//! pair of edges over all runs, and a pair is apart only if it was in every run that had both.
//!
//! **Invariants**
//!
//! 1. Where something is not known, two edges are not apart: what was left out for its cost, and
//!    edges that no run had together.
//! 2. The workers of a pair are distinct: of one worker's edges nothing is asked.

use std::collections::BTreeMap;

use crate::property::WorkerEdge;
use crate::run::{SemaphoreId, WorkerId};

/// More edges than this are not told apart, nor more places of them in one run.
const MOST: usize = 1024;

/// What was seen of two edges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Pair {
    /// No run had both.
    #[default]
    Unseen,
    /// They were apart each time.
    Apart,
    /// They could be waited on at once.
    Meets,
}

/// What orders the edges of a run, in the order of the run.
#[derive(Debug, Clone, Copy)]
enum Mark {
    Spawned { by: WorkerId, worker: WorkerId },
    Joined { by: WorkerId, worker: WorkerId },
    Stood(Stood),
}

/// A worker stood at the acquire of an edge.
#[derive(Debug, Clone, Copy)]
struct Stood {
    edge: usize,
    worker: WorkerId,
    /// What it held, as a part of all that was written down.
    held: (usize, usize),
}

/// Permits that a worker holds of a semaphore with so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) semaphore: SemaphoreId,
    pub(crate) permits: u64,
    pub(crate) capacity: u64,
}

/// Which edges were seen apart, and what this run has of them.
#[derive(Debug, Default)]
pub(crate) struct EdgePairs {
    edges: BTreeMap<WorkerEdge, usize>,
    /// For each edge those with the ones before it.
    pairs: Vec<Vec<Pair>>,
    /// Whether something was left out.
    cut: bool,
    marks: Vec<Mark>,
    held: Vec<Held>,
    stood: usize,
    /// For each edge, how many marks there were when it was written down last in this run.
    last: Vec<Option<usize>>,
    /// By worker, whether what it has done so far happens before the edge that is looked at.
    before: Vec<bool>,
}

impl EdgePairs {
    /// A run begins.
    pub(crate) fn begin(&mut self) {
        self.marks.clear();
        self.held.clear();
        self.stood = 0;
        if !self.last.is_empty() {
            self.last.fill(None);
        }
    }

    /// A worker starts another one.
    #[inline]
    pub(crate) fn spawned(&mut self, by: WorkerId, worker: WorkerId) {
        self.marks.push(Mark::Spawned { by, worker });
    }

    /// A worker knows that another one has ended.
    #[inline]
    pub(crate) fn joined(&mut self, by: WorkerId, worker: WorkerId) {
        self.marks.push(Mark::Joined { by, worker });
    }

    /// A worker stands at the acquire of an edge; what it holds.
    pub(crate) fn stands(&mut self, edge: WorkerEdge, held: impl Iterator<Item = Held>) {
        let known = self.edges.len();
        let id = *self.edges.entry(edge).or_insert(known);
        if id >= MOST || self.stood >= MOST {
            self.cut = true;
            return;
        }
        if id == self.pairs.len() {
            self.pairs.push(vec![Pair::default(); id]);
            self.last.push(None);
        }
        let first = self.held.len();
        self.held.extend(held);
        let stood = Stood {
            edge: id,
            worker: edge.worker,
            held: (first, self.held.len()),
        };
        if self.is_as_before(stood) {
            self.held.truncate(first);
            return;
        }
        self.compare(stood);
        self.marks.push(Mark::Stood(stood));
        self.last[id] = Some(self.marks.len());
        self.stood += 1;
    }

    /// Whether the worker stood there with the same, and nothing was started or ended since.
    fn is_as_before(&self, now: Stood) -> bool {
        let Some(at) = self.last[now.edge] else {
            return false;
        };
        let is_link = |mark: &Mark| !matches!(mark, Mark::Stood(_));
        let Mark::Stood(then) = self.marks[at - 1] else {
            return false;
        };
        !self.marks[at..].iter().any(is_link) && self.held_at(then) == self.held_at(now)
    }

    fn held_at(&self, stood: Stood) -> &[Held] {
        &self.held[stood.held.0..stood.held.1]
    }

    /// Compares an edge with all that the run had before it, backwards along spawns and joins.
    fn compare(&mut self, now: Stood) {
        let mut before = std::mem::take(&mut self.before);
        before.clear();
        let set = |before: &mut Vec<bool>, worker: WorkerId| {
            if before.len() <= worker.index() {
                before.resize(worker.index() + 1, false);
            }
            before[worker.index()] = true;
        };
        let is_in = |before: &[bool], worker: WorkerId| {
            before.get(worker.index()).copied().unwrap_or(false)
        };
        set(&mut before, now.worker);
        for at in (0..self.marks.len()).rev() {
            match self.marks[at] {
                Mark::Spawned { by, worker } if is_in(&before, worker) => set(&mut before, by),
                Mark::Joined { by, worker } if is_in(&before, by) => set(&mut before, worker),
                Mark::Stood(then) if then.worker != now.worker => {
                    let apart = is_in(&before, then.worker) || self.exclude(then, now);
                    let (low, high) = (then.edge.min(now.edge), then.edge.max(now.edge));
                    let pair = &mut self.pairs[high][low];
                    if !apart {
                        *pair = Pair::Meets;
                    } else if *pair == Pair::Unseen {
                        *pair = Pair::Apart;
                    }
                }
                _ => {}
            }
        }
        self.before = before;
    }

    /// Whether two workers cannot both hold what they did.
    fn exclude(&self, one: Stood, other: Stood) -> bool {
        let others = self.held_at(other);
        self.held_at(one).iter().any(|a| {
            let same = others.iter().find(|b| b.semaphore == a.semaphore);
            same.is_some_and(|b| a.permits + b.permits > a.capacity.max(b.capacity))
        })
    }

    /// Whether a circular wait may have both edges.
    pub(crate) fn may_meet(&self, one: WorkerEdge, other: WorkerEdge) -> bool {
        let (Some(&a), Some(&b)) = (self.edges.get(&one), self.edges.get(&other)) else {
            return true;
        };
        let pair = self.pairs.get(a.max(b)).and_then(|of| of.get(a.min(b)));
        self.cut || pair != Some(&Pair::Apart)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: SemaphoreId = SemaphoreId(0);
    const B: SemaphoreId = SemaphoreId(1);
    const GATE: SemaphoreId = SemaphoreId(2);

    fn edge(from: SemaphoreId, to: SemaphoreId, worker: u32) -> WorkerEdge {
        WorkerEdge {
            from,
            to,
            worker: WorkerId(worker),
        }
    }

    fn one(semaphore: SemaphoreId, capacity: u64) -> Held {
        Held {
            semaphore,
            permits: 1,
            capacity,
        }
    }

    fn stands(pairs: &mut EdgePairs, edge: WorkerEdge, gate: Option<u64>) {
        let gate = gate.map(|capacity| one(GATE, capacity));
        pairs.stands(edge, [one(edge.from, 1)].into_iter().chain(gate));
    }

    /// The first edge, something between, the second edge: whether they may meet.
    fn check(gates: Option<u64>, between: impl Fn(&mut EdgePairs), expected: bool) {
        let (first, second) = (edge(A, B, 1), edge(B, A, 2));
        let mut pairs = EdgePairs::default();
        assert!(pairs.may_meet(first, second), "no run had them");
        pairs.begin();
        pairs.spawned(WorkerId(0), WorkerId(1));
        stands(&mut pairs, first, gates);
        between(&mut pairs);
        stands(&mut pairs, second, gates);
        assert_eq!(pairs.may_meet(first, second), expected);
        assert_eq!(pairs.may_meet(second, first), expected);
    }

    #[test]
    fn what_happens_before_is_apart() {
        let (main, one, two) = (WorkerId(0), WorkerId(1), WorkerId(2));
        check(None, |pairs| pairs.spawned(main, two), true);
        check(None, |pairs| pairs.spawned(one, two), false);
        let joined_first = |pairs: &mut EdgePairs| {
            pairs.joined(main, one);
            pairs.spawned(main, two);
        };
        check(None, joined_first, false);
        let joined_late = |pairs: &mut EdgePairs| {
            pairs.spawned(main, two);
            pairs.joined(main, one);
        };
        check(None, joined_late, true);
    }

    #[test]
    fn a_gate_keeps_apart_whom_it_cannot_admit_together() {
        let spawned = |pairs: &mut EdgePairs| pairs.spawned(WorkerId(0), WorkerId(2));
        check(Some(1), spawned, false);
        check(Some(2), spawned, true);
    }

    #[test]
    fn one_run_in_which_they_meet_is_enough() {
        let (first, second) = (edge(A, B, 1), edge(B, A, 2));
        let mut pairs = EdgePairs::default();
        for gates in [Some(1), None, Some(1)] {
            pairs.begin();
            stands(&mut pairs, first, gates);
            stands(&mut pairs, second, gates);
        }
        assert!(pairs.may_meet(first, second));
    }

    #[test]
    fn what_is_left_out_is_not_apart() {
        let mut pairs = EdgePairs::default();
        let nth = |n: u32| edge(SemaphoreId(n), SemaphoreId(n + 1), n % 2);
        for n in 0..MOST as u32 + 1 {
            stands(&mut pairs, nth(n), Some(1));
        }
        assert!(pairs.may_meet(nth(0), nth(1)));
    }
}
