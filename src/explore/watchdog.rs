//! Explores in a thread of its own, and looks on: a future that spins inside of one poll never comes
//! back, and cannot be stopped, but it can be told where it is.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use super::Explorer;
use super::clock::Clock;
use super::closure_subject::ClosureSubject;
use super::closures::{Case, Closure, as_exploration, refuse_nesting};
use super::findings::spinning;
use super::how_far::HowFar;
use super::replay::replay_of;
use crate::report::{Reduction, Report, Stats, Stopped};
use crate::runtime::{Published, message};
use crate::schedule::{Digest, ScheduleError};

/// Steps whose schedule can be told when a run does not come back.
const MOST_STEPS: usize = 1 << 17;

/// What comes of an exploration, also if it does not come back.
pub(super) trait Outcome: Send + 'static {
    fn hangs(report: Report) -> Self;
}

impl Outcome for Report {
    fn hangs(report: Report) -> Report {
        report
    }
}

impl Outcome for Result<Report, ScheduleError> {
    fn hangs(report: Report) -> Self {
        Ok(report)
    }
}

/// Explores in a thread of its own. If a step does not end within the explorer's patience, the
/// thread is left to itself, and the report says where it is.
#[track_caller]
pub(super) fn watched<T: Outcome>(
    explorer: &Explorer,
    case: &Case,
    closure: &Closure,
    mut far: Option<HowFar>,
    explore: impl FnOnce(Arc<Published>) -> T + Send + 'static,
) -> T {
    refuse_nesting();
    explorer.refuse_absurd();
    let clock = Clock::start(None);
    let steps = explorer.step_bound.0.min(MOST_STEPS as u64) as usize;
    let published = Arc::new(Published::new(Digest::of(&case.name), steps));
    let shared = Arc::clone(&published);
    let (sender, receiver) = channel();
    let make = Arc::clone(closure);
    let (worker, starving) = spawn(move || {
        let outcome = as_exploration(&make, move || explore(shared));
        // nobody waits any more if this took too long
        let _ = sender.send(outcome);
    });
    let mut looks = |passed| {
        if let Some(far) = &mut far {
            far.tell(published.runs_made(), passed);
        }
    };
    match wait(
        &receiver,
        &published,
        explorer.patience,
        &starving,
        &mut looks,
    ) {
        Heard::Outcome(outcome) => {
            // its thread-local values are dropped before anybody goes on
            let _ = worker.join();
            outcome
        }
        Heard::Silence => {
            let mut report = hanging(explorer, case, closure, &published);
            let (runs, transitions) = published.figures();
            report.stats = Stats {
                runs,
                transitions,
                seconds: clock.seconds(),
                ..Stats::default()
            };
            T::hangs(report)
        }
        Heard::End => match worker.join() {
            // the hook kept the message, and nobody has seen it yet
            Err(panic) => panic!("{}", message(&*panic)),
            Ok(()) => unreachable!("who does not panic sends its outcome"),
        },
    }
}

/// What is heard of a thread that explores.
enum Heard<T> {
    Outcome(T),
    /// It makes no more steps.
    Silence,
    /// It has ended, or is about to, without an outcome.
    End,
}

/// A thread, and what says how long it has waited for a processor.
fn spawn(body: impl FnOnce() + Send + 'static) -> (thread::JoinHandle<()>, Starving) {
    let starving = Starving::default();
    let of_thread = starving.clone();
    let name = "selvedge".to_owned();
    let thread = thread::Builder::new().name(name).spawn(move || {
        of_thread.is_here();
        body();
    });
    match thread {
        Ok(thread) => (thread, starving),
        Err(error) => panic!("no thread to explore in: {error}"),
    }
}

/// How long a thread was ready to go on and had no processor, where the system says so (Linux). On a
/// machine with more to do than it can, that is no step that does not end.
#[derive(Clone, Default)]
struct Starving(Arc<OnceLock<Option<PathBuf>>>);

impl Starving {
    /// The thread is the one that calls this.
    fn is_here(&self) {
        let thread = fs::read_link("/proc/thread-self");
        let file = thread.map(|thread| Path::new("/proc").join(thread).join("schedstat"));
        let _ = self.0.set(file.ok());
    }

    fn so_far(&self) -> Duration {
        // time on a processor, time waiting for one, both in nanoseconds
        let file = self.0.get().and_then(Option::as_ref);
        let text = file.and_then(|file| fs::read_to_string(file).ok());
        let waited = text.and_then(|text| text.split_whitespace().nth(1)?.parse().ok());
        Duration::from_nanos(waited.unwrap_or(0))
    }

    /// Of a part of the time, how much the thread has certainly or probably not had: what it waited for a
    /// processor since `before`, or what others had of the processors, who may keep a lock from it; all of
    /// it before it has begun.
    fn lost(&self, part: Duration, before: Duration) -> Duration {
        if self.0.get().is_none() {
            return part;
        }
        let waited = self.so_far().saturating_sub(before).min(part);
        waited.max(part.mul_f64(1.0 - share()))
    }
}

/// The part of a processor that each thread has that could run now, on the whole machine; 1 where the
/// system does not say how many those are (all but Linux).
#[expect(
    clippy::disallowed_methods,
    reason = "how long a step may take depends on the machine, what is found does not"
)]
fn share() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    // three averages, then how many can run now of how many there are
    let running = text
        .split_whitespace()
        .nth(3)
        .and_then(|both| both.split_once('/')?.0.parse::<f64>().ok());
    let processors = thread::available_parallelism().map_or(1, usize::from);
    running.map_or(1.0, |running| (processors as f64 / running).min(1.0))
}

/// Waits for an outcome, as long as steps are made; `looks` is called from time to time, with how long it
/// has waited.
fn wait<T>(
    receiver: &Receiver<T>,
    published: &Published,
    patience: Duration,
    starving: &Starving,
    looks: &mut dyn FnMut(Duration),
) -> Heard<T> {
    let (mut beat, mut starved) = (published.beat(), starving.so_far());
    // of the patience with the step that is under way
    let mut left = patience;
    let mut passed = Duration::ZERO;
    loop {
        let part = left.min(LONGEST);
        match receiver.recv_timeout(part) {
            Ok(outcome) => return Heard::Outcome(outcome),
            Err(RecvTimeoutError::Disconnected) => return Heard::End,
            Err(RecvTimeoutError::Timeout) => {
                let now = published.beat();
                left = if now == beat {
                    left - part + starving.lost(part, starved)
                } else {
                    patience
                };
                if left < SHORTEST {
                    return Heard::Silence;
                }
                (beat, starved) = (now, starving.so_far());
                passed += part;
                looks(passed);
            }
        }
    }
}

/// How long at most it is waited before the thread is looked at again.
const LONGEST: Duration = Duration::from_secs(1);

/// What is left of the patience and shorter than this is not waited for.
const SHORTEST: Duration = Duration::from_millis(50);

/// The report of an exploration that does not come back: the schedule up to the step that spins is
/// replayed in another thread, so that it can be told.
fn hanging(explorer: &Explorer, case: &Case, closure: &Closure, published: &Published) -> Report {
    let (choices, names) = (published.choices(), published.workers());
    let (sender, receiver) = channel();
    let (explorer_there, of, make) = (explorer.clone(), case.clone(), Arc::clone(closure));
    let root = Arc::clone(closure);
    let again = Arc::new(Published::new(Digest::of(&case.name), 0));
    let shared = Arc::clone(&again);
    let (_, starving) = spawn(move || {
        let report = as_exploration(&root, move || {
            let subject = explorer_there.subject(&of, make());
            subject.tasks.publish(Some(shared));
            subject.tasks.names(|known| {
                for name in &names {
                    known.worker_of_name(name);
                }
            });
            let (_, before) = choices.split_last().unwrap_or_else(|| {
                panic!("the closure itself does not return, before it has made a future")
            });
            let replayed = replay_of(&subject, before, explorer_there.step_bound);
            let finding = spinning(&subject, &choices, &replayed);
            explorer_there.hang_report(&of, &subject, finding)
        });
        let _ = sender.send(report);
    });
    match wait(&receiver, &again, explorer.patience, &starving, &mut |_| ()) {
        Heard::Outcome(report) => report,
        Heard::Silence | Heard::End => panic!(
            "{}: a step does not end, and a replay of the steps before it does not either: the \
             closure blocks, or reads something that changes from run to run",
            case.name
        ),
    }
}

impl Explorer {
    fn hang_report(
        &self,
        case: &Case,
        subject: &ClosureSubject,
        finding: crate::report::Finding,
    ) -> Report {
        let strategy = self.runs_by();
        Report {
            program: case.name.clone(),
            command: case.command.clone(),
            digest: Digest::of(&case.name),
            complete: false,
            stopped: Some(Stopped::Hang),
            budget: subject.told(self.limits()),
            strategy,
            reduction: Reduction::None,
            seed: strategy.is_random().then_some(self.seed),
            shard: self.shard,
            findings: vec![finding],
            order: Vec::new(),
            more_cycles: false,
            not_replayed: 0,
            timeline: None,
            coverage: None,
            stats: Stats::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::Location;

    use super::*;
    use crate::explore::closures::closure_of;
    use crate::runtime::Here;

    #[test]
    #[should_panic(expected = "a broken promise")]
    fn a_panic_of_the_exploration_itself_is_passed_on() {
        let case = Case {
            name: "broken".to_owned(),
            place: Here::from(Location::caller()),
            command: None,
        };
        let closure = closure_of(|| async {});
        let explore = |_| -> Report { panic!("a broken promise") };
        watched(&Explorer::closures(), &case, &closure, None, explore);
    }
}
