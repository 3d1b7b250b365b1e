//! The workers that can go on at a point without a fault, and how.

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

/// Collects the plain choices of a point by worker; keeps its memory from point to point.
#[derive(Debug, Default)]
pub(super) struct Ready {
    able: Vec<Able>,
}

impl Ready {
    /// The workers with a plain choice, in their order. The enabled choices are sorted.
    #[inline]
    pub(super) fn collect(&mut self, enabled: &[Enabled]) -> &[Able] {
        self.able.clear();
        let mut last = None;
        for (first, enabled) in enabled.iter().enumerate() {
            if is_planned(enabled) {
                continue;
            }
            let worker = enabled.choice.worker;
            if last == Some(worker)
                && let Some(able) = self.able.last_mut()
            {
                able.choices += 1;
                continue;
            }
            last = Some(worker);
            self.able.push(Able {
                worker,
                first: first as u32,
                choices: 1,
            });
        }
        &self.able
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
        let pick = rng.below(u64::from(self.choices)) as usize;
        let mine = |&i: &usize| !is_planned(&enabled[i]) && enabled[i].choice.worker == self.worker;
        let mut places = (self.first()..enabled.len()).filter(mine);
        places.nth(pick).unwrap_or(self.first())
    }
}

/// Makes a list by worker long enough for these. They need not be in the order of their numbers: an
/// engine whose workers come to light as it runs numbers them as it meets them.
#[inline]
pub(super) fn reach<T: Copy>(list: &mut Vec<T>, able: &[Able], new: T) {
    let most = able.iter().map(|a| a.worker.index()).max();
    if let Some(most) = most.filter(|&most| list.len() <= most) {
        list.resize(most + 1, new);
    }
}
