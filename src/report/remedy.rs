//! What kind of trouble a finding is, and what to do about it.

use super::advice::advice;
use super::model::Finding;
use super::style::wrap;
use super::trace::{Trace, Written};
use super::words::{permits, some_of};
use crate::program::PropertyName;
use crate::property::{Danger, Identity};
use crate::run::{Ending, Event, SemaphoreId, StatementId, Status, Wait, WorkerId};

/// Leak, deadlock and slow consumer all look like "it hangs": which it is, with the series that
/// shows it.
pub(super) fn diagnosis(finding: &Finding) -> Option<String> {
    let trace = &finding.trace;
    match &finding.identity {
        Identity::Leak { semaphore, .. }
        | Identity::Missing { semaphore, .. }
        | Identity::Exhaustion { semaphore, .. } => {
            let series = trace.available(*semaphore);
            let name = trace.semaphore(*semaphore);
            let falls = series.windows(2).all(|pair| pair[1] <= pair[0]);
            let tells = if falls {
                "it only ever falls".to_owned()
            } else {
                let gone = trace.lost(*semaphore);
                format!(
                    "{} never {} back",
                    permits(gone),
                    if gone == 1 { "comes" } else { "come" }
                )
            };
            Some(format!(
                "leak: {name} available {}: {tells}",
                shown(&series)
            ))
        }
        Identity::Deadlock { semaphores, .. } => {
            let lost: Vec<String> = (0..trace.semaphores.len() as u32)
                .map(SemaphoreId)
                .filter_map(|s| {
                    let gone = trace.last().held_by_all(s, Status::Ended);
                    (gone > 0).then(|| some_of(gone, trace.semaphore(s)))
                })
                .collect();
            let nothing = if lost.is_empty() {
                "nothing leaked".to_owned()
            } else {
                format!("not the leak of {}", super::words::list(&lost))
            };
            let series = match semaphores[..] {
                [one] if !trace.initial.semaphores[one.index()].signal => {
                    let series = shown(&trace.available(one));
                    format!(" ({} available {series})", trace.semaphore(one))
                }
                _ => String::new(),
            };
            let circular = trace.cycle.is_some();
            let what = if circular {
                "they wait for each other"
            } else {
                "what is waited for never comes"
            };
            let what = if finding.workers.len() == 1 && circular {
                "it waits for itself"
            } else {
                what
            };
            Some(format!("deadlock: {nothing}, {what}{series}"))
        }
        _ => None,
    }
}

/// A series in a line: what stays the same is said once, and a long middle is left out.
fn shown(series: &[u64]) -> String {
    let mut values = series.to_vec();
    values.dedup();
    let words: Vec<String> = values.iter().map(u64::to_string).collect();
    let text = words.join(" ");
    if wrap(&text, 36, 36).len() == 1 {
        return text;
    }
    let (first, last) = (&words[..6], &words[words.len() - 6..]);
    format!("{} … {}", first.join(" "), last.join(" "))
}

/// What to do about it, in the words of the language.
pub(crate) fn remedy(finding: &Finding) -> String {
    let trace = &finding.trace;
    if let (Identity::Leak { .. }, Some(cause)) = (&finding.identity, &finding.follows) {
        return format!("mend {cause}: the release of what leaks here was refused by that");
    }
    if trace.written != Written::Program {
        return advice(finding);
    }
    if finding.property == PropertyName::Divergence {
        return "report the program: nothing in it is to blame".to_owned();
    }
    let name = |s: SemaphoreId| trace.semaphore(s);
    match &finding.identity {
        Identity::Leak {
            semaphore,
            acquired,
            how,
        } => leak(trace, *semaphore, *acquired, *how),
        Identity::Exhaustion { semaphore, .. } => {
            let cause = trace.find(|event| match *event {
                Event::Leaked {
                    semaphore: s,
                    acquired,
                    how,
                    ..
                } if s == *semaphore => Some((acquired, how)),
                _ => None,
            });
            match cause {
                Some((acquired, how)) => leak(trace, *semaphore, acquired, how),
                None => format!("see to it that {} is put back", name(*semaphore)),
            }
        }
        Identity::OverRelease {
            semaphore,
            statement,
        } => over_release(trace, *semaphore, *statement),
        Identity::OverAdmission { semaphore } => format!(
            "find the stray release: without `plain`, {} would refuse it",
            name(*semaphore)
        ),
        Identity::Conservation { .. } | Identity::LostWakeup { .. } => {
            "the semaphore itself is wrong, not the workers".to_owned()
        }
        Identity::Deadlock { .. } => deadlock(finding),
        Identity::ImpossibleRequest { semaphore, .. }
        | Identity::TimedRequest { semaphore, .. } => format!(
            "ask for no more than the capacity, or `grow {}` first",
            name(*semaphore)
        ),
        Identity::LockOrder { cycle } => {
            let names: Vec<&str> = cycle.iter().map(|&s| name(s)).collect();
            let order = names.join(" before ");
            match finding.danger {
                Some(Danger::Unreachable) => {
                    format!(
                        "none is needed within these bounds; {order} everywhere would keep it so \
                         beyond them"
                    )
                }
                _ => format!("take {order} in every worker"),
            }
        }
        Identity::Missing { .. }
        | Identity::ForeignRelease { .. }
        | Identity::Spin { .. }
        | Identity::Assertion { .. }
        | Identity::LeftOver { .. }
        | Identity::Outside { .. }
        | Identity::TakenOutside { .. }
        | Identity::Vacuous
        | Identity::Unreached { .. } => advice(finding),
        Identity::Livelock => "wait with `acquire` in place of trying again and again; if the \
                               program only needs more steps, raise --steps"
            .to_owned(),
    }
}

fn leak(trace: &Trace, semaphore: SemaphoreId, acquired: StatementId, how: Ending) -> String {
    let name = trace.semaphore(semaphore);
    let given = trace
        .steps
        .iter()
        .any(|step| step.statement == acquired && step.text.starts_with("give"));
    if given {
        return format!("give {name} only to a worker that is still there to release it");
    }
    match how {
        Ending::Returned => {
            format!("release {name} on every way out, or use `with {name} {{ … }}`")
        }
        _ => format!("put the release into a `finally` block, or use `with {name} {{ … }}`"),
    }
}

fn over_release(trace: &Trace, semaphore: SemaphoreId, statement: StatementId) -> String {
    let name = trace.semaphore(semaphore);
    let event = trace.find(|event| match *event {
        Event::OverReleased {
            worker,
            holder,
            held,
            statement: s,
            ..
        } if s == statement => Some((worker, holder, held)),
        _ => None,
    });
    let step = trace.steps.iter().rfind(|s| s.statement == statement);
    let guard = step.is_some_and(|s| s.text.starts_with("end "));
    let granted = |who| {
        trace
            .find(|event| match *event {
                Event::Granted {
                    worker,
                    semaphore: s,
                    ..
                } if (worker, s) == (who, semaphore) => Some(()),
                _ => None,
            })
            .is_some()
    };
    let failed = |who| {
        let raised = |event: &Event| match *event {
            Event::Raised { worker, .. } if worker == who => Some(()),
            _ => None,
        };
        trace.find(raised).is_some()
    };
    match event {
        _ if guard => format!("leave it to the guard to put {name} back: no release inside `with`"),
        Some((worker, holder, _)) if holder != worker => {
            format!("let one worker only put {name} back, once it is acquired")
        }
        Some((worker, holder, 0)) if !granted(holder) => {
            if failed(worker) {
                format!("acquire {name} before the `try` whose `finally` releases it")
            } else {
                format!("acquire {name} first, or drop the release")
            }
        }
        _ => format!("one release for each acquire; `with {name} {{ … }}` sees to that"),
    }
}

fn deadlock(finding: &Finding) -> String {
    let trace = &finding.trace;
    let circular = trace.cycle.is_some();
    let last = trace.last();
    let joins = trace.waiters(None).into_iter().any(|w| {
        matches!(last.workers[w.index()].wait, Some(Wait::Join { .. }))
            && finding.workers.contains(&trace.worker(w).to_owned())
    });
    let signals: Vec<&String> = finding
        .semaphores
        .iter()
        .filter(|name| {
            let index = trace.semaphores.iter().position(|s| s == *name);
            index.is_some_and(|i| last.semaphores[i].signal)
        })
        .collect();
    if circular && joins {
        return if finding.semaphores.is_empty() {
            "let one of them go on without the `join`".to_owned()
        } else {
            "put back what the joined worker needs before the `join`".to_owned()
        };
    }
    if let Some(remedy) = put_back_first(trace).filter(|_| !circular) {
        return remedy;
    }
    if let [signal, ..] = signals[..] {
        return format!("release {signal} on every way, or wait with `acquire-within`");
    }
    if !circular {
        return "see to it that somebody puts the permits back, or wait with `acquire-within`"
            .to_owned();
    }
    match &finding.semaphores[..] {
        [one] if finding.workers.len() == 1 => {
            format!("acquire all that is needed of {one} at once, or release it before")
        }
        [one] => format!("acquire all that is needed of {one} at once, with `permits=`"),
        names => format!(
            "take {} in the same order everywhere",
            super::words::list(names)
        ),
    }
}

/// Where one that waits holds what another one waits for: what it should put back before.
fn put_back_first(trace: &Trace) -> Option<String> {
    let last = trace.last();
    let waiters = trace.waiters(None);
    let wait = |worker: WorkerId| last.workers[worker.index()].wait;
    waiters.iter().find_map(|&holder| {
        let of = match wait(holder)? {
            Wait::Permits { semaphore, .. } => Some(semaphore),
            Wait::Join { .. } | Wait::Unknown => None,
        };
        let held = last.workers[holder.index()].held.iter().map(|&(s, _)| s);
        let lacked = |s: &SemaphoreId| {
            let lacks =
                |wait| matches!(wait, Some(Wait::Permits { semaphore, .. }) if semaphore == *s);
            waiters.iter().any(|&w| w != holder && lacks(wait(w)))
        };
        let name = trace.semaphore(held.filter(|s| Some(*s) != of).find(lacked)?);
        Some(match of {
            Some(of) => format!("put {name} back before waiting for {}", trace.semaphore(of)),
            None => format!("put {name} back before the `join`"),
        })
    })
}
