//! Why a worker waits.

use std::fmt;

use super::trace::{SemaphoreState, Snapshot, Trace, Written};
use super::words::{list, ordinal, some_of};
use crate::run::{SemaphoreId, Status, Wait, WorkerId};

/// Why a worker waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Waits {
    /// `waits for b: right.1 holds it`
    pub(super) reason: String,
    /// Its position in the queue, from one.
    pub(super) position: Option<usize>,
    /// Whether a timer runs.
    timed: bool,
}

/// As the end of a sentence about the worker.
impl fmt::Display for Waits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)?;
        if let Some(n) = self.position.filter(|&n| n > 1) {
            write!(f, " ({} in line)", ordinal(n))?;
        }
        if self.timed {
            f.write_str(" (a timer runs)")?;
        }
        Ok(())
    }
}

/// Why a worker waits in a state, if it does.
pub(super) fn why(trace: &Trace, state: &Snapshot, worker: WorkerId) -> Option<Waits> {
    match state.workers[worker.index()].wait? {
        Wait::Join { first, count } => {
            let instances = (first.0..first.0 + count).map(WorkerId);
            let running: Vec<WorkerId> = instances
                .filter(|w| state.workers[w.index()].status == Status::Running)
                .collect();
            Some(Waits {
                reason: format!("waits for {} to end", list(&trace.names(&running))),
                position: None,
                timed: false,
            })
        }
        Wait::Unknown => Some(Waits {
            reason: unknown(trace, state),
            position: None,
            timed: false,
        }),
        Wait::Permits {
            semaphore,
            permits,
            taken,
            timed,
        } => {
            let name = trace.semaphore(semaphore);
            let asks = if taken > 0 {
                format!("{} more of {name}", permits - taken)
            } else {
                some_of(permits, name)
            };
            let queue = &state.semaphores[semaphore.index()].queue;
            let position = queue.iter().position(|&w| w == worker);
            let ahead = position.map_or(&[][..], |n| &queue[..n]);
            let missing = missing(trace, state, worker, (semaphore, permits), ahead);
            Some(Waits {
                reason: format!("waits for {asks}: {}", missing.join(", ")),
                position: position.map(|n| n + 1),
                timed,
            })
        }
    }
}

/// What is said of who waits for what is not tracked; a semaphore that is watched may be it.
fn unknown(trace: &Trace, state: &Snapshot) -> String {
    let what = match trace.written {
        Written::Threads => {
            "waits in a primitive that selvedge does not track, and nobody lets it go on"
        }
        Written::Futures | Written::Program => {
            "waits at an await that selvedge does not track, and nobody wakes it"
        }
    };
    let lacks = |s: &&SemaphoreState| s.foreign && s.available < s.capacity;
    let watched = trace.semaphores.iter().zip(&*state.semaphores);
    let perhaps: Vec<String> = watched
        .filter(|(_, s)| lacks(s))
        .map(|(name, s)| format!("{name}, {} of {} free", s.available, s.capacity))
        .collect();
    match &perhaps[..] {
        [] => what.to_owned(),
        some => format!("{what} (perhaps it waits for {})", some.join(", or ")),
    }
}

/// What a waiter lacks, or who stands before it.
fn missing(
    trace: &Trace,
    state: &Snapshot,
    worker: WorkerId,
    (semaphore, permits): (SemaphoreId, u64),
    ahead: &[WorkerId],
) -> Vec<String> {
    let of = &state.semaphores[semaphore.index()];
    if !of.signal && permits > of.capacity {
        return vec![format!("its capacity is {}", of.capacity)];
    }
    let mut why = Vec::new();
    if !of.signal {
        why = held_by(trace, state, worker, semaphore);
    }
    if permits <= of.available && !ahead.is_empty() {
        why.push(format!("{} comes first", trace.worker(ahead[0])));
    }
    if of.debt > 0 {
        why.push(format!("a debt of {} is paid first", of.debt));
    }
    if why.is_empty() {
        why.push(match (of.available, of.signal) {
            (0, true) => "no signal is there".to_owned(),
            (n, true) => format!("only {n} signalled"),
            (0, false) => "none is there".to_owned(),
            (n, false) => format!("only {n} there"),
        });
    }
    why
}

/// Who has the permits that a waiter lacks.
fn held_by(
    trace: &Trace,
    state: &Snapshot,
    worker: WorkerId,
    semaphore: SemaphoreId,
) -> Vec<String> {
    let capacity = state.semaphores[semaphore.index()].capacity;
    let amount = |n: u64| match n {
        1 if capacity <= 1 => "it".to_owned(),
        n if n >= capacity => "all of it".to_owned(),
        n => n.to_string(),
    };
    let sum = |workers: &[WorkerId]| workers.iter().map(|&w| state.held(w, semaphore)).sum();
    let mut why = Vec::new();
    let own = state.held(worker, semaphore);
    if own > 0 {
        why.push(format!("it holds {} itself", amount(own)));
    }
    let mut running = state.holders(semaphore, Status::Running);
    running.retain(|&w| w != worker);
    if !running.is_empty() {
        let who = few(trace, &running, "holds", "hold");
        why.push(format!("{who} {}", amount(sum(&running))));
    }
    let all = (0..state.workers.len() as u32).map(WorkerId);
    for other in all.filter(|&w| w != worker) {
        let taken = state.taken(other, semaphore);
        if taken > 0 {
            why.push(format!("{} has taken {taken}", trace.worker(other)));
        }
    }
    let gone = state.holders(semaphore, Status::Ended).into_iter();
    let (gone, alive): (Vec<WorkerId>, Vec<WorkerId>) =
        gone.partition(|&w| trace.has_leaked(w, semaphore));
    if !gone.is_empty() {
        let who = few(trace, &gone, "leaked", "leaked");
        why.push(format!("{who} {}", amount(sum(&gone))));
    }
    let unknown = state.held_by_unknown(semaphore);
    if unknown > 0 {
        why.push(format!("who holds {} is not known", amount(unknown)));
    }
    if !alive.is_empty() {
        let who = few(trace, &alive, "took", "took");
        let has = if alive.len() == 1 { "has" } else { "have" };
        why.push(format!("{who} {} and {has} ended", amount(sum(&alive))));
    }
    why
}

/// `left.1 holds`, `left.1 and left.2 hold`, `5 workers hold`
fn few(trace: &Trace, workers: &[WorkerId], singular: &str, plural: &str) -> String {
    match workers {
        [one] => format!("{} {singular}", trace.worker(*one)),
        [a, b] => format!("{} and {} {plural}", trace.worker(*a), trace.worker(*b)),
        many => format!("{} workers {plural}", many.len()),
    }
}
