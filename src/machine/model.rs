//! A compiled program: its code, and where each number of a state is kept.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::code::{Code, Frame, Instances, Instr, Pc, Waiting};
use super::compile::{Names, compile};
use super::holdings::Holdings;
use super::layout::{Field, Layout};
use crate::program::{Kind, Order, Program, StatementKind, block_size};
use crate::run::{Permits, SemaphoreId, StatementId, WorkerId};

/// A compiled program: what a search searches and a [`super::Run`] runs.
#[derive(Debug, Clone)]
pub struct Machine {
    pub(super) semaphores: Vec<Semaphore>,
    pub(super) workers: Vec<Worker>,
    pub(super) layout: Layout,
    /// The instances of each declared worker.
    pub(super) declared: Vec<Instances>,
    /// The most steps that a run can take, if that is a number.
    pub(super) longest: u64,
}

#[derive(Debug, Clone)]
pub(super) struct Semaphore {
    pub(super) order: Order,
    pub(super) kind: Kind,
    pub(super) permits: u64,
    pub(super) available: Field,
    /// `None` where nothing changes the capacity.
    pub(super) capacity: Option<Field>,
    pub(super) debt: Field,
    pub(super) closed: Field,
    /// What the head has taken of its request (`order=fifo-partial`).
    pub(super) taken: Field,
    /// The workers that can stand in its queue.
    pub(super) candidates: Vec<Candidate>,
    /// The workers that can hold permits of it.
    pub(super) holders: Vec<WorkerId>,
}

/// A worker that can stand in a queue.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate {
    pub(super) worker: WorkerId,
    /// Its place in the queue in which it stands.
    pub(super) rank: Field,
    /// Whether it can stand in that of another semaphore, too.
    pub(super) elsewhere: bool,
}

/// A worker instance.
#[derive(Debug, Clone)]
pub(super) struct Worker {
    /// The index of its declaration.
    pub(super) declared: u32,
    /// The code, shared by all instances.
    pub(super) instrs: Arc<[Instr]>,
    /// The statement of each instruction.
    pub(super) statements: Arc<[StatementId]>,
    /// The innermost frame of each instruction.
    pub(super) contexts: Arc<[Option<u32>]>,
    pub(super) frames: Arc<[Frame]>,
    pub(super) start: Pc,
    /// How many instructions take a choice.
    pub(super) visible: u32,
    pub(super) spawned: bool,
    /// All fields of it, in one piece where they lie in one word.
    pub(super) block: Vec<Field>,
    pub(super) pc: Field,
    /// Its place in the queue in which it waits, from one; zero when it does not wait in one.
    pub(super) rank: Field,
    pub(super) counters: Vec<Field>,
    pub(super) causes: Vec<Field>,
    /// For each semaphore, what it holds.
    pub(super) ledgers: Vec<Ledger>,
    /// The semaphores of which it can hold permits.
    pub(super) owned: Vec<SemaphoreId>,
    /// For each instruction, the ledger entry that a grant there goes to.
    pub(super) grants: Vec<Option<Field>>,
    /// Whether a statement names this very instance.
    pub(super) named: bool,
    /// Whether how it ended is kept.
    pub(super) remembers_end: bool,
}

/// What a worker holds of one semaphore, told apart by the statement that took it.
#[derive(Debug, Clone, Default)]
pub(super) struct Ledger {
    /// In the order in which a release takes from them: plain statements before guards, the last
    /// in the text first.
    pub(super) sites: Vec<Site>,
    /// Whether some `release from=` names it, so that leaks are judged at the end of the run.
    pub(super) deferred: bool,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Site {
    pub(super) statement: StatementId,
    pub(super) held: Field,
}

/// What a program does to a semaphore, as far as the width of its fields depends on it.
#[derive(Debug, Clone, Default)]
struct Census {
    grown: u64,
    released: u64,
    largest: u64,
    resized: bool,
    shrunk: bool,
    closed: bool,
}

impl Machine {
    /// Compiles a program.
    pub fn new(program: &Program) -> Machine {
        Machine::build(program)
    }

    fn build(program: &Program) -> Machine {
        let names = Names::new(program);
        let mut census = vec![Census::default(); program.semaphores().len()];
        let mut longest = 0u64;
        for decl in program.workers() {
            let steps = census_of(&decl.body, u64::from(decl.count), &names, &mut census);
            longest = longest.saturating_add(steps);
        }
        let mut codes = Vec::new();
        let mut first = 0;
        for decl in program.workers() {
            codes.push(compile(&decl.body, first, &names));
            first += block_size(&decl.body);
        }
        let mut layout = Layout::default();
        let workers = lay_out_workers(program, &codes, &names, &census, &mut layout);
        let semaphores = lay_out_semaphores(program, &codes, &census, &workers, &mut layout);
        Machine {
            semaphores,
            workers,
            declared: program
                .workers()
                .iter()
                .map(|decl| names.instances(decl.name.as_str()))
                .collect(),
            layout,
            longest,
        }
    }

    /// Words of a state.
    pub fn words(&self) -> usize {
        self.layout.words()
    }

    pub(crate) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// How many worker instances there are.
    pub fn worker_count(&self) -> usize {
        self.workers.len()
    }

    /// An upper bound on the steps of a run; saturates.
    pub fn longest_run(&self) -> u64 {
        self.longest
    }

    #[inline(always)]
    pub(super) fn instr(&self, worker: WorkerId, pc: Pc) -> &Instr {
        &self.workers[worker.index()].instrs[pc as usize]
    }

    pub(super) fn worker_ids(&self) -> impl Iterator<Item = WorkerId> + use<> {
        (0..self.workers.len() as u32).map(WorkerId)
    }

    pub(super) fn semaphore_ids(&self) -> impl Iterator<Item = SemaphoreId> + use<> {
        (0..self.semaphores.len() as u32).map(SemaphoreId)
    }

    /// Whether a panic can be injected anywhere, a timer fire, an acquire wait.
    pub fn fault_points(&self) -> FaultPoints {
        let mut points = FaultPoints::default();
        for instr in self.workers.iter().flat_map(|w| w.instrs.iter()) {
            match instr {
                Instr::Work { fallible, .. } => points.panics |= fallible,
                Instr::Acquire { waiting, .. } => {
                    points.timers |= *waiting == Waiting::Timed;
                    points.waits |= *waiting != Waiting::Never;
                }
                _ => {}
            }
        }
        points
    }
}

/// Which faults a program leaves room for.
#[derive(Debug, Clone, Copy, Default)]
pub struct FaultPoints {
    /// Some `work` may panic.
    pub panics: bool,
    /// Some acquire has a timer.
    pub timers: bool,
    /// Some acquire can wait.
    pub waits: bool,
}

/// Adds up what a block does, `times` times over; the steps that it can take.
fn census_of(
    block: &[crate::program::Statement],
    times: u64,
    names: &Names<'_>,
    census: &mut [Census],
) -> u64 {
    let mut steps = 0u64;
    for statement in block {
        let of = |name: &crate::program::Name| names.semaphore(name.as_str()).index();
        let inner_times = match &statement.kind {
            StatementKind::Repeat { times: n, .. } => times.saturating_mul(u64::from(*n)),
            _ => times,
        };
        match &statement.kind {
            StatementKind::Acquire { semaphore, permits }
            | StatementKind::TryAcquire {
                semaphore, permits, ..
            }
            | StatementKind::AcquireWithin {
                semaphore, permits, ..
            } => {
                let c = &mut census[of(semaphore)];
                c.largest = c.largest.max(u64::from(*permits));
                // waiting and being granted, or timing out
                steps = steps.saturating_add(times.saturating_mul(2));
            }
            StatementKind::With {
                semaphore, permits, ..
            } => {
                let c = &mut census[of(semaphore)];
                c.largest = c.largest.max(u64::from(*permits));
                c.released = c
                    .released
                    .saturating_add(times.saturating_mul(u64::from(*permits)));
                steps = steps.saturating_add(times.saturating_mul(3));
            }
            StatementKind::Release {
                semaphore,
                permits: crate::program::Amount::Exactly(n),
                ..
            } => {
                let c = &mut census[of(semaphore)];
                c.released = c
                    .released
                    .saturating_add(times.saturating_mul(u64::from(*n)));
                steps = steps.saturating_add(times);
            }
            StatementKind::Grow { semaphore, permits } => {
                let c = &mut census[of(semaphore)];
                c.grown = c
                    .grown
                    .saturating_add(times.saturating_mul(u64::from(*permits)));
                c.resized = true;
                steps = steps.saturating_add(times);
            }
            StatementKind::Shrink { semaphore, .. } => {
                let c = &mut census[of(semaphore)];
                c.resized = true;
                c.shrunk = true;
                steps = steps.saturating_add(times);
            }
            StatementKind::Forget { semaphore, .. } => {
                census[of(semaphore)].resized = true;
                steps = steps.saturating_add(times);
            }
            StatementKind::Close { semaphore } => {
                census[of(semaphore)].closed = true;
                steps = steps.saturating_add(times);
            }
            StatementKind::Try { .. } | StatementKind::Repeat { .. } => {}
            _ => steps = steps.saturating_add(times),
        }
        for block in statement.blocks() {
            steps = steps.saturating_add(census_of(block, inner_times, names, census));
        }
    }
    steps
}

/// The most permits of a semaphore that can be in one place.
fn most_permits(program: &Program, semaphore: usize, census: &Census) -> u64 {
    let decl = &program.semaphores()[semaphore];
    let most = u64::from(decl.permits).saturating_add(census.grown);
    match decl.kind {
        Kind::Bounded => most,
        Kind::Plain | Kind::Signal => most.saturating_add(census.released),
    }
}

fn lay_out_workers(
    program: &Program,
    codes: &[Code],
    names: &Names<'_>,
    census: &[Census],
    layout: &mut Layout,
) -> Vec<Worker> {
    let mut named = BTreeSet::new();
    let mut cancelled = BTreeSet::new();
    let mut deferred = BTreeSet::new();
    for instr in codes.iter().flat_map(|c| &c.instrs) {
        match *instr {
            Instr::Give { to, .. } => {
                named.insert(to);
            }
            Instr::Cancel { target, .. } => {
                cancelled.insert(target);
            }
            Instr::Release {
                semaphore,
                from: Some(from),
                ..
            } => {
                named.insert(from);
                deferred.insert((from, semaphore));
            }
            _ => {}
        }
    }
    let queues = queue_lengths(program, codes);
    let holdings = Holdings::new(program, codes, names);
    let most: Vec<u64> = (0..)
        .zip(census)
        .map(|(s, census)| most_permits(program, s, census))
        .collect();
    let mut workers = Vec::new();
    for (index, (decl, code)) in program.workers().iter().zip(codes).enumerate() {
        let alike = holdings.of_declaration(index);
        let instrs: Arc<[Instr]> = code.instrs.clone().into();
        let statements: Arc<[StatementId]> = code.statements.clone().into();
        let contexts: Arc<[Option<u32>]> = code.contexts.clone().into();
        let frames: Arc<[Frame]> = code.frames.clone().into();
        let longest = code
            .instrs
            .iter()
            .filter_map(waits_in)
            .map(|s| queues[s.index()])
            .max()
            .unwrap_or(0);
        for _ in 0..decl.count {
            let id = WorkerId(workers.len() as u32);
            let remembers_end = named.contains(&id);
            let ends = if remembers_end { 5 } else { 1 };
            let last = u64::from(code.visible) + ends - 1 + u64::from(decl.spawned);
            let mut maxima = vec![last, longest];
            maxima.extend(&code.counters);
            maxima.extend(std::iter::repeat_n(5, code.slots as usize));
            let special = holdings.of_instance(index, id);
            let shape = special.as_ref().unwrap_or(&alike);
            for (s, statements) in &shape.sites {
                maxima.extend(std::iter::repeat_n(most[s.index()], statements.len()));
            }
            let (fields, whole) = layout.block(&maxima);
            let block = whole.map_or_else(|| fields.clone(), |whole| vec![whole]);
            let mut fields = fields.into_iter();
            let mut take = |n: usize| fields.by_ref().take(n).collect::<Vec<Field>>();
            let head = take(2);
            let counters = take(code.counters.len());
            let causes = take(code.slots as usize);
            let held = fields.as_slice();
            let mut ledgers = vec![Ledger::default(); program.semaphores().len()];
            let mut first = 0;
            for (s, statements) in &shape.sites {
                let held = &held[first..first + statements.len()];
                first += statements.len();
                ledgers[s.index()].sites = statements
                    .iter()
                    .zip(held)
                    .map(|(&statement, &held)| Site { statement, held })
                    .collect();
            }
            for &(_, s) in deferred.range((id, SemaphoreId(0))..=(id, SemaphoreId(u32::MAX))) {
                ledgers[s.index()].deferred = true;
            }
            let grants = shape
                .entries
                .iter()
                .map(|entry| Some(held[(*entry)?]))
                .collect();
            let owned = shape.sites.iter().map(|(s, _)| *s).collect();
            workers.push(Worker {
                declared: index as u32,
                instrs: instrs.clone(),
                statements: statements.clone(),
                contexts: contexts.clone(),
                frames: frames.clone(),
                start: code.start,
                visible: code.visible,
                spawned: decl.spawned,
                block,
                pc: head[0],
                rank: head[1],
                counters,
                causes,
                ledgers,
                owned,
                grants,
                named: named.contains(&id) || cancelled.contains(&id),
                remembers_end,
            });
        }
    }
    workers
}

/// The semaphore that an instruction can wait for.
fn waits_in(instr: &Instr) -> Option<SemaphoreId> {
    match *instr {
        Instr::Acquire {
            semaphore, waiting, ..
        } if waiting != Waiting::Never => Some(semaphore),
        _ => None,
    }
}

/// For each semaphore, how long its queue can be; zero in barging order.
fn queue_lengths(program: &Program, codes: &[Code]) -> Vec<u64> {
    let mut lengths = vec![0; program.semaphores().len()];
    for (decl, code) in program.workers().iter().zip(codes) {
        let waits: BTreeSet<SemaphoreId> = code.instrs.iter().filter_map(waits_in).collect();
        for s in waits {
            if program.semaphores()[s.index()].order != Order::Barging {
                lengths[s.index()] += u64::from(decl.count);
            }
        }
    }
    lengths
}

fn lay_out_semaphores(
    program: &Program,
    codes: &[Code],
    census: &[Census],
    workers: &[Worker],
    layout: &mut Layout,
) -> Vec<Semaphore> {
    let mut candidates = vec![Vec::new(); census.len()];
    let mut holders = vec![Vec::new(); census.len()];
    let queues = |code: &Code| -> BTreeSet<SemaphoreId> {
        let waits = code.instrs.iter().filter_map(waits_in);
        let queues = |s: &SemaphoreId| program.semaphores()[s.index()].order != Order::Barging;
        waits.filter(queues).collect()
    };
    let queues: Vec<BTreeSet<SemaphoreId>> = codes.iter().map(queues).collect();
    for (id, worker) in (0..).map(WorkerId).zip(workers) {
        let queues = &queues[worker.declared as usize];
        for s in queues {
            candidates[s.index()].push(Candidate {
                worker: id,
                rank: worker.rank,
                elsewhere: queues.len() > 1,
            });
        }
        for s in &worker.owned {
            holders[s.index()].push(id);
        }
    }
    let mut all = Vec::new();
    for (s, (decl, census_here)) in program.semaphores().iter().zip(census).enumerate() {
        let most = most_permits(program, s, census_here);
        let resizable = census_here.resized && decl.kind != Kind::Signal;
        let capacity = u64::from(decl.permits).saturating_add(census_here.grown);
        let partial = decl.order == Order::FifoPartial;
        all.push(Semaphore {
            order: decl.order,
            kind: decl.kind,
            permits: u64::from(decl.permits),
            available: layout.field(most),
            capacity: resizable.then(|| layout.field(capacity)),
            debt: layout.field(if census_here.shrunk { capacity } else { 0 }),
            closed: layout.field(u64::from(census_here.closed)),
            taken: layout.field(if partial {
                most.min(census_here.largest.saturating_sub(1))
            } else {
                0
            }),
            candidates: std::mem::take(&mut candidates[s]),
            holders: std::mem::take(&mut holders[s]),
        });
    }
    all
}

impl Permits {
    /// The number, given what is held.
    pub(super) fn of(self, held: u64) -> u64 {
        match self {
            Permits::Exactly(n) => u64::from(n),
            Permits::All => held,
        }
    }
}
