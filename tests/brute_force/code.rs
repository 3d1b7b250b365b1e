//! A program with its names resolved and its statements numbered.

use std::collections::BTreeSet;

use selvedge::program::{
    Amount, Block, Catch, CatchKind, Kind, Order, Panics, Program, StatementKind, WorkerRef,
};

/// The number of a statement: pre-order over the whole file.
pub(super) type Ordinal = usize;
/// Index into [`Code::blocks`].
pub(super) type BlockId = usize;
/// Index into [`Code::semaphores`].
pub(super) type Sem = usize;
/// Index into [`Code::instances`].
pub(super) type Instance = usize;

pub(super) struct Code {
    pub(super) semaphores: Vec<SemaphoreCode>,
    pub(super) instances: Vec<InstanceCode>,
    pub(super) blocks: Vec<Vec<Numbered>>,
    /// The ordinals of the `with` statements.
    pub(super) guards: BTreeSet<Ordinal>,
    /// What some `release from=` names: these leaks are judged when the run ends or is stuck.
    pub(super) judged_late: BTreeSet<(Instance, Sem)>,
    workers: Vec<String>,
    next: Ordinal,
}

pub(super) struct SemaphoreCode {
    pub(super) name: String,
    pub(super) permits: u64,
    pub(super) order: Order,
    pub(super) kind: Kind,
}

pub(super) struct InstanceCode {
    /// Index of the worker's declaration.
    pub(super) worker: usize,
    pub(super) spawned: bool,
    pub(super) body: BlockId,
}

pub(super) struct Numbered {
    pub(super) ordinal: Ordinal,
    pub(super) action: Action,
}

pub(super) enum Action {
    Acquire(Sem, u64, Form),
    TryAcquire(Sem, u64, BlockId, BlockId),
    Release(Sem, Amount, Option<Instance>),
    Work(Panics),
    Panic,
    Return,
    Try(TryCode),
    Repeat(u32, BlockId),
    Either(Vec<BlockId>),
    Grow(Sem, u64),
    Shrink(Sem, u64),
    Drain(Sem),
    Forget(Sem, Amount),
    Give(Sem, Amount, Instance),
    Close(Sem),
    Cancel(Instance),
    Spawn(usize),
    Join(usize),
}

/// The three statements that can wait for permits.
pub(super) enum Form {
    Acquire,
    With(BlockId),
    Within(BlockId, BlockId),
}

#[derive(Clone)]
pub(super) struct TryCode {
    pub(super) body: BlockId,
    /// The kinds caught and the block.
    pub(super) catch: Option<(Vec<CatchKind>, BlockId)>,
    pub(super) finally: Option<BlockId>,
}

impl Code {
    pub(super) fn of(program: &Program) -> Code {
        let semaphores = program.semaphores().iter().map(|s| SemaphoreCode {
            name: s.name.as_str().to_string(),
            permits: u64::from(s.permits),
            order: s.order,
            kind: s.kind,
        });
        let mut code = Code {
            semaphores: semaphores.collect(),
            instances: Vec::new(),
            blocks: Vec::new(),
            guards: BTreeSet::new(),
            judged_late: BTreeSet::new(),
            workers: Vec::new(),
            next: 0,
        };
        // The instances come first: statements refer to them.
        for (worker, decl) in program.workers().iter().enumerate() {
            code.workers.push(decl.name.as_str().to_string());
            for _ in 0..decl.count {
                code.instances.push(InstanceCode {
                    worker,
                    spawned: decl.spawned,
                    body: 0,
                });
            }
        }
        for (worker, decl) in program.workers().iter().enumerate() {
            let body = code.block(&decl.body);
            for instance in code.instances.iter_mut().filter(|i| i.worker == worker) {
                instance.body = body;
            }
        }
        code
    }

    /// All instances of a worker.
    pub(super) fn instances_of(&self, worker: usize) -> impl Iterator<Item = Instance> {
        (0..self.instances.len()).filter(move |&i| self.instances[i].worker == worker)
    }

    pub(super) fn is_signal(&self, semaphore: Sem) -> bool {
        self.semaphores[semaphore].kind == Kind::Signal
    }

    fn semaphore(&self, name: &str) -> Sem {
        let found = self.semaphores.iter().position(|s| s.name == name);
        found.expect("a program that was read knows its semaphores")
    }

    fn worker(&self, name: &str) -> usize {
        let found = self.workers.iter().position(|w| w == name);
        found.expect("a program that was read knows its workers")
    }

    fn instance(&self, named: &WorkerRef) -> Instance {
        let number = named.instance.unwrap_or(1) as usize;
        let worker = self.worker(named.worker.as_str());
        let found = self.instances_of(worker).nth(number - 1);
        found.expect("a program that was read names instances that exist")
    }

    fn optional_block(&mut self, block: Option<&Block>) -> BlockId {
        self.block(block.unwrap_or(&Vec::new()))
    }

    fn block(&mut self, block: &Block) -> BlockId {
        let mut numbered = Vec::new();
        for statement in block {
            let ordinal = self.next;
            self.next += 1;
            let action = self.action(ordinal, &statement.kind);
            numbered.push(Numbered { ordinal, action });
        }
        self.blocks.push(numbered);
        self.blocks.len() - 1
    }

    fn action(&mut self, ordinal: Ordinal, kind: &StatementKind) -> Action {
        match kind {
            StatementKind::Acquire { semaphore, permits } => Action::Acquire(
                self.semaphore(semaphore.as_str()),
                u64::from(*permits),
                Form::Acquire,
            ),
            StatementKind::TryAcquire {
                semaphore,
                permits,
                then,
                otherwise,
            } => {
                let semaphore = self.semaphore(semaphore.as_str());
                let then = self.block(then);
                let otherwise = self.optional_block(otherwise.as_ref());
                Action::TryAcquire(semaphore, u64::from(*permits), then, otherwise)
            }
            StatementKind::AcquireWithin {
                semaphore,
                permits,
                then,
                otherwise,
            } => {
                let semaphore = self.semaphore(semaphore.as_str());
                let then = self.block(then);
                let otherwise = self.optional_block(otherwise.as_ref());
                let form = Form::Within(then, otherwise);
                Action::Acquire(semaphore, u64::from(*permits), form)
            }
            StatementKind::With {
                semaphore,
                permits,
                body,
            } => {
                self.guards.insert(ordinal);
                let semaphore = self.semaphore(semaphore.as_str());
                let form = Form::With(self.block(body));
                Action::Acquire(semaphore, u64::from(*permits), form)
            }
            StatementKind::Release {
                semaphore,
                permits,
                from,
            } => {
                let semaphore = self.semaphore(semaphore.as_str());
                let from = from.as_ref().map(|named| self.instance(named));
                if let Some(holder) = from {
                    self.judged_late.insert((holder, semaphore));
                }
                Action::Release(semaphore, *permits, from)
            }
            StatementKind::Work { panics, .. } => Action::Work(*panics),
            StatementKind::Panic => Action::Panic,
            StatementKind::Return => Action::Return,
            StatementKind::Try {
                body,
                catch,
                finally,
            } => {
                let body = self.block(body);
                let catch = catch.as_ref().map(|Catch { kinds, body }| {
                    let kinds = if kinds.is_empty() {
                        CatchKind::ALL.to_vec()
                    } else {
                        kinds.clone()
                    };
                    (kinds, self.block(body))
                });
                let finally = finally.as_ref().map(|block| self.block(block));
                Action::Try(TryCode {
                    body,
                    catch,
                    finally,
                })
            }
            StatementKind::Repeat { times, body } => Action::Repeat(*times, self.block(body)),
            StatementKind::Either { branches } => {
                Action::Either(branches.iter().map(|branch| self.block(branch)).collect())
            }
            StatementKind::Grow { semaphore, permits } => {
                Action::Grow(self.semaphore(semaphore.as_str()), u64::from(*permits))
            }
            StatementKind::Shrink { semaphore, permits } => {
                Action::Shrink(self.semaphore(semaphore.as_str()), u64::from(*permits))
            }
            StatementKind::Drain { semaphore } => Action::Drain(self.semaphore(semaphore.as_str())),
            StatementKind::Forget { semaphore, permits } => {
                Action::Forget(self.semaphore(semaphore.as_str()), *permits)
            }
            StatementKind::Give {
                semaphore,
                permits,
                to,
            } => Action::Give(
                self.semaphore(semaphore.as_str()),
                *permits,
                self.instance(to),
            ),
            StatementKind::Close { semaphore } => Action::Close(self.semaphore(semaphore.as_str())),
            StatementKind::Cancel { worker } => Action::Cancel(self.instance(worker)),
            StatementKind::Spawn { worker } => Action::Spawn(self.worker(worker.as_str())),
            StatementKind::Join { worker } => Action::Join(self.worker(worker.as_str())),
        }
    }
}
