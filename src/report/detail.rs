//! One sentence that says what is wrong, and what it is about.

use super::trace::Trace;
use crate::program::{Place, Program};
use crate::property::{Danger, Identity};
use crate::run::{Ending, Event, SemaphoreId, StatementId, Status, Wait, WorkerId};

/// `1 permit`, `2 permits`.
pub(crate) fn permits(n: u64) -> String {
    if n == 1 {
        "1 permit".to_owned()
    } else {
        format!("{n} permits")
    }
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn list(names: &[String]) -> String {
    match names {
        [] => "nobody".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

impl Trace {
    fn semaphore(&self, id: SemaphoreId) -> &str {
        &self.semaphores[id.index()]
    }

    fn worker(&self, id: WorkerId) -> String {
        self.workers[id.index()].clone()
    }

    /// The last event that `pick` finds something in.
    fn find<T>(&self, mut pick: impl FnMut(&Event) -> Option<T>) -> Option<T> {
        let events = self.steps.iter().rev().flat_map(|s| s.events.iter().rev());
        events.into_iter().find_map(&mut pick)
    }

    /// The workers that wait at the end for a semaphore, or for anything.
    fn waiters(&self, on: Option<SemaphoreId>) -> Vec<WorkerId> {
        let waits = |wait: &Wait| match (wait, on) {
            (_, None) => true,
            (Wait::Permits { semaphore, .. }, Some(on)) => *semaphore == on,
            (Wait::Join { .. }, Some(_)) => false,
        };
        let workers = (0..).map(WorkerId).zip(&self.last().workers);
        workers
            .filter(|(_, state)| state.wait.as_ref().is_some_and(waits))
            .map(|(id, _)| id)
            .collect()
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
        Identity::OverRelease { statement, .. } => trace
            .find(|event| match *event {
                Event::OverReleased {
                    worker,
                    statement: at,
                    ..
                } if at == *statement => Some(worker),
                _ => None,
            })
            .into_iter()
            .collect(),
        Identity::Deadlock { .. } => trace.cycle.clone().unwrap_or_else(|| trace.waiters(None)),
        Identity::Exhaustion { semaphore, .. }
        | Identity::ImpossibleRequest { semaphore, .. }
        | Identity::LostWakeup { semaphore, .. } => trace.waiters(Some(*semaphore)),
        Identity::OverAdmission { semaphore } | Identity::Conservation { semaphore } => {
            let workers = (0..).map(WorkerId).zip(&trace.last().workers);
            workers
                .filter(|(_, state)| {
                    state.status == Status::Running
                        && state.held.iter().any(|(s, _)| s == semaphore)
                })
                .map(|(id, _)| id)
                .collect()
        }
        Identity::LockOrder { cycle } => {
            let hops = cycle.iter().zip(cycle.iter().cycle().skip(1));
            let mut workers: Vec<WorkerId> = hops
                .filter_map(|(from, to)| taker(trace, *from, *to))
                .map(|(worker, _)| worker)
                .collect();
            workers.sort_unstable();
            workers.dedup();
            workers
        }
        Identity::Livelock => trace
            .steps
            .last()
            .map(|s| s.choice.worker)
            .into_iter()
            .collect(),
    }
}

/// The worker that leaked permits taken by a statement, and how many.
fn leaker(
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

/// The worker that stands at, or waits in, an acquire of `to` while it holds `from`, at the end
/// or as late as possible.
fn taker(trace: &Trace, from: SemaphoreId, to: SemaphoreId) -> Option<(WorkerId, Place)> {
    trace.steps.iter().rev().find_map(|step| {
        let id = step.choice.worker;
        let of = step.events.iter().any(|e| {
            matches!(*e, Event::Granted { worker, semaphore, .. } | Event::Queued { worker, semaphore, .. }
                if worker == id && semaphore == to)
        });
        let state = &step.after.workers[id.index()];
        (of && state.held.iter().any(|&(s, _)| s == from)).then_some((id, step.place))
    })
}

/// The names of the worker instances that a finding is about.
pub(crate) fn workers(identity: &Identity, trace: &Trace) -> Vec<String> {
    let ids = concerned(identity, trace);
    ids.into_iter().map(|id| trace.worker(id)).collect()
}

/// The statement that a finding is about.
pub(crate) fn place(program: &Program, identity: &Identity, trace: &Trace) -> Option<Place> {
    let statement = identity.statements().first().copied().or_else(|| {
        // where the last step was made, or else where a worker of it stands
        trace.steps.last().map(|step| step.statement)
    })?;
    let numbered = program.statements();
    Some(program.place(numbered[statement.index()].statement.span))
}

/// What is wrong, in one sentence.
pub(crate) fn detail(identity: &Identity, danger: Option<Danger>, trace: &Trace) -> String {
    let about: Vec<String> = workers(identity, trace);
    match identity {
        Identity::Leak {
            semaphore,
            acquired,
            how,
        } => {
            let name = trace.semaphore(*semaphore);
            let lost = leaker(trace, *semaphore, *acquired, *how).map_or(1, |(_, n)| n);
            let ended = match how {
                Ending::Returned => "ended",
                Ending::Panicked => "panicked",
                Ending::Cancelled => "was cancelled",
                Ending::Closed => "failed on a closed semaphore",
                Ending::OverReleased => "failed with an over-release",
            };
            format!(
                "{} {ended} and still holds {} of {name}: nobody will put {} back",
                list(&about),
                permits(lost),
                if lost == 1 { "it" } else { "them" },
            )
        }
        Identity::OverRelease {
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
                "{} hold {} of {}, whose capacity is {}",
                list(&about),
                permits(held),
                trace.semaphore(*semaphore),
                state.capacity + state.debt,
            )
        }
        Identity::Conservation { semaphore } => format!(
            "the permits of {} do not add up: available + held is not its capacity",
            trace.semaphore(*semaphore)
        ),
        Identity::Deadlock { circular, .. } => match (*circular, about.len()) {
            (true, 1) => format!("{} waits for itself", about[0]),
            (true, 2) => format!("{} wait for each other", list(&about)),
            (true, _) => format!("{} wait for each other in a circle", list(&about)),
            (false, 1) => format!("{} waits, and nobody is left to let it go on", about[0]),
            (false, _) => format!(
                "{} wait, and nobody is left to let them go on",
                list(&about)
            ),
        },
        Identity::Exhaustion { semaphore, .. } => {
            let lost: u64 = trace
                .last()
                .workers
                .iter()
                .filter(|w| w.status == Status::Ended)
                .flat_map(|w| &w.held)
                .filter(|(s, _)| s == semaphore)
                .map(|(_, n)| n)
                .sum();
            format!(
                "{} {} for {}, which is exhausted: {} {} leaked",
                list(&about),
                if about.len() == 1 { "waits" } else { "wait" },
                trace.semaphore(*semaphore),
                permits(lost),
                if lost == 1 { "was" } else { "were" },
            )
        }
        Identity::ImpossibleRequest { semaphore, .. } => {
            let capacity = trace.last().semaphores[semaphore.index()].capacity;
            let asks = trace.waiters(Some(*semaphore)).into_iter().find_map(|w| {
                match trace.last().workers[w.index()].wait {
                    Some(Wait::Permits { permits, .. }) if permits > capacity => {
                        Some((trace.worker(w), permits))
                    }
                    _ => None,
                }
            });
            let (who, asked) = asks.unwrap_or((list(&about), 0));
            format!(
                "{who} asks for {} of {}, whose capacity is {capacity}: it waits for ever",
                permits(asked),
                trace.semaphore(*semaphore),
            )
        }
        Identity::LostWakeup { semaphore, .. } => format!(
            "{} waits for {} although what it asks for is available",
            list(&about),
            trace.semaphore(*semaphore)
        ),
        Identity::LockOrder { cycle } => lock_order(trace, cycle, danger),
        Identity::Livelock => format!(
            "a run takes more than {} steps without ending",
            trace.steps.len()
        ),
    }
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
        return format!("more of {name} is put back than is held");
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

fn lock_order(trace: &Trace, cycle: &[SemaphoreId], danger: Option<Danger>) -> String {
    let names: Vec<String> = cycle
        .iter()
        .map(|&s| trace.semaphore(s).to_owned())
        .collect();
    let order = format!("{} before {}", names.join(" before "), names[0]);
    let what = match danger {
        Some(Danger::Reachable) => "a deadlock waits on this cycle",
        Some(Danger::Unreachable) => "no run deadlocks on it",
        _ => "whether a run deadlocks on it is not known",
    };
    format!("workers take {order}: {what}")
}
