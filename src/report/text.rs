//! The report for people.

use unicode_width::UnicodeWidthStr;

use super::model::{Finding, Report, Severity, Stopped};
use super::reason::{reasons, stuck};
use super::remedy::{diagnosis, remedy};
use super::story::why_waits;
use super::style::{Page, Paint, Row, Style, WIDTH, printable, shorten, wrap};
use super::timeline::draw;
use super::trace::Trace;
use super::words::{count, some_of};
use crate::program::{Place, PropertyName};
use crate::property::Situation;
use crate::run::{Budget, Ending, SemaphoreId, Status, WorkerId};

/// A report as text: no line but the commands that replay is longer than 80 columns.
pub fn text(report: &Report, style: &Style) -> String {
    let mut page = Page::new(style);
    for finding in &report.findings {
        tell(&mut page, report, finding);
    }
    page.gap();
    summary(&mut page, report);
    page.into_text()
}

/// One run as text, with the state at its end; `file` is the name of its program.
pub fn timeline(trace: &Trace, file: &str, style: &Style) -> String {
    let mut page = Page::new(style);
    let steps = count(trace.steps.len() as u64, "step");
    let end = match trace.situation {
        Situation::Finished => "then all workers have ended",
        Situation::Stuck => "then nobody can go on",
        Situation::Going | Situation::StepBound => "then it could go on",
    };
    headline(
        &mut page,
        &[(&format!("{steps}, {end}"), Paint::Strong)],
        file,
        None,
    );
    page.gap();
    draw(&mut page, trace, &[], &trace.waiters(None));
    page.gap();
    if trace.situation == Situation::Stuck {
        lines(&mut page, &stuck(trace));
        page.gap();
    }
    state(&mut page, trace);
    page.into_text()
}

fn tell(page: &mut Page, report: &Report, finding: &Finding) {
    let (mark, paint) = match finding.severity {
        Severity::Error => ("", Paint::Error),
        Severity::Warning => (" (warning)", Paint::Warning),
    };
    let property = format!("{}{mark}:", finding.property);
    page.gap();
    headline(
        page,
        &[(&property, paint), (&finding.detail, Paint::Strong)],
        &report.program,
        finding.place,
    );
    page.gap();
    let trace = &finding.trace;
    let semaphores: Vec<SemaphoreId> = indices(&trace.semaphores, &finding.semaphores)
        .map(SemaphoreId)
        .collect();
    let workers: Vec<WorkerId> = indices(&trace.workers, &finding.workers)
        .map(WorkerId)
        .collect();
    draw(page, trace, &semaphores, &workers);
    page.gap();
    if finding.property != PropertyName::Divergence {
        lines(page, &reasons(finding, &report.order));
        page.gap();
        if let Some(text) = diagnosis(finding) {
            page.paragraph(2, 4, &text, Paint::Plain);
        }
    }
    page.paragraph(2, 4, &format!("remedy: {}", remedy(finding)), Paint::Good);
    page.gap();
    page.paragraph(2, 4, &figures(finding), Paint::Faint);
    let file = quoted(&report.program);
    page.command(
        "replay",
        &format!("selvedge replay {file} '{}'", finding.schedule),
    );
}

/// The positions of some names among all.
fn indices(all: &[String], names: &[String]) -> impl Iterator<Item = u32> {
    let found = names
        .iter()
        .filter_map(|name| all.iter().position(|n| n == name));
    found.map(|i| i as u32)
}

/// What it is about, and its place at the right end.
fn headline(page: &mut Page, pieces: &[(&str, Paint)], file: &str, place: Option<Place>) {
    let place = place.map_or(String::new(), |place| format!(":{place}"));
    let room = WIDTH - place.len();
    let place = shorten(&printable(file), room.min(44)) + &place;
    let words: Vec<(&str, Paint)> = pieces
        .iter()
        .flat_map(|&(text, paint)| text.split(' ').map(move |word| (word, paint)))
        .collect();
    let text: Vec<&str> = words.iter().map(|&(word, _)| word).collect();
    let broken = wrap(&text.join(" "), WIDTH, WIDTH - 2);
    // the words come in the same order, so their paint can be counted off
    let mut paints = words
        .iter()
        .flat_map(|&(word, paint)| word.chars().map(move |_| paint));
    for (i, line) in broken.iter().enumerate() {
        let mut row = Row::default();
        let indent = if i == 0 { 0 } else { 2 };
        for (column, c) in line.chars().enumerate().filter(|&(_, c)| c != ' ') {
            let paint = paints.next().unwrap_or(Paint::Plain);
            row.put(indent + column, c.encode_utf8(&mut [0; 4]), paint);
        }
        let last = i + 1 == broken.len();
        if last && indent + line.width() + 2 + place.width() <= WIDTH {
            row.put_before(WIDTH, &place, Paint::Faint);
            page.row(&row);
        } else {
            page.row(&row);
            if last {
                let mut row = Row::default();
                row.put_before(WIDTH, &place, Paint::Faint);
                page.row(&row);
            }
        }
    }
}

/// Lines of reasons. Where one is a chain it is broken at its links.
fn lines(page: &mut Page, lines: &[String]) {
    for line in lines {
        if line.len() <= WIDTH - 2 || !line.contains(" -> ") {
            page.paragraph(2, 4, line, Paint::Plain);
            continue;
        }
        for (i, link) in line.split(" -> ").enumerate() {
            if i == 0 {
                page.paragraph(2, 4, link, Paint::Plain);
            } else {
                page.paragraph(2, 5, &format!("-> {link}"), Paint::Plain);
            }
        }
    }
}

fn figures(finding: &Finding) -> String {
    let faults = match finding.faults {
        0 => "no faults".to_owned(),
        n => count(u64::from(n), "fault"),
    };
    let steps = count(finding.steps as u64, "step");
    let switches = match finding.switches {
        1 => "1 switch".to_owned(),
        n => format!("{n} switches"),
    };
    let cheapest = if finding.cheapest { " (cheapest)" } else { "" };
    let replayed = if finding.property == PropertyName::Divergence {
        "does not replay"
    } else {
        "replayed"
    };
    format!(
        "{faults}, {steps}, {switches}{cheapest} · {replayed} · {}",
        finding.id
    )
}

/// The bounds of a budget, in one phrase.
fn bounds(budget: &Budget) -> String {
    let mut text = format!(
        "panics={} timeouts={} cancels={}",
        budget.panics, budget.timeouts, budget.cancels
    );
    if let Some(most) = budget.preemptions {
        text += &format!(" preemptions={most}");
    }
    text
}

/// The last line of a report: what was found, and how far it looked.
fn summary(page: &mut Page, report: &Report) {
    let of = |severity| {
        report
            .findings
            .iter()
            .filter(|f| f.severity == severity)
            .count() as u64
    };
    let (errors, warnings) = (of(Severity::Error), of(Severity::Warning));
    let (verdict, paint) = match (errors, warnings, report.complete) {
        (0, 0, true) => ("clean".to_owned(), Paint::Good),
        (0, 0, false) => ("nothing found".to_owned(), Paint::Warning),
        (0, n, _) => (count(n, "warning"), Paint::Warning),
        (n, 0, _) => (count(n, "finding"), Paint::Error),
        (n, m, _) => (
            format!("{} and {}", count(n, "finding"), count(m, "warning")),
            Paint::Error,
        ),
    };
    let stats = &report.stats;
    let seen = if stats.runs > 0 {
        count(stats.runs, "run")
    } else {
        count(stats.states, "state")
    };
    let seconds = format!("in {:.1} s", stats.seconds);
    let under = bounds(&report.budget);
    let searched = match report.stopped {
        None if report.complete => "complete".to_owned(),
        None => "not complete".to_owned(),
        Some(why) => {
            let why = match why {
                Stopped::Time => "the time is over",
                Stopped::States => "so many states were allowed",
                Stopped::Runs => "so many runs were allowed",
                Stopped::Interrupted => "it was interrupted",
            };
            format!("stopped, {why}; not complete")
        }
    };
    let mut text = format!("{searched} under {under}");
    if report.strategy != super::model::StrategyName::Exhaustive {
        text += &format!(", {}", report.strategy);
        if let Some(seed) = report.seed {
            text += &format!(" from seed {seed}");
        }
    }
    if let Some(shard) = report.shard {
        text += &format!(", shard {shard}");
    }
    if page.style().figures {
        text += &format!(": {seen} {seconds}");
    }
    let file = shorten(&printable(&report.program), 40);
    page.paragraph(0, 2, &format!("{file}: {verdict}; {text}"), paint);
}

/// Where everybody and everything is at the end of a run.
fn state(page: &mut Page, trace: &Trace) {
    let last = trace.last();
    let width = trace
        .workers
        .iter()
        .map(String::len)
        .max()
        .unwrap_or(0)
        .min(24);
    for (id, state) in (0..).map(WorkerId).zip(&last.workers) {
        let held: Vec<String> = state
            .held
            .iter()
            .map(|&(s, n)| some_of(n, trace.semaphore(s)))
            .collect();
        let held = held.join(", ");
        let (mut text, mut paint) = match state.status {
            Status::Unspawned => ("not spawned".to_owned(), Paint::Faint),
            Status::Ended => {
                let how = match trace.end_of(id) {
                    Some((_, Ending::Returned)) | None => "has ended".to_owned(),
                    Some((_, how)) => format!("has ended ({how})"),
                };
                (how, Paint::Faint)
            }
            Status::Running => {
                let at = state
                    .statement
                    .map_or(String::new(), |(_, place)| format!("at {place}"));
                match why_waits(trace, last, id) {
                    Some(why) => (format!("{at} {why}"), Paint::Warning),
                    None => (at, Paint::Plain),
                }
            }
        };
        if !held.is_empty() {
            let ended = state.status == Status::Ended;
            text += &format!(
                "{} {held}",
                if ended {
                    ", never put back:"
                } else {
                    ", holds"
                }
            );
            paint = if ended { Paint::Error } else { paint };
        }
        let name = shorten(trace.worker(id), width);
        page.paragraph(2, 4 + width, &format!("{name:width$}  {text}"), paint);
    }
}

/// A file's name as a shell takes it.
pub(super) fn quoted(file: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "._-/+=@%:,".contains(c);
    let dashed = if file.starts_with('-') && file.len() > 1 {
        format!("./{file}")
    } else {
        file.to_owned()
    };
    if !dashed.is_empty() && dashed.chars().all(plain) {
        dashed
    } else if dashed.chars().any(char::is_control) {
        let escape = |c: char| match c {
            '\'' | '\\' => format!("\\{c}"),
            c if c.is_control() => format!("\\u{:04x}", u32::from(c)),
            c => c.to_string(),
        };
        format!("$'{}'", dashed.chars().map(escape).collect::<String>())
    } else {
        format!("'{}'", dashed.replace('\'', r"'\''"))
    }
}
