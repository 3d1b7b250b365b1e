//! What a worker may still come to.

use super::code::{END, FrameKind, Instr, Pc};
use super::model::{Machine, Worker};
use super::state::Standing;
use crate::run::{SemaphoreId, WorkerId};

/// For each place of each worker, the semaphores that it may acquire later. A place that faults
/// alone lead to counts as one that may be reached. Instances of one declaration share it.
#[derive(Debug)]
pub(crate) struct Ahead {
    /// For each declaration, what its workers may acquire at a place or after it.
    at: Vec<Rows>,
    /// The same after that place.
    after: Vec<Rows>,
}

/// A set of semaphores for each instruction.
#[derive(Debug)]
struct Rows {
    /// Words of a set.
    words: usize,
    bits: Vec<u64>,
}

impl Rows {
    fn new(rows: usize, semaphores: usize) -> Rows {
        let words = semaphores.div_ceil(64);
        Rows {
            words,
            bits: vec![0; rows * words],
        }
    }

    fn insert(&mut self, row: usize, semaphore: SemaphoreId) {
        self.bits[row * self.words + semaphore.index() / 64] |= 1 << (semaphore.index() % 64);
    }

    fn contains(&self, row: usize, semaphore: SemaphoreId) -> bool {
        let word = self.bits[row * self.words + semaphore.index() / 64];
        word & 1 << (semaphore.index() % 64) != 0
    }
}

impl Ahead {
    pub(crate) fn new(machine: &Machine) -> Ahead {
        let semaphores = machine.semaphores.len();
        let (at, after) = machine
            .declared
            .iter()
            .map(|instances| reach(machine.worker(instances.first), semaphores))
            .unzip();
        Ahead { at, after }
    }

    /// Whether a worker may still join the queue of a semaphore, from where it stands on.
    pub(crate) fn may_join(
        &self,
        machine: &Machine,
        state: &[u64],
        id: WorkerId,
        queue: SemaphoreId,
    ) -> bool {
        let (pc, table) = match machine.standing(state, id) {
            Standing::Ended(_) => return false,
            Standing::Unspawned => (machine.start(id), &self.at),
            Standing::At(pc) if machine.waiting(state, id).is_some() => (pc, &self.after),
            Standing::At(pc) => (pc, &self.at),
        };
        // an empty body begins at its end, which is no place
        pc != END && table[machine.worker(id).declared as usize].contains(pc as usize, queue)
    }
}

/// Both tables of a worker, as the least solution of what follows what.
fn reach(worker: &Worker, semaphores: usize) -> (Rows, Rows) {
    let mut at = Rows::new(worker.instrs.len(), semaphores);
    let mut after = Rows::new(worker.instrs.len(), semaphores);
    let next: Vec<Vec<Pc>> = (0..worker.instrs.len())
        .map(|pc| successors(worker, pc))
        .collect();
    for (pc, instr) in worker.instrs.iter().enumerate() {
        if let Instr::Acquire { semaphore, .. } = instr {
            at.insert(pc, *semaphore);
        }
    }
    let words = at.words;
    loop {
        let mut grew = false;
        // most of what follows comes later in the text
        for pc in (0..next.len()).rev() {
            for &follower in &next[pc] {
                for word in 0..words {
                    let here = pc * words + word;
                    let more = at.bits[follower as usize * words + word] & !after.bits[here];
                    if more != 0 {
                        at.bits[here] |= more;
                        after.bits[here] |= more;
                        grew = true;
                    }
                }
            }
        }
        if !grew {
            return (at, after);
        }
    }
}

/// Where a worker may go on from an instruction but for its end, by itself or because something failed there.
pub(super) fn successors(worker: &Worker, pc: usize) -> Vec<Pc> {
    let mut all = Vec::new();
    let mut instr = worker.instrs[pc].clone();
    instr.targets(|target| all.push(*target));
    let mut frame = worker.contexts[pc];
    while let Some(index) = frame {
        let around = worker.frames[index as usize];
        match around.kind {
            FrameKind::Pend { at, .. } | FrameKind::Catch { at, .. } => all.push(at),
        }
        frame = around.outer;
    }
    // the end has no row
    all.retain(|&pc| pc != END);
    all
}
