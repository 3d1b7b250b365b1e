//! The order graph of a report and the wait-for graph of a run, for `dot` and for people.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::circle::chain;
use super::model::{OrderEdge, Report};
use super::style::{Page, Paint, Style};
use super::text::lines;
use super::trace::Trace;
use super::wait::why;
use super::words::{list, some_of};
use crate::property::{Danger, Edge, Identity};
use crate::run::{Wait, WorkerId};

/// The edges of the order graph, those of one pair of semaphores together.
struct Pairs<'a> {
    edges: BTreeMap<(&'a str, &'a str), Vec<&'a OrderEdge>>,
    /// The pairs that are part of a cycle, each with the worst that is known of it.
    cyclic: BTreeMap<(&'a str, &'a str), Danger>,
}

fn pairs(report: &Report) -> Pairs<'_> {
    let mut edges: BTreeMap<_, Vec<&OrderEdge>> = BTreeMap::new();
    for edge in &report.order {
        let pair = (edge.from.as_str(), edge.to.as_str());
        edges.entry(pair).or_default().push(edge);
    }
    let mut cyclic = BTreeMap::new();
    for finding in &report.findings {
        if !matches!(finding.identity, Identity::LockOrder { .. }) {
            continue;
        }
        let danger = finding.danger.unwrap_or(Danger::Unknown);
        let following = finding.semaphores.iter().cycle().skip(1);
        for (from, to) in finding.semaphores.iter().zip(following) {
            let worst = cyclic.entry((from.as_str(), to.as_str())).or_insert(danger);
            if rank(danger) > rank(*worst) {
                *worst = danger;
            }
        }
    }
    Pairs { edges, cyclic }
}

fn rank(danger: Danger) -> u8 {
    match danger {
        Danger::Unreachable => 0,
        Danger::Unknown => 1,
        Danger::Reachable => 2,
    }
}

/// Who takes the second while holding the first, once for each place: `left.1 5:5`.
fn takers(edges: &[&OrderEdge]) -> Vec<String> {
    let mut by_place: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for edge in edges {
        let workers = by_place.entry(edge.place).or_default();
        workers.push(edge.worker.clone());
    }
    let told = by_place.into_iter().map(|(place, workers)| match place {
        Some(place) => format!("{} {place}", list(&workers)),
        None => list(&workers),
    });
    told.collect()
}

/// The order graph in the language of Graphviz: an edge from S to T when a worker took T while it
/// held S; those of a cycle are bold, and say how dangerous it is.
pub fn order_dot(report: &Report) -> String {
    let Pairs { edges, cyclic } = pairs(report);
    let names: BTreeSet<&str> = edges.keys().flat_map(|&(from, to)| [from, to]).collect();
    let mut text = "digraph order {\n".to_owned();
    for name in names {
        let _ = writeln!(text, "  {};", id(name));
    }
    for ((from, to), edges) in &edges {
        let mut label = takers(edges);
        let mut marks = String::new();
        if let Some(danger) = cyclic.get(&(*from, *to)) {
            label.push(danger.as_str().to_owned());
            let color = match danger {
                Danger::Unreachable => "orange",
                Danger::Unknown | Danger::Reachable => "red",
            };
            marks = format!(", color={color}, style=bold");
        }
        let label = id(&label.join("\n"));
        let _ = writeln!(text, "  {} -> {} [label={label}{marks}];", id(from), id(to));
    }
    text + "}\n"
}

/// The order graph for people.
pub fn order_text(report: &Report, style: &Style) -> String {
    let Pairs { edges, cyclic } = pairs(report);
    let mut page = Page::new(style);
    if edges.is_empty() {
        let text = "no worker takes a semaphore while it holds another";
        page.paragraph(0, 0, text, Paint::Plain);
    }
    for ((from, to), edges) in &edges {
        let mut text = format!("{from} -> {to}   {}", takers(edges).join("; "));
        let mut paint = Paint::Plain;
        if let Some(danger) = cyclic.get(&(*from, *to)) {
            text += match danger {
                Danger::Reachable => "   (in a cycle that deadlocks)",
                Danger::Unreachable => {
                    "   (in a cycle on which no run within these bounds deadlocks)"
                }
                Danger::Unknown => "   (in a cycle)",
            };
            paint = match danger {
                Danger::Unreachable => Paint::Warning,
                Danger::Unknown | Danger::Reachable => Paint::Error,
            };
        }
        page.paragraph(0, 4, &text, paint);
    }
    page.into_text()
}

/// The wait-for graph at the end of a run in the language of Graphviz; the edges of a circular
/// wait are bold.
pub fn waits_dot(trace: &Trace) -> String {
    let mut text = "digraph waits {\n".to_owned();
    for (id_, state) in (0..).map(WorkerId).zip(trace.last().workers.iter()) {
        let waits = state.wait.is_some();
        let on = trace.edges.iter().any(|edge| edge.on == id_);
        if !waits && !on {
            continue;
        }
        let mut label = trace.worker(id_).to_owned();
        let held = state.held.iter();
        let held: Vec<String> = held.map(|&(s, n)| some_of(n, trace.semaphore(s))).collect();
        if !held.is_empty() {
            label += &format!("\nholds {}", list(&held));
        }
        if let (true, Some((_, place))) = (waits, state.statement) {
            label += &format!("\nwaits at {place}");
        }
        let _ = writeln!(text, "  {} [label={}];", id(trace.worker(id_)), id(&label));
    }
    for edge in &trace.edges {
        let dashed = if edge.queued { ", style=dashed" } else { "" };
        let marks = if in_circle(trace, edge) {
            ", color=red, style=bold"
        } else {
            dashed
        };
        let _ = writeln!(
            text,
            "  {} -> {} [label={}{marks}];",
            id(trace.worker(edge.waits)),
            id(trace.worker(edge.on)),
            id(&between(trace, edge)),
        );
    }
    text + "}\n"
}

/// The wait-for graph at the end of a run for people.
pub fn waits_text(trace: &Trace, style: &Style) -> String {
    let mut page = Page::new(style);
    for edge in &trace.edges {
        let text = format!(
            "{} -> {}   {}",
            trace.worker(edge.waits),
            trace.worker(edge.on),
            between(trace, edge)
        );
        let paint = if in_circle(trace, edge) {
            Paint::Error
        } else {
            Paint::Plain
        };
        page.paragraph(0, 4, &text, paint);
    }
    // those whose wait has no edge: nobody there can end it
    let alone = trace.waiters(None).into_iter();
    let alone = alone.filter(|w| trace.edges.iter().all(|edge| edge.waits != *w));
    for worker in alone {
        if let Some(why) = why(trace, trace.last(), worker) {
            page.paragraph(
                0,
                4,
                &format!("{} {why}", trace.worker(worker)),
                Paint::Plain,
            );
        }
    }
    if let Some(cycle) = &trace.cycle {
        page.gap();
        lines(&mut page, 0, &[chain(trace, cycle)]);
    }
    let text = page.into_text();
    if text.is_empty() {
        return "nobody waits\n".to_owned();
    }
    text
}

fn in_circle(trace: &Trace, edge: &Edge) -> bool {
    let Some(circle) = &trace.cycle else {
        return false;
    };
    let mut hops = circle.iter().zip(circle.iter().cycle().skip(1));
    hops.any(|(waits, on)| (edge.waits, edge.on) == (*waits, *on))
}

/// What stands between the two: `a`, `2 of a`, `ahead in the queue of a`, `join`.
fn between(trace: &Trace, edge: &Edge) -> String {
    let Some(semaphore) = edge.semaphore else {
        return "join".to_owned();
    };
    let name = trace.semaphore(semaphore);
    if edge.queued {
        return format!("ahead in the queue of {name}");
    }
    match trace.last().workers[edge.waits.index()].wait {
        Some(Wait::Permits { permits, taken, .. }) => some_of(permits - taken, name),
        _ => name.to_owned(),
    }
}

/// A quoted id. Line ends become `\n`, which `dot` draws as such.
fn id(text: &str) -> String {
    let escaped = text
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n");
    format!("\"{escaped}\"")
}
