//! `lock-order`: the order graph over all runs has a cycle.
//!
//! An edge from S to T says that some worker stood at an acquire of T while it held S. A cycle
//! counts when it visits two or more semaphores, each once, and its edges can be taken from
//! pairwise distinct worker instances.

use super::fact::Fact;
use super::order_graph::OrderGraph;
use crate::run::{SemaphoreId, WorkerId};

/// An edge of the order graph, and who took it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct WorkerEdge {
    /// What the worker held.
    pub(crate) from: SemaphoreId,
    /// What it was about to wait for.
    pub(crate) to: SemaphoreId,
    /// The worker.
    pub(crate) worker: WorkerId,
}

/// Whether two edges of distinct workers may be waited on at once.
pub(crate) type MayMeet<'a> = &'a dyn Fn(WorkerEdge, WorkerEdge) -> bool;

/// Whether a cycle of the order graph can be waited on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Danger {
    /// A deadlock whose circular wait uses its edges was found.
    Reachable,
    /// A complete search found none.
    Unreachable,
    /// None was found, and the search was not complete.
    Unknown,
}

impl Danger {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Danger::Reachable => "reachable",
            Danger::Unreachable => "unreachable",
            Danger::Unknown => "unknown",
        }
    }
}

/// A cycle of the order graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cycle {
    /// The semaphores, the smallest first, each taken before the next and the last before the
    /// first.
    pub semaphores: Vec<SemaphoreId>,
    /// Whether it can be waited on.
    pub danger: Danger,
}

impl Cycle {
    /// Its edges: what is held, and what is taken then.
    pub fn hops(&self) -> impl Iterator<Item = (SemaphoreId, SemaphoreId)> {
        hops(&self.semaphores)
    }
}

/// What [`cycles`] found.
#[derive(Debug, Clone, Default)]
pub struct Cycles {
    /// The cycles that count, the shortest first.
    pub cycles: Vec<Cycle>,
    /// Whether there may be more: a tangle of many semaphores has too many to read.
    pub cut: bool,
}

/// The cycles that count; `complete` says whether all runs were seen.
pub fn cycles<'a>(facts: impl Iterator<Item = &'a Fact>, complete: bool) -> Cycles {
    find(facts, complete, None)
}

/// Of [`cycles`] those whose edges may be waited on at once.
pub(crate) fn cycles_that_meet<'a>(
    facts: impl Iterator<Item = &'a Fact>,
    complete: bool,
    may_meet: MayMeet<'_>,
) -> Cycles {
    find(facts, complete, Some(may_meet))
}

fn find<'a>(
    facts: impl Iterator<Item = &'a Fact>,
    complete: bool,
    may_meet: Option<MayMeet<'_>>,
) -> Cycles {
    let mut graph = OrderGraph::default();
    let mut knots = Vec::new();
    for fact in facts {
        match fact {
            Fact::Ordered { from, to, worker } => graph.add(*from, *to, *worker),
            Fact::Knotted(knot) => knots.push(knot),
            Fact::Failed(_) => {}
        }
    }
    let danger = |cycle: &[SemaphoreId]| {
        let used: Vec<(SemaphoreId, SemaphoreId)> = hops(cycle).collect();
        if knots
            .iter()
            .any(|k| used.iter().all(|edge| k.contains(edge)))
        {
            Danger::Reachable
        } else if complete {
            Danger::Unreachable
        } else {
            Danger::Unknown
        }
    };
    let found = graph.cycles(may_meet);
    Cycles {
        cycles: found
            .cycles
            .into_iter()
            .map(|semaphores| Cycle {
                danger: danger(&semaphores),
                semaphores,
            })
            .collect(),
        cut: found.cut,
    }
}

/// The edges of a cycle.
fn hops(cycle: &[SemaphoreId]) -> impl Iterator<Item = (SemaphoreId, SemaphoreId)> {
    let following = cycle.iter().cycle().skip(1);
    cycle.iter().copied().zip(following.copied())
}

#[cfg(test)]
mod tests {
    use super::super::order_graph::MOST_CYCLES;
    use super::*;

    /// The cycles of edges (from, to, worker), and whether there may be more.
    fn cycles_of(edges: &[(u32, u32, u32)]) -> (Vec<Vec<u32>>, bool) {
        let facts: Vec<Fact> = edges
            .iter()
            .map(|&(from, to, worker)| Fact::Ordered {
                from: SemaphoreId(from),
                to: SemaphoreId(to),
                worker: WorkerId(worker),
            })
            .collect();
        let found = cycles(facts.iter(), true);
        let numbers = |c: &Cycle| c.semaphores.iter().map(|s| s.0).collect();
        (found.cycles.iter().map(numbers).collect(), found.cut)
    }

    fn check(edges: &[(u32, u32, u32)], expected: &[&[u32]]) {
        let (found, cut) = cycles_of(edges);
        assert_eq!(found, expected);
        assert!(!cut);
    }

    #[test]
    fn cycles_need_distinct_workers() {
        check(&[(0, 1, 0), (1, 0, 1)], &[&[0, 1]]);
        check(&[(0, 1, 0), (1, 0, 0)], &[]);
        check(&[(0, 1, 0), (1, 2, 1), (2, 0, 2)], &[&[0, 1, 2]]);
        check(&[(0, 1, 0), (1, 2, 1), (2, 0, 0), (2, 0, 1)], &[]);
        check(&[(0, 1, 0), (0, 1, 1), (1, 0, 0)], &[&[0, 1]]);
        check(
            &[(0, 1, 0), (1, 0, 1), (1, 2, 2), (2, 1, 3), (2, 0, 4)],
            &[&[0, 1], &[1, 2], &[0, 1, 2]],
        );
    }

    #[test]
    fn edges_of_a_cycle_may_meet() {
        let edges = [(0, 1, 0), (1, 0, 1), (1, 0, 2)];
        let facts = edges.map(|(from, to, worker)| Fact::Ordered {
            from: SemaphoreId(from),
            to: SemaphoreId(to),
            worker: WorkerId(worker),
        });
        let found = |apart: &[u32]| {
            let may_meet = |a: WorkerEdge, b: WorkerEdge| {
                let other = a.worker.0.max(b.worker.0);
                !apart.contains(&other)
            };
            cycles_that_meet(facts.iter(), false, &may_meet)
                .cycles
                .len()
        };
        assert_eq!([found(&[]), found(&[1]), found(&[1, 2])], [1, 1, 0]);
    }

    /// Everything that `worker` takes in the order of the numbers.
    fn in_order(numbers: std::ops::Range<u32>, worker: u32) -> Vec<(u32, u32, u32)> {
        let pairs = numbers.clone().flat_map(|from| {
            let later = from + 1..numbers.end;
            later.map(move |to| (from, to, worker))
        });
        pairs.collect()
    }

    /// Each of `count` workers takes two neighbours.
    fn ring(first: u32, count: u32, worker: u32) -> Vec<(u32, u32, u32)> {
        let hop = |i| (first + i, first + (i + 1) % count, worker + i);
        (0..count).map(hop).collect()
    }

    #[test]
    fn what_has_no_cycle_takes_no_effort() {
        let eight: Vec<u32> = (30..38).collect();
        let edges = [in_order(0..30, 0), ring(30, 8, 1)].concat();
        check(&edges, &[&eight]);
        // whatever leads into the ring and out of it
        let more = [edges, vec![(29, 30, 0), (37, 38, 9)], in_order(38..68, 9)].concat();
        check(&more, &[&eight]);
        let long: Vec<u32> = (0..200).collect();
        check(&ring(0, 200, 0), &[&long]);
    }

    #[test]
    fn what_cannot_be_told_is_not_hidden() {
        let pairs = (0..12u32).flat_map(|from| (0..12).map(move |to| (from, to)));
        let tangle: Vec<(u32, u32, u32)> = pairs
            .filter(|(from, to)| from != to)
            .map(|(from, to)| (from, to, from * 12 + to))
            .collect();
        let (found, cut) = cycles_of(&tangle);
        assert_eq!((found.len(), cut), (MOST_CYCLES, true));
        for semaphore in 0..12 {
            assert!(found.iter().any(|cycle| cycle.contains(&semaphore)));
        }
        // the ring is told beside it, though sixty-four others are shorter
        let edges = [tangle, ring(12, 8, 200)].concat();
        let (found, cut) = cycles_of(&edges);
        assert_eq!((found.len(), cut), (MOST_CYCLES, true));
        assert_eq!(found.last().map(Vec::len), Some(8));
        let rings: Vec<(u32, u32, u32)> = (0..65).flat_map(|i| ring(2 * i, 2, 2 * i)).collect();
        let (found, cut) = cycles_of(&rings);
        assert_eq!((found.len(), cut), (MOST_CYCLES, true));
        let (found, cut) = cycles_of(&rings[..128]);
        assert_eq!((found.len(), cut), (MOST_CYCLES, false));
    }

    /// One worker that takes all in all orders makes no cycle, and is seen through at once.
    #[test]
    fn a_worker_alone_is_no_tangle() {
        let one: Vec<(u32, u32, u32)> = (0..40)
            .flat_map(|from| (0..40).map(move |to| (from, to, 0)))
            .filter(|(from, to, _)| from != to)
            .collect();
        check(&one, &[]);
        let edges = [one, vec![(3, 7, 1)]].concat();
        check(&edges, &[&[3, 7]]);
    }
}
