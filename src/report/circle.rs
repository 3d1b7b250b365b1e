//! A circular wait in a line.

use super::trace::Trace;
use super::words::some_of;
use crate::property::Edge;
use crate::run::{SemaphoreId, Wait, WorkerId};

/// `left.1 holds a, waits for b -> right.1 holds b, waits for a -> left.1`
pub(super) fn chain(trace: &Trace, circle: &[WorkerId]) -> String {
    let before = circle.iter().cycle().skip(circle.len() - 1);
    let after = circle.iter().cycle().skip(1);
    let mut text = String::new();
    for ((&before, &worker), &after) in before.zip(circle).zip(after) {
        text.push_str(trace.worker(worker));
        if let Some(edge) = edge(trace, before, worker) {
            text += &has(trace, edge);
        }
        if let Some(edge) = edge(trace, worker, after) {
            text += &match edge.semaphore {
                Some(s) => format!(", waits for {}", wanted(trace, worker, s)),
                None => format!(", waits for the end of {}", trace.worker(after)),
            };
        }
        text += " -> ";
    }
    text + trace.worker(circle[0])
}

fn edge(trace: &Trace, waits: WorkerId, on: WorkerId) -> Option<&Edge> {
    let mut between = trace
        .edges
        .iter()
        .filter(|e| (e.waits, e.on) == (waits, on));
    between.next()
}

/// What the one before waits for.
fn has(trace: &Trace, edge: &Edge) -> String {
    let last = trace.last();
    let Some(semaphore) = edge.semaphore else {
        return " has not ended".to_owned();
    };
    let name = trace.semaphore(semaphore);
    if edge.queued {
        return format!(" is before it in the queue of {name}");
    }
    let (held, taken) = (
        last.held(edge.on, semaphore),
        last.taken(edge.on, semaphore),
    );
    match (held, taken) {
        (0, taken) => format!(" has taken {}", some_of(taken, name)),
        (held, _) => format!(" holds {}", some_of(held, name)),
    }
}

/// `b`, `2 of b`
fn wanted(trace: &Trace, worker: WorkerId, semaphore: SemaphoreId) -> String {
    let name = trace.semaphore(semaphore);
    match trace.last().workers[worker.index()].wait {
        Some(Wait::Permits { permits, taken, .. }) if taken > 0 => {
            format!("{} more of {name}", permits - taken)
        }
        Some(Wait::Permits { permits, .. }) => some_of(permits, name),
        _ => name.to_owned(),
    }
}
