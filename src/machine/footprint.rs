//! What a worker may still do to what others see, from each of its instructions on.
//!
//! A footprint is a set of marks. An op *leaves* marks; it *minds* marks: if nothing that another
//! worker may still do leaves a mark that the op minds, then the op commutes with all of that, and
//! neither disables the other. What marks say of ops is coarser than the exact conditions of
//! `run::independence`, since it has to hold in every state.
//!
//! | mark | left by |
//! |---|---|
//! | queue(S) | an acquire that waits for S for as long as it takes |
//! | look(S) | a try, a timed acquire, or one that can be cancelled |
//! | put(S) | a release |
//! | change(S) | grow, shrink, drain, forget, close |
//! | act(W) | every op of W; a spawn of W |
//! | touch(W) | what changes the ledger or the wait of another worker W: give, release-from, cancel |
//! | spawn(W), join(W) | these |
//!
//! An acquire minds everything on its semaphore but put(S), a release minds look(S) and change(S)
//! alone, local steps mind touch(W) of their own worker alone, and the rest minds everything on
//! its semaphore. Whoever touches W may decide what becomes of its wait, so that leaves change(S)
//! on every semaphore that W can wait for.

use std::collections::{BTreeMap, BTreeSet};

use super::ahead::successors;
use super::code::{END, Instances, Instr, Pc, Waiting};
use super::model::Machine;
use crate::run::{SemaphoreId, WorkerId};

/// A set of marks.
pub(crate) type Marks = Box<[u64]>;

/// The footprints of all workers of a machine.
#[derive(Debug, Clone)]
pub(crate) struct Footprints {
    /// For each worker, its place in `codes`: instances that are told apart by nothing share one.
    code_of: Vec<u32>,
    codes: Vec<Code>,
    rows: Rows,
    empty: Marks,
}

/// Places in [`Footprints::rows`].
#[derive(Debug, Clone)]
struct Code {
    /// For each instruction that takes a choice: what it minds.
    minds: Vec<u32>,
    /// For each instruction that takes a choice: what may be left from there on.
    future: Vec<u32>,
    /// What ends the wait at an instruction, where it can wait.
    frees: Vec<u32>,
    /// What spawns it.
    spawns: u32,
    /// What may be left by a worker that starts.
    whole: u32,
}

/// Sets of marks, one behind the other.
#[derive(Debug, Clone)]
struct Rows {
    /// Words of a set.
    words: usize,
    bits: Vec<u64>,
}

impl Rows {
    /// The place of a set, which is new.
    fn push(&mut self, marks: &[u64]) -> u32 {
        let place = self.bits.len() / self.words;
        self.bits.extend_from_slice(marks);
        place as u32
    }

    #[inline]
    fn get(&self, place: u32) -> &[u64] {
        &self.bits[place as usize * self.words..][..self.words]
    }

    /// Sets of which many follow their like.
    fn push_all(
        &mut self,
        known: &mut BTreeMap<Marks, u32>,
        sets: impl Iterator<Item = Marks>,
    ) -> Vec<u32> {
        let mut last = None;
        sets.map(|marks| {
            let place = last
                .filter(|&place| self.get(place) == &marks[..])
                .or_else(|| known.get(&marks).copied());
            let place = place.unwrap_or_else(|| {
                let place = self.push(&marks);
                known.insert(marks, place);
                place
            });
            last = Some(place);
            place
        })
        .collect()
    }
}

/// Whether two sets have a mark in common.
#[inline]
pub(crate) fn meet(a: &[u64], b: &[u64]) -> bool {
    a.iter().zip(b).any(|(x, y)| x & y != 0)
}

#[derive(Clone, Copy)]
enum On {
    Queue,
    Look,
    Put,
    Change,
}

const ON_ALL: [On; 4] = [On::Queue, On::Look, On::Put, On::Change];

struct Marker {
    /// For each worker, its first mark; `None` if nobody names, spawns or joins it, so that its
    /// marks would never be minded. Instances that are only spawned and joined have the same.
    bases: Vec<Option<usize>>,
    /// Whether an acquire of each worker can be cancelled.
    cancellable: Vec<bool>,
    /// For each declaration, the semaphores that its workers can wait for.
    waits: Vec<BTreeSet<SemaphoreId>>,
    /// The declaration of each worker.
    declared: Vec<u32>,
    words: usize,
}

impl Marker {
    fn put(&self, marks: &mut Marks, bit: usize) {
        marks[bit / 64] |= 1 << (bit % 64);
    }

    fn empty(&self) -> Marks {
        vec![0; self.words].into()
    }

    fn on(&self, marks: &mut Marks, semaphore: SemaphoreId, on: On) {
        self.put(marks, semaphore.index() * 4 + on as usize);
    }

    fn of_worker(&self, marks: &mut Marks, worker: WorkerId, what: usize) {
        if let Some(base) = self.bases[worker.index()] {
            self.put(marks, base + what);
        }
    }

    fn act(&self, marks: &mut Marks, worker: WorkerId) {
        self.of_worker(marks, worker, 0);
    }

    fn touch(&self, marks: &mut Marks, worker: WorkerId) {
        self.of_worker(marks, worker, 1);
    }

    fn spawn(&self, marks: &mut Marks, instances: Instances) {
        self.of_worker(marks, instances.first, 2);
    }

    fn join(&self, marks: &mut Marks, instances: Instances) {
        self.of_worker(marks, instances.first, 3);
    }

    fn change_waits_of(&self, marks: &mut Marks, worker: WorkerId) {
        for &semaphore in self.waits_of(worker) {
            self.on(marks, semaphore, On::Change);
        }
    }

    fn waits_of(&self, worker: WorkerId) -> &BTreeSet<SemaphoreId> {
        &self.waits[self.declared[worker.index()] as usize]
    }

    /// Whether an acquire looks at more than its place in the queue.
    fn looks(&self, id: WorkerId, waiting: Waiting) -> bool {
        waiting != Waiting::Forever || self.cancellable[id.index()]
    }

    fn leaves(&self, id: WorkerId, instr: &Instr) -> Marks {
        let mut marks = self.empty();
        self.act(&mut marks, id);
        match *instr {
            Instr::Acquire {
                semaphore, waiting, ..
            } => {
                let on = if self.looks(id, waiting) {
                    On::Look
                } else {
                    On::Queue
                };
                self.on(&mut marks, semaphore, on);
            }
            Instr::Release {
                semaphore, from, ..
            } => {
                self.on(&mut marks, semaphore, On::Put);
                if let Some(from) = from {
                    self.touch(&mut marks, from);
                    self.change_waits_of(&mut marks, from);
                }
            }
            Instr::GuardRelease { semaphore, .. } => self.on(&mut marks, semaphore, On::Put),
            Instr::Grow { semaphore, .. }
            | Instr::Shrink { semaphore, .. }
            | Instr::Drain { semaphore, .. }
            | Instr::Forget { semaphore, .. }
            | Instr::Close { semaphore, .. } => self.on(&mut marks, semaphore, On::Change),
            Instr::Give { to, .. } => {
                self.touch(&mut marks, to);
                self.change_waits_of(&mut marks, to);
            }
            Instr::Cancel { target, .. } => {
                self.touch(&mut marks, target);
                self.change_waits_of(&mut marks, target);
            }
            Instr::Spawn { instances, .. } => {
                self.spawn(&mut marks, instances);
                for w in instances.ids() {
                    self.act(&mut marks, w);
                }
            }
            Instr::Join { instances, .. } => self.join(&mut marks, instances),
            Instr::Work { .. }
            | Instr::Panic
            | Instr::Return
            | Instr::Pick { .. }
            | Instr::LoopEnd { .. }
            | Instr::FinallyEnd { .. } => {}
        }
        marks
    }

    fn minds(&self, id: WorkerId, instr: &Instr) -> Marks {
        let mut marks = self.empty();
        self.touch(&mut marks, id);
        let all = |marks: &mut Marks, semaphore| {
            for on in ON_ALL {
                self.on(marks, semaphore, on);
            }
        };
        let put = |marks: &mut Marks, semaphore| {
            self.on(marks, semaphore, On::Look);
            self.on(marks, semaphore, On::Change);
        };
        match *instr {
            Instr::Acquire {
                semaphore, waiting, ..
            } => {
                if self.looks(id, waiting) {
                    all(&mut marks, semaphore);
                } else {
                    for on in [On::Queue, On::Look, On::Change] {
                        self.on(&mut marks, semaphore, on);
                    }
                }
            }
            Instr::Release {
                semaphore,
                from: None,
                ..
            }
            | Instr::GuardRelease { semaphore, .. } => put(&mut marks, semaphore),
            Instr::Grow { semaphore, .. }
            | Instr::Shrink { semaphore, .. }
            | Instr::Drain { semaphore, .. }
            | Instr::Forget { semaphore, .. }
            | Instr::Close { semaphore, .. } => all(&mut marks, semaphore),
            Instr::Release {
                semaphore,
                from: Some(other),
                ..
            } => {
                put(&mut marks, semaphore);
                self.minds_worker(&mut marks, other, all);
            }
            Instr::Give { to: other, .. } | Instr::Cancel { target: other, .. } => {
                self.minds_worker(&mut marks, other, all);
            }
            Instr::Spawn { instances, .. } => {
                self.spawn(&mut marks, instances);
                self.join(&mut marks, instances);
                for w in instances.ids() {
                    self.touch(&mut marks, w);
                }
            }
            Instr::Join { instances, .. } => self.spawn(&mut marks, instances),
            Instr::Work { .. }
            | Instr::Panic
            | Instr::Return
            | Instr::Pick { .. }
            | Instr::LoopEnd { .. }
            | Instr::FinallyEnd { .. } => {}
        }
        marks
    }

    fn minds_worker(
        &self,
        marks: &mut Marks,
        other: WorkerId,
        all: impl Fn(&mut Marks, SemaphoreId),
    ) {
        self.act(marks, other);
        self.touch(marks, other);
        for &semaphore in self.waits_of(other) {
            all(marks, semaphore);
        }
    }

    fn code(
        &self,
        machine: &Machine,
        id: WorkerId,
        rows: &mut Rows,
        known: &mut BTreeMap<Marks, u32>,
    ) -> Code {
        let worker = machine.worker(id);
        let instrs = &worker.instrs;
        let choices = &instrs[..worker.visible as usize];
        let mut future: Vec<Marks> = instrs.iter().map(|i| self.leaves(id, i)).collect();
        let next: Vec<Vec<Pc>> = (0..instrs.len()).map(|pc| successors(worker, pc)).collect();
        spread(&mut future, &next);
        // a worker may start at an instruction that is no choice
        let whole = match worker.start {
            END => self.empty(),
            start => future[start as usize].clone(),
        };
        future.truncate(choices.len());
        let mut spawns = self.empty();
        if worker.spawned {
            self.of_worker(&mut spawns, machine.first_instance(id), 2);
        }
        Code {
            minds: rows.push_all(known, choices.iter().map(|i| self.minds(id, i))),
            future: rows.push_all(known, future.into_iter()),
            frees: rows.push_all(known, choices.iter().map(|i| self.frees(id, i))),
            spawns: rows.push(&spawns),
            whole: rows.push(&whole),
        }
    }

    /// What can end the wait at an instruction.
    fn frees(&self, id: WorkerId, instr: &Instr) -> Marks {
        let mut marks = self.empty();
        match *instr {
            Instr::Acquire { semaphore, .. } => {
                self.touch(&mut marks, id);
                for on in [On::Look, On::Put, On::Change] {
                    self.on(&mut marks, semaphore, on);
                }
            }
            Instr::Join { instances, .. } => {
                for w in instances.ids() {
                    self.act(&mut marks, w);
                }
            }
            _ => {}
        }
        marks
    }
}

impl Instances {
    pub(super) fn ids(self) -> impl Iterator<Item = WorkerId> {
        (self.first.0..self.first.0 + self.count).map(WorkerId)
    }
}

impl Footprints {
    /// The footprints of a machine; `cancels` says whether cancellations are injected.
    pub(crate) fn new(machine: &Machine, cancels: bool) -> Footprints {
        let workers = machine.workers.len();
        let (bases, marks) = bases(machine);
        let mut marker = Marker {
            cancellable: vec![cancels; workers],
            waits: Vec::new(),
            declared: machine.workers.iter().map(|w| w.declared).collect(),
            words: marks.div_ceil(64).max(1),
            bases,
        };
        for instances in &machine.declared {
            let mut waits = BTreeSet::new();
            for instr in machine.worker(instances.first).instrs.iter() {
                match *instr {
                    Instr::Cancel { target, .. } => marker.cancellable[target.index()] = true,
                    Instr::Acquire {
                        semaphore, waiting, ..
                    } if waiting != Waiting::Never => {
                        waits.insert(semaphore);
                    }
                    _ => {}
                }
            }
            marker.waits.push(waits);
        }
        let mut footprints = Footprints {
            code_of: Vec::with_capacity(workers),
            codes: Vec::new(),
            rows: Rows {
                words: marker.words,
                bits: Vec::new(),
            },
            empty: marker.empty(),
        };
        let mut known = BTreeMap::new();
        let mut places = BTreeMap::new();
        for id in machine.worker_ids() {
            let key = (machine.worker(id).declared, marker.bases[id.index()]);
            let place = *places.entry(key).or_insert_with(|| {
                let code = marker.code(machine, id, &mut footprints.rows, &mut known);
                footprints.codes.push(code);
                footprints.codes.len() as u32 - 1
            });
            footprints.code_of.push(place);
        }
        footprints
    }

    #[inline]
    fn code(&self, worker: WorkerId) -> &Code {
        &self.codes[self.code_of[worker.index()] as usize]
    }

    /// Words of a set.
    pub(crate) fn words(&self) -> usize {
        self.empty.len()
    }

    /// What the op at an instruction minds.
    #[inline]
    pub(crate) fn minds(&self, worker: WorkerId, pc: Pc) -> &[u64] {
        self.rows.get(self.code(worker).minds[pc as usize])
    }

    /// Where it is kept what a worker may leave from an instruction on.
    #[inline]
    pub(crate) fn future_row(&self, worker: WorkerId, pc: Pc) -> u32 {
        self.code(worker).future[pc as usize]
    }

    /// Where it is kept what may be left by a worker that starts.
    #[inline]
    pub(crate) fn whole_future_row(&self, worker: WorkerId) -> u32 {
        self.code(worker).whole
    }

    /// A set, by where it is kept.
    #[inline]
    pub(crate) fn row(&self, row: u32) -> &[u64] {
        self.rows.get(row)
    }

    /// What ends the wait of a worker at an instruction.
    pub(crate) fn frees(&self, worker: WorkerId, pc: Pc) -> &[u64] {
        self.rows.get(self.code(worker).frees[pc as usize])
    }

    /// What starts a worker that is not spawned yet.
    pub(crate) fn spawns(&self, worker: WorkerId) -> &[u64] {
        self.rows.get(self.code(worker).spawns)
    }
}

/// The first mark of each worker that some statement is about, and where the marks end. Workers
/// that are told apart by nothing but a spawn or a join of all of them share their marks.
fn bases(machine: &Machine) -> (Vec<Option<usize>>, usize) {
    let mut named = BTreeSet::new();
    let mut as_one = BTreeSet::new();
    for instances in &machine.declared {
        for instr in machine.worker(instances.first).instrs.iter() {
            match *instr {
                Instr::Give { to: id, .. }
                | Instr::Cancel { target: id, .. }
                | Instr::Release { from: Some(id), .. } => {
                    named.insert(id);
                }
                Instr::Spawn { instances, .. } | Instr::Join { instances, .. } => {
                    as_one.insert(instances.first);
                }
                _ => {}
            }
        }
    }
    let mut bases = vec![None; machine.workers.len()];
    let mut end = machine.semaphores.len() * 4;
    for instances in &machine.declared {
        let mut shared = None;
        for id in instances.ids() {
            let base = if named.contains(&id) {
                None
            } else if as_one.contains(&instances.first) {
                shared
            } else {
                continue;
            };
            let base = base.unwrap_or_else(|| {
                end += 4;
                end - 4
            });
            if !named.contains(&id) {
                shared = Some(base);
            }
            bases[id.index()] = Some(base);
        }
    }
    (bases, end)
}

/// Adds to each instruction what those that can follow it leave, until nothing changes.
fn spread(future: &mut [Marks], successors: &[Vec<Pc>]) {
    loop {
        let mut grew = false;
        // instructions mostly lead to later ones
        for pc in (0..future.len()).rev() {
            for &next in &successors[pc] {
                for word in 0..future[pc].len() {
                    let more = future[next as usize][word] & !future[pc][word];
                    if more != 0 {
                        future[pc][word] |= more;
                        grew = true;
                    }
                }
            }
        }
        if !grew {
            return;
        }
    }
}
