//! Who takes the edges of a lock-order cycle.

use super::model::OrderEdge;
use super::trace::Trace;
use crate::program::Place;
use crate::run::{Event, SemaphoreId, Wait, WorkerId};

impl Trace {
    /// Where a worker got what it holds of a semaphore at the end.
    pub(crate) fn taken_at(&self, worker: WorkerId, semaphore: SemaphoreId) -> Option<Place> {
        let got = |event: &Event| match *event {
            Event::Granted {
                worker: w,
                semaphore: s,
                ..
            } => (w, s) == (worker, semaphore),
            Event::Gave {
                to, semaphore: s, ..
            } => (to, s) == (worker, semaphore),
            _ => false,
        };
        let (step, event) = self.events().rev().find(|(_, event)| got(event))?;
        let statement = match *event {
            Event::Granted { statement, .. } => statement,
            _ => self.steps[step].statement,
        };
        // granted to a waiter: the step in which it began to wait is further up
        let taken = self.steps[..=step].iter().rev();
        let mut taken = taken.filter(|s| s.statement == statement);
        taken.next().map(|s| s.place).filter(Place::is_known)
    }

    /// Whether a worker waits at the end for `to` while it holds `from`.
    fn knotted(&self, worker: &str, from: SemaphoreId, to: SemaphoreId) -> bool {
        let Some(id) = self.workers.iter().position(|w| w == worker) else {
            return false;
        };
        let state = &self.last().workers[id];
        let waits = matches!(state.wait, Some(Wait::Permits { semaphore, .. }) if semaphore == to);
        waits && state.held.iter().any(|(s, _)| *s == from)
    }
}

/// An edge of the order graph for each hop of a cycle, from distinct workers; those that wait so
/// at the end of the run come first.
pub(super) fn hops<'a>(
    trace: &Trace,
    cycle: &[SemaphoreId],
    order: &'a [OrderEdge],
) -> Vec<&'a OrderEdge> {
    let following = cycle.iter().cycle().skip(1);
    let candidates: Vec<Vec<&OrderEdge>> = cycle
        .iter()
        .zip(following)
        .map(|(&from, &to)| {
            let names = (trace.semaphore(from), trace.semaphore(to));
            let mut edges: Vec<&OrderEdge> = order
                .iter()
                .filter(|e| (e.from.as_str(), e.to.as_str()) == names)
                .collect();
            edges.sort_by_key(|e| !trace.knotted(&e.worker, from, to));
            edges
        })
        .collect();
    let mut picked = vec![None; candidates.len()];
    for hop in 0..candidates.len() {
        assign(
            &candidates,
            hop,
            &mut picked,
            &mut vec![false; candidates.len()],
        );
    }
    let picked = picked.into_iter().zip(&candidates);
    picked
        .filter_map(|(edge, of)| edge.map(|i: usize| of[i]))
        .collect()
}

/// Gives a hop an edge of a worker that no other hop has, moving those that can do with another
/// (Kuhn 1955).
fn assign(
    candidates: &[Vec<&OrderEdge>],
    hop: usize,
    picked: &mut [Option<usize>],
    tried: &mut [bool],
) -> bool {
    if std::mem::replace(&mut tried[hop], true) {
        return false;
    }
    for (i, edge) in candidates[hop].iter().enumerate() {
        let other = (0..candidates.len())
            .find(|&h| picked[h].is_some_and(|p: usize| candidates[h][p].worker == edge.worker));
        if other.is_none_or(|h| h != hop && assign(candidates, h, picked, tried)) {
            picked[hop] = Some(i);
            return true;
        }
    }
    false
}
