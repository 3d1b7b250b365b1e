//! Identical instances of a worker: which of them is where does not matter, only how many are.
//!
//! The instances of one declaration are interchangeable, but for those that a statement names
//! (`cancel W.2`, `give to=W.2`, `release from=W.2`). All that a state knows of an instance, its
//! place in a queue included, stands in its block; so a state stands for all that come of it by
//! permuting blocks, and the one with sorted blocks is kept (Ip and Dill: Better verification
//! through symmetry, 1996). Of instances with equal blocks, the choices of one stand for those of
//! all.

use crate::machine::{Block, Machine};
use crate::run::WorkerId;

/// The classes of interchangeable instances, those of two or more.
pub(super) struct Symmetry {
    classes: Vec<Vec<WorkerId>>,
    /// For each worker, the first of its class, or itself.
    representatives: Vec<WorkerId>,
}

impl Symmetry {
    pub(super) fn new(machine: &Machine) -> Symmetry {
        let classes: Vec<Vec<WorkerId>> = machine
            .interchangeable()
            .into_iter()
            .filter(|class| class.len() > 1)
            .collect();
        let mut representatives: Vec<WorkerId> =
            (0..machine.worker_count() as u32).map(WorkerId).collect();
        for class in &classes {
            for &worker in class {
                representatives[worker.index()] = class[0];
            }
        }
        Symmetry {
            classes,
            representatives,
        }
    }

    /// The first of a worker's class.
    pub(super) fn representative(&self, worker: WorkerId) -> WorkerId {
        self.representatives[worker.index()]
    }

    /// Whether no instance can stand for another.
    pub(super) fn is_trivial(&self) -> bool {
        self.classes.is_empty()
    }

    /// The classes.
    pub(super) fn classes(&self) -> &[Vec<WorkerId>] {
        &self.classes
    }

    /// Whether a worker is in the state of the one before it, of the same class, which then stands
    /// for it. In a sorted state equal blocks stand side by side.
    pub(super) fn is_double(&self, machine: &Machine, state: &[u64], id: WorkerId) -> bool {
        let first = self.representatives[id.index()];
        if id == first || self.representatives[id.index() - 1] != first {
            return false;
        }
        machine
            .compare_blocks(state, WorkerId(id.0 - 1), id)
            .is_eq()
    }

    /// Sorts the blocks of a state; where each worker's block went, if asked for.
    pub(super) fn sort(
        &self,
        machine: &Machine,
        state: &mut [u64],
        mut went: Option<&mut Vec<WorkerId>>,
    ) {
        if let Some(went) = went.as_deref_mut() {
            went.clear();
            went.extend((0..machine.worker_count() as u32).map(WorkerId));
        }
        for class in &self.classes {
            if is_sorted(machine, state, class) {
                continue;
            }
            let mut blocks: Vec<(Block, WorkerId)> = class
                .iter()
                .map(|&worker| {
                    let mut block = Block::default();
                    machine.block(state, worker, &mut block);
                    (block, worker)
                })
                .collect();
            // stable, so that equal blocks stay in order
            blocks.sort_by(|a, b| a.0.cmp(&b.0));
            for ((block, from), &to) in blocks.iter().zip(class) {
                machine.set_block(state, to, block);
                if let Some(went) = went.as_deref_mut() {
                    went[from.index()] = to;
                }
            }
        }
    }
}

fn is_sorted(machine: &Machine, state: &[u64], class: &[WorkerId]) -> bool {
    class.is_sorted_by(|&a, &b| machine.compare_blocks(state, a, b).is_le())
}
