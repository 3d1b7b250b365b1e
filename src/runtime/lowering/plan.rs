//! What is known of a program before it runs.

use std::collections::{BTreeMap, BTreeSet};

use super::eligible::{NotLowered, check};
use crate::program::{Kind, Program, Statement, StatementKind, WorkerRef, block_size};
use crate::run::{SemaphoreId, StatementId, WorkerId};

/// A program, and the ids of its names.
#[derive(Debug)]
pub(crate) struct Plan {
    program: Program,
    semaphores: BTreeMap<String, SemaphoreId>,
    /// The first instance of each worker, and how many there are.
    workers: BTreeMap<String, (WorkerId, u32)>,
    instances: Vec<Instance>,
    /// Whose leaks of what are judged at the end: some `release from=` names them.
    deferred: BTreeSet<(WorkerId, SemaphoreId)>,
    /// Those whom some `cancel` names.
    cancelled: BTreeSet<WorkerId>,
    /// The `with` statements.
    guards: BTreeSet<StatementId>,
}

/// A worker instance.
#[derive(Debug, Clone, Copy)]
struct Instance {
    declared: usize,
    /// Its first statement.
    first: u32,
}

impl Plan {
    /// # Errors
    ///
    /// If the program needs a semaphore that is not ours.
    pub(crate) fn new(program: &Program) -> Result<Plan, NotLowered> {
        check(program)?;
        let names = program.semaphores().iter().map(|s| s.name.to_string());
        let mut plan = Plan {
            semaphores: names.zip((0..).map(SemaphoreId)).collect(),
            workers: BTreeMap::new(),
            instances: Vec::new(),
            deferred: BTreeSet::new(),
            cancelled: BTreeSet::new(),
            guards: BTreeSet::new(),
            program: program.clone(),
        };
        let mut first = 0;
        for (declared, decl) in program.workers().iter().enumerate() {
            let id = WorkerId(plan.instances.len() as u32);
            plan.workers.insert(decl.name.to_string(), (id, decl.count));
            let instance = Instance { declared, first };
            let instances = std::iter::repeat_n(instance, decl.count as usize);
            plan.instances.extend(instances);
            first += block_size(&decl.body);
        }
        for (id, numbered) in (0..).map(StatementId).zip(program.statements()) {
            match &numbered.statement.kind {
                StatementKind::With { .. } => {
                    plan.guards.insert(id);
                }
                StatementKind::Cancel { worker } => {
                    let worker = plan.instance(worker);
                    plan.cancelled.insert(worker);
                }
                StatementKind::Release {
                    semaphore,
                    from: Some(from),
                    ..
                } => {
                    let of = (plan.instance(from), plan.semaphore(semaphore.as_str()));
                    plan.deferred.insert(of);
                }
                _ => {}
            }
        }
        Ok(plan)
    }

    pub(crate) fn program(&self) -> &Program {
        &self.program
    }

    pub(super) fn semaphore(&self, name: &str) -> SemaphoreId {
        self.semaphores[name]
    }

    pub(super) fn is_signal(&self, id: SemaphoreId) -> bool {
        self.program.semaphores()[id.index()].kind == Kind::Signal
    }

    /// The first instance of a worker, and how many there are.
    pub(super) fn instances(&self, name: &str) -> (WorkerId, u32) {
        self.workers[name]
    }

    pub(super) fn instance(&self, reference: &WorkerRef) -> WorkerId {
        let (first, _) = self.instances(reference.worker.as_str());
        WorkerId(first.0 + reference.instance.map_or(0, |i| i - 1))
    }

    /// How many instances there are of the worker whose first instance this is.
    pub(crate) fn count(&self, first: WorkerId) -> u32 {
        let declared = self.instances[first.index()].declared;
        self.program.workers()[declared].count
    }

    pub(crate) fn workers(&self) -> impl Iterator<Item = WorkerId> + use<> {
        (0..self.instances.len() as u32).map(WorkerId)
    }

    /// Whether it starts only when `spawn` says so.
    pub(crate) fn is_spawned(&self, worker: WorkerId) -> bool {
        let declared = self.instances[worker.index()].declared;
        self.program.workers()[declared].spawned
    }

    /// A worker's body, and the number of its first statement.
    pub(super) fn body(&self, worker: WorkerId) -> (&[Statement], u32) {
        let Instance { declared, first } = self.instances[worker.index()];
        (&self.program.workers()[declared].body, first)
    }

    /// Whether what a worker leaks is judged when the run ends.
    pub(super) fn is_deferred(&self, worker: WorkerId, semaphore: SemaphoreId) -> bool {
        self.deferred.contains(&(worker, semaphore))
    }

    pub(super) fn is_cancelled(&self, worker: WorkerId) -> bool {
        self.cancelled.contains(&worker)
    }

    /// In which order a release takes from what a worker took by these statements: plain ones
    /// before guards, the last in the text first.
    pub(super) fn order(&self, statement: StatementId) -> (bool, std::cmp::Reverse<StatementId>) {
        (
            self.guards.contains(&statement),
            std::cmp::Reverse(statement),
        )
    }
}
