//! One sentence that says what is wrong, and what it is about.

use super::hops::hops;
use super::model::OrderEdge;
use super::trace::Trace;
use super::words::{are, ended, list, permits, verb};
use crate::program::Place;
use crate::property::{Danger, Identity};
use crate::run::{Ending, Event, SemaphoreId, StatementId, Status, Wait, WorkerId};

/// What a finding says, and what it says it of.
pub(crate) struct About {
    /// The worker instances.
    pub(crate) workers: Vec<String>,
    /// Where it comes to light; `None` when the identity's first statement tells it.
    pub(crate) place: Option<Place>,
    /// What is wrong, in one sentence.
    pub(crate) detail: String,
}

/// What a finding says, and what it says it of.
pub(crate) fn about(
    identity: &Identity,
    danger: Option<Danger>,
    trace: &Trace,
    order: &[OrderEdge],
) -> About {
    let workers = match identity {
        Identity::LockOrder { cycle } => {
            let edges = hops(trace, cycle, order).into_iter();
            edges.map(|edge| edge.worker.clone()).collect()
        }
        _ => trace.names(&concerned(identity, trace)),
    };
    About {
        place: place(identity, trace, order),
        detail: detail(identity, danger, trace, &workers),
        workers,
    }
}

fn place(identity: &Identity, trace: &Trace, order: &[OrderEdge]) -> Option<Place> {
    match identity {
        Identity::LockOrder { cycle } => hops(trace, cycle, order).first()?.place,
        Identity::OverAdmission { semaphore } => {
            // the acquire that let one in too many
            let admitted = trace.find(|event| match *event {
                Event::Granted {
                    semaphore: s,
                    statement,
                    ..
                } if s == *semaphore => Some(statement),
                _ => None,
            })?;
            let step = trace.steps.iter().find(|s| s.statement == admitted)?;
            Some(step.place)
        }
        Identity::Conservation { .. } | Identity::Livelock => Some(trace.steps.last()?.place),
        _ => None,
    }
}

/// The worker instances that a finding is about.
fn concerned(identity: &Identity, trace: &Trace) -> Vec<WorkerId> {
    match identity {
        Identity::Leak {
            semaphore,
            acquired,
            how,
        } => leaker(trace, *semaphore, *acquired, *how)
            .into_iter()
            .map(|(worker, _)| worker)
            .collect(),
        Identity::Missing { .. } => Vec::new(),
        Identity::OverRelease { statement, .. } | Identity::ForeignRelease { statement, .. } => {
            trace
                .find(|event| match *event {
                    Event::OverReleased {
                        worker,
                        statement: at,
                        ..
                    }
                    | Event::ReleasedOthers {
                        worker,
                        statement: at,
                        ..
                    } if at == *statement => Some(worker),
                    _ => None,
                })
                .into_iter()
                .collect()
        }
        Identity::Deadlock { .. } => trace.cycle.clone().unwrap_or_else(|| trace.waiters(None)),
        Identity::Exhaustion { semaphore, .. } => {
            let known = trace.waiters(Some(*semaphore));
            if known.is_empty() {
                trace.wait_for_unknown()
            } else {
                known
            }
        }
        Identity::ImpossibleRequest { semaphore, .. } | Identity::LostWakeup { semaphore, .. } => {
            trace.waiters(Some(*semaphore))
        }
        Identity::TimedRequest { statement, .. } => {
            let asker = asked(trace, *statement).map(|(worker, ..)| worker);
            asker.into_iter().collect()
        }
        Identity::OverAdmission { semaphore } => trace.last().holders(*semaphore, Status::Running),
        // whose doing it is, is not known
        Identity::Conservation { .. } => Vec::new(),
        // the order graph knows them
        Identity::LockOrder { .. } => Vec::new(),
        Identity::Assertion { statement } => trace
            .find(|event| match *event {
                Event::Failed {
                    worker,
                    statement: at,
                    ..
                } if at == *statement => Some(worker),
                _ => None,
            })
            .into_iter()
            .collect(),
        Identity::LeftOver { .. }
        | Identity::TakenOutside { .. }
        | Identity::Vacuous
        | Identity::Unreached { .. } => Vec::new(),
        Identity::Outside { statement } => {
            let workers = (0..).map(WorkerId).zip(trace.last().workers.iter());
            let mut woken =
                workers.filter(|(_, w)| w.statement.is_some_and(|(at, _)| at == *statement));
            woken.next().map(|(id, _)| id).into_iter().collect()
        }
        Identity::Livelock | Identity::Spin { .. } => trace
            .steps
            .last()
            .map(|s| s.choice.worker)
            .into_iter()
            .collect(),
    }
}

/// Who asked at a statement for more than there is, for how many permits, and what the capacity was.
fn asked(trace: &Trace, statement: StatementId) -> Option<(WorkerId, u64, u64)> {
    trace.find(|event| match *event {
        Event::AskedTooMuch {
            worker,
            permits,
            capacity,
            statement: at,
            ..
        } if at == statement => Some((worker, permits, capacity)),
        _ => None,
    })
}

/// The worker that leaked permits taken by a statement, and how many.
pub(super) fn leaker(
    trace: &Trace,
    semaphore: SemaphoreId,
    acquired: StatementId,
    how: Ending,
) -> Option<(WorkerId, u64)> {
    trace.find(|event| match *event {
        Event::Leaked {
            worker,
            semaphore: s,
            permits,
            acquired: a,
            how: h,
        } if (s, a, h) == (semaphore, acquired, how) => Some((worker, permits)),
        _ => None,
    })
}

/// What is wrong, in one sentence.
fn detail(identity: &Identity, danger: Option<Danger>, trace: &Trace, about: &[String]) -> String {
    match identity {
        Identity::Leak {
            semaphore,
            acquired,
            how,
        } => {
            let name = trace.semaphore(*semaphore);
            let lost = leaker(trace, *semaphore, *acquired, *how).map_or(1, |(_, n)| n);
            format!(
                "{} {} and took {} of {name} with it",
                list(about),
                ended(*how),
                permits(lost),
            )
        }
        Identity::Missing {
            semaphore,
            statement,
        } if trace.taken_by(*statement).is_some() => {
            let missing = trace.missing(*semaphore);
            format!(
                "{} of {} {} handed over and never put back",
                permits(missing),
                trace.semaphore(*semaphore),
                if missing == 1 { "was" } else { "were" },
            )
        }
        Identity::Missing { semaphore, .. } => {
            let missing = trace.missing(*semaphore);
            format!(
                "{} missing when the run ends; who holds {} is not known",
                are(
                    &format!("{} of {}", permits(missing), trace.semaphore(*semaphore)),
                    missing
                ),
                if missing == 1 { "it" } else { "them" },
            )
        }
        Identity::OverRelease {
            semaphore,
            statement,
        }
        | Identity::ForeignRelease {
            semaphore,
            statement,
        } => over_release(trace, *semaphore, *statement),
        Identity::OverAdmission { semaphore } => {
            let held: u64 = trace
                .last()
                .workers
                .iter()
                .filter(|w| w.status == Status::Running)
                .flat_map(|w| &w.held)
                .filter(|(s, _)| s == semaphore)
                .map(|(_, n)| n)
                .sum();
            let state = &trace.last().semaphores[semaphore.index()];
            format!(
                "{} {} {} of {}, whose capacity is {}",
                list(about),
                verb(about.len(), "holds"),
                permits(held),
                trace.semaphore(*semaphore),
                state.capacity + state.debt,
            )
        }
        Identity::Conservation { semaphore } => format!(
            "the permits of {} do not add up: available + held is not its capacity",
            trace.semaphore(*semaphore)
        ),
        Identity::Deadlock { .. } => match (trace.cycle.is_some(), about.len()) {
            (true, 1) => format!("{} waits for itself", about[0]),
            (true, 2) => format!("{} wait for each other", list(about)),
            (true, _) => format!("{} wait for each other in a circle", list(about)),
            (false, 1) => format!("{} waits, and nobody is left to let it go on", about[0]),
            (false, _) => format!("{} wait, and nobody is left to let them go on", list(about)),
        },
        Identity::Exhaustion { semaphore, .. } => exhaustion(trace, *semaphore, about),
        Identity::ImpossibleRequest { semaphore, .. } => {
            let capacity = trace.last().semaphores[semaphore.index()].capacity;
            let asks = trace.waiters(Some(*semaphore)).into_iter().find_map(|w| {
                match trace.last().workers[w.index()].wait {
                    Some(Wait::Permits { permits, .. }) if permits > capacity => {
                        Some((trace.worker(w).to_owned(), permits))
                    }
                    _ => None,
                }
            });
            let (who, asked) = asks.unwrap_or_else(|| (list(about), 0));
            format!(
                "{who} asks for {} of {}, whose capacity is {capacity}",
                permits(asked),
                trace.semaphore(*semaphore),
            )
        }
        Identity::TimedRequest {
            semaphore,
            statement,
        } => {
            let asked = asked(trace, *statement);
            let (wanted, capacity) =
                asked.map_or((0, 0), |(_, wanted, capacity)| (wanted, capacity));
            format!(
                "{} asks {} for {}, whose capacity is {capacity}: it can only time out",
                list(about),
                trace.semaphore(*semaphore),
                permits(wanted),
            )
        }
        Identity::LostWakeup { semaphore, .. } => format!(
            "{} {} for {} although what {} available",
            list(about),
            verb(about.len(), "waits"),
            trace.semaphore(*semaphore),
            match about.len() {
                1 => "it asks for is",
                _ => "the first of them asks for is",
            }
        ),
        Identity::LockOrder { cycle } => lock_order(trace, cycle, danger),
        Identity::Spin { .. } => format!(
            "{} does not come back from step {}: it spins, or blocks the thread",
            list(about),
            trace.steps.len()
        ),
        Identity::Assertion { statement } => {
            let text = trace.find(|event| match *event {
                Event::Failed {
                    statement: at,
                    text,
                    ..
                } if at == *statement => Some(text),
                _ => None,
            });
            let text = text.map_or("an assertion failed", |text| trace.text(text));
            let text = text.lines().collect::<Vec<&str>>().join(" ");
            let watched = text.starts_with("invariant `") || text.starts_with("a probe ");
            match about {
                [] => text,
                // it is no doing of who took the step
                _ if watched => format!("{text}, after a step of {}", list(about)),
                _ => format!("{} panicked: {text}", list(about)),
            }
        }
        Identity::LeftOver { semaphore } => {
            let name = trace.semaphore(*semaphore);
            let of = |at: &super::trace::Snapshot| {
                super::timeline::count(&at.semaphores[semaphore.index()])
            };
            let (first, last) = (of(&trace.initial), of(trace.last()));
            let found = trace.first_found.iter();
            match found.rev().find(|found| found.semaphore == *semaphore) {
                // this run is not to blame
                Some(found) if first == last => format!(
                    "{name} outlives the run, and is found with {first} where the first run found \
                     {}/{}",
                    found.available, found.capacity
                ),
                _ => format!(
                    "{name} outlives the run, and is left with {last} where it was found with \
                     {first}"
                ),
            }
        }
        Identity::Outside { .. } => format!(
            "{} was woken by another thread, which no schedule decides",
            list(about)
        ),
        Identity::TakenOutside { semaphore } => {
            let missing = missing(trace, *semaphore);
            format!(
                "{} of {} {} missing when it is dropped, and no worker of the run has taken {}",
                permits(missing),
                trace.semaphore(*semaphore),
                if missing == 1 { "is" } else { "are" },
                if missing == 1 { "it" } else { "them" },
            )
        }
        // told by who saw all runs
        Identity::Vacuous | Identity::Unreached { .. } => String::new(),
        Identity::Livelock => format!(
            "a run takes more than {} steps without ending",
            trace.steps.len()
        ),
    }
}

/// The permits of a semaphore that are neither free nor held at the end of a run.
fn missing(trace: &Trace, semaphore: SemaphoreId) -> u64 {
    let last = trace.last();
    let held = [Status::Running, Status::Ended].map(|s| last.held_by_all(semaphore, s));
    let state = &last.semaphores[semaphore.index()];
    let all = state.capacity + state.debt;
    all.saturating_sub(state.available + held.iter().sum::<u64>())
}

fn exhaustion(trace: &Trace, semaphore: SemaphoreId, about: &[String]) -> String {
    let name = trace.semaphore(semaphore);
    let mut gone = Vec::new();
    let (leaked, alive, missing) = (
        trace.lost(semaphore) - trace.kept_alive(semaphore) - trace.missing(semaphore),
        trace.kept_alive(semaphore),
        trace.missing(semaphore),
    );
    if leaked > 0 {
        let were = if leaked == 1 { "was" } else { "were" };
        gone.push(format!("{} {were} leaked", permits(leaked)));
    }
    if alive > 0 {
        let took = trace.names(&trace.took_what_lives_on(semaphore));
        gone.push(format!(
            "{} kept alive by nobody who runs, taken by {}",
            are(&permits(alive), alive),
            list(&took)
        ));
    }
    if missing > 0 {
        gone.push(format!(
            "{} missing, and who holds {} is not known",
            are(&permits(missing), missing),
            if missing == 1 { "it" } else { "them" }
        ));
    }
    let gone = gone.join("; ");
    let waits = verb(about.len(), "waits");
    if trace.waiters(Some(semaphore)).is_empty() {
        // of those nothing is known but that nobody wakes them
        return format!(
            "{} {waits}, perhaps for {name}, of which {gone}",
            list(about)
        );
    }
    format!(
        "{} {waits} for {name}, which is exhausted: {gone}",
        list(about)
    )
}

fn over_release(trace: &Trace, semaphore: SemaphoreId, statement: StatementId) -> String {
    let name = trace.semaphore(semaphore);
    let event = trace.find(|event| match *event {
        Event::OverReleased {
            worker,
            holder,
            permits,
            held,
            refused,
            statement: at,
            ..
        } if at == statement => Some((worker, holder, permits, held, refused)),
        _ => None,
    });
    let Some((worker, holder, asked, held, refused)) = event else {
        return released_others(trace, semaphore, statement)
            .unwrap_or_else(|| format!("more of {name} is put back than is held"));
    };
    let text = trace
        .steps
        .iter()
        .rev()
        .find(|s| s.statement == statement)
        .map_or(String::new(), |s| s.text.clone());
    let verb = match text.split(' ').next() {
        Some("forget") => "forgets",
        Some("give") => "gives away",
        _ => "releases",
    };
    let holds = if holder == worker {
        format!("holds {held}")
    } else {
        format!("{} holds {held}", trace.worker(holder))
    };
    let outcome = if refused {
        "refused"
    } else {
        "the count is inflated"
    };
    format!(
        "{} {verb} {} of {name} but {holds}: {outcome}",
        trace.worker(worker),
        permits(asked),
    )
}

/// Of a release that the semaphore did: it cannot know whose permits they are.
fn released_others(
    trace: &Trace,
    semaphore: SemaphoreId,
    statement: StatementId,
) -> Option<String> {
    trace.find(|event| match *event {
        Event::ReleasedOthers {
            worker,
            permits: asked,
            held,
            of_others,
            of,
            statement: at,
            ..
        } if at == statement => {
            let whose = match of {
                Some(of) => format!("that {} took", trace.worker(of)),
                None => "that others took".to_owned(),
            };
            Some(format!(
                "{} releases {} of {} but holds {held}: it puts back {of_others} {whose}",
                trace.worker(worker),
                permits(asked),
                trace.semaphore(semaphore),
            ))
        }
        _ => None,
    })
}

fn lock_order(trace: &Trace, cycle: &[SemaphoreId], danger: Option<Danger>) -> String {
    let names: Vec<&str> = cycle.iter().map(|&s| trace.semaphore(s)).collect();
    let following = names.iter().cycle().skip(1);
    let hops = names.iter().zip(following).enumerate();
    let said: Vec<String> = hops
        .map(|(i, (from, to))| match i {
            0 => format!("{from} is taken before {to}"),
            _ => format!("{from} before {to}"),
        })
        .collect();
    let (last, first) = said
        .split_last()
        .expect("a cycle has two semaphores or more");
    let what = match danger {
        Some(Danger::Reachable) => "this deadlocks",
        Some(Danger::Unreachable) => "no run within these bounds deadlocks on it",
        _ => "whether a run deadlocks is not known",
    };
    format!("{}, and {last}: {what}", first.join(", "))
}
