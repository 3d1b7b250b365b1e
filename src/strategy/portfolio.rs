//! The portfolio.

use super::order::{Order, Walk};
use super::pct::Pct;
use super::pos::Pos;
use super::profile::Profile;
use super::ready::Able;
use super::surw::Surw;
use super::urw::Urw;
use crate::run::{Enabled, Rng, WorkerId};

/// Orders that take turns.
pub struct Turns {
    members: [Box<dyn Order>; 6],
    turn: usize,
}

impl Default for Turns {
    fn default() -> Turns {
        Turns {
            members: [
                Box::new(Walk),
                Box::new(Pos::default()),
                Box::new(Urw::default()),
                Box::new(Pct::new(3)),
                Box::new(Surw::default()),
                Box::new(Pct::new(5)),
            ],
            turn: 0,
        }
    }
}

impl Order for Turns {
    fn learns(&self) -> bool {
        true
    }

    fn begin(&mut self, run: u64, rng: &mut Rng, profile: &Profile) {
        self.turn = (run % self.members.len() as u64) as usize;
        self.members[self.turn].begin(run, rng, profile);
    }

    fn pick(&mut self, rng: &mut Rng, able: &[Able], enabled: &[Enabled]) -> usize {
        self.members[self.turn].pick(rng, able, enabled)
    }

    fn struck(&mut self, rng: &mut Rng, worker: WorkerId) {
        self.members[self.turn].struck(rng, worker);
    }

    fn started(&mut self, rng: &mut Rng, worker: WorkerId, by: WorkerId) {
        self.members[self.turn].started(rng, worker, by);
    }

    fn ended(&mut self, rng: &mut Rng, worker: WorkerId) {
        self.members[self.turn].ended(rng, worker);
    }
}
