//! What a step brought about beyond what its statement says.

use super::style::Paint;
use super::trace::{Trace, TraceStep};
use super::wait::why;
use super::words::{self, are, ordinal, some_of};
use crate::run::{Action, Cause, Ending, Event, WorkerId};

/// A remark on a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Note {
    /// Of whom.
    worker: WorkerId,
    text: String,
    paint: Paint,
}

impl Note {
    pub(super) fn new(worker: WorkerId, text: impl Into<String>, paint: Paint) -> Note {
        Note {
            worker,
            text: text.into(),
            paint,
        }
    }
}

/// Remarks on what `actor` did, in one: `panic struck here, ends; right.1 is granted a`.
pub(super) fn joined(trace: &Trace, actor: WorkerId, notes: &[Note]) -> Option<(String, Paint)> {
    let paint = notes.iter().map(|note| note.paint).max()?;
    let mut text = String::new();
    let mut last = None;
    for note in notes {
        if last == Some(note.worker) {
            text.push_str(", ");
        } else {
            // the actor's column says who it is, until somebody else was named
            if last.is_some() {
                text.push_str("; ");
            }
            if last.is_some() || note.worker != actor {
                text.push_str(trace.worker(note.worker));
                text.push(' ');
            }
        }
        text.push_str(&note.text);
        last = Some(note.worker);
    }
    Some((text, paint))
}

/// The remarks on a step, in the order of happening.
pub(super) fn notes(trace: &Trace, step: &TraceStep) -> Vec<Note> {
    let actor = step.choice.worker;
    let mut notes = Vec::new();
    let mut remark = |text: &str, paint| notes.push(Note::new(actor, text, paint));
    match step.choice.action {
        Action::Proceed | Action::ToSpawn => {}
        Action::Branch(k) => {
            let text = format!("takes the {} branch", ordinal(k as usize + 1));
            remark(&text, Paint::Plain);
        }
        Action::Panic => remark("panic struck here", Paint::Error),
        Action::Timeout => remark("timed out", Paint::Warning),
        Action::Cancel => remark("cancelled here", Paint::Warning),
        Action::CancelPart(_) => remark("a part of it is cancelled here", Paint::Warning),
        Action::Fail => remark("fails here", Paint::Warning),
        Action::Spurious => remark("polled without being woken", Paint::Warning),
        Action::NewWaker => remark("polled with a new waker", Paint::Warning),
    }
    notes.extend(step.events.iter().filter_map(|e| note(trace, step, e)));
    notes
}

fn note(trace: &Trace, step: &TraceStep, event: &Event) -> Option<Note> {
    let actor = step.choice.worker;
    let all = step.text.contains("permits=all");
    let some = |n, semaphore| some_of(n, trace.semaphore(semaphore));
    let (worker, text, paint) = match *event {
        Event::Granted {
            worker,
            semaphore,
            permits,
            ..
        } => {
            if worker != actor {
                let text = format!("is granted {}", some(permits, semaphore));
                (worker, text, Paint::Good)
            } else if step.text.starts_with("drain") {
                (worker, format!("takes {permits}"), Paint::Plain)
            } else {
                return None;
            }
        }
        Event::Queued { worker, .. } => {
            let text = why(trace, &step.after, worker)?.to_string();
            (worker, text, Paint::Warning)
        }
        // the finding says it
        Event::AskedTooMuch { .. } => return None,
        // its `waits for … more` says it
        Event::Took { worker, .. } if worker == actor => return None,
        Event::Took {
            worker,
            semaphore,
            permits,
        } => {
            let text = format!("takes {} and waits on", some(permits, semaphore));
            (worker, text, Paint::Plain)
        }
        Event::GaveBack {
            worker,
            semaphore,
            permits,
        } => {
            let text = format!("gives back {}", some(permits, semaphore));
            (worker, text, Paint::Plain)
        }
        Event::TryFailed { worker, .. } => (worker, "not granted".to_owned(), Paint::Warning),
        Event::Released {
            worker,
            holder,
            permits,
            ..
        } => {
            let text = if holder != worker {
                format!("puts back {permits} of {}'s", trace.worker(holder))
            } else if all {
                format!("puts back {permits}")
            } else {
                return None;
            };
            (worker, text, Paint::Plain)
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
            let outcome = if refused {
                "refused"
            } else {
                "inflates the count"
            };
            (worker, format!("{outcome}: {holds}"), Paint::Error)
        }
        Event::ReleasedOthers {
            worker,
            held,
            of_others,
            of,
            ..
        } => {
            let whose = match of {
                Some(of) => format!("of {}'s", trace.worker(of)),
                None => "that others took".to_owned(),
            };
            let text = format!("holds {held}: puts back {of_others} {whose}");
            (worker, text, Paint::Error)
        }
        Event::RefusedAfter { worker, by, .. } => {
            let text = format!("refused: {} had put it back", trace.worker(by));
            (worker, text, Paint::Warning)
        }
        Event::Shrank { debt, .. } if debt > 0 => {
            let text = format!("{debt} of them still to pay");
            (actor, text, Paint::Plain)
        }
        Event::Forgot {
            worker, permits, ..
        } if all => (worker, format!("gives up {permits}"), Paint::Plain),
        Event::Gave {
            worker, permits, ..
        } if all => (worker, format!("hands over {permits}"), Paint::Plain),
        Event::Raised { worker, cause } => {
            let text = match cause {
                // told by the choice, the statement or the event before
                Cause::Return | Cause::OverRelease => return None,
                Cause::Panic if worker == actor && !step.text.starts_with("spawn") => return None,
                Cause::Cancelled if step.choice.action == Action::Cancel => return None,
                Cause::Panic => "panics",
                Cause::Cancelled => "is cancelled",
                Cause::Closed => "fails as it is closed",
            };
            (worker, text.to_owned(), Paint::Warning)
        }
        Event::Spawned { worker } => (
            actor,
            format!("starts {}", trace.worker(worker)),
            Paint::Plain,
        ),
        Event::Note { worker, text } => (worker, in_one_line(trace.text(text)), Paint::Strong),
        Event::Failed { worker, text, .. } => {
            let text = format!("panicked: {}", in_one_line(trace.text(text)));
            (worker, text, Paint::Error)
        }
        Event::Ended { worker, how } => (worker, end(step, worker, how).to_owned(), Paint::Plain),
        Event::Leaked {
            worker,
            semaphore,
            permits,
            ..
        } => {
            let text = format!("leaks {}", some(permits, semaphore));
            (worker, text, Paint::Error)
        }
        Event::Missing {
            semaphore, permits, ..
        } => {
            let name = trace.semaphore(semaphore);
            let gone = are(&format!("{} of {name}", words::permits(permits)), permits);
            let text = format!("the run ends: {gone} missing");
            (actor, text, Paint::Error)
        }
        // the statement and the counts say it
        _ => return None,
    };
    Some(Note::new(worker, text, paint))
}

/// How a worker ends; its cause is said where it is not in the same step.
fn end(step: &TraceStep, worker: WorkerId, how: Ending) -> &'static str {
    let raised = |e: &Event| matches!(*e, Event::Raised { worker: w, .. } if w == worker);
    match how {
        _ if step.events.iter().any(raised) => "ends",
        Ending::Returned => "ends",
        Ending::Panicked => "ends by the panic",
        Ending::Cancelled => "ends by the cancellation",
        Ending::Closed => "ends by the closed semaphore",
        Ending::OverReleased => "ends by the over-release",
    }
}

/// A user's text has any shape, and a column has one.
fn in_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
