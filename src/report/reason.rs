//! Why nothing more can happen, or how it came to what is wrong: a few lines under a timeline.

use super::circle::chain;
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
pub(super) fn reasons(finding: &Finding, order: &[OrderEdge], told: bool) -> Vec<String> {
    let trace = &finding.trace;
    match &finding.identity {
        Identity::Leak {
            semaphore,
            acquired,
            how,
        } => leak(trace, *semaphore, *acquired, *how),
        Identity::OverRelease { semaphore, .. } => history(trace, *semaphore),
        Identity::OverAdmission { semaphore } => admitted(trace, *semaphore),
        Identity::Conservation { semaphore } => sums(trace, *semaphore),
        Identity::Deadlock { .. } => stuck(trace),
        Identity::Exhaustion { semaphore, .. } => exhausted(trace, *semaphore),
        Identity::ImpossibleRequest { semaphore, .. } => impossible(trace, *semaphore),
        Identity::LostWakeup { .. } => waits(trace, &trace.waiters(None)),
        Identity::LockOrder { cycle } => {
            let mut lines = ordered(trace, cycle, order);
            if finding.danger == Some(Danger::Reachable) && !told {
                lines.extend(stuck(trace));
            }
            lines
        }
        Identity::Livelock
        | Identity::Spin { .. }
        | Identity::Assertion { .. }
        | Identity::LeftOver { .. }
        | Identity::Outside { .. } => Vec::new(),
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

/// ` at 5:5`
fn at(place: Option<Place>) -> String {
    place.map_or(String::new(), |place| format!(" at {place}"))
}

/// Where, and with which words, a statement was performed.
fn performed(trace: &Trace, statement: StatementId) -> Option<(Place, &str)> {
    let step = trace.steps.iter().find(|s| s.statement == statement)?;
    Some((step.place, step.text.as_str()))
}

/// A stuck state: the circle, then all others that wait.
fn stuck(trace: &Trace) -> Vec<String> {
    let circle = trace.cycle.as_deref().unwrap_or(&[]);
    let mut lines = Vec::new();
    if !circle.is_empty() {
        lines.push(chain(trace, circle));
    }
    let mut others = trace.waiters(None);
    others.retain(|w| !circle.contains(w));
    lines.extend(waits(trace, &others));
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
fn waits(trace: &Trace, workers: &[WorkerId]) -> Vec<String> {
    let last = trace.last();
    // those who wait for the same reason at the same place are told together
    let mut groups: Vec<(Option<Place>, Waits, Vec<WorkerId>)> = Vec::new();
    for &worker in workers {
        let place = last.workers[worker.index()]
            .statement
            .map(|(_, place)| place);
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
                format!("{names}{} wait{rest}", at(place))
            }
            _ => format!("{names}{} {why}", at(place)),
        }
    });
    some(lines.collect(), "wait")
}

fn leak(trace: &Trace, semaphore: SemaphoreId, acquired: StatementId, how: Ending) -> Vec<String> {
    let name = trace.semaphore(semaphore);
    let mut lines = Vec::new();
    if let Some((worker, permits)) = super::detail::leaker(trace, semaphore, acquired, how) {
        let name = some_of(permits, name);
        lines.push(lost(trace, worker, Some(acquired), &name));
    }
    let last = trace.last();
    let gone = trace.lost(semaphore);
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
fn lost(trace: &Trace, worker: WorkerId, acquired: Option<StatementId>, name: &str) -> String {
    let took = match acquired.and_then(|a| performed(trace, a)) {
        Some((place, text)) if text.starts_with("give") => format!("was given {name} at {place}"),
        Some((place, _)) => format!("took {name} at {place}"),
        None => format!("took {name}"),
    };
    let end = match trace.end_of(worker) {
        Some((step, how)) => format!(", {} in step {}", ended(how), step + 1),
        None => String::new(),
    };
    format!("{} {took}{end}: leaked", trace.worker(worker))
}

fn exhausted(trace: &Trace, semaphore: SemaphoreId) -> Vec<String> {
    let mut leakers = trace.last().holders(semaphore, Status::Ended);
    if leakers.is_empty() {
        // of a semaphore whose holders are not known, what was told when the run ended
        leakers.extend(trace.events().filter_map(|(_, event)| match *event {
            Event::Leaked {
                worker,
                semaphore: s,
                ..
            } if s == semaphore => Some(worker),
            _ => None,
        }));
    }
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
                    Some(lost(trace, worker, Some(acquired), &some_of(permits, name)))
                }
                _ => None,
            })
            .collect();
        if lines.is_empty() {
            let held = trace.last().held(worker, semaphore);
            lines.push(lost(trace, worker, None, &some_of(held, name)));
        }
        lines
    });
    let mut lines = some(lines.collect(), "leaked some of it");
    lines.extend(waits(trace, &trace.waiters(None)));
    lines
}

fn impossible(trace: &Trace, semaphore: SemaphoreId) -> Vec<String> {
    let mut lines = waits(trace, &trace.waiters(Some(semaphore)));
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
                "the capacity of {} was {first} at first; {} at {} made it {now}",
                trace.semaphore(semaphore),
                trace.steps[step].text,
                trace.steps[step].place,
            ));
        }
    }
    lines
}

/// What the one whose permits were over-released did with the semaphore.
fn history(trace: &Trace, semaphore: SemaphoreId) -> Vec<String> {
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
        did.push(format!("{what} in step {}", step + 1));
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

fn admitted(trace: &Trace, semaphore: SemaphoreId) -> Vec<String> {
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
            } if s == semaphore => Some(format!(
                "step {}: {} holds {held} and puts back {permits} at {}: room for too many",
                step + 1,
                trace.worker(worker),
                trace.steps[step].place,
            )),
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
fn ordered(trace: &Trace, cycle: &[SemaphoreId], order: &[OrderEdge]) -> Vec<String> {
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
                at(edge.taken),
                edge.to,
                at(edge.place),
            )
        })
        .collect()
}
