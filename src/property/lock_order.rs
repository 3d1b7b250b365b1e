//! `lock-order`: the order graph over all runs has a cycle.
//!
//! An edge from S to T says that some worker stood at an acquire of T while it held S. A cycle
//! counts when it visits two or more semaphores, each once, and its edges can be taken from
//! pairwise distinct worker instances.

use std::collections::{BTreeMap, BTreeSet};

use super::fact::Fact;
use crate::run::{SemaphoreId, WorkerId};

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

/// At most so many cycles are told: a tangle of many semaphores has too many to read.
const MOST_CYCLES: usize = 64;

/// The cycles that count, the shortest first; `complete` says whether all runs were seen.
pub fn cycles<'a>(facts: impl Iterator<Item = &'a Fact>, complete: bool) -> Vec<Cycle> {
    let mut edges: BTreeMap<SemaphoreId, BTreeMap<SemaphoreId, BTreeSet<WorkerId>>> =
        BTreeMap::new();
    let mut knots = Vec::new();
    for fact in facts {
        match fact {
            Fact::Ordered { from, to, worker } => {
                let targets = edges.entry(*from).or_default();
                targets.entry(*to).or_default().insert(*worker);
            }
            Fact::Knotted(knot) => knots.push(knot),
            Fact::Failed(_) => {}
        }
    }
    let mut found = Vec::new();
    let mut effort = 1_000_000u32;
    for length in 2..=edges.len() {
        for &start in edges.keys() {
            let mut path = vec![start];
            walk(&edges, &mut path, length, &mut effort, &mut found);
        }
        if found.len() >= MOST_CYCLES || effort == 0 {
            break;
        }
    }
    found.truncate(MOST_CYCLES);
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
    found
        .into_iter()
        .map(|semaphores| Cycle {
            danger: danger(&semaphores),
            semaphores,
        })
        .collect()
}

/// The edges of a cycle.
fn hops(cycle: &[SemaphoreId]) -> impl Iterator<Item = (SemaphoreId, SemaphoreId)> {
    let following = cycle.iter().cycle().skip(1);
    cycle.iter().copied().zip(following.copied())
}

type Edges = BTreeMap<SemaphoreId, BTreeMap<SemaphoreId, BTreeSet<WorkerId>>>;

fn walk(
    edges: &Edges,
    path: &mut Vec<SemaphoreId>,
    length: usize,
    effort: &mut u32,
    found: &mut Vec<Vec<SemaphoreId>>,
) {
    let (first, last) = (path[0], path[path.len() - 1]);
    let Some(targets) = edges.get(&last) else {
        return;
    };
    for &to in targets.keys() {
        if *effort == 0 {
            return;
        }
        *effort -= 1;
        if path.len() == length {
            if to == first && distinct_workers(edges, path) {
                found.push(path.clone());
            }
        } else if to > first && !path.contains(&to) {
            path.push(to);
            walk(edges, path, length, effort, found);
            path.pop();
        }
    }
}

/// Whether each edge of a cycle can be given to another worker: a perfect matching, by augmenting
/// paths (Kuhn 1955).
fn distinct_workers(edges: &Edges, cycle: &[SemaphoreId]) -> bool {
    let choices: Vec<&BTreeSet<WorkerId>> =
        hops(cycle).map(|(from, to)| &edges[&from][&to]).collect();
    let mut taken: BTreeMap<WorkerId, usize> = BTreeMap::new();
    (0..choices.len()).all(|edge| assign(&choices, edge, &mut taken, &mut BTreeSet::new()))
}

fn assign(
    choices: &[&BTreeSet<WorkerId>],
    edge: usize,
    taken: &mut BTreeMap<WorkerId, usize>,
    tried: &mut BTreeSet<WorkerId>,
) -> bool {
    for &worker in choices[edge] {
        if !tried.insert(worker) {
            continue;
        }
        let free = match taken.get(&worker) {
            None => true,
            Some(&other) => assign(choices, other, taken, tried),
        };
        if free {
            taken.insert(worker, edge);
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(edges: &[(u32, u32, u32)], expected: &[&[u32]]) {
        let facts: Vec<Fact> = edges
            .iter()
            .map(|&(from, to, worker)| Fact::Ordered {
                from: SemaphoreId(from),
                to: SemaphoreId(to),
                worker: WorkerId(worker),
            })
            .collect();
        let found: Vec<Vec<u32>> = cycles(facts.iter(), true)
            .iter()
            .map(|c| c.semaphores.iter().map(|s| s.0).collect())
            .collect();
        assert_eq!(found, expected);
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
}
