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
//! | philosophers 3 | 3,394 | 4,206 | 1,956 | 2,589 | 436 | 820 | 1,516 | 2,729 |
//! | philosophers 7 | 764 | 1,312 | 251 | 605 | 1 | 7 | 15 | 598 |
//! | one reversed pair among 8 | 9,335 | 9,471 | 9,098 | 9,020 | 2,943 | 4,576 | 6,318 | 8,753 |
//! | late inversion, noise by itself | 2 | 0 | 493 | 603 | 97 | 204 | 308 | 364 |
//! | late inversion, noise on one semaphore | 0 | 0 | 546 | 1,545 | 97 | 201 | 233 | 650 |
//! | `barrier-lapped.sem` | 2,172 | 1,110 | 3,202 | 2,427 | 7,509 | 7,301 | 7,010 | 3,009 |
//! | `transfer-few-switches.sem` | 2,378 | 2,176 | 3,240 | 1,489 | 3,049 | 4,636 | 5,833 | 2,783 |
//! | `double-release-plain.sem` | 735 | 770 | 666 | 200 | 152 | 197 | 262 | 473 |
//! | `interrupted-finally-bounded.sem` | 995 | 1,844 | 818 | 648 | 452 | 688 | 832 | 967 |
//! | `spin-on-try.sem` | 5,060 | 21 | 5,007 | 2,501 | 5,002 | 4,984 | 4,996 | 3,394 |
//!
//! The random walk and URW hit cycles of many workers, that starve PCT; SURW and POS hit orders
//! that are far apart in time, which walks never do; PCT hits what needs one worker to be fast, or
//! to be left alone, for long. SURW looks at one object a run, and so has two turns. With these
//! shares the worst is .38 of the best; POS alone has .19, SURW .26, and the others .01 or less.
//! Seven turns with neither the walk nor POS would come to .45; but those two know nothing of a
//! subject, and so are misled by nothing where runs are not all of a size. PCT 5 served better than
//! PCT 2 and 3 where PCT was needed at all, but for one program.
//!
//! In a third of the turns a worker stops where it starts another one, and whoever is picked goes on: so
//! threads begin one after the other, and some are far ahead before others exist, or before their parent
//! has gone on. It is the walk that stops each time, and POS and PCT every other time. The walk finds
//! JDK-6801020 (`tests/zoo/a1.rs`) eight times as fast so, and philosophers of seven ten times as slow;
//! SURW and URW, which know what the others have to do, find those.
//!
//! **Invariants**
//!
//! 1. Run i is run i of the member whose turn it is, unless it is far longer than runs are.
//! 2. Each block of six runs has all turns. With which one a block begins is drawn, the same for all
//!    seeds, so that a shard has all of them too, whatever part of the runs it makes.

use super::order::{Order, Walk};
use super::pct::Pct;
use super::pos::Pos;
use super::profile::Profile;
use super::ready::Able;
use super::surw::Surw;
use super::urw::Urw;
use crate::run::{Enabled, Rng, WorkerId};

/// The members, as often as they have a turn in a block of runs.
const TURNS: [usize; 6] = [0, 1, 2, 3, 4, 2];

/// The member whose turn it is in a run.
fn turn(run: u64) -> usize {
    let turns = TURNS.len() as u64;
    let first = Rng::for_run(0, run / turns).below(turns);
    TURNS[((run % turns + first) % turns) as usize]
}

/// The members that stop workers where they start others, in blocks of even and of odd number.
const STOPS: [[usize; 2]; 2] = [[0, 4], [0, 1]];

/// Whether workers stop in a run where they start others.
fn stops(run: u64) -> bool {
    let block = run / TURNS.len() as u64;
    STOPS[(block % 2) as usize].contains(&turn(run))
}

/// Orders that take turns.
pub struct Turns {
    members: [Box<dyn Order>; 5],
    /// Whose turn it is in this run.
    turn: usize,
    /// Whether workers stop in this run where they start others.
    stops: bool,
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
            stops: false,
        }
    }
}

impl Order for Turns {
    fn learns(&self) -> bool {
        true
    }

    fn learns_in(&self, run: u64) -> bool {
        self.members[turn(run)].learns()
    }

    fn begin(&mut self, run: u64, rng: &mut Rng, profile: &Profile) {
        self.turn = turn(run);
        self.stops = stops(run);
        self.members[self.turn].begin(run, rng, profile);
    }

    fn stops_at_spawns(&self) -> bool {
        self.stops
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shard_has_all_members() {
        for stride in 1..=64 {
            for first in 0..stride {
                let mut counts = [0; 5];
                for i in 0..90 {
                    counts[turn(first + i * stride)] += 1;
                }
                assert!(
                    counts.iter().all(|&c| c > 2),
                    "{first}/{stride}: {counts:?}"
                );
            }
        }
    }

    #[test]
    fn a_third_of_the_turns_stops() {
        assert_eq!((0..600).filter(|&run| stops(run)).count(), 200);
    }

    #[test]
    fn each_block_has_all_turns() {
        let blocks: Vec<usize> = (0..600).map(turn).collect();
        for block in blocks.chunks(6) {
            let mut block = block.to_vec();
            block.sort_unstable();
            assert_eq!(block, [0, 1, 2, 2, 3, 4]);
        }
    }
}
