//! The random walk: of the workers that can go on, each as likely as the next; of its branches too.

use super::fault_plan::{FaultPlan, is_planned};
use crate::run::{Budget, Choice, Enabled, Point, Rng, Strategy, WorkerId};

/// Walks at random. Run i depends on the seed and on i alone.
#[derive(Debug)]
pub struct RandomWalk {
    seed: u64,
    limits: [u32; 3],
    rng: Rng,
    plan: FaultPlan,
    workers: Vec<WorkerId>,
}

impl RandomWalk {
    /// A walk whose faults stay within the budget.
    pub fn new(seed: u64, budget: &Budget) -> RandomWalk {
        RandomWalk {
            seed,
            limits: [budget.panics, budget.timeouts, budget.cancels],
            rng: Rng::for_run(seed, 0),
            plan: FaultPlan::default(),
            workers: Vec::new(),
        }
    }
}

impl Strategy for RandomWalk {
    fn begin(&mut self, run: u64) -> bool {
        self.rng = Rng::for_run(self.seed, run);
        self.plan = FaultPlan::new(&mut self.rng, self.limits);
        true
    }

    fn choose(&mut self, point: &Point<'_>) -> Option<Choice> {
        if let Some(fault) = self.plan.strike(&mut self.rng, point.enabled) {
            return Some(fault);
        }
        self.workers.clear();
        let plain = |e: &&Enabled| !is_planned(e);
        for enabled in point.enabled.iter().filter(plain) {
            let worker = enabled.choice.worker;
            if self.workers.last() != Some(&worker) {
                self.workers.push(worker);
            }
        }
        if self.workers.is_empty() {
            // stuck but for injected cancellations: the plan has placed those that there are
            return None;
        }
        let worker = self.workers[self.rng.below(self.workers.len() as u64) as usize];
        let mine = || {
            point
                .enabled
                .iter()
                .filter(plain)
                .filter(|e| e.choice.worker == worker)
        };
        let pick = self.rng.below(mine().count() as u64) as usize;
        mine().nth(pick).map(|e| e.choice)
    }
}
