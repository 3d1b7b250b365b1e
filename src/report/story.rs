//! What a step brought about beyond what its statement says, and why a worker waits.

use super::style::Paint;
use super::trace::{Snapshot, Trace, TraceStep};
use super::words::{list, ordinal, some_of};
use crate::run::{Action, Cause, Ending, Event, SemaphoreId, Status, Wait, WorkerId};

/// A remark on a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Note {
    pub(super) text: String,
    pub(super) paint: Paint,
}

fn note(text: impl Into<String>, paint: Paint) -> Note {
    Note {
        text: text.into(),
        paint,
    }
}

/// The remarks on a step, in the order of happening.
pub(super) fn notes(trace: &Trace, step: &TraceStep) -> Vec<Note> {
    let actor = step.choice.worker;
    let mut notes = Vec::new();
    match step.choice.action {
        Action::Proceed => {}
        Action::Branch(k) => notes.push(note(
            format!("takes the {} branch", ordinal(k as usize + 1)),
            Paint::Plain,
        )),
        Action::Panic => notes.push(note("panic struck here", Paint::Error)),
        Action::Timeout => notes.push(note("timed out", Paint::Warning)),
        Action::Cancel => notes.push(note("cancelled here", Paint::Warning)),
    }
    for (i, event) in step.events.iter().enumerate() {
        notes.extend(remark(trace, step, event));
        // how it ended is in the remark before, but for a body that came to its end
        if let Event::Ended { worker, how } = *event {
            let leaks = step.events[i + 1..]
                .iter()
                .any(|e| matches!(*e, Event::Leaked { worker: w, .. } if w == worker));
            let who = subject(trace, actor, worker);
            let at_once = step
                .events
                .iter()
                .any(|e| matches!(*e, Event::Raised { worker: w, .. } if w == worker));
            let what = match how {
                _ if at_once => "ends",
                Ending::Returned => "ends",
                Ending::Panicked => "ends by the panic",
                Ending::Cancelled => "ends by the cancellation",
                Ending::Closed => "ends by the closed semaphore",
                Ending::OverReleased => "ends by the over-release",
            };
            let paint = if leaks { Paint::Error } else { Paint::Plain };
            notes.push(note(format!("{who}{what}"), paint));
        }
    }
    notes
}

/// Nothing for the worker that acts: its column says who.
fn subject(trace: &Trace, actor: WorkerId, worker: WorkerId) -> String {
    if worker == actor {
        String::new()
    } else {
        format!("{} ", trace.worker(worker))
    }
}

fn remark(trace: &Trace, step: &TraceStep, event: &Event) -> Option<Note> {
    let actor = step.choice.worker;
    let who = |worker| subject(trace, actor, worker);
    let all = step.text.contains("permits=all");
    match *event {
        Event::Granted {
            worker,
            semaphore,
            permits,
            ..
        } => {
            let what = some_of(permits, trace.semaphore(semaphore));
            if worker != actor {
                let text = format!("{} is granted {what}", trace.worker(worker));
                Some(note(text, Paint::Good))
            } else if step.text.starts_with("drain") {
                Some(note(format!("takes {permits}"), Paint::Plain))
            } else {
                None
            }
        }
        Event::Queued { worker, .. } => {
            let text = why_waits(trace, &step.after, worker)?;
            Some(note(format!("{}{text}", who(worker)), Paint::Warning))
        }
        Event::Took {
            worker,
            semaphore,
            permits,
        } => {
            let what = some_of(permits, trace.semaphore(semaphore));
            let text = if worker == actor {
                format!("takes {permits} of it already")
            } else {
                format!("{} takes {what} and waits on", trace.worker(worker))
            };
            Some(note(text, Paint::Plain))
        }
        Event::GaveBack {
            worker,
            semaphore,
            permits,
        } => {
            let what = some_of(permits, trace.semaphore(semaphore));
            Some(note(
                format!("{}gives back {what}", who(worker)),
                Paint::Plain,
            ))
        }
        Event::TryFailed { .. } => Some(note("not granted", Paint::Warning)),
        Event::Released {
            worker,
            holder,
            permits,
            ..
        } => {
            if holder != worker {
                let text = format!("puts back {permits} that {} holds", trace.worker(holder));
                Some(note(text, Paint::Plain))
            } else if all {
                Some(note(format!("puts back {permits}"), Paint::Plain))
            } else {
                None
            }
        }
        Event::OverReleased {
            worker,
            holder,
            held,
            refused,
            ..
        } => {
            let holds = if holder == worker {
                format!("it holds {held}")
            } else {
                format!("{} holds {held}", trace.worker(holder))
            };
            let text = if refused {
                format!("refused: {holds}")
            } else {
                format!("{holds}: the count is inflated")
            };
            Some(note(text, Paint::Error))
        }
        Event::Shrank { debt, .. } if debt > 0 => Some(note(
            format!("{debt} of them are still to pay"),
            Paint::Plain,
        )),
        Event::Forgot { permits, .. } if all => {
            Some(note(format!("gives up {permits}"), Paint::Plain))
        }
        Event::Gave { permits, .. } if all => {
            Some(note(format!("hands over {permits}"), Paint::Plain))
        }
        Event::Raised { worker, cause } => {
            let text = match cause {
                Cause::Return => return None,
                Cause::Panic if worker != actor || step.text.starts_with("spawn") => "panics",
                Cause::Panic => return None,
                Cause::Cancelled if step.choice.action == Action::Cancel => return None,
                Cause::Cancelled => "is cancelled",
                Cause::Closed => "fails: closed",
                // told by the over-release itself
                Cause::OverRelease => return None,
            };
            Some(note(format!("{}{text}", who(worker)), Paint::Warning))
        }
        Event::Spawned { worker } => Some(note(
            format!("starts {}", trace.worker(worker)),
            Paint::Plain,
        )),
        Event::Leaked {
            worker,
            semaphore,
            permits,
            ..
        } => {
            let what = some_of(permits, trace.semaphore(semaphore));
            Some(note(format!("{}leaks {what}", who(worker)), Paint::Error))
        }
        // the statement and the counts say it
        _ => None,
    }
}

/// Why a worker waits, as the end of a sentence about it: `waits for b: right.1 holds it`.
pub(super) fn why_waits(trace: &Trace, state: &Snapshot, worker: WorkerId) -> Option<String> {
    match state.workers[worker.index()].wait? {
        Wait::Join { first, count } => {
            let instances = (first.0..first.0 + count).map(WorkerId);
            let running: Vec<WorkerId> = instances
                .filter(|w| state.workers[w.index()].status == Status::Running)
                .collect();
            Some(format!("waits for {} to end", list(&trace.names(&running))))
        }
        Wait::Permits {
            semaphore,
            permits,
            taken,
            timed,
        } => {
            let name = trace.semaphore(semaphore);
            let of = &state.semaphores[semaphore.index()];
            let asks = if taken > 0 {
                format!("waits for {} more of {name}", permits - taken)
            } else {
                format!("waits for {}", some_of(permits, name))
            };
            let mut why = Vec::new();
            let place = of.queue.iter().position(|&w| w == worker);
            let ahead = place.map_or(&[][..], |n| &of.queue[..n]);
            if of.signal {
                if of.available >= permits && !ahead.is_empty() {
                    why.push(format!("{} comes first", trace.worker(ahead[0])));
                } else {
                    why.push(match of.available {
                        0 => "nobody has signalled".to_owned(),
                        n => format!("only {n} signalled"),
                    });
                }
            } else if permits > of.capacity {
                why.push(format!("its capacity is {}", of.capacity));
            } else {
                held_by(trace, state, worker, semaphore, &mut why);
                if permits <= of.available && !ahead.is_empty() {
                    why.push(format!("{} comes first", trace.worker(ahead[0])));
                }
                if of.debt > 0 {
                    why.push(format!("{} are to be paid first", of.debt));
                }
                if why.is_empty() {
                    why.push(match of.available {
                        0 => "none is there".to_owned(),
                        n => format!("only {n} there"),
                    });
                }
            }
            let place = match place {
                Some(n) if n > 0 => format!(" ({} in line)", ordinal(n + 1)),
                _ => String::new(),
            };
            let timer = if timed { " (a timer runs)" } else { "" };
            Some(format!("{asks}: {}{place}{timer}", why.join(", ")))
        }
    }
}

/// Who has the permits that a waiter lacks.
fn held_by(
    trace: &Trace,
    state: &Snapshot,
    worker: WorkerId,
    semaphore: SemaphoreId,
    why: &mut Vec<String>,
) {
    let own = state.held(worker, semaphore);
    if own > 0 {
        why.push(format!("it holds {own} itself"));
    }
    let mut running = state.holders(semaphore, Status::Running);
    running.retain(|&w| w != worker);
    if !running.is_empty() {
        why.push(format!("{} it", few(trace, &running, "holds", "hold")));
    }
    let all = (0..state.workers.len() as u32).map(WorkerId);
    for other in all.filter(|&w| w != worker) {
        let taken = state.taken(other, semaphore);
        if taken > 0 {
            why.push(format!("{} has taken {taken}", trace.worker(other)));
        }
    }
    let gone = state.holders(semaphore, Status::Ended);
    if !gone.is_empty() {
        why.push(format!("{} it", few(trace, &gone, "leaked", "leaked")));
    }
}

/// `left.1 holds`, `left.1 and left.2 hold`, `5 workers hold`
fn few(trace: &Trace, workers: &[WorkerId], singular: &str, plural: &str) -> String {
    match workers {
        [one] => format!("{} {singular}", trace.worker(*one)),
        [a, b] => format!("{} and {} {plural}", trace.worker(*a), trace.worker(*b)),
        many => format!("{} workers {plural}", many.len()),
    }
}
