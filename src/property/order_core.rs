//! Which edges of the order graph can lie on a cycle.

use std::collections::{BTreeMap, BTreeSet};

use super::fact::Fact;
use crate::run::SemaphoreId;

/// More edges than this are told in full only where they can lie on a cycle.
pub(crate) const MOST_EDGES: usize = 500;

/// The edges that are told in full, with a schedule and places: all, or those that are left when
/// semaphores that no edge leads to, or from, are taken away again and again.
pub(crate) fn told_in_full<'a>(
    facts: impl Iterator<Item = &'a Fact>,
) -> BTreeSet<(SemaphoreId, SemaphoreId)> {
    let mut count = 0;
    let mut edges: BTreeSet<(SemaphoreId, SemaphoreId)> = BTreeSet::new();
    for fact in facts {
        if let Fact::Ordered { from, to, .. } = *fact {
            count += 1;
            edges.insert((from, to));
        }
    }
    if count <= MOST_EDGES {
        return edges;
    }
    let mut degrees: BTreeMap<SemaphoreId, (u32, u32)> = BTreeMap::new();
    let mut out: BTreeMap<SemaphoreId, Vec<SemaphoreId>> = BTreeMap::new();
    let mut into: BTreeMap<SemaphoreId, Vec<SemaphoreId>> = BTreeMap::new();
    for &(from, to) in &edges {
        degrees.entry(from).or_default().0 += 1;
        degrees.entry(to).or_default().1 += 1;
        out.entry(from).or_default().push(to);
        into.entry(to).or_default().push(from);
    }
    let mut gone = BTreeSet::new();
    let is_end = |degree: &(u32, u32)| degree.0 == 0 || degree.1 == 0;
    let mut ends: Vec<SemaphoreId> = degrees
        .iter()
        .filter(|(_, degree)| is_end(degree))
        .map(|(&id, _)| id)
        .collect();
    while let Some(id) = ends.pop() {
        if !gone.insert(id) {
            continue;
        }
        for &to in out.get(&id).into_iter().flatten() {
            let degree = degrees.entry(to).or_default();
            degree.1 = degree.1.saturating_sub(1);
            if is_end(degree) {
                ends.push(to);
            }
        }
        for &from in into.get(&id).into_iter().flatten() {
            let degree = degrees.entry(from).or_default();
            degree.0 = degree.0.saturating_sub(1);
            if is_end(degree) {
                ends.push(from);
            }
        }
    }
    edges.retain(|(from, to)| !gone.contains(from) && !gone.contains(to));
    edges
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::WorkerId;

    #[test]
    fn only_what_can_lie_on_a_cycle_is_left() {
        let edge = |from, to| Fact::Ordered {
            from: SemaphoreId(from),
            to: SemaphoreId(to),
            worker: WorkerId(0),
        };
        // a long ladder without a cycle, and a ring of three at its foot
        let mut facts: Vec<Fact> = (10..50)
            .flat_map(|from| (from + 1..50).map(move |to| edge(from, to)))
            .collect();
        facts.extend([edge(0, 1), edge(1, 2), edge(2, 0), edge(2, 10)]);
        let ring = [(0, 1), (1, 2), (2, 0)].map(|(a, b)| (SemaphoreId(a), SemaphoreId(b)));
        assert_eq!(told_in_full(facts.iter()), BTreeSet::from(ring));
        assert_eq!(told_in_full(facts[..5].iter()).len(), 5);
    }
}
