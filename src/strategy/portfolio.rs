//! The portfolio: no random strategy is good at everything, and so they take turns.
//!
//! Run i is run i of one of the members, with the same seed. Who has which share was chosen by
//! measurement: of all ways to give out up to nine turns among the seven below, on the 31 programs of
//! `corpus/` on which anything fails and on ten others, for the finding that is hit least often in
//! each. A portfolio is the better, the closer it comes, where it is worst, to the strategy that is
//! best for that program. In hits per 10,000 runs (`examples/strategies.rs`), where they differ most:
//!
//! | program | walk | URW | POS | SURW | PCT 2 | PCT 3 | PCT 5 | portfolio |
//! |---|---|---|---|---|---|---|---|---|
//! | philosophers 3 | 3,394 | 4,206 | 1,956 | 2,589 | 436 | 820 | 1,516 | 2,798 |
//! | philosophers 7 | 764 | 1,312 | 251 | 605 | 1 | 7 | 15 | 616 |
//! | one reversed pair among 8 | 9,335 | 9,471 | 9,098 | 9,020 | 2,943 | 4,576 | 6,318 | 8,700 |
//! | late inversion, noise by itself | 2 | 0 | 493 | 603 | 97 | 204 | 308 | 332 |
//! | late inversion, noise on one semaphore | 0 | 0 | 546 | 1,545 | 97 | 201 | 233 | 662 |
//! | `barrier-lapped.sem` | 2,172 | 1,110 | 3,202 | 2,427 | 7,509 | 7,301 | 7,010 | 3,055 |
//! | `transfer-few-switches.sem` | 2,378 | 2,176 | 3,240 | 1,489 | 3,049 | 4,636 | 5,833 | 2,735 |
//! | `double-release-plain.sem` | 735 | 770 | 666 | 200 | 152 | 197 | 262 | 488 |
//! | `interrupted-finally-bounded.sem` | 995 | 1,844 | 818 | 648 | 452 | 688 | 832 | 998 |
//! | `spin-on-try.sem` | 5,060 | 21 | 5,007 | 2,501 | 5,002 | 4,984 | 4,996 | 3,320 |
//!
//! The random walk and URW hit cycles of many workers, that starve PCT; SURW and POS hit orders
//! that are far apart in time, which walks never do; PCT hits what needs one worker to be fast, or
//! to be left alone, for long. SURW looks at one semaphore a run, and so has two turns. With these
//! shares the worst is .39 of the best; POS alone has .19, SURW .26, and the others .01 or less. The
//! five turns without the walk come to .42, but the walk knows nothing of a subject and so is misled
//! by nothing, where runs are not all of a size. PCT 5 served better than PCT 2 and 3 where PCT was
//! needed at all, but for one program.

use super::order::{Order, Walk};
use super::pct::Pct;
use super::pos::Pos;
use super::profile::Profile;
use super::ready::Able;
use super::surw::Surw;
use super::urw::Urw;
use crate::run::{Enabled, Rng, WorkerId};

/// The member whose turn it is, in blocks of runs.
const TURNS: [usize; 6] = [0, 1, 2, 3, 4, 2];

/// Orders that take turns.
pub struct Turns {
    members: [Box<dyn Order>; 5],
    /// Whose turn it is in this run.
    turn: usize,
}

impl Default for Turns {
    fn default() -> Turns {
        Turns {
            members: [
                Box::new(Walk),
                Box::new(Pos::default()),
                Box::new(Surw::default()),
                Box::new(Urw::default()),
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
        // each block of runs begins one turn later, so that a shard that makes each second or each
        // sixth run has all members
        let turns = TURNS.len() as u64;
        self.turn = TURNS[(run.wrapping_add(run / turns) % turns) as usize];
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
