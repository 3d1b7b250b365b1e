//! Replays a schedule, and writes down all that happens.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use super::subject::{ProgramSubject, Source, Subject};
use crate::machine::Machine;
use crate::program::{Place, Program};
use crate::property::{Fact, Situation, Step, StepBound, Witness, circular_wait, wait_edges};
use crate::report::{SemaphoreState, Snapshot, Trace, TraceStep, WorkerState};
use crate::run::{
    Budget, Choice, Op, Point, SemaphoreId, StatementId, Status, StopFlag, Strategy, View, WorkerId,
};
use crate::strategy::Replay;

/// A run that was replayed.
#[derive(Debug, Clone)]
pub struct Replayed {
    /// The run.
    pub trace: Arc<Trace>,
    /// What the properties said of it.
    pub facts: BTreeSet<Fact>,
    /// Injected faults.
    pub faults: u32,
    /// Where the schedule and the run part, if they do.
    pub divergence: Option<Divergence>,
}

/// The first step of a replay that is not the recorded one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("step {step} of the schedule cannot be taken: {reason}")]
pub struct Divergence {
    /// The step, from one.
    pub step: usize,
    /// Why not.
    pub reason: String,
}

/// Replays choices on a program. A run that goes on after `bound` steps counts as a livelock.
pub fn replay(
    program: &Program,
    machine: &Machine,
    choices: &[Choice],
    bound: StepBound,
) -> Replayed {
    replay_of(&ProgramSubject::new(program, machine), choices, bound)
}

/// Replays choices on a subject.
pub(super) fn replay_of(subject: &dyn Subject, choices: &[Choice], bound: StepBound) -> Replayed {
    let replayed = replay_in_time(subject, choices, bound, &StopFlag::default());
    replayed.unwrap_or_else(|| unreachable!("there is no bound on the time"))
}

/// The same; `None` if it is not at its end when nothing is to be replayed any more.
pub(super) fn replay_in_time(
    subject: &dyn Subject,
    choices: &[Choice],
    bound: StepBound,
    due: &StopFlag,
) -> Option<Replayed> {
    if due.is_over() {
        return None;
    }
    let recorder = Rc::new(RefCell::new(Recorder {
        sources: Vec::new(),
        facts: BTreeSet::new(),
        trace: Trace {
            semaphores: Vec::new(),
            labels: Vec::new(),
            workers: Vec::new(),
            texts: Vec::new(),
            written: subject.written(),
            first_found: Vec::new(),
            initial: Snapshot {
                semaphores: Arc::new([]),
                workers: Arc::new([]),
            },
            steps: Vec::new(),
            situation: Situation::Going,
            edges: Vec::new(),
            cycle: None,
        },
        faults: 0,
        length: choices.len(),
        stood: Vec::new(),
    }));
    let strategy = Rc::new(RefCell::new(InTime {
        replay: Replay::new(choices.to_vec()),
        due: due.clone(),
    }));
    subject
        .engine(Budget::UNBOUNDED, bound)
        .execute(&(strategy.clone() as _), &(recorder.clone() as _));
    let taken = strategy.borrow().replay.taken();
    if taken < choices.len() && due.is_over() {
        return None;
    }
    let Some(mut recorder) = Rc::into_inner(recorder).map(RefCell::into_inner) else {
        unreachable!("the engine, which shared it, is gone")
    };
    recorder.name(subject);
    recorder.trace.first_found = subject.first_found();
    let divergence = (taken < choices.len()).then(|| Divergence {
        step: taken + 1,
        reason: recorder.refused(choices[taken]),
    });
    Some(Replayed {
        trace: Arc::new(recorder.trace),
        facts: recorder.facts,
        faults: recorder.faults,
        divergence,
    })
}

/// A replay that ends when there is no time for it any more.
struct InTime {
    replay: Replay,
    due: StopFlag,
}

impl Strategy for InTime {
    fn begin(&mut self, run: u64) -> bool {
        self.replay.begin(run)
    }

    fn choose(&mut self, point: &Point<'_>) -> Option<Choice> {
        if self.due.is_over() {
            return None;
        }
        self.replay.choose(point)
    }

    fn stops_at_spawn(&mut self) -> bool {
        self.replay.stops_at_spawn()
    }
}

/// Of a run that would take more cells than this, a semaphore or a worker in a state each, only the
/// states at both ends are kept; a cell takes about 100 bytes.
const MOST_CELLS: usize = 2_000_000;
const AT_ENDS: usize = 500;

struct Recorder {
    /// What each statement says, once all are known.
    sources: Vec<Source>,
    facts: BTreeSet<Fact>,
    trace: Trace,
    faults: u32,
    /// Steps that the run will have.
    length: usize,
    /// The statement at which each worker stood before the step.
    stood: Vec<Option<StatementId>>,
}

impl Recorder {
    fn snapshot(&self, view: &dyn View) -> Snapshot {
        let last = self.trace.last();
        let steps = self.trace.steps.len();
        let width = (view.semaphores() + view.workers()) as usize;
        let at_ends = (MOST_CELLS / 2 / width.max(1)).clamp(10, AT_ENDS);
        let is_large = self.length * width > MOST_CELLS;
        if is_large && steps > at_ends && steps + at_ends < self.length {
            return last.clone();
        }
        let ids = (0..view.semaphores()).map(SemaphoreId);
        let semaphores: Vec<SemaphoreState> = ids
            .map(|s| SemaphoreState {
                available: view.available(s),
                capacity: view.capacity(s),
                debt: view.debt(s),
                taken: view.taken(s),
                closed: view.is_closed(s),
                signal: view.is_signal(s),
                foreign: view.is_foreign(s),
                queue: view.queue(s),
            })
            .collect();
        let workers: Vec<WorkerState> = (0..view.workers())
            .map(WorkerId)
            .map(|w| WorkerState {
                status: view.status(w),
                statement: view.statement(w).map(|s| (s, NOWHERE)),
                wait: view.wait(w),
                held: view
                    .owned(w)
                    .iter()
                    .map(|&s| (s, view.held(w, s)))
                    .filter(|&(_, held)| held > 0)
                    .collect(),
            })
            .collect();
        Snapshot {
            semaphores: shared(&last.semaphores, semaphores),
            workers: shared(&last.workers, workers),
        }
    }

    /// Puts names, words and places to what the run was made of: of a closure they are known only
    /// once it has run.
    fn name(&mut self, subject: &dyn Subject) {
        let trace = &mut self.trace;
        trace.semaphores = subject.semaphores();
        trace.labels = subject.semaphore_labels();
        trace.workers = subject.workers();
        trace.texts = subject.texts();
        let stood = trace.snapshots().flat_map(|s| s.workers.iter());
        let stood = stood.filter_map(|w| w.statement.map(|(s, _)| s.index()));
        let made = trace.steps.iter().map(|step| step.statement.index());
        let statements = stood.chain(made).max().map_or(0, |most| most + 1);
        self.sources = (0..statements as u32)
            .map(|s| subject.statement(StatementId(s)))
            .collect();
        let sources = &self.sources;
        let place = |s: StatementId| sources[s.index()].place;
        let last = trace.last().clone();
        // what comes to light during the run is as it was then before it did
        let mut filled: Option<(Snapshot, Snapshot)> = None;
        let mut fill = |snapshot: &mut Snapshot| {
            if let Some((of, with)) = &filled
                && Arc::ptr_eq(&of.semaphores, &snapshot.semaphores)
                && Arc::ptr_eq(&of.workers, &snapshot.workers)
            {
                *snapshot = with.clone();
                return;
            }
            let before = snapshot.clone();
            let mut workers = snapshot.workers.to_vec();
            for worker in &mut workers {
                worker.statement = worker.statement.map(|(s, _)| (s, place(s)));
            }
            let unknown = WorkerState {
                status: Status::Unspawned,
                statement: None,
                wait: None,
                held: Vec::new(),
            };
            workers.resize(last.workers.len(), unknown);
            snapshot.workers = workers.into();
            if snapshot.semaphores.len() < last.semaphores.len() {
                let mut semaphores = snapshot.semaphores.to_vec();
                let later = last.semaphores[semaphores.len()..]
                    .iter()
                    .map(|s| SemaphoreState {
                        available: s.capacity,
                        debt: 0,
                        taken: 0,
                        closed: false,
                        queue: Vec::new(),
                        ..s.clone()
                    });
                semaphores.extend(later);
                snapshot.semaphores = semaphores.into();
            }
            filled = Some((before, snapshot.clone()));
        };
        fill(&mut trace.initial);
        for step in &mut trace.steps {
            fill(&mut step.after);
            let source = &sources[step.statement.index()];
            step.place = source.place;
            let ends = source.guard && matches!(step.op, Some(Op::Release { .. }));
            step.text = if ends {
                format!("end {}", source.head)
            } else {
                source.head.clone()
            };
        }
    }

    /// Why a choice cannot be made at the end of the run.
    fn refused(&self, choice: Choice) -> String {
        let trace = &self.trace;
        let index = choice.worker.index();
        let Some(state) = trace.last().workers.get(index) else {
            return "there is no such worker yet".to_owned();
        };
        let name = &trace.workers[index];
        match state.status {
            Status::Ended => format!("{name} has ended already"),
            Status::Unspawned => format!("{name} was not spawned yet"),
            Status::Running => {
                let at = state.statement.map_or(String::new(), |(s, place)| {
                    format!(
                        ", it stands at `{}` ({place})",
                        self.sources[s.index()].head
                    )
                });
                format!("{name} has no such choice here{at}")
            }
        }
    }
}

/// Stands in for a place until all are known.
const NOWHERE: Place = Place::UNKNOWN;

/// The old one, if it is the same.
fn shared<T: PartialEq>(old: &Arc<[T]>, new: Vec<T>) -> Arc<[T]> {
    if **old == *new {
        Arc::clone(old)
    } else {
        new.into()
    }
}

impl Witness for Recorder {
    fn state(&mut self, view: &dyn View, situation: Situation, step: &Step<'_>) {
        let after = self.snapshot(view);
        self.facts.extend(step.facts.iter().cloned());
        match step.choice() {
            None => self.trace.initial = after,
            Some(choice) => {
                let stood = self.stood.get(choice.worker.index()).copied().flatten();
                self.trace.steps.push(TraceStep {
                    choice,
                    op: step.op(),
                    statement: stood.unwrap_or(StatementId(0)),
                    text: String::new(),
                    place: NOWHERE,
                    events: step.events.to_vec(),
                    after,
                });
            }
        }
        self.stood = (0..view.workers())
            .map(|w| view.statement(WorkerId(w)))
            .collect();
        self.faults = step.spent.faults();
        self.trace.situation = situation;
        if self.trace.steps.len() >= self.length || situation != Situation::Going {
            self.trace.edges = wait_edges(view);
        }
        self.trace.cycle = match situation {
            Situation::Stuck => circular_wait(view),
            _ => None,
        };
    }
}
