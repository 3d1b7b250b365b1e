//! The strategies by name, and one place that makes them, for all engines.

use std::fmt;

use super::bytes::{Bytes, Decisions};
use super::depth_first::DepthFirst;
use super::pct::Pct;
use super::portfolio::Turns;
use super::pos::Pos;
use super::random::{Random, RandomWalk};
use super::surw::Surw;
use super::urw::Urw;
use crate::run::{Budget, Strategy};

/// What picks the choices of an exploration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum StrategyName {
    /// Every state, breadth first.
    #[default]
    Exhaustive,
    /// Every run, depth first, without memory of states.
    DepthFirst,
    /// Runs at random, each enabled worker as likely as the next.
    Random,
    /// Runs at random, with priorities that change few times.
    Pct,
    /// Runs at random, with a priority for each event.
    Pos,
    /// Runs at random, uniform in the order of the events on one semaphore.
    Surw,
    /// Runs at random, workers weighted by what they have still to do.
    Urw,
    /// Runs at random, the strategies for that taking turns.
    Portfolio,
    /// One run, as the bytes of a fuzzer decide; without any, the plain one.
    Bytes,
}

impl StrategyName {
    /// All that make runs by themselves, and the exhaustive search.
    pub const ALL: [StrategyName; 8] = [
        StrategyName::Exhaustive,
        StrategyName::DepthFirst,
        StrategyName::Random,
        StrategyName::Pct,
        StrategyName::Pos,
        StrategyName::Surw,
        StrategyName::Urw,
        StrategyName::Portfolio,
    ];

    /// The name, as on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            StrategyName::Exhaustive => "exhaustive",
            StrategyName::DepthFirst => "depth-first",
            StrategyName::Random => "random",
            StrategyName::Pct => "pct",
            StrategyName::Pos => "pos",
            StrategyName::Surw => "surw",
            StrategyName::Urw => "urw",
            StrategyName::Portfolio => "portfolio",
            StrategyName::Bytes => "bytes",
        }
    }

    /// Whether it makes runs at random: run i depends on a seed and on i alone, and so runs can be
    /// divided among shards and threads.
    pub fn is_random(self) -> bool {
        !matches!(
            self,
            StrategyName::Exhaustive | StrategyName::DepthFirst | StrategyName::Bytes
        )
    }
}

impl fmt::Display for StrategyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What strategies are made from. Start from `Settings::default()`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// The seed; for a random strategy.
    pub seed: u64,
    /// The faults of a run stay within it.
    pub budget: Budget,
    /// The depth of the bugs that are looked for, at least one; for `pct`.
    pub depth: u32,
}

impl Settings {
    /// The depth unless another one is said.
    pub const DEPTH: u32 = 3;
}

impl Default for Settings {
    /// Seed 0, the default budget, depth 3.
    fn default() -> Settings {
        Settings {
            seed: 0,
            budget: Budget::default(),
            depth: Settings::DEPTH,
        }
    }
}

/// The strategy of that name; `None` for the exhaustive search, which makes no runs.
pub fn make(name: StrategyName, settings: &Settings) -> Option<Box<dyn Strategy + Send>> {
    let Settings {
        seed,
        ref budget,
        depth,
    } = *settings;
    Some(match name {
        StrategyName::Exhaustive => return None,
        StrategyName::Bytes => Box::new(Bytes::new(Decisions::default())),
        StrategyName::DepthFirst => Box::new(DepthFirst::new()),
        StrategyName::Random => Box::new(RandomWalk::new(seed, budget)),
        StrategyName::Pct => Box::new(Random::<Pct>::new(depth, seed, budget)),
        StrategyName::Pos => Box::new(Random::<Pos>::new(seed, budget)),
        StrategyName::Surw => Box::new(Random::<Surw>::new(seed, budget)),
        StrategyName::Urw => Box::new(Random::<Urw>::new(seed, budget)),
        StrategyName::Portfolio => Box::new(Random::<Turns>::new(seed, budget)),
    })
}
