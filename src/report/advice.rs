//! What to do about a finding in Rust code.

use super::model::Finding;
use super::trace::{FirstFound, Written};
use super::words::{self, list};
use crate::program::PropertyName;
use crate::property::{Danger, Identity};
use crate::run::{Ending, Event, SemaphoreId, Wait};

/// What to do about it, for who wrote the closure.
pub(super) fn advice(finding: &Finding) -> String {
    let advice = of_identity(finding);
    match left_behind(finding) {
        Some(hint) => format!("{advice}; {hint}"),
        None => advice,
    }
}

fn of_identity(finding: &Finding) -> String {
    let trace = &finding.trace;
    let threads = trace.written == Written::Threads;
    let name = |s: &SemaphoreId| trace.semaphore(*s);
    match &finding.identity {
        // first of all, since a finding that does not replay keeps its identity
        _ if finding.property == PropertyName::Divergence
            && !matches!(
                finding.identity,
                Identity::LeftOver { .. } | Identity::Outside { .. }
            ) =>
        {
            let thread = if threads {
                "a thread that `selvedge::thread::spawn` did not start"
            } else {
                "another thread"
            };
            format!(
                "the same choices did not lead to the same run: look for what the closure reads \
                 besides (a clock, a random number, the order of a hash map, an address, a static, \
                 {thread})"
            )
        }
        Identity::Leak { how, semaphore, .. } => leak(name(semaphore), *how),
        Identity::Missing {
            semaphore,
            statement,
        } if trace.taken_by(*statement).is_some() => hands_over(name(semaphore)),
        Identity::Missing { semaphore, .. } => missing(name(semaphore), threads),
        Identity::Exhaustion { semaphore, .. } if trace.kept_alive(*semaphore) > 0 => format!(
            "drop the permits of {0} when their work is done: they are kept in something that \
             outlives who took them (a `Vec`, a channel, a static)",
            name(semaphore)
        ),
        Identity::Exhaustion { semaphore, .. } if trace.was_handed_over(*semaphore) => {
            hands_over(name(semaphore))
        }
        Identity::Exhaustion { semaphore, .. } if trace.leaked(*semaphore) == 0 => {
            missing(name(semaphore), threads)
        }
        Identity::Exhaustion { semaphore, .. } => leak(name(semaphore), Ending::Returned),
        Identity::ForeignRelease { semaphore, .. } => format!(
            "let who takes {0} put it back, best by a guard; if it is put back by another one on \
             purpose, move the guard there (`acquire_owned`), or say `hand_over` where it is taken; \
             to signal, use `Semaphore::unbounded`",
            name(semaphore)
        ),
        Identity::OverRelease { semaphore, .. } => format!(
            "let a guard give {} back: it can do so only once",
            name(semaphore)
        ),
        Identity::OverAdmission { semaphore } => format!(
            "{} let in more than it has permits for: if it is a library's, report it there",
            name(semaphore)
        ),
        Identity::Conservation { semaphore } if threads => format!(
            "permits of {} came from nowhere or went nowhere: look for permits that are added or \
             forgotten, and for a thread that `selvedge::thread::spawn` did not start, else the \
             semaphore itself is wrong",
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
        Identity::ImpossibleRequest { semaphore, .. }
        | Identity::TimedRequest { semaphore, .. } => format!(
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
        Identity::Livelock => {
            "wait for what is missing in place of trying again and again; if the \
                               closure only needs more steps, raise `step_bound`"
                .to_owned()
        }
        Identity::Spin { .. } if threads => {
            "it loops without coming to an op, or blocks in the standard library (a lock that is \
             held by a worker which waits for its turn, a `recv()`, a `park()`): release such a \
             lock before an op, use those of `shuttle::sync`, `shuttle::sync::mpsc` and \
             `shuttle::thread::park`; wait with `acquire` in place of trying again and again; its \
             thread cannot be stopped, and slows what this process does after it"
                .to_owned()
        }
        Identity::Spin { .. } => {
            "a future must return from `poll`: await in place of spinning or blocking; its thread \
             cannot be stopped, and slows what this process does after it"
                .to_owned()
        }
        Identity::Assertion { .. } => {
            if needs_a_runtime(finding) {
                "this future needs its own runtime for timers, sockets or threads, and there is \
                 none in an exploration: use `selvedge::time`, or `selvedge::fault::io` in its place"
                    .to_owned()
            } else if finding.replays.are_alike() {
                "the schedule below leads to it each time".to_owned()
            } else {
                "first let runs of the same choices be alike, then it can be looked at".to_owned()
            }
        }
        Identity::LeftOver { semaphore } => format!(
            "make {} anew in each run, or leave it as it was found: what one run leaves behind \
             changes the next",
            name(semaphore)
        ),
        Identity::TakenOutside { semaphore } => {
            let spawn = if threads {
                "selvedge::thread::spawn"
            } else {
                "selvedge::task::spawn"
            };
            format!(
                "code that selvedge does not see has taken it and not put it back: who uses {} is to \
                 be started with `{spawn}` (in place of `std::thread::spawn`, or of another runtime), so \
                 that it is known who holds what; who gives a permit up on purpose calls `forget`",
                name(semaphore)
            )
        }
        Identity::Vacuous if threads => {
            "start threads with `selvedge::thread::spawn` in place of `std::thread::spawn`, and let \
             them use selvedge's semaphores, or name what they use by `selvedge::acquiring` or \
             `selvedge::probe`; what a runtime of its own runs (tokio's `block_on`) is not seen, \
             `check_async` explores async code; if there is to be nothing, set `allow_vacuous`"
                .to_owned()
        }
        Identity::Vacuous => {
            "spawn tasks with `selvedge::task::spawn`: what another runtime runs (tokio's `block_on`, \
             `std::thread::spawn`) is not seen; where semaphores of others are used and nobody ever \
             has to wait, add a task that does, or let them be judged with `selvedge::tracked` or \
             `selvedge::probe`; if there is to be nothing, set `allow_vacuous`"
                .to_owned()
        }
        Identity::Unreached { place } => format!(
            "make more runs or allow more faults, or see whether the code can come to \
             `selvedge::reached(\"{place}\")` at all"
        ),
        Identity::Outside { .. } if threads => {
            format!(
                "start threads with `selvedge::thread::spawn` or `scope`, or not at all: what others \
                 do is not in the schedule; nor is what the closure reads besides ({})",
                what_changes(finding.trace.written)
            )
        }
        Identity::Outside { .. } => {
            format!(
                "start threads and timers through selvedge, or not at all: what they do is not in \
                 the schedule; nor is what the closure reads besides ({})",
                what_changes(finding.trace.written)
            )
        }
    }
}

/// Where a semaphore of what hangs was found by the first run otherwise than by this one: it may live
/// longer than a run.
fn left_behind(finding: &Finding) -> Option<String> {
    let hangs = matches!(
        finding.identity,
        Identity::ImpossibleRequest { .. } | Identity::Deadlock { .. }
    );
    let trace = &finding.trace;
    let about = |first: &&FirstFound| {
        let name = trace.semaphore(first.semaphore);
        finding.semaphores.iter().any(|of| of == name)
    };
    let first = trace.first_found.iter().find(about).filter(|_| hangs)?;
    Some(format!(
        "but the first run found {} with {}/{}: if it is a `static`, which earlier runs have \
         emptied, make it anew in each run",
        trace.semaphore(first.semaphore),
        first.available,
        first.capacity
    ))
}

/// Who has ended by a fault, and may have been about to put back what a worker that waits for itself
/// holds.
fn gone(finding: &Finding) -> Option<String> {
    let trace = &finding.trace;
    let alone = matches!(trace.cycle.as_deref(), Some([_]));
    let ended = trace.events().find_map(|(_, event)| match *event {
        Event::Ended {
            worker,
            how: how @ (Ending::Panicked | Ending::Cancelled),
        } => Some((worker, how)),
        _ => None,
    });
    let (worker, how) = ended.filter(|_| alone)?;
    Some(format!("{} {}", trace.worker(worker), words::ended(how)))
}

fn hands_over(name: &str) -> String {
    format!(
        "move a guard of {name} to whoever is to put it back (`acquire_owned`): it does so however \
         that one ends"
    )
}

fn missing(name: &str, threads: bool) -> String {
    let sees = if threads {
        "`selvedge::acquiring`"
    } else {
        "`selvedge::tracked`"
    };
    format!(
        "look for a permit of {name} that is forgotten or kept, and for a release that is skipped; \
         {sees} around each acquire tells who holds what; if all that it has seen is put back, \
         {name} itself loses permits"
    )
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
        [one] if let Some(gone) = gone(finding) => format!(
            "{gone}: if it was to release {one}, hand it a permit that it drops on every way out \
             (`acquire_owned`); else acquire all that is needed of {one} at once"
        ),
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

/// Whether it is a mistake in the set-up of the test, and nothing that a schedule brings about: the
/// runtime of another crate is missing.
pub(crate) fn needs_a_runtime(finding: &Finding) -> bool {
    let words = ["no reactor running", "Tokio 1.x context", "runtime context"];
    let is_assertion = matches!(finding.identity, Identity::Assertion { .. });
    is_assertion && words.iter().any(|words| finding.detail.contains(words))
}

/// What a closure may read that changes from run to run, the likeliest first.
pub(crate) fn what_changes(written: Written) -> &'static str {
    match written {
        Written::Futures => {
            "`tokio::select!` without `biased;`, a clock, a random number, the order of a `HashMap`, \
             an address, a static"
        }
        Written::Threads | Written::Program => {
            "a clock, a random number, the order of a `HashMap`, an address, a static"
        }
    }
}
