//! What a worker may still come to.

use super::code::{FrameKind, Instr, Pc};
use super::model::{Machine, Worker};
use super::state::Standing;
use crate::run::{SemaphoreId, WorkerId};

/// For each place of each worker, the semaphores that it may acquire later. A place that faults
/// alone lead to counts as one that may be reached.
#[derive(Debug)]
pub(crate) struct Ahead {
    semaphores: usize,
    /// For each worker, whether it may acquire a semaphore at a place or after it: a row for each
    /// instruction.
    at: Vec<Vec<bool>>,
    /// The same after that place.
    after: Vec<Vec<bool>>,
}

impl Ahead {
    pub(crate) fn new(machine: &Machine) -> Ahead {
        let semaphores = machine.semaphores.len();
        let (at, after) = machine
            .workers
            .iter()
            .map(|worker| reach(worker, semaphores))
            .unzip();
        Ahead {
            semaphores,
            at,
            after,
        }
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
        let row = pc as usize * self.semaphores;
        table[id.index()]
            .get(row + queue.index())
            .is_some_and(|&may| may)
    }
}

/// Both tables of a worker, as the least solution of what follows what.
fn reach(worker: &Worker, semaphores: usize) -> (Vec<bool>, Vec<bool>) {
    let mut at = vec![false; worker.instrs.len() * semaphores];
    let mut after = at.clone();
    let next: Vec<Vec<Pc>> = (0..worker.instrs.len())
        .map(|pc| successors(worker, pc))
        .collect();
    for (pc, instr) in worker.instrs.iter().enumerate() {
        if let Instr::Acquire { semaphore, .. } = instr {
            at[pc * semaphores + semaphore.index()] = true;
        }
    }
    loop {
        let mut grew = false;
        // most of what follows comes later in the text
        for pc in (0..next.len()).rev() {
            for &follower in &next[pc] {
                for s in 0..semaphores {
                    let here = pc * semaphores + s;
                    // the end has no row
                    let there = at.get((follower as usize).saturating_mul(semaphores) + s);
                    if there == Some(&true) && !after[here] {
                        (at[here], after[here]) = (true, true);
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

/// Where a worker may go on from an instruction, by itself or because something failed there.
fn successors(worker: &Worker, pc: usize) -> Vec<Pc> {
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
    all
}
