//! The rows of a timeline: steps, those who wait without a step, and what would come next.

use std::collections::BTreeSet;

use super::story::{Note, joined, notes};
use super::style::Paint;
use super::trace::Trace;
use super::wait::why;
use crate::program::Place;
use crate::property::Situation;
use crate::run::{Wait, WorkerId};

/// Longer runs are folded: so many steps are shown of their start, and of their end.
const FIRST: usize = 24;
const LAST: usize = 14;

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
    Folded(usize),
}

/// The rows of a run.
pub(super) fn rows(trace: &Trace, next: &[Next]) -> Vec<Shown> {
    let count = trace.steps.len();
    let folds = count > FIRST + LAST + 2;
    let mut rows = Vec::new();
    for (i, step) in trace.steps.iter().enumerate() {
        if folds && i == FIRST {
            rows.push(Shown::Folded(count - FIRST - LAST));
        }
        if !folds || i < FIRST || i >= count - LAST {
            rows.push(Shown::Line(Line {
                label: (i + 1).to_string(),
                worker: step.choice.worker,
                text: step.text.clone(),
                place: step.place.to_string(),
                remark: joined(trace, step.choice.worker, &notes(trace, step)),
                after: i,
            }));
        }
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
                format!("join {}", name.rsplit_once('.').map_or(name, |(w, _)| w))
            }
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
