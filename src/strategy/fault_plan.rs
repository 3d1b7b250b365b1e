//! Where faults strike in a random run.
//!
//! Which worker goes on and whether a fault strikes are decided apart. At the start of a run the
//! plan draws how many faults of each kind there will be, up to the budget, and for each the number
//! of the fault point at which it strikes. How many fault points the run will have is not known, so
//! the number is drawn on a logarithmic scale: a scale first, each as likely, then a number within
//! it. Early and late points are hit alike in short runs and in long ones. Where pilot runs have shown
//! how long runs are, no scale goes far beyond that.

use crate::run::{Action, Enabled, Resource, Rng};

/// The faults of one run.
#[derive(Debug, Default)]
pub(super) struct FaultPlan {
    /// For each resource, the fault points at which one strikes, the next one last.
    strikes: [Vec<u64>; 3],
    /// For each resource, the fault points seen so far.
    seen: [u64; 3],
    /// How many strikes are left.
    left: usize,
}

/// Fault points are numbered up to `2^SCALES`, where nothing is known of how many there are.
const SCALES: u64 = 12;

/// A run may be longer than all pilots were, since what it does after a fault none of them has shown.
const LONGER: u64 = 2;

/// The largest scale for runs of so many steps; of none, if that is not known.
fn scales(length: u64) -> u64 {
    match length {
        0 => SCALES,
        _ => SCALES.min(u64::from((length * LONGER - 1).ilog2()) + 1),
    }
}

/// More faults than this are not planned for one run.
const MOST_FAULTS: u32 = 1000;

impl FaultPlan {
    /// Plans a run; the limits are those of the budget. Runs have about `length` steps, if that is
    /// known; else it is zero.
    pub(super) fn begin(&mut self, rng: &mut Rng, limits: [u32; 3], length: u64) {
        let scales = scales(length);
        self.seen = [0; 3];
        self.left = 0;
        for (points, limit) in self.strikes.iter_mut().zip(limits) {
            points.clear();
            let most = limit.min(MOST_FAULTS);
            if most == 0 {
                continue;
            }
            let count = rng.below(u64::from(most) + 1);
            points.extend((0..count).map(|_| {
                let scale = rng.below(scales + 1);
                rng.below(1 << scale)
            }));
            points.sort_unstable_by(|a, b| b.cmp(a));
            self.left += points.len();
        }
    }

    /// The place of the fault that strikes at a point where these faults are possible; each point
    /// counts once for each resource that has a fault there.
    pub(super) fn strike(&mut self, rng: &mut Rng, enabled: &[Enabled]) -> Option<usize> {
        if self.left == 0 {
            // the points that are not counted any more would be counted for nothing
            return None;
        }
        let mut counts = [0; 3];
        for resource in enabled.iter().filter_map(|e| e.draws) {
            counts[resource as usize] += 1;
        }
        let mut struck = None;
        for resource in Resource::ALL {
            let kind = resource as usize;
            if counts[kind] == 0 {
                continue;
            }
            let point = self.seen[kind];
            self.seen[kind] += 1;
            if struck.is_none() && self.strikes[kind].last().is_some_and(|&at| at <= point) {
                self.strikes[kind].pop();
                self.left -= 1;
                let pick = rng.below(counts[kind]) as usize;
                let mut places = (0..enabled.len()).filter(|&i| enabled[i].draws == Some(resource));
                struck = places.nth(pick);
            }
        }
        struck
    }
}

/// Whether a choice is a fault that the plan decides on.
pub(super) fn is_planned(enabled: &Enabled) -> bool {
    enabled.draws.is_some() || enabled.choice.action == Action::Cancel
}
