//! A stuck state gets one name: `impossible-request`, else `exhaustion`, else `deadlock`; and
//! before all of these `lost-wakeup`, which only a semaphore that is wrong itself can bring about.

use std::collections::BTreeSet;

use super::fact::{Fact, Identity};
use crate::run::{SemaphoreId, StatementId, Status, View, Wait, WorkerId};

/// Who waits for whom: `waits` cannot go on before `on` does something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// The one who waits.
    pub waits: WorkerId,
    /// The one who would have to act.
    pub on: WorkerId,
    /// The semaphore between them; `None` for a join.
    pub semaphore: Option<SemaphoreId>,
    /// Whether `on` only stands before `waits` in the queue, and holds nothing of it.
    pub queued: bool,
}

struct Waiter {
    worker: WorkerId,
    statement: StatementId,
    wait: Wait,
}

fn waiters<V: View + ?Sized>(view: &V) -> Vec<Waiter> {
    (0..view.workers())
        .map(WorkerId)
        .filter_map(|worker| {
            Some(Waiter {
                worker,
                statement: view.statement(worker)?,
                wait: view.wait(worker)?,
            })
        })
        .collect()
}

/// The statements of those who wait for a semaphore, sorted, each once: instances of one worker are
/// not told apart, nor how many of them wait.
fn statements_on(waiters: &[Waiter], id: SemaphoreId) -> Vec<StatementId> {
    sorted(
        waiters
            .iter()
            .filter(|w| matches!(w.wait, Wait::Permits { semaphore, .. } if semaphore == id)),
    )
}

/// The statements of some that wait, sorted, each once.
fn sorted<'a>(waiters: impl Iterator<Item = &'a Waiter>) -> Vec<StatementId> {
    let mut statements: Vec<StatementId> = waiters.map(|w| w.statement).collect();
    statements.sort_unstable();
    statements.dedup();
    statements
}

/// Judges a stuck state.
pub(super) fn judge<V: View + ?Sized>(view: &V, mut report: impl FnMut(Fact)) {
    let waiters = waiters(view);
    let ids = || {
        (0..view.semaphores())
            .map(SemaphoreId)
            .filter(|&s| !view.is_signal(s))
    };
    let mut named = false;
    for semaphore in (0..view.semaphores()).map(SemaphoreId) {
        if would_grant(view, &waiters, semaphore, view.available(semaphore)) {
            named = true;
            report(Fact::Failed(Identity::LostWakeup {
                semaphore,
                waiters: statements_on(&waiters, semaphore),
            }));
        }
    }
    if named {
        return;
    }
    for semaphore in ids() {
        let impossible = waiters.iter().any(|w| {
            matches!(w.wait, Wait::Permits { semaphore: s, permits, .. }
                if s == semaphore && permits > view.capacity(semaphore))
        });
        if impossible {
            named = true;
            report(Fact::Failed(Identity::ImpossibleRequest {
                semaphore,
                waiters: statements_on(&waiters, semaphore),
            }));
        }
    }
    if named {
        return;
    }
    for semaphore in ids() {
        let lost: u64 = (0..view.workers())
            .map(WorkerId)
            .filter(|&w| view.status(w) == Status::Ended)
            .map(|w| view.held(w, semaphore))
            .sum::<u64>()
            + view.lost(semaphore);
        let available = view.available(semaphore) + lost.saturating_sub(view.debt(semaphore));
        if lost > 0 && would_grant(view, &waiters, semaphore, available) {
            named = true;
            report(Fact::Failed(Identity::Exhaustion {
                semaphore,
                waiters: statements_on(&waiters, semaphore),
            }));
        }
    }
    if !named {
        // who waits for something of which nothing is known may wait for what is lost
        let unknown: Vec<StatementId> = sorted(waiters.iter().filter(|w| w.wait == Wait::Unknown));
        for semaphore in ids().filter(|&s| view.lost(s) > 0 && !unknown.is_empty()) {
            named = true;
            report(Fact::Failed(Identity::Exhaustion {
                semaphore,
                waiters: unknown.clone(),
            }));
        }
    }
    if !named {
        deadlock(view, &waiters, report);
    }
}

/// Whether a semaphore would serve somebody, were this many permits available.
fn would_grant<V: View + ?Sized>(
    view: &V,
    waiters: &[Waiter],
    id: SemaphoreId,
    available: u64,
) -> bool {
    let fits = |w: &Waiter| {
        matches!(w.wait, Wait::Permits { semaphore, permits, taken, .. }
            if semaphore == id && permits - taken <= available)
    };
    if view.is_queued(id) {
        let head = view.queue(id).first().copied();
        waiters.iter().any(|w| Some(w.worker) == head && fits(w))
    } else {
        waiters.iter().any(fits)
    }
}

/// Who waits for permits of a semaphore that are available to it: in a stuck state it was forgotten, or
/// somebody outside of the run is about to wake it.
pub(crate) fn servable<V: View + ?Sized>(view: &V, id: SemaphoreId) -> Option<StatementId> {
    let waiters = waiters(view);
    let available = view.available(id);
    let would = would_grant(view, &waiters, id, available);
    would.then(|| statements_on(&waiters, id).first().copied())?
}

/// Who waits for whom in a state.
pub fn wait_edges<V: View + ?Sized>(view: &V) -> Vec<Edge> {
    let mut edges = Vec::new();
    let running = |w: &WorkerId| view.status(*w) == Status::Running;
    for waiter in waiters(view) {
        let waits = waiter.worker;
        match waiter.wait {
            Wait::Join { first, count } => {
                let started = (first.0..first.0 + count).map(WorkerId).filter(running);
                edges.extend(started.map(|on| Edge {
                    waits,
                    on,
                    semaphore: None,
                    queued: false,
                }));
            }
            Wait::Permits {
                semaphore, permits, ..
            } if !view.is_signal(semaphore) => {
                let queue = view.queue(semaphore);
                let ahead: &[WorkerId] = match queue.iter().position(|&w| w == waits) {
                    Some(place) => &queue[..place],
                    None => &[],
                };
                let alone = needs_its_own(view, waits, semaphore, permits);
                for on in (0..view.workers()).map(WorkerId).filter(running) {
                    let holds = if on == waits {
                        alone && view.held(on, semaphore) > 0
                    } else {
                        view.held(on, semaphore) + taken_by(view, on, semaphore) > 0
                    };
                    if holds || ahead.contains(&on) {
                        edges.push(Edge {
                            waits,
                            on,
                            semaphore: Some(semaphore),
                            queued: !holds,
                        });
                    }
                }
            }
            Wait::Permits { .. } | Wait::Unknown => {}
        }
    }
    edges
}

/// Whether a worker's request can only be met out of what it holds itself: all that is available
/// and all that unfinished others could put back would not do.
fn needs_its_own<V: View + ?Sized>(
    view: &V,
    worker: WorkerId,
    semaphore: SemaphoreId,
    permits: u64,
) -> bool {
    let others: u64 = (0..view.workers())
        .map(WorkerId)
        .filter(|&w| w != worker && view.status(w) == Status::Running)
        .map(|w| view.held(w, semaphore))
        .sum();
    let could_come = view.available(semaphore) + view.taken(semaphore) + others;
    could_come.saturating_sub(view.debt(semaphore)) < permits
}

/// What a waiter has taken of its request.
fn taken_by<V: View + ?Sized>(view: &V, worker: WorkerId, id: SemaphoreId) -> u64 {
    match view.wait(worker) {
        Some(Wait::Permits {
            semaphore, taken, ..
        }) if semaphore == id => taken,
        _ => 0,
    }
}

/// The smallest circular wait of a state, in order, each waiting for the next and the last for the
/// first; of several the one whose sorted statements come first. `None` if there is none.
pub fn circular_wait<V: View + ?Sized>(view: &V) -> Option<Vec<WorkerId>> {
    let edges = wait_edges(view);
    let mut next: Vec<Vec<WorkerId>> = vec![Vec::new(); view.workers() as usize];
    for edge in &edges {
        next[edge.waits.index()].push(edge.on);
    }
    let length = (0..view.workers())
        .map(WorkerId)
        .filter_map(|start| shortest_return(&next, start))
        .min()?;
    let mut best: Option<(Vec<StatementId>, Vec<WorkerId>)> = None;
    let mut effort = 100_000u32;
    for start in (0..view.workers()).map(WorkerId) {
        let mut path = vec![start];
        walk_cycles(&next, &mut path, length, &mut effort, &mut |cycle| {
            let mut statements: Vec<StatementId> =
                cycle.iter().filter_map(|&w| view.statement(w)).collect();
            statements.sort_unstable();
            if best.as_ref().is_none_or(|(s, _)| statements < *s) {
                best = Some((statements, cycle.to_vec()));
            }
        });
    }
    best.map(|(_, cycle)| cycle)
}

/// The length of the shortest cycle through a worker.
fn shortest_return(next: &[Vec<WorkerId>], start: WorkerId) -> Option<usize> {
    let mut seen = vec![false; next.len()];
    let mut layer = vec![start];
    let mut length = 0;
    while !layer.is_empty() {
        length += 1;
        let mut following = Vec::new();
        for worker in layer {
            for &on in &next[worker.index()] {
                if on == start {
                    return Some(length);
                }
                if !std::mem::replace(&mut seen[on.index()], true) {
                    following.push(on);
                }
            }
        }
        layer = following;
    }
    None
}

/// Calls `found` with each cycle of that length whose smallest worker is the path's first, until
/// the effort is spent: hundreds of alike waiters make millions of cycles that say the same.
fn walk_cycles(
    next: &[Vec<WorkerId>],
    path: &mut Vec<WorkerId>,
    length: usize,
    effort: &mut u32,
    found: &mut impl FnMut(&[WorkerId]),
) {
    let (first, last) = (path[0], path[path.len() - 1]);
    for &on in &next[last.index()] {
        if *effort == 0 {
            return;
        }
        *effort -= 1;
        if path.len() == length {
            if on == first {
                found(path);
            }
        } else if on > first && !path.contains(&on) {
            path.push(on);
            walk_cycles(next, path, length, effort, found);
            path.pop();
        }
    }
}

fn deadlock<V: View + ?Sized>(view: &V, waiters: &[Waiter], mut report: impl FnMut(Fact)) {
    let cycle = circular_wait(view);
    let part: Vec<&Waiter> = waiters
        .iter()
        .filter(|w| cycle.as_ref().is_none_or(|c| c.contains(&w.worker)))
        .collect();
    let mut statements: Vec<StatementId> = part.iter().map(|w| w.statement).collect();
    statements.sort_unstable();
    statements.dedup();
    let semaphores: BTreeSet<SemaphoreId> = part
        .iter()
        .filter_map(|w| match w.wait {
            Wait::Permits { semaphore, .. } => Some(semaphore),
            Wait::Join { .. } | Wait::Unknown => None,
        })
        .collect();
    report(Fact::Failed(Identity::Deadlock {
        statements,
        semaphores: semaphores.into_iter().collect(),
    }));
    let mut knot = BTreeSet::new();
    for waiter in waiters {
        if let Wait::Permits {
            semaphore,
            timed: false,
            ..
        } = waiter.wait
            && !view.is_signal(semaphore)
        {
            knot.extend(
                (0..view.semaphores())
                    .map(SemaphoreId)
                    .filter(|&s| s != semaphore && view.held(waiter.worker, s) > 0)
                    .map(|s| (s, semaphore)),
            );
        }
    }
    if !knot.is_empty() {
        report(Fact::Knotted(knot));
    }
}
