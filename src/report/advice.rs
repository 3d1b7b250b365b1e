//! What to do about a finding in Rust code.

use super::model::Finding;
use super::trace::Written;
use super::words::list;
use crate::program::PropertyName;
use crate::property::{Danger, Identity};
use crate::run::{Ending, SemaphoreId, Wait};

/// What to do about it, for who wrote the closure.
pub(super) fn advice(finding: &Finding) -> String {
    let trace = &finding.trace;
    let name = |s: &SemaphoreId| trace.semaphore(*s);
    match &finding.identity {
        // first of all, since a finding that does not replay keeps its identity
        _ if finding.property == PropertyName::Divergence
            && !matches!(
                finding.identity,
                Identity::LeftOver { .. } | Identity::Outside { .. }
            ) =>
        {
            "the same choices did not lead to the same run: look for what the closure reads besides \
             (a clock, a random number, the order of a hash map, an address, a static, another \
             thread)"
                .to_owned()
        }
        Identity::Leak { how, semaphore, .. } => leak(name(semaphore), *how),
        Identity::Exhaustion { semaphore, .. } => leak(name(semaphore), Ending::Returned),
        Identity::OverRelease { semaphore, .. } => format!(
            "let a guard give {} back: it can do so only once",
            name(semaphore)
        ),
        Identity::OverAdmission { semaphore } => format!(
            "{} let in more than it has permits for: if it is a library's, report it there",
            name(semaphore)
        ),
        Identity::Conservation { semaphore } => format!(
            "permits of {} came from nowhere or went nowhere: look for permits that are added or \
             forgotten, else the semaphore itself is wrong",
            name(semaphore)
        ),
        Identity::LostWakeup { semaphore, .. } => format!(
            "a permit of {} is free and its waiter sleeps: the semaphore itself is wrong, not who \
             uses it",
            name(semaphore)
        ),
        Identity::ImpossibleRequest { semaphore, .. } => format!(
            "ask for no more than the capacity of {}, or raise it first",
            name(semaphore)
        ),
        Identity::Deadlock { .. } => deadlock(finding),
        Identity::LockOrder { cycle } => {
            let names: Vec<&str> = cycle.iter().map(name).collect();
            let order = names.join(" before ");
            match finding.danger {
                Some(Danger::Unreachable) => format!("none is needed within these bounds: {order}"),
                _ => format!("take {order} everywhere"),
            }
        }
        Identity::Livelock => "wait for what is missing in place of trying again and again; if the \
                               closure only needs more steps, raise `step_bound`"
            .to_owned(),
        Identity::Spin { .. } if trace.written == Written::Threads => {
            "it loops without coming to an op, or waits for a lock of the standard library that is \
             held by a worker which waits for its turn: release such a lock before an op, or use \
             that of `shuttle::sync`; wait with `acquire` in place of trying again and again"
                .to_owned()
        }
        Identity::Spin { .. } => {
            "a future must return from `poll`: await in place of spinning or blocking".to_owned()
        }
        Identity::Assertion { .. } => {
            let text = finding.detail.as_str();
            let needs_a_runtime = ["no reactor running", "Tokio 1.x context", "runtime context"];
            if needs_a_runtime.iter().any(|words| text.contains(words)) {
                "this future needs its own runtime for timers, sockets or threads, and there is \
                 none in an exploration: use `selvedge::time`, or `selvedge::fault::io` in its place"
                    .to_owned()
            } else {
                "the schedule below leads to it each time".to_owned()
            }
        }
        Identity::LeftOver { semaphore } => format!(
            "make {} anew in each run, or leave it as it was found: what one run leaves behind \
             changes the next",
            name(semaphore)
        ),
        Identity::Outside { .. } => {
            "start threads and timers through selvedge, or not at all: what they do is not in the \
             schedule; nor is what the closure reads besides (a clock, a random number, the order \
             of a hash map, an address, a static)"
                .to_owned()
        }
    }
}

fn leak(name: &str, how: Ending) -> String {
    let way = match how {
        Ending::Panicked => "a panic",
        Ending::Cancelled => "a cancellation",
        _ => "any way out",
    };
    format!(
        "keep the permit of {name} in a guard that {way} drops; look for `forget`, `into_raw`, a \
         release that is skipped, a guard that is stored and never dropped"
    )
}

fn deadlock(finding: &Finding) -> String {
    let trace = &finding.trace;
    let unknown = |wait: &Option<Wait>| matches!(wait, Some(Wait::Unknown));
    if trace.cycle.is_none() && trace.last().workers.iter().any(|w| unknown(&w.wait)) {
        if trace.written == Written::Threads {
            return "nothing in the run can let it go on: look for locks that are taken in opposite \
                    orders, a notification that comes before who waits for it, a sender or a guard \
                    that was dropped or kept"
                .to_owned();
        }
        return "nothing in the run can wake it: look for a sender, a notifier or a guard that was \
                dropped or kept; what waits for a socket, a timer or a thread of another runtime \
                is never woken here"
            .to_owned();
    }
    match &finding.semaphores[..] {
        [] if trace.written == Written::Threads => {
            "a thread must not wait for the thread that waits for it".to_owned()
        }
        [] => "a task must not wait for the task that waits for it".to_owned(),
        [one] if trace.written == Written::Threads => {
            format!("acquire all that is needed of {one} at once, and wait for nothing between")
        }
        [one] => format!("acquire all that is needed of {one} at once, and await nothing between"),
        names => format!("take {} in the same order everywhere", list(names)),
    }
}
