//! The rows of a timeline: steps, those who wait without a step, and what would come next.

use std::collections::BTreeSet;
use std::ops::Range;

use super::story::{Note, joined, notes};
use super::style::Paint;
use super::trace::{Trace, TraceStep, Written};
use super::wait::why;
use crate::program::Place;
use crate::property::Situation;
use crate::run::{Wait, WorkerId};

/// Longer runs are folded: so many rows are shown of their start, and of their end.
const FIRST: usize = 24;
const LAST: usize = 14;

/// More steps in a row that are alike are told in one line.
const MOST_ALIKE: usize = 3;

/// So many waiting workers that took no step to wait are shown.
const MOST_STANDING: usize = 6;

/// One row of the table.
pub(super) struct Line {
    pub(super) label: String,
    pub(super) worker: WorkerId,
    pub(super) text: String,
    pub(super) place: String,
    /// The remarks on it.
    pub(super) remark: Option<(String, Paint)>,
    /// The state after it.
    pub(super) after: usize,
}

/// What a worker stands at when the run ends, and would do next.
pub(super) struct Next {
    pub(super) worker: WorkerId,
    pub(super) text: String,
    pub(super) place: Place,
}

pub(super) enum Shown {
    Line(Line),
    /// So many steps that are left out.
    Folded(usize),
    /// Steps that do what the row before says, up to the last of them, counted from one.
    Same {
        times: usize,
        last: usize,
    },
}

/// The rows of a run.
pub(super) fn rows(trace: &Trace, next: &[Next]) -> Vec<Shown> {
    let count = trace.steps.len();
    let parts = parts(trace);
    let mut rows = Vec::new();
    if parts.len() > FIRST + LAST + 2 {
        let (first, others) = parts.split_at(FIRST);
        let (left_out, mut last) = others.split_at(others.len() - LAST);
        let mut steps: usize = left_out.iter().map(Part::steps).sum();
        // what it is the same as is not shown
        if let [Part::Same(again), shown @ ..] = last {
            steps += again.len();
            last = shown;
        }
        rows.extend(first.iter().map(|part| part.shown(trace)));
        rows.push(Shown::Folded(steps));
        rows.extend(last.iter().map(|part| part.shown(trace)));
    } else {
        rows.extend(parts.iter().map(|part| part.shown(trace)));
    }
    if trace.situation == Situation::Stuck && count > 0 {
        rows.extend(standing(trace).into_iter().map(Shown::Line));
    }
    if count > 0 {
        rows.extend(next.iter().enumerate().map(|(i, next)| {
            Shown::Line(Line {
                label: if i == 0 { "next" } else { "" }.to_owned(),
                worker: next.worker,
                text: next.text.clone(),
                place: next.place.to_string(),
                remark: None,
                after: count - 1,
            })
        }));
    }
    rows
}

/// One step, or steps that only do again what the one before them did.
enum Part {
    Step(usize),
    Same(Range<usize>),
}

impl Part {
    fn steps(&self) -> usize {
        match self {
            Part::Step(_) => 1,
            Part::Same(again) => again.len(),
        }
    }

    fn shown(&self, trace: &Trace) -> Shown {
        match *self {
            Part::Step(i) => {
                let step = &trace.steps[i];
                Shown::Line(Line {
                    label: (i + 1).to_string(),
                    worker: step.choice.worker,
                    text: step.text.clone(),
                    place: step.place.to_string(),
                    remark: joined(trace, step.choice.worker, &notes(trace, step)),
                    after: i,
                })
            }
            Part::Same(ref again) => Shown::Same {
                times: again.len(),
                last: again.end,
            },
        }
    }
}

/// The steps of a run, those of a spin together.
fn parts(trace: &Trace) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut start = 0;
    for alike in trace.steps.chunk_by(alike) {
        let end = start + alike.len();
        if alike.len() > MOST_ALIKE {
            parts.extend([Part::Step(start), Part::Same(start + 1..end)]);
        } else {
            parts.extend((start..end).map(Part::Step));
        }
        start = end;
    }
    parts
}

/// Whether a step does what the one before it did, and leaves everything as that one did.
fn alike(before: &TraceStep, step: &TraceStep) -> bool {
    (before.choice, before.statement) == (step.choice, step.statement)
        && before.events == step.events
        && before.after == step.after
}

/// Those who wait at the end without having taken a step to do so: at a join, or where nobody
/// queues.
fn standing(trace: &Trace) -> Vec<Line> {
    let last = trace.last();
    let queued: BTreeSet<WorkerId> = last
        .semaphores
        .iter()
        .flat_map(|s| s.queue.iter().copied())
        .collect();
    let waiting = trace.waiters(None).into_iter();
    let waiting = waiting.filter(|w| !queued.contains(w)).take(MOST_STANDING);
    let lines = waiting.enumerate().filter_map(|(i, worker)| {
        let state = &last.workers[worker.index()];
        let (statement, place) = state.statement?;
        let known = trace.steps.iter().find(|s| s.statement == statement);
        let text = match (known, state.wait?) {
            (Some(step), _) if !step.text.starts_with("end ") => step.text.clone(),
            (_, Wait::Permits { semaphore, .. }) => {
                format!("acquire {}", trace.semaphore(semaphore))
            }
            (_, Wait::Join { first, .. }) => {
                let name = trace.worker(first);
                // a program joins all instances of a worker
                let all = name.rsplit_once('.').map_or(name, |(w, _)| w);
                match trace.written {
                    Written::Program => format!("join {all}"),
                    Written::Futures | Written::Threads => format!("join {name}"),
                }
            }
            (_, Wait::Unknown) => "await".to_owned(),
        };
        let why = why(trace, last, worker)?;
        Some(Line {
            label: if i == 0 { "end" } else { "" }.to_owned(),
            worker,
            text,
            place: place.to_string(),
            remark: joined(
                trace,
                worker,
                &[Note::new(worker, why.to_string(), Paint::Warning)],
            ),
            after: trace.steps.len() - 1,
        })
    });
    lines.collect()
}
