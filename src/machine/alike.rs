//! Which parts of a state are alike, and which workers look on: what reductions need to know.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::code::{Instr, Pc};
use super::model::Machine;
use super::state::Standing;
use crate::program::Kind;
use crate::run::{SemaphoreId, WorkerId};

/// All that a state knows of one worker; ordered.
pub(crate) type Block = Vec<u64>;

impl Machine {
    /// Where a worker stands, if it runs.
    #[inline]
    pub(crate) fn at(&self, state: &[u64], id: WorkerId) -> Option<Pc> {
        match self.standing(state, id) {
            Standing::At(pc) => Some(pc),
            _ => None,
        }
    }

    /// The workers that have not ended, those not started yet among them.
    pub(crate) fn alive<'a>(&'a self, state: &'a [u64]) -> impl Iterator<Item = WorkerId> + 'a {
        self.worker_ids()
            .filter(move |&id| !matches!(self.standing(state, id), Standing::Ended(_)))
    }

    /// Reads all that a state knows of a worker.
    pub(crate) fn block(&self, state: &[u64], id: WorkerId, block: &mut Block) {
        block.clear();
        block.extend(self.worker(id).block.iter().map(|field| field.get(state)));
    }

    /// Compares all that a state knows of two workers of the same class.
    #[inline]
    pub(crate) fn compare_blocks(&self, state: &[u64], a: WorkerId, b: WorkerId) -> Ordering {
        let (a, b) = (&self.worker(a).block, &self.worker(b).block);
        a.iter()
            .map(|field| field.get(state))
            .cmp(b.iter().map(|field| field.get(state)))
    }

    /// Writes it, to a worker of the same class.
    pub(crate) fn set_block(&self, state: &mut [u64], id: WorkerId, block: &Block) {
        for (field, &value) in self.worker(id).block.iter().zip(block) {
            field.set(state, value);
        }
    }

    /// The first instance of a worker's declaration.
    pub(crate) fn first_instance(&self, id: WorkerId) -> WorkerId {
        let of = |i: &&super::code::Instances| id.0 >= i.first.0 && id.0 < i.first.0 + i.count;
        self.declared.iter().find(of).map_or(id, |i| i.first)
    }

    /// Whether a statement names this very instance.
    pub(crate) fn is_named(&self, id: WorkerId) -> bool {
        self.worker(id).named
    }

    /// The classes of instances that nothing tells apart. An instance that a statement names is a
    /// class of its own, and so is each of a worker that is spawned: instances start in order, so
    /// what the first shows the second may never show, and the order graph asks which of them did.
    pub(crate) fn interchangeable(&self) -> Vec<Vec<WorkerId>> {
        let mut classes = Vec::new();
        for instances in &self.declared {
            let (named, alike): (Vec<WorkerId>, Vec<WorkerId>) =
                instances.ids().partition(|&id| self.is_named(id));
            if alike.iter().any(|&id| self.worker(id).spawned) {
                classes.extend(instances.ids().map(|id| vec![id]));
            } else {
                classes.extend(named.into_iter().map(|id| vec![id]));
                classes.push(alike);
            }
        }
        classes
    }

    /// The workers whose steps can change who holds how much of a plain semaphore: those that have
    /// an op on one, and those that share a semaphore with such a worker or name it.
    pub(crate) fn looked_at(&self) -> Vec<bool> {
        // what holds for one instance of a declaration holds for all
        let semaphores: Vec<BTreeSet<SemaphoreId>> = self
            .declared
            .iter()
            .map(|instances| self.uses(instances.first))
            .collect();
        let mut seen: Vec<bool> = semaphores
            .iter()
            .map(|used| used.iter().any(|&s| self.semaphore(s).kind == Kind::Plain))
            .collect();
        // the semaphores of those that are seen
        let mut shared = BTreeSet::new();
        let mut left: Vec<usize> = (0..seen.len()).filter(|&d| seen[d]).collect();
        while let Some(declared) = left.pop() {
            shared.extend(&semaphores[declared]);
            for other in 0..seen.len() {
                if !seen[other] && !semaphores[other].is_disjoint(&shared) {
                    seen[other] = true;
                    left.push(other);
                }
            }
        }
        let workers = self.workers.iter();
        workers.map(|w| seen[w.declared as usize]).collect()
    }

    /// The semaphores that a worker has ops on, or that the workers that it names or spawns have.
    fn uses(&self, id: WorkerId) -> BTreeSet<SemaphoreId> {
        let own = |id: WorkerId| {
            let instrs = self.worker(id).instrs.iter();
            instrs.filter_map(Instr::semaphore)
        };
        let mut others = BTreeSet::from([id]);
        for instr in self.worker(id).instrs.iter() {
            match *instr {
                Instr::Give { to: other, .. }
                | Instr::Cancel { target: other, .. }
                | Instr::Release {
                    from: Some(other), ..
                } => {
                    others.insert(self.first_instance(other));
                }
                Instr::Spawn { instances, .. } => {
                    others.insert(instances.first);
                }
                _ => {}
            }
        }
        others.into_iter().flat_map(own).collect()
    }
}
