//! Why nothing more can happen, or how it came to what is wrong: a few lines under a timeline.

use super::circle::chain;
use super::cite::Cite;
use super::hops::hops;
use super::model::{Finding, OrderEdge};
use super::trace::Trace;
use super::wait::{Waits, why};
use super::words::{ended, list, permits, some_of, verb};
use crate::program::Place;
use crate::property::{Danger, Identity};
use crate::run::{Ending, Event, SemaphoreId, StatementId, Status, WorkerId};

/// So many lines of one kind are told.
const MOST: usize = 6;

/// The lines under the timeline of a finding; `told` when another finding of that run has told
/// why it is stuck.
pub(super) fn reasons(
    finding: &Finding,
    order: &[OrderEdge],
    told: bool,
    cite: Cite,
) -> Vec<String> {
    let trace = &finding.trace;
    match &finding.identity {
        Identity::Leak {
            semaphore,
            acquired,
            how,
        } => leak(trace, *semaphore, (*acquired, *how), cite),
        Identity::Missing {
            semaphore,
            statement,
        } => {
            let mut lines: Vec<String> = trace
                .taken_by(*statement)
                .map(|worker| handed_over(trace, worker, *semaphore, cite))
                .into_iter()
                .collect();
            lines.extend(missing(trace, *semaphore, cite));
            lines
        }
        Identity::OverRelease {
            semaphore,
            statement,
        }
        | Identity::ForeignRelease {
            semaphore,
            statement,
        } => history(trace, *semaphore, *statement, cite),
        Identity::OverAdmission { semaphore } => admitted(trace, *semaphore, cite),
        Identity::Conservation { semaphore } => sums(trace, *semaphore),
        Identity::Deadlock { .. } => stuck(trace, cite),
        Identity::Exhaustion { semaphore, .. } => exhausted(trace, *semaphore, cite),
        Identity::ImpossibleRequest { semaphore, .. } => impossible(trace, *semaphore, cite),
        Identity::LostWakeup { .. } => waits(trace, &trace.waiters(None), cite),
        Identity::LockOrder { cycle } => {
            let mut lines = ordered(trace, cycle, order, cite);
            if finding.danger == Some(Danger::Reachable) && !told {
                lines.extend(stuck(trace, cite));
            }
            lines
        }
        Identity::Livelock
        | Identity::Spin { .. }
        | Identity::Assertion { .. }
        | Identity::LeftOver { .. }
        | Identity::Outside { .. }
        | Identity::TakenOutside { .. }
        | Identity::TimedRequest { .. }
        | Identity::Vacuous
        | Identity::Unreached { .. } => Vec::new(),
    }
}

/// The first lines, and how many more there are.
fn some(mut lines: Vec<String>, what: &str) -> Vec<String> {
    if lines.len() > MOST + 1 {
        let more = lines.len() - MOST;
        lines.truncate(MOST);
        lines.push(format!("and {more} others {what}"));
    }
    lines
}

/// Where, and with which words, a statement was performed.
fn performed(trace: &Trace, statement: StatementId) -> Option<(Place, &str)> {
    let step = trace.steps.iter().find(|s| s.statement == statement)?;
    Some((step.place, step.text.as_str()))
}

/// A stuck state: the circle, then all others that wait.
fn stuck(trace: &Trace, cite: Cite) -> Vec<String> {
    let circle = trace.cycle.as_deref().unwrap_or(&[]);
    let mut lines = Vec::new();
    if !circle.is_empty() {
        lines.push(chain(trace, circle));
    }
    let mut others = trace.waiters(None);
    others.retain(|w| !circle.contains(w));
    lines.extend(waits(trace, &others, cite));
    if circle.is_empty() && !others.is_empty() {
        let gone = |s: Status| {
            trace
                .last()
                .workers
                .iter()
                .filter(|w| w.status == s)
                .count()
        };
        let (ended, unspawned) = (gone(Status::Ended), gone(Status::Unspawned));
        lines.push(match (ended, unspawned) {
            (0, 0) => "nobody else is there".to_owned(),
            (_, 0) => "all others have ended".to_owned(),
            (0, _) => "the others were never spawned".to_owned(),
            _ => "all others have ended, or were never spawned".to_owned(),
        });
    }
    lines
}

/// A line for each that waits at the end.
fn waits(trace: &Trace, workers: &[WorkerId], cite: Cite) -> Vec<String> {
    let last = trace.last();
    // those who wait for the same reason at the same place are told together
    let mut groups: Vec<(Option<Place>, Waits, Vec<WorkerId>)> = Vec::new();
    for &worker in workers {
        let stands = last.workers[worker.index()].statement;
        let place = cite.place(stands.map(|(_, place)| place));
        let Some(why) = why(trace, last, worker) else {
            continue;
        };
        let same = |group: &&mut (Option<Place>, Waits, Vec<WorkerId>)| {
            group.0 == place && group.1.reason == why.reason
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.2.push(worker),
            None => groups.push((place, why, vec![worker])),
        }
    }
    let lines = groups.into_iter().map(|(place, why, group)| {
        let names = list(&trace.names(&group));
        match why.reason.strip_prefix("waits") {
            Some(rest) if group.len() > 1 => {
                let rest = rest.replace(": it holds", ": each holds");
                format!("{names}{} wait{rest}", cite.at(place))
            }
            _ => format!("{names}{} {why}", cite.at(place)),
        }
    });
    some(lines.collect(), "wait")
}

fn leak(
    trace: &Trace,
    semaphore: SemaphoreId,
    (acquired, how): (StatementId, Ending),
    cite: Cite,
) -> Vec<String> {
    let name = trace.semaphore(semaphore);
    let mut lines = Vec::new();
    if let Some((worker, permits)) = super::detail::leaker(trace, semaphore, acquired, how) {
        let name = some_of(permits, name);
        lines.push(lost(trace, worker, Some(acquired), &name, cite));
    }
    let last = trace.last();
    let gone = trace.lost(semaphore) - trace.kept_alive(semaphore);
    let capacity = last.semaphores[semaphore.index()].capacity;
    lines.push(if gone >= capacity {
        format!("lost for good: all that {name} has")
    } else {
        format!(
            "lost for good: {gone} of the {} of {name}",
            permits(capacity)
        )
    });
    lines
}

/// `handler.1 took pool at 4:5, panicked in step 2 and leaks it`
fn lost(
    trace: &Trace,
    worker: WorkerId,
    acquired: Option<StatementId>,
    name: &str,
    cite: Cite,
) -> String {
    let took = match acquired.and_then(|a| performed(trace, a)) {
        Some((place, text)) if text.starts_with("give") => {
            format!("was given {name}{}", cite.at(Some(place)))
        }
        Some((place, _)) => format!("took {name}{}", cite.at(Some(place))),
        None => format!("took {name}"),
    };
    let end = match trace.end_of(worker) {
        Some((step, how)) => format!(", {}{}", ended(how), cite.in_step(step)),
        None => String::new(),
    };
    format!("{} {took}{end}: leaked", trace.worker(worker))
}

/// `main.2 took pool at 4:5, ended in step 2: what it took is still kept`
fn lives_on(
    trace: &Trace,
    worker: WorkerId,
    semaphore: SemaphoreId,
    name: &str,
    cite: Cite,
) -> String {
    let end = match trace.end_of(worker) {
        Some((step, how)) => format!(", {}{}", ended(how), cite.in_step(step)),
        None => String::new(),
    };
    let taken = cite.at(trace.taken_at(worker, semaphore));
    format!(
        "{} took {name}{taken}{end}: it was not dropped with its worker, and nobody who runs holds it",
        trace.worker(worker)
    )
}

/// How many permits are missing, and when the count fell and rose: who took them is not known.
fn missing(trace: &Trace, semaphore: SemaphoreId, cite: Cite) -> Vec<String> {
    let (name, gone) = (trace.semaphore(semaphore), trace.missing(semaphore));
    let capacity = trace.last().semaphores[semaphore.index()].capacity;
    let mut line = format!("missing: {gone} of the {} of {name}", permits(capacity));
    let series = trace.available(semaphore);
    let changes = |fits: fn(u64, u64) -> bool| {
        let steps = series.windows(2).zip(1..);
        let steps = steps.filter(|(pair, _)| fits(pair[0], pair[1]));
        steps
            .map(|(_, step)| step.to_string())
            .collect::<Vec<String>>()
    };
    let (fell, rose) = (changes(|a, b| b < a), changes(|a, b| b > a));
    let at = |steps: &[String]| match steps {
        [one] => format!("step {one}"),
        many => format!("steps {}", list(many)),
    };
    if cite.steps && !fell.is_empty() {
        line += &format!("; available fell at {}", at(&fell));
        line += &match rose[..] {
            [] => " and never came back".to_owned(),
            _ => format!(" and came back at {}", at(&rose)),
        };
    }
    vec![line]
}

fn exhausted(trace: &Trace, semaphore: SemaphoreId, cite: Cite) -> Vec<String> {
    let leakers = trace.last().holders(semaphore, Status::Ended);
    let name = trace.semaphore(semaphore);
    let lines = leakers.iter().flat_map(|&worker| {
        let mut lines: Vec<String> = trace
            .events()
            .filter_map(|(_, event)| match *event {
                Event::Leaked {
                    worker: w,
                    semaphore: s,
                    acquired,
                    permits,
                    ..
                } if (w, s) == (worker, semaphore) => {
                    let what = some_of(permits, name);
                    Some(lost(trace, worker, Some(acquired), &what, cite))
                }
                _ => None,
            })
            .collect();
        if lines.is_empty() {
            let held = some_of(trace.last().held(worker, semaphore), name);
            lines.push(match trace.has_leaked(worker, semaphore) {
                true => lost(trace, worker, None, &held, cite),
                false => lives_on(trace, worker, semaphore, &held, cite),
            });
        }
        lines
    });
    let mut lines = some(lines.collect(), "took some of it");
    if trace.missing(semaphore) > 0 {
        lines.extend(missing(trace, semaphore, cite));
    }
    lines.extend(waits(trace, &trace.waiters(None), cite));
    lines
}

fn impossible(trace: &Trace, semaphore: SemaphoreId, cite: Cite) -> Vec<String> {
    let mut lines = waits(trace, &trace.waiters(Some(semaphore)), cite);
    let now = trace.last().semaphores[semaphore.index()].capacity;
    let first = trace.initial.semaphores[semaphore.index()].capacity;
    if now != first {
        let changed = trace.steps.iter().rposition(|step| {
            step.events.iter().any(|e| match *e {
                Event::Shrank { semaphore: s, .. }
                | Event::Forgot { semaphore: s, .. }
                | Event::Grew { semaphore: s, .. } => s == semaphore,
                _ => false,
            })
        });
        if let Some(step) = changed {
            lines.push(format!(
                "the capacity of {} was {first} at first; {}{} made it {now}",
                trace.semaphore(semaphore),
                trace.steps[step].text,
                cite.at(Some(trace.steps[step].place)),
            ));
        }
    }
    lines
}

/// What the one whose permits were over-released did with the semaphore.
fn history(
    trace: &Trace,
    semaphore: SemaphoreId,
    statement: StatementId,
    cite: Cite,
) -> Vec<String> {
    let others = trace.events().find_map(|(step, event)| match *event {
        Event::ReleasedOthers {
            worker,
            of,
            statement: at,
            ..
        } if at == statement => Some((step, worker, of)),
        _ => None,
    });
    if let Some((step, worker, of)) = others {
        return put_back_for_others(trace, semaphore, (step, worker, of), cite);
    }
    let holder = trace.find(|event| match *event {
        Event::OverReleased {
            holder,
            semaphore: s,
            ..
        } if s == semaphore => Some(holder),
        _ => None,
    });
    let Some(holder) = holder else {
        return Vec::new();
    };
    let mut did: Vec<String> = Vec::new();
    for (step, event) in trace.events() {
        let what = match *event {
            Event::Granted {
                worker,
                semaphore: s,
                permits,
                ..
            } if (worker, s) == (holder, semaphore) => format!("+{permits}"),
            Event::Gave {
                to,
                semaphore: s,
                permits,
                ..
            } if (to, s) == (holder, semaphore) => format!("+{permits}"),
            Event::Released {
                holder: h,
                semaphore: s,
                permits,
                ..
            }
            | Event::Forgot {
                worker: h,
                semaphore: s,
                permits,
            }
            | Event::Gave {
                worker: h,
                semaphore: s,
                permits,
                ..
            } if (h, s) == (holder, semaphore) => format!("-{permits}"),
            // one that is not refused is a release too
            Event::OverReleased {
                holder: h,
                semaphore: s,
                permits,
                refused: true,
                ..
            } if (h, s) == (holder, semaphore) => format!("-{permits}"),
            _ => continue,
        };
        did.push(format!("{what}{}", cite.in_step(step)));
    }
    if did.len() > 8 {
        let dropped = did.len() - 8;
        did.splice(4..4 + dropped, [format!("{dropped} more")]);
    }
    let name = trace.semaphore(semaphore);
    vec![format!(
        "the ledger of {} for {name}: 0 at first, {}",
        trace.worker(holder),
        did.join(", "),
    )]
}

/// What a worker did that put back what others took, what these did, and what came of it.
fn put_back_for_others(
    trace: &Trace,
    semaphore: SemaphoreId,
    (step, worker, of): (usize, WorkerId, Option<WorkerId>),
    cite: Cite,
) -> Vec<String> {
    let name = trace.semaphore(semaphore);
    let mut lines = Vec::new();
    let took = |who: WorkerId| trace.taken_at(who, semaphore);
    match of {
        Some(of) => {
            let end = match trace.end_of(of) {
                Some((ended_in, how)) if ended_in < step => {
                    format!(" and {}{}", ended(how), cite.in_step(ended_in))
                }
                _ => String::new(),
            };
            let place = cite.at(took(of));
            lines.push(format!("{} took {name}{place}{end}", trace.worker(of)));
        }
        None => lines.push(format!(
            "several workers hold {name}: whose permit it was is not known"
        )),
    }
    lines.push(format!(
        "{} puts it back{}",
        trace.worker(worker),
        cite.in_step(step)
    ));
    lines.extend(trace.events().filter_map(|(at, event)| match *event {
        Event::RefusedAfter {
            worker,
            semaphore: s,
            permits,
            ..
        } if s == semaphore => Some(format!(
            "what follows: {} releases {}{}, which is refused",
            trace.worker(worker),
            some_of(permits, name),
            cite.in_step(at)
        )),
        _ => None,
    }));
    some(lines, "more")
}

/// `main took pool at 4:5 and handed it over`
fn handed_over(trace: &Trace, worker: WorkerId, semaphore: SemaphoreId, cite: Cite) -> String {
    format!(
        "{} took {}{} and handed it over",
        trace.worker(worker),
        trace.semaphore(semaphore),
        cite.at(trace.taken_at(worker, semaphore)),
    )
}

fn admitted(trace: &Trace, semaphore: SemaphoreId, cite: Cite) -> Vec<String> {
    let last = trace.last();
    let mut lines: Vec<String> = trace
        .events()
        .filter_map(|(step, event)| match *event {
            Event::OverReleased {
                worker,
                semaphore: s,
                permits,
                held,
                refused: false,
                ..
            } if s == semaphore => {
                let numbered = format!("step {}: ", step + 1);
                Some(format!(
                    "{}{} holds {held} and puts back {permits}{}: room for too many",
                    if cite.steps { &numbered } else { "" },
                    trace.worker(worker),
                    cite.at(Some(trace.steps[step].place)),
                ))
            }
            _ => None,
        })
        .collect();
    lines = some(lines, "did");
    let holders = last.holders(semaphore, Status::Running).into_iter();
    let held = holders.map(|w| format!("{} {}", trace.worker(w), last.held(w, semaphore)));
    lines.push(format!(
        "held now: {}",
        held.collect::<Vec<String>>().join(", ")
    ));
    lines
}

fn sums(trace: &Trace, semaphore: SemaphoreId) -> Vec<String> {
    let last = trace.last();
    let state = &last.semaphores[semaphore.index()];
    let of = |status| last.held_by_all(semaphore, status);
    vec![format!(
        "available {} + held {} is not capacity {} + debt {}",
        state.available,
        of(Status::Running) + of(Status::Ended),
        state.capacity,
        state.debt,
    )]
}

/// `a, then b: left.1 takes a at 4:5, then b at 5:5`
fn ordered(trace: &Trace, cycle: &[SemaphoreId], order: &[OrderEdge], cite: Cite) -> Vec<String> {
    hops(trace, cycle, order)
        .into_iter()
        .map(|edge| {
            let alike = order.iter().filter(|other| {
                (&other.from, &other.to, other.place) == (&edge.from, &edge.to, edge.place)
            });
            let mut names: Vec<String> = alike.map(|other| other.worker.clone()).collect();
            names.retain(|name| *name != edge.worker);
            names.insert(0, edge.worker.clone());
            format!(
                "{} before {}: {} {} {}{}, then {}{}",
                edge.from,
                edge.to,
                list(&names),
                verb(names.len(), "takes"),
                edge.from,
                cite.at(edge.taken),
                edge.to,
                cite.at(edge.place),
            )
        })
        .collect()
}
