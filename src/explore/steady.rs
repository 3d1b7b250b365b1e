//! Whether the same choices lead to the same run: a closure that reads something that changes from
//! run to run cannot be explored, whether or not anything is found.
//!
//! Some runs are made at random, and each is replayed twice. What changes in few runs only may not be
//! seen by that; a finding that depends on it does not replay, which is told of it.

use std::cell::RefCell;
use std::rc::Rc;

use super::closure_subject::ClosureSubject;
use super::findings::changing;
use super::replay::{Divergence, Replayed, replay_of};
use super::subject::Subject;
use crate::property::{Engine, Situation, Step, StepBound, Witness};
use crate::report::{Finding, Snapshot, WorkerState, what_changes};
use crate::run::{Choice, Outcome, Point, Status, StopFlag, Strategy, View};
use crate::schedule::Schedule;
use crate::strategy::RandomWalk;

/// Steps that are compared at most.
const MOST_STEPS: usize = 1000;

/// Runs that are replayed at most: of two ways of a coin, both are seen but once in 65,536 checks.
const RUNS: u64 = 16;

/// A check of few runs is not to be one of replays: this part of them is replayed, and one at least.
const PART: u64 = 8;

/// Further replays of a run that changed, to see whether it goes on doing so.
const MORE: u32 = 8;

/// Says where a run differs from its replay, if one does.
pub(super) fn changing_run(
    subject: &ClosureSubject,
    seed: u64,
    made: Option<u64>,
    due: &StopFlag,
) -> Option<Finding> {
    let runs = made.map_or(RUNS, |made| (made / PART).clamp(1, RUNS));
    let mut runs = (0..runs).take_while(|_| !due.is_set());
    runs.find_map(|run| changes(subject, seed, run))
}

fn changes(subject: &ClosureSubject, seed: u64, run: u64) -> Option<Finding> {
    let walk = Rc::new(RefCell::new(Short {
        walk: RandomWalk::new(seed, &subject.tasks.options().budget),
        steps: 0,
    }));
    walk.borrow_mut().begin(run);
    let choices = Rc::new(RefCell::new(Choices::default()));
    let mut engine = subject.tasks.again(*subject.tasks.options());
    if engine.execute(&(walk as _), &(choices.clone() as _)) == Outcome::NotJudged {
        // its last choice was not told, and what comes after it is none
        return None;
    }
    let choices = std::mem::take(&mut choices.borrow_mut().0);
    let again = || replay_of(subject, &choices, StepBound(u64::MAX));
    let [first, second] = [again(), again()];
    let refused = [&first, &second]
        .into_iter()
        .find_map(|r| Some((r, r.divergence.clone()?)));
    let (replayed, mut differs) = match refused {
        Some(refused) => refused,
        None => (&second, difference(&first, &second)?),
    };
    let settles = (0..MORE).all(|_| {
        let later = again();
        second.divergence == later.divergence && difference(&second, &later).is_none()
    });
    differs.reason = format!("{}; {}", differs.reason, likely_cause(subject, settles));
    let schedule = Schedule {
        digest: subject.digest(),
        choices,
    };
    Some(changing(subject, &schedule, replayed, &differs))
}

/// What makes runs of the same choices differ, told by whether later ones are alike.
fn likely_cause(subject: &ClosureSubject, settles: bool) -> String {
    if settles {
        "later runs are alike, so likely something is left from the run before: a `static`, a \
         thread-local, a file"
            .to_owned()
    } else {
        format!(
            "each run is another one, so likely it reads one of these: {}; or it runs a thread of \
             its own",
            what_changes(subject.written())
        )
    }
}

/// The first step after which two runs of the same choices do not stand alike.
fn difference(first: &Replayed, second: &Replayed) -> Option<Divergence> {
    let (one, other) = (&first.trace, &second.trace);
    let differs = one
        .snapshots()
        .zip(other.snapshots())
        .position(|(a, b)| !alike(a, b))?;
    Some(Divergence {
        step: differs,
        reason: "workers or semaphores stand otherwise after it".to_owned(),
    })
}

/// What is known of later runs alone is in neither.
fn alike(a: &Snapshot, b: &Snapshot) -> bool {
    let unspawned = |w: &WorkerState| w.status == Status::Unspawned;
    let most = a.workers.len().max(b.workers.len());
    let workers = (0..most).all(|i| match (a.workers.get(i), b.workers.get(i)) {
        (Some(a), Some(b)) => (unspawned(a) && unspawned(b)) || a == b,
        (Some(one), None) | (None, Some(one)) => unspawned(one),
        (None, None) => true,
    });
    workers && a.semaphores.iter().zip(&*b.semaphores).all(|(a, b)| a == b)
}

/// The random walk, as far as is compared.
struct Short {
    walk: RandomWalk,
    steps: usize,
}

impl Strategy for Short {
    fn begin(&mut self, run: u64) -> bool {
        self.walk.begin(run)
    }

    fn choose(&mut self, point: &Point<'_>) -> Option<Choice> {
        self.steps += 1;
        (self.steps <= MOST_STEPS).then(|| self.walk.choose(point))?
    }
}

/// Writes choices down.
#[derive(Default)]
struct Choices(Vec<Choice>);

impl Witness for Choices {
    fn state(&mut self, _: &dyn View, _: Situation, step: &Step<'_>) {
        self.0.extend(step.choice());
    }
}
