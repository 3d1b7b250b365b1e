//! What there is at a point: the workers that can go on without a fault, and the faults.

use super::fault_plan::is_planned;
use crate::run::{Enabled, Rng, WorkerId};

/// A worker that can go on.
#[derive(Debug, Clone, Copy)]
pub struct Able {
    /// Which.
    pub(super) worker: WorkerId,
    /// Its first plain choice, as a place among the enabled ones.
    first: u32,
    /// How many plain choices it has.
    choices: u32,
}

/// The choices of a point, sorted out; keeps its memory from point to point.
#[derive(Debug, Default)]
pub(super) struct Ready {
    /// The workers with a plain choice, in their order.
    able: Vec<Able>,
    /// For each resource, how many choices draw on it.
    faults: [u32; 3],
}

impl Ready {
    /// Sorts the enabled choices out, which come in their order.
    #[inline]
    pub(super) fn collect(&mut self, enabled: &[Enabled]) {
        self.able.clear();
        let mut faults = [0; 3];
        for (first, enabled) in enabled.iter().enumerate() {
            if let Some(resource) = enabled.draws {
                faults[resource as usize] += 1;
                continue;
            }
            if is_planned(enabled) {
                continue;
            }
            let worker = enabled.choice.worker;
            match self.able.last_mut() {
                Some(able) if able.worker == worker => able.choices += 1,
                _ => self.able.push(Able {
                    worker,
                    first: first as u32,
                    choices: 1,
                }),
            }
        }
        self.faults = faults;
    }

    /// The workers with a plain choice, in their order.
    #[inline]
    pub(super) fn able(&self) -> &[Able] {
        &self.able
    }

    /// For each resource, how many choices draw on it.
    #[inline]
    pub(super) fn faults(&self) -> [u32; 3] {
        self.faults
    }
}

impl Able {
    /// Its first plain choice, as a place among the enabled ones.
    #[inline]
    pub(super) fn first(&self) -> usize {
        self.first as usize
    }

    /// One of its plain choices, each as likely as the next, as a place among the enabled ones.
    #[inline]
    pub(super) fn choice(&self, rng: &mut Rng, enabled: &[Enabled]) -> usize {
        if self.choices == 1 {
            return self.first();
        }
        self.any(rng, enabled)
    }

    fn any(&self, rng: &mut Rng, enabled: &[Enabled]) -> usize {
        let pick = rng.below(u64::from(self.choices)) as usize;
        let mine = |&i: &usize| !is_planned(&enabled[i]) && enabled[i].choice.worker == self.worker;
        let mut places = (self.first()..enabled.len()).filter(mine);
        places.nth(pick).unwrap_or(self.first())
    }
}

/// Makes a list by worker long enough for these. They are in the order in which they were started,
/// which need not be that of their numbers.
#[inline]
pub(super) fn reach<T: Copy>(list: &mut Vec<T>, able: &[Able], new: T) {
    let most = able.iter().map(|able| able.worker.index()).max();
    if let Some(most) = most
        && list.len() <= most
    {
        list.resize(most + 1, new);
    }
}
