//! The table of a run: a row a step, a column for each worker, or, where these are too many for
//! the page, one line a step.

use std::collections::BTreeSet;

use unicode_width::UnicodeWidthStr;

use super::rows::{Line, Next, Shown, rows};
use super::style::{Page, Paint, Row, WIDTH, shorten, shorten_all, wrap};
use super::trace::{SemaphoreState, Snapshot, Trace};
use crate::run::{Event, SemaphoreId, Status, Wait, WorkerId};

/// Draws a run. `semaphores` and `workers` are shown whatever happens to them.
pub(super) fn draw(
    page: &mut Page,
    trace: &Trace,
    semaphores: &[SemaphoreId],
    workers: &[WorkerId],
    next: &[Next],
) {
    let table = Table {
        trace,
        semaphores: counted(trace, semaphores),
        rows: rows(trace, next),
    };
    if table.rows.is_empty() {
        page.paragraph(2, 2, "no step can be taken", Paint::Faint);
        return;
    }
    let acting = table.lines().map(|line| line.worker);
    let columns: BTreeSet<WorkerId> = acting.chain(workers.iter().copied()).collect();
    if !table.in_columns(page, &columns) {
        table.in_lines(page);
    }
}

/// The semaphores that are asked for, and those that a step touches.
fn counted(trace: &Trace, semaphores: &[SemaphoreId]) -> Vec<SemaphoreId> {
    let mut ids: BTreeSet<SemaphoreId> = semaphores.iter().copied().collect();
    ids.extend(trace.events().filter_map(|(_, event)| touched(event)));
    ids.extend(trace.last().workers.iter().filter_map(|w| match w.wait {
        Some(Wait::Permits { semaphore, .. }) => Some(semaphore),
        _ => None,
    }));
    ids.into_iter().collect()
}

fn touched(event: &Event) -> Option<SemaphoreId> {
    match *event {
        Event::Granted { semaphore, .. }
        | Event::Queued { semaphore, .. }
        | Event::AskedTooMuch { semaphore, .. }
        | Event::Took { semaphore, .. }
        | Event::GaveBack { semaphore, .. }
        | Event::TryFailed { semaphore, .. }
        | Event::TimedOut { semaphore, .. }
        | Event::Released { semaphore, .. }
        | Event::OverReleased { semaphore, .. }
        | Event::ReleasedOthers { semaphore, .. }
        | Event::RefusedAfter { semaphore, .. }
        | Event::Grew { semaphore, .. }
        | Event::Shrank { semaphore, .. }
        | Event::Forgot { semaphore, .. }
        | Event::Gave { semaphore, .. }
        | Event::Closed { semaphore }
        | Event::Leaked { semaphore, .. }
        | Event::Missing { semaphore, .. } => Some(semaphore),
        Event::Raised { .. }
        | Event::Spawned { .. }
        | Event::Ended { .. }
        | Event::Note { .. }
        | Event::Failed { .. } => None,
    }
}

/// `3/4`, with debt and whether it is closed; a signal has no capacity.
pub(super) fn count(state: &SemaphoreState) -> String {
    let mut text = if state.signal {
        state.available.to_string()
    } else {
        format!("{}/{}", state.available, state.capacity)
    };
    if state.debt > 0 {
        text += &format!(" debt {}", state.debt);
    }
    if state.closed {
        text += " closed";
    }
    text
}

/// The counts that a step has to do with, after it: `a 0/1  b 2/2`.
pub(super) fn counts_of(trace: &Trace, step: usize) -> String {
    counts_with(trace, step, &trace.semaphores)
}

/// The same with other names for the semaphores.
fn counts_with(trace: &Trace, step: usize, names: &[String]) -> String {
    let step = &trace.steps[step];
    let ids: BTreeSet<SemaphoreId> = step.events.iter().filter_map(touched).collect();
    let told = ids.iter().map(|&s| {
        let name = &names[s.index()];
        format!("{name} {}", count(&step.after.semaphores[s.index()]))
    });
    told.collect::<Vec<String>>().join("  ")
}

struct Table<'a> {
    trace: &'a Trace,
    semaphores: Vec<SemaphoreId>,
    rows: Vec<Shown>,
}

impl Table<'_> {
    fn lines(&self) -> impl Iterator<Item = &Line> {
        self.rows.iter().filter_map(|row| match row {
            Shown::Line(line) => Some(line),
            Shown::Folded(_) | Shown::Same { .. } => None,
        })
    }

    fn after(&self, line: &Line) -> &Snapshot {
        &self.trace.steps[line.after].after
    }

    /// How wide the column of step numbers is.
    fn label_width(&self) -> usize {
        self.lines()
            .map(|l| l.label.len())
            .max()
            .unwrap_or(0)
            .max(4)
    }

    /// Where the count of each semaphore stands, from a column on, and where the last one ends.
    fn count_columns(&self, mut at: usize) -> (Vec<usize>, usize) {
        let mut columns = Vec::new();
        for &s in &self.semaphores {
            columns.push(at);
            let counts = self
                .lines()
                .map(|l| count(&self.after(l).semaphores[s.index()]).len());
            let widest = counts.max().unwrap_or(0);
            at += widest.max(self.trace.semaphore(s).len()) + 2;
        }
        (columns, at)
    }

    fn put_counts(&self, row: &mut Row, columns: &[usize], line: &Line) {
        for (&s, &at) in self.semaphores.iter().zip(columns) {
            let state = &self.after(line).semaphores[s.index()];
            let before = match line.after {
                0 => &self.trace.initial,
                i => &self.trace.steps[i - 1].after,
            };
            let changed = before.semaphores[s.index()] != *state;
            let paint = if changed { Paint::Plain } else { Paint::Faint };
            row.put(at, &count(state), paint);
        }
    }

    /// A column a worker; `false`, and nothing drawn, if the page is too narrow.
    fn in_columns(&self, page: &mut Page, workers: &BTreeSet<WorkerId>) -> bool {
        let label = 2 + self.label_width();
        let (counts, mut at) = self.count_columns(label + 2);
        at += usize::from(!counts.is_empty());
        let mut columns = Vec::new();
        for &worker in workers {
            let own = || self.lines().filter(|l| l.worker == worker);
            let text = own().map(|l| l.text.len()).max().unwrap_or(0);
            let place = own().map(|l| l.place.len()).max().unwrap_or(0);
            let width = (text + 2 + place).max(self.trace.worker(worker).len());
            columns.push((worker, at, width));
            at += width + 3;
        }
        let end = at - 3;
        if end > WIDTH || columns.len() > 6 {
            return false;
        }
        let mut head = Row::default();
        head.put(label - 4, "step", Paint::Faint);
        for (&s, &at) in self.semaphores.iter().zip(&counts) {
            head.put(at, self.trace.semaphore(s), Paint::Strong);
        }
        for &(worker, at, ..) in &columns {
            head.put(at, self.trace.worker(worker), Paint::Strong);
        }
        page.row(&head);
        for shown in &self.rows {
            let line = match shown {
                Shown::Line(line) => line,
                Shown::Folded(steps) => {
                    fold(page, label, &format!("{steps} steps …"));
                    continue;
                }
                Shown::Same { times, last } => {
                    let text = format!("the same {times} times, to step {last}");
                    fold(page, label, &text);
                    continue;
                }
            };
            let mut row = Row::default();
            row.put_before(label, &line.label, Paint::Faint);
            self.put_counts(&mut row, &counts, line);
            for &(worker, at, width) in &columns {
                if worker == line.worker {
                    row.put(at, &line.text, Paint::Plain);
                    row.put_before(at + width, &line.place, Paint::Faint);
                }
            }
            let lanes: Vec<(WorkerId, usize)> = columns.iter().map(|c| (c.0, c.1)).collect();
            self.put_lanes(&mut row, line, &lanes);
            if columns.len() == 1 && put_beside(&mut row, line, end + 3) {
                page.row(&row);
                continue;
            }
            page.row(&row);
            let at = columns
                .iter()
                .find(|c| c.0 == line.worker)
                .map_or(end, |c| c.1);
            self.put_notes(page, line, at, &lanes);
        }
        true
    }

    /// What the others do meanwhile: a line for who could go on, a broken one for who waits.
    fn put_lanes(&self, row: &mut Row, line: &Line, lanes: &[(WorkerId, usize)]) {
        for &(worker, at) in lanes.iter().filter(|lane| lane.0 != line.worker) {
            let state = &self.after(line).workers[worker.index()];
            if state.status == Status::Running {
                let lane = if state.wait.is_some() { "┊" } else { "│" };
                row.put(at, lane, Paint::Faint);
            }
        }
    }

    /// The remarks on a row, under it.
    fn put_notes(&self, page: &mut Page, line: &Line, at: usize, lanes: &[(WorkerId, usize)]) {
        let Some((text, paint)) = &line.remark else {
            return;
        };
        // not too far to the right
        let room = match text.len() {
            short @ ..44 => short,
            44..100 => 44,
            _ => 64,
        };
        let at = at.min(WIDTH - 2 - room);
        for (i, part) in wrap(text, WIDTH - at - 2, WIDTH - at - 2)
            .iter()
            .enumerate()
        {
            let mut row = Row::default();
            let end = at + 2 + part.width() + 1;
            let free = |lane: &&(WorkerId, usize)| lane.1 < at || lane.1 > end;
            let free: Vec<_> = lanes.iter().filter(free).copied().collect();
            self.put_lanes(&mut row, line, &free);
            row.put(at, if i == 0 { "└" } else { " " }, Paint::Faint);
            row.put(at + 2, part, *paint);
            page.row(&row);
        }
    }

    /// A line a step, whatever happens to fit.
    fn in_lines(&self, page: &mut Page) {
        let label = 2 + self.label_width();
        let (mut counts, mut at) = self.count_columns(label + 2);
        let inline = at > 36;
        if inline {
            counts.clear();
            at = label + 2;
        }
        let widest = |of: &dyn Fn(&Line) -> usize| self.lines().map(of).max().unwrap_or(0);
        let name = widest(&|l| self.trace.worker(l.worker).len()).clamp(6, 20);
        let place = widest(&|l| l.place.len());
        let semaphores: Vec<&str> = self.trace.semaphores.iter().map(String::as_str).collect();
        let semaphores = shorten_all(&semaphores, 18);
        let said = |line: &Line| counts_with(self.trace, line.after, &semaphores);
        let told = if inline {
            widest(&|l| said(l).len()).min(24)
        } else {
            0
        };
        let room = WIDTH - at - name - 2 - place - 2 - if inline { told + 2 } else { 0 };
        let text = widest(&|l| l.text.len()).min(room);
        let (does, stands) = (at + name + 2, at + name + 2 + text + 2);
        let tells = stands + place + 2;
        let notes = tells + if inline { told + 3 } else { 1 };
        let mut head = Row::default();
        head.put(label - 4, "step", Paint::Faint);
        for (&s, &at) in self.semaphores.iter().zip(&counts) {
            head.put(at, self.trace.semaphore(s), Paint::Strong);
        }
        head.put(at, "worker", Paint::Faint);
        page.row(&head);
        let names: Vec<&str> = self.lines().map(|l| self.trace.worker(l.worker)).collect();
        let texts: Vec<&str> = self.lines().map(|l| l.text.as_str()).collect();
        let counted: Vec<String> = self.lines().map(said).collect();
        let short = shorten_all(&names, name).into_iter();
        let short = short.zip(shorten_all(&texts, text));
        let mut short = short.zip(counted.iter().map(|text| shorten(text, told)));
        for shown in &self.rows {
            let line = match shown {
                Shown::Line(line) => line,
                Shown::Folded(steps) => {
                    fold(page, label, &format!("{steps} steps …"));
                    continue;
                }
                Shown::Same { times, last } => {
                    let text = format!("the same {times} times, to step {last}");
                    fold(page, label, &text);
                    continue;
                }
            };
            let Some(((who, does_what), counted)) = short.next() else {
                break;
            };
            let mut row = Row::default();
            row.put_before(label, &line.label, Paint::Faint);
            self.put_counts(&mut row, &counts, line);
            row.put(at, &who, Paint::Strong);
            row.put(does, &does_what, Paint::Plain);
            row.put_before(stands + place, &line.place, Paint::Faint);
            if inline {
                row.put(tells, &counted, Paint::Plain);
            }
            let beside = put_beside(&mut row, line, notes);
            page.row(&row);
            if !beside {
                self.put_notes(page, line, does, &[]);
            }
        }
    }
}

/// Puts the remarks to the right of a row, if there is room.
fn put_beside(row: &mut Row, line: &Line, at: usize) -> bool {
    let fitting = line
        .remark
        .as_ref()
        .filter(|(text, _)| at + text.len() <= WIDTH);
    if let Some((text, paint)) = fitting {
        row.put(at, text, *paint);
    }
    fitting.is_some()
}

fn fold(page: &mut Page, label: usize, text: &str) {
    let mut row = Row::default();
    row.put_before(label, "…", Paint::Faint);
    row.put(label + 2, text, Paint::Faint);
    page.row(&row);
}
