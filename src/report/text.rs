//! The report for people.

use unicode_width::UnicodeWidthStr;

use super::advice::what_changes;
use super::circle::chain;
use super::cite::Cite;
use super::covered::covered;
use super::hops::hops;
use super::model::{Finding, Replays, Report, Severity, Stopped};
use super::reason::reasons;
use super::remedy::{diagnosis, remedy};
use super::rows::Next;
use super::shell::{in_quotes, quoted_file};
use super::style::{Page, Paint, Row, Style, WIDTH, shorten, shorten_all, wrap};
use super::timeline::draw;
use super::trace::{Trace, Written};
use super::wait::why;
use super::words::{count, ended, list, some_of};
use crate::program::{Place, PropertyName};
use crate::property::StepBound;
use crate::property::{Identity, Situation};
use crate::run::{Budget, Ending, SemaphoreId, Status, WorkerId, printable};

/// A report as text: no line but the commands that replay is longer than 80 columns.
pub fn text(report: &Report, style: &Style) -> String {
    let mut page = Page::new(style);
    for finding in &report.findings {
        tell(&mut page, report, finding);
    }
    page.gap();
    covered(&mut page, report);
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
        Situation::Going => "then it could go on",
        Situation::StepBound => "and it goes on: a livelock",
    };
    headline(
        &mut page,
        &[(&format!("{steps}, {end}"), Paint::Strong)],
        file,
        None,
    );
    page.gap();
    draw(&mut page, trace, &[], &trace.waiters(None), &[]);
    page.gap();
    if let Some(circle) = &trace.cycle {
        lines(&mut page, 2, &[chain(trace, circle)]);
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
    if finding.identity.is_of_no_run() {
        page.labelled("remedy", &remedy(finding), Paint::Good);
        page.labelled("finding", &finding.id, Paint::Plain);
        return;
    }
    let trace = &finding.trace;
    let semaphores: Vec<SemaphoreId> = indices(&trace.semaphores, &finding.semaphores)
        .map(SemaphoreId)
        .collect();
    let workers: Vec<WorkerId> = indices(&trace.workers, &finding.workers)
        .map(WorkerId)
        .collect();
    let same = same_run(report, finding);
    match same {
        Some(same) => {
            let text = format!("(its timeline is that of {}, above)", same.id);
            page.paragraph(2, 2, &text, Paint::Faint);
        }
        None => draw(page, trace, &semaphores, &workers, &next(report, finding)),
    }
    page.gap();
    if finding.property != PropertyName::Divergence {
        let told = same.is_some();
        lines(page, 2, &reasons(finding, &report.order, told, Cite::ALL));
        if !finding.also.is_empty() {
            let also = format!("in other runs the same with {}", list(&finding.also));
            lines(page, 2, &[also]);
        }
        page.gap();
        if let Some(text) = diagnosis(finding) {
            page.labelled("diagnosis", &text, Paint::Plain);
        }
    }
    if let Some(cause) = &finding.follows {
        page.labelled("follows", &format!("from {cause}"), Paint::Plain);
    }
    page.labelled("remedy", &remedy(finding), Paint::Good);
    page.labelled("finding", &finding.id, Paint::Plain);
    page.labelled("schedule", &figures(finding), Paint::Plain);
    let Replays { made, shown } = finding.replays;
    if shown < made && finding.property != PropertyName::Divergence {
        let told = format!(
            "not deterministic: found in {shown} of {made} replays; what the schedule does not decide \
             is likely one of these: {}",
            what_changes(trace.written)
        );
        page.labelled("replays", &told, Paint::Warning);
    }
    page.command("replay", &replays(report, finding));
}

/// The finding told before whose run is the same.
pub(super) fn same_run<'r>(report: &'r Report, finding: &Finding) -> Option<&'r Finding> {
    let mut before = report.findings.iter().take_while(|f| f.id != finding.id);
    before.find(|f| f.schedule == finding.schedule && !f.trace.steps.is_empty())
}

/// What a person does to replay a finding.
pub(super) fn replays(report: &Report, finding: &Finding) -> String {
    let schedule = &finding.schedule;
    match &report.command {
        Some(command) => format!("SELVEDGE_REPLAY={} {command}", in_quotes(schedule)),
        None => {
            let name = &report.program;
            match finding.trace.written {
                Written::Program => {
                    let file = quoted_file(name);
                    let schedule = in_quotes(schedule);
                    format!("selvedge replay {file}{} {schedule}", bound(finding))
                }
                Written::Futures => {
                    format!("Explorer::replay_async({name:?}, {schedule:?}, …)")
                }
                Written::Threads => {
                    format!("Explorer::replay_threads({name:?}, {schedule:?}, …)")
                }
            }
        }
    }
}

/// The option that a livelock needs to be replayed as one: its run has as many steps as the bound.
fn bound(finding: &Finding) -> String {
    let usual = StepBound::default().0;
    match finding.identity {
        Identity::Livelock if finding.steps as u64 != usual => {
            format!(" --steps {}", finding.steps)
        }
        _ => String::new(),
    }
}

/// Those who stand, when the run of a lock-order finding ends, at the acquire that closes the
/// cycle.
pub(super) fn next(report: &Report, finding: &Finding) -> Vec<Next> {
    let Identity::LockOrder { cycle } = &finding.identity else {
        return Vec::new();
    };
    let trace = &finding.trace;
    let edges = hops(trace, cycle, &report.order).into_iter();
    let standing = edges.filter_map(|edge| {
        let id = trace.workers.iter().position(|w| *w == edge.worker)?;
        let state = &trace.last().workers[id];
        let (_, place) = state.statement.filter(|at| Some(at.1) == edge.place)?;
        let holds = |s: &SemaphoreId| trace.semaphore(*s) == edge.from;
        let stands = state.wait.is_none() && state.held.iter().any(|(s, _)| holds(s));
        stands.then(|| Next {
            worker: WorkerId(id as u32),
            text: format!("acquire {}", edge.to),
            place,
        })
    });
    standing.collect()
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
    let file = place.and_then(|place| place.file).unwrap_or(file);
    let place = place.map_or(String::new(), |place| {
        format!(":{}:{}", place.line, place.column)
    });
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
pub(super) fn lines(page: &mut Page, at: usize, lines: &[String]) {
    for line in lines {
        if line.len() <= WIDTH - at || !line.contains(" -> ") {
            page.paragraph(at, at + 2, line, Paint::Plain);
            continue;
        }
        for (i, link) in line.split(" -> ").enumerate() {
            if i == 0 {
                page.paragraph(at, at + 2, link, Paint::Plain);
            } else {
                page.paragraph(at, at + 3, &format!("-> {link}"), Paint::Plain);
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
    let Replays { made, shown } = finding.replays;
    let replayed = match finding.identity {
        _ if finding.property == PropertyName::Divergence => "does not replay".to_owned(),
        Identity::Spin { .. } => "replayed up to the step that does not end".to_owned(),
        _ if shown < made => format!("found in {shown} of {made} replays"),
        _ => "replayed".to_owned(),
    };
    format!("{faults}, {steps}, {switches}{cheapest} · {replayed}")
}

/// The bounds of a budget, in one phrase; what is not allowed at all is left out.
pub(super) fn bounds(budget: &Budget) -> String {
    let faults = [
        ("panics", budget.panics),
        ("timeouts", budget.timeouts),
        ("cancels", budget.cancels),
    ];
    let allowed = faults.iter().filter(|(_, most)| *most > 0);
    let mut said: Vec<String> = allowed
        .map(|(what, most)| format!("{what}={most}"))
        .collect();
    said.extend(budget.preemptions.map(|most| format!("preemptions={most}")));
    if said.is_empty() {
        "without faults".to_owned()
    } else {
        format!("under {}", said.join(" "))
    }
}

/// How much was found.
pub(super) fn verdict(report: &Report) -> (String, Paint) {
    let of = |severity| {
        report
            .findings
            .iter()
            .filter(|f| f.severity == severity)
            .count() as u64
    };
    let (errors, warnings) = (of(Severity::Error), of(Severity::Warning));
    let errors = errors + report.not_replayed;
    match (errors, warnings, report.complete) {
        (0, 0, true) => ("clean".to_owned(), Paint::Good),
        (0, 0, false) => ("nothing found".to_owned(), Paint::Warning),
        (0, n, _) => (count(n, "warning"), Paint::Warning),
        (n, 0, _) => (count(n, "finding"), Paint::Error),
        (n, m, _) => (
            format!("{} and {}", count(n, "finding"), count(m, "warning")),
            Paint::Error,
        ),
    }
}

/// The last line of a report: what was found, and how far it looked.
fn summary(page: &mut Page, report: &Report) {
    let (verdict, paint) = verdict(report);
    let stats = &report.stats;
    let by_runs = report.strategy != crate::strategy::StrategyName::Exhaustive;
    let seen = if by_runs || stats.runs > 0 {
        count(stats.runs, "run")
    } else {
        count(stats.states, "state")
    };
    let seconds = format!("{:.1} s", stats.seconds);
    let under = bounds(&report.budget);
    let searched = match report.stopped {
        None if report.complete => "complete".to_owned(),
        None => "not complete, others had to wait where a panic unwinds ·".to_owned(),
        Some(why) => {
            let why = match why {
                Stopped::Time => "the time is over",
                Stopped::States => "the bound on states is reached",
                Stopped::Runs => "all runs asked for are made",
                Stopped::Memory => "the bound on memory is reached",
                Stopped::Interrupted => "interrupted",
                Stopped::Hang => "a run does not end",
                Stopped::FirstError => "stopped at the first error (`keep_going` makes all runs)",
            };
            format!("not complete, {why} ·")
        }
    };
    let mut text = format!("{searched} {under}");
    if report.not_replayed > 0 {
        text += &format!(
            ", {} not told: there was no time to replay {}",
            report.not_replayed,
            if report.not_replayed == 1 {
                "it"
            } else {
                "them"
            }
        );
    }
    if report.more_cycles {
        text += ", more lock-order cycles than are told";
    }
    if report.strategy != crate::strategy::StrategyName::Exhaustive {
        text += &format!(", {}", report.strategy);
        if let Some(seed) = report.seed {
            text += &format!(" from seed {seed}");
        }
    }
    if let Some(shard) = report.shard {
        text += &format!(", shard {shard}");
    }
    if page.style().figures {
        text += &format!(" · {seen}, {seconds}");
        if report.strategy == crate::strategy::StrategyName::Exhaustive {
            text += &format!(", reduction {}", report.reduction.as_str());
        }
        if let (Some(classes), Some(blocked)) = (stats.classes, stats.blocked) {
            text += &format!(
                ", {}, {blocked} blocked",
                count_of(classes, "class", "classes")
            );
        }
        if let Some(omission) = stats.omission {
            text += &format!(", a state was missed with probability {omission:.1e} at most");
        }
    }
    if stats.unjudged > 0 {
        text += &format!(
            " · {} not judged to the end: a thread had to wait for another one while it unwound",
            count(stats.unjudged, "run")
        );
    }
    let file = shorten(&printable(&report.program), 40);
    page.paragraph(0, 2, &format!("{file}: {verdict} · {text}"), paint);
}

/// `1 class`, `2 classes`.
fn count_of(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// Where everybody is at the end of a run.
fn state(page: &mut Page, trace: &Trace) {
    let last = trace.last();
    let moved = |id: &WorkerId| trace.steps.iter().any(|step| step.choice.worker == *id);
    let tells = |id: &WorkerId| {
        let state = &last.workers[id.index()];
        moved(id) || state.wait.is_some() || !state.held.is_empty()
    };
    let all = (0..trace.workers.len() as u32).map(WorkerId);
    let (told, others): (Vec<WorkerId>, Vec<WorkerId>) = all.partition(tells);
    let names = told.iter().map(|&w| trace.worker(w).len());
    let width = names.max().unwrap_or(0).min(24);
    let names: Vec<&str> = told.iter().map(|&w| trace.worker(w)).collect();
    for (&id, name) in told.iter().zip(shorten_all(&names, width)) {
        let (text, paint) = place_of(trace, id);
        page.paragraph(2, 4 + width, &format!("{name:width$}  {text}"), paint);
    }
    if !others.is_empty() {
        let text = format!("{}: not begun", list(&trace.names(&others)));
        page.paragraph(2, 4, &text, Paint::Faint);
    }
}

/// Where a worker is at the end of a run, what it holds and what it waits for.
fn place_of(trace: &Trace, id: WorkerId) -> (String, Paint) {
    let last = trace.last();
    let state = &last.workers[id.index()];
    let held = state.held.iter();
    let held: Vec<String> = held.map(|&(s, n)| some_of(n, trace.semaphore(s))).collect();
    let held = list(&held);
    let holds = |text: String, how: &str| match state.held[..] {
        [] => text,
        _ => format!("{text}{how} {held}"),
    };
    match state.status {
        Status::Unspawned => (holds("not spawned".to_owned(), ", was given"), Paint::Plain),
        Status::Ended => {
            let how = trace.end_of(id).map_or(Ending::Returned, |(_, how)| how);
            let text = ended(how).to_owned();
            let paint = if state.held.is_empty() {
                Paint::Faint
            } else {
                Paint::Error
            };
            (holds(text, ", still holds"), paint)
        }
        Status::Running => {
            let place = state.statement.map(|(_, place)| place);
            let text = place.map_or(String::new(), |place| format!("at {place}"));
            let text = holds(text, ", holds");
            match why(trace, last, id) {
                Some(why) => (format!("{text}, {why}"), Paint::Warning),
                None => (text, Paint::Plain),
            }
        }
    }
}
