//! The report for snapshot tests: what is compared, and nothing that changes beside it.
//!
//! **Invariants**
//!
//! 1. No figure, no second, no folder and no seed is written; a line or column only where asked for.
//! 2. Each step is a line of its own which neither the steps before it nor the width of another one
//!    change: one step more is one line more.
//! 3. What only advises is left out, since its wording changes from release to release.

use std::fmt::Write;

use super::cite::Cite;
use super::model::{Finding, Report, Severity};
use super::reason::reasons;
use super::rows::{Line, Next, Shown, rows};
use super::text::{bounds, next, same_run, verdict};
use super::timeline::counts_of;
use super::trace::Trace;
use crate::program::PropertyName;
use crate::run::printable;

/// More choices of a schedule are not told: such runs do not end, and their steps repeat.
const MOST_CHOICES: usize = 200;

/// A report as text that stays the same across runs, machines and edits that have nothing to do with
/// it: findings, each with its timeline and its schedule. With `places`, the lines and columns of the
/// code stand beside.
///
/// A schedule is written without its digest and its checksum; it is the report as
/// [`text`](super::text()) that says how to replay it.
pub fn stable(report: &Report, places: bool) -> String {
    let cite = Cite {
        places,
        steps: false,
    };
    let mut text = String::new();
    for finding in &report.findings {
        tell(&mut text, report, finding, cite);
    }
    if let Some(trace) = &report.timeline {
        draw(&mut text, trace, &[], cite);
        text.push('\n');
    }
    let searched = if report.complete {
        "complete"
    } else {
        "not complete"
    };
    let name = report.program.rsplit(['/', '\\']).next();
    let name = printable(name.unwrap_or(&report.program));
    let (verdict, _) = verdict(report);
    let bounds = bounds(&report.budget);
    line(
        &mut text,
        format_args!("{name}: {verdict}, {searched} {bounds}"),
    );
    if places {
        text
    } else {
        without_lines(report, text)
    }
}

/// The same with the names of semaphores that say where these were made replaced.
fn without_lines(report: &Report, text: String) -> String {
    let traces = report.findings.iter().map(|finding| &finding.trace);
    let traces = traces.chain(&report.timeline);
    let names = traces.flat_map(|trace| trace.semaphores.iter().zip(&trace.labels));
    let mut names: Vec<(&String, &String)> = names.filter(|(name, label)| name != label).collect();
    // one may begin as another one does
    names.sort_by_key(|(name, _)| (std::cmp::Reverse(name.len()), *name));
    names.dedup();
    names
        .into_iter()
        .fold(text, |text, (name, label)| text.replace(name, label))
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(text, "{line}").expect("a string takes what is written to it");
}

fn tell(text: &mut String, report: &Report, finding: &Finding, cite: Cite) {
    let mark = match finding.severity {
        Severity::Error => "",
        Severity::Warning => " (warning)",
    };
    let at = cite.at(finding.place);
    line(
        text,
        format_args!("{}{mark}: {}{at}\n", finding.property, finding.detail),
    );
    if finding.identity.is_of_no_run() {
        return;
    }
    let cause = report
        .findings
        .iter()
        .find(|f| Some(&f.id) == finding.follows.as_ref());
    if let Some(cause) = cause {
        line(text, format_args!("  (follows from: {})", cause.detail));
    }
    let same = same_run(report, finding);
    match same {
        Some(same) => line(
            text,
            format_args!("  (the run is that of: {})", same.detail),
        ),
        None => draw(text, &finding.trace, &next(report, finding), cite),
    }
    text.push('\n');
    if finding.property != PropertyName::Divergence {
        let reasons = reasons(finding, &report.order, same.is_some(), cite);
        for reason in &reasons {
            // a chain is broken at its links
            line(
                text,
                format_args!("  {}", reason.replace(" -> ", "\n     -> ")),
            );
        }
        if !reasons.is_empty() {
            text.push('\n');
        }
    }
    if same.is_none() {
        line(
            text,
            format_args!("  schedule: {}\n", choices(&finding.schedule)),
        );
    }
}

/// The choices of a schedule, without what it is a schedule of.
fn choices(schedule: &str) -> String {
    let body = schedule.split(':').nth(3).unwrap_or_default();
    let all: Vec<&str> = body.split(',').collect();
    let told = &all[..all.len().min(MOST_CHOICES)];
    match all.len() - told.len() {
        0 => told.join(", "),
        more => format!("{}, and {more} more", told.join(", ")),
    }
}

/// A line a step: `main.1: acquire pool (pool 0/1)`, and what came of it in a line below.
fn draw(text: &mut String, trace: &Trace, next: &[Next], cite: Cite) {
    let rows = rows(trace, next);
    if rows.is_empty() {
        line(text, format_args!("  no step can be taken"));
    }
    for shown in rows {
        match shown {
            Shown::Line(row) => {
                let is_step = row.label.parse() == Ok(row.after + 1);
                if !is_step && !row.label.is_empty() {
                    line(text, format_args!("  {}", row.label));
                }
                draw_row(text, trace, &row, is_step, cite);
            }
            // how many depends on what stands before them
            Shown::Folded(_) => line(text, format_args!("  …")),
            Shown::Same { times, .. } => line(text, format_args!("  the same {times} times")),
        }
    }
}

fn draw_row(text: &mut String, trace: &Trace, row: &Line, is_step: bool, cite: Cite) {
    let place = if cite.places {
        format!(" at {}", row.place)
    } else {
        String::new()
    };
    let counts = Some(counts_of(trace, row.after)).filter(|counts| is_step && !counts.is_empty());
    let counts = counts.map_or(String::new(), |counts| format!(" ({counts})"));
    let worker = trace.worker(row.worker);
    line(
        text,
        format_args!("  {worker}: {}{counts}{place}", row.text),
    );
    if let Some((remark, _)) = &row.remark {
        line(text, format_args!("      {remark}"));
    }
}
