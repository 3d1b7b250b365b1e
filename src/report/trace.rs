//! One run, step by step, with all that a timeline shows.

use std::sync::Arc;

use crate::program::Place;
use crate::property::{Edge, Situation};
use crate::run::{Choice, Event, Op, SemaphoreId, StatementId, Status, TextId, Wait, WorkerId};

/// A run of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// The semaphores' names.
    pub semaphores: Vec<String>,
    /// What they are called where lines must not matter: a name may say where one was made.
    pub labels: Vec<String>,
    /// The worker instances' names, such as `handler.2`.
    pub workers: Vec<String>,
    /// The texts that events carry.
    pub texts: Vec<String>,
    /// What the subject is written in.
    pub written: Written,
    /// The semaphores that this run found otherwise than the first run that had them.
    pub first_found: Vec<FirstFound>,
    /// Before the first step.
    pub initial: Snapshot,
    /// The steps, first to last.
    pub steps: Vec<TraceStep>,
    /// What comes after the last step.
    pub situation: Situation,
    /// Who waits for whom at the end.
    pub edges: Vec<Edge>,
    /// The smallest circular wait at the end, each waiting for the next.
    pub cycle: Option<Vec<WorkerId>>,
}

/// How the first run of an exploration found a semaphore. A later one that finds it otherwise made it
/// otherwise, or has it from the run before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FirstFound {
    /// The semaphore.
    pub semaphore: SemaphoreId,
    /// Its free permits.
    pub available: u64,
    /// Its capacity.
    pub capacity: u64,
}

/// What a subject is written in: remedies speak its language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// The worker-program language.
    Program,
    /// Rust, over futures.
    Futures,
    /// Rust, over threads.
    Threads,
}

/// One step of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceStep {
    /// The choice.
    pub choice: Choice,
    /// What the worker was about to do.
    pub op: Option<Op>,
    /// The statement at which the worker stood.
    pub statement: StatementId,
    /// What it says, without its block: `acquire pool`. The release of a guard is `end with pool`.
    pub text: String,
    /// Where it stands.
    pub place: Place,
    /// What happened.
    pub events: Vec<Event>,
    /// The state after it.
    pub after: Snapshot,
}

/// A state between two steps. Of a run that is long and of many semaphores or workers, the steps in
/// the middle have the state of an earlier one: nobody reads them, and they would not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// For each semaphore, in the order of the text.
    pub semaphores: Arc<[SemaphoreState]>,
    /// For each worker instance.
    pub workers: Arc<[WorkerState]>,
}

/// A semaphore in a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SemaphoreState {
    /// Free permits.
    pub available: u64,
    /// The capacity; meaningless for a signal semaphore.
    pub capacity: u64,
    /// What a shrink has still to take.
    pub debt: u64,
    /// What waiters have taken of their requests, and what is held by nobody knows whom.
    pub taken: u64,
    /// Whether it is closed.
    pub closed: bool,
    /// Whether it only signals.
    pub signal: bool,
    /// Whether it is somebody else's, and no more is known of it than it tells.
    pub foreign: bool,
    /// Those in its queue, first comes first.
    pub queue: Vec<WorkerId>,
}

/// A worker in a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerState {
    /// Where it is in its life.
    pub status: Status,
    /// Where it stands, while it runs.
    pub statement: Option<(StatementId, Place)>,
    /// What it waits for.
    pub wait: Option<Wait>,
    /// What it holds, semaphores of which it holds nothing left out.
    pub held: Vec<(SemaphoreId, u64)>,
}

impl Trace {
    /// The available count of a semaphore, before the first step and after each.
    pub fn available(&self, semaphore: SemaphoreId) -> Vec<u64> {
        self.snapshots()
            .map(|snapshot| snapshot.semaphores[semaphore.index()].available)
            .collect()
    }

    /// A text that an event carries.
    pub(super) fn text(&self, id: TextId) -> &str {
        &self.texts[id.index()]
    }

    /// All states, the initial one first.
    pub fn snapshots(&self) -> impl Iterator<Item = &Snapshot> {
        std::iter::once(&self.initial).chain(self.steps.iter().map(|step| &step.after))
    }

    /// The state after the last step.
    pub fn last(&self) -> &Snapshot {
        self.steps.last().map_or(&self.initial, |step| &step.after)
    }
}
