//! Replays a schedule, and writes down all that happens.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::machine::{Machine, Run, StateView, Step, StepBound, Witness};
use crate::program::{Place, Program, StatementKind};
use crate::property::{Fact, Judge, Situation, circular_wait, wait_edges};
use crate::report::{SemaphoreState, Snapshot, Trace, TraceStep, WorkerState};
use crate::run::{Budget, Choice, Op, SemaphoreId, StatementId, View, WorkerId};
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
    let statements = program.statements();
    let places: Vec<Place> = Places::new(program).of(statements.iter().map(|n| n.statement.span));
    let mut recorder = Recorder {
        places,
        judge: None,
        facts: BTreeSet::new(),
        trace: Trace {
            semaphores: program
                .semaphores()
                .iter()
                .map(|s| s.name.to_string())
                .collect(),
            workers: program.instance_names(),
            initial: Snapshot {
                semaphores: Arc::new([]),
                workers: Arc::new([]),
            },
            steps: Vec::new(),
            situation: Situation::Going,
            edges: Vec::new(),
            cycle: None,
        },
        heads: statements.iter().map(|n| n.statement.head()).collect(),
        guards: statements
            .iter()
            .map(|n| matches!(n.statement.kind, StatementKind::With { .. }))
            .collect(),
        faults: 0,
        length: choices.len(),
        stood: Vec::new(),
    };
    let mut strategy = Replay::new(choices);
    Run::new(machine, Budget::UNBOUNDED, bound).execute(&mut strategy, &mut recorder);
    let taken = strategy.taken();
    let divergence = (taken < choices.len()).then(|| {
        let choice = choices[taken];
        let name = &recorder.trace.workers[choice.worker.index()];
        let reason = match recorder.trace.last().workers[choice.worker.index()].status {
            crate::run::Status::Ended => format!("{name} has ended already"),
            crate::run::Status::Unspawned => format!("{name} was not spawned yet"),
            crate::run::Status::Running => {
                let state = &recorder.trace.last().workers[choice.worker.index()];
                let at = state.statement.map_or(String::new(), |(s, place)| {
                    format!(", it stands at `{}` ({place})", recorder.heads[s.index()])
                });
                format!("{name} has no such choice here{at}")
            }
        };
        Divergence {
            step: taken + 1,
            reason,
        }
    });
    Replayed {
        trace: Arc::new(recorder.trace),
        facts: recorder.facts,
        faults: recorder.faults,
        divergence,
    }
}

/// Line and column of many places at once.
struct Places<'a> {
    source: &'a str,
    lines: Vec<usize>,
}

impl<'a> Places<'a> {
    fn new(program: &'a Program) -> Places<'a> {
        let source = program.source();
        let ends = source.match_indices('\n').map(|(i, _)| i + 1);
        Places {
            source,
            lines: std::iter::once(0).chain(ends).collect(),
        }
    }

    fn of(&self, spans: impl Iterator<Item = crate::program::Span>) -> Vec<Place> {
        spans
            .map(|span| {
                let at = span.start as usize;
                let line = self.lines.partition_point(|&start| start <= at) - 1;
                Place {
                    line: line as u32 + 1,
                    column: 1 + self.source[self.lines[line]..at].chars().count() as u32,
                }
            })
            .collect()
    }
}

/// Of a run that would take more cells than this, a semaphore or a worker in a state each, only the
/// states at both ends are kept.
const MOST_CELLS: usize = 10_000_000;
const AT_ENDS: usize = 500;

struct Recorder {
    places: Vec<Place>,
    heads: Vec<String>,
    guards: Vec<bool>,
    judge: Option<Judge>,
    facts: BTreeSet<Fact>,
    trace: Trace,
    faults: u32,
    /// Steps that the run will have.
    length: usize,
    /// The statement at which each worker stood before the step.
    stood: Vec<Option<StatementId>>,
}

impl Recorder {
    fn snapshot(&self, view: &StateView<'_>) -> Snapshot {
        let last = self.trace.last();
        let steps = self.trace.steps.len();
        let cells = self.length * (view.semaphores() + view.workers()) as usize;
        if cells > MOST_CELLS && steps > AT_ENDS && steps + AT_ENDS < self.length {
            return last.clone();
        }
        let ids = (0..view.semaphores()).map(SemaphoreId);
        let semaphores: Vec<SemaphoreState> = ids
            .map(|s| SemaphoreState {
                available: view.available(s),
                capacity: view.capacity(s),
                debt: view.debt(s),
                closed: view.is_closed(s),
                signal: view.is_signal(s),
                queue: view.queue(s),
            })
            .collect();
        let workers: Vec<WorkerState> = (0..view.workers())
            .map(WorkerId)
            .map(|w| WorkerState {
                status: view.status(w),
                statement: view.statement(w).map(|s| (s, self.places[s.index()])),
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

    /// What a worker did at a statement, in the words of the program.
    fn text(&self, statement: StatementId, op: Option<Op>) -> String {
        let head = &self.heads[statement.index()];
        if self.guards[statement.index()] && matches!(op, Some(Op::Release { .. })) {
            format!("end {head}")
        } else {
            head.clone()
        }
    }
}

/// The old one, if it is the same.
fn shared<T: PartialEq>(old: &Arc<[T]>, new: Vec<T>) -> Arc<[T]> {
    if **old == *new {
        Arc::clone(old)
    } else {
        new.into()
    }
}

impl Witness for Recorder {
    fn state(&mut self, view: &StateView<'_>, situation: Situation, step: &Step<'_>) {
        let after = self.snapshot(view);
        let judge = self.judge.get_or_insert_with(|| Judge::new(view));
        let facts = &mut self.facts;
        let see = |fact| {
            facts.insert(fact);
        };
        judge.step(view, situation, step.events, step.moved, see);
        match step.choice {
            None => self.trace.initial = after,
            Some(choice) => {
                let statement = self.stood[choice.worker.index()].unwrap_or(StatementId(0));
                self.trace.steps.push(TraceStep {
                    choice,
                    statement,
                    text: self.text(statement, step.op),
                    place: self.places[statement.index()],
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
