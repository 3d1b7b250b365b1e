//! Which choice comes next. Strategies know nothing of engines.
//!
//! Those that make runs at random are one: [`Random`] places the faults and takes branches, and an
//! order says which worker goes on. [`make`] makes any of them by name.

mod bytes;
mod depth_first;
mod fault_plan;
mod name;
mod object;
mod order;
mod pct;
mod portfolio;
mod pos;
mod profile;
mod random;
mod ready;
mod replay;
mod surw;
mod urw;

pub use bytes::{Bytes, Decisions};
pub use depth_first::DepthFirst;
pub use name::{Settings, StrategyName, make};
pub use order::Walk;
pub use pct::Pct;
pub use portfolio::Turns;
pub use pos::Pos;
pub use random::{Random, RandomWalk};
pub use replay::Replay;
pub use surw::Surw;
pub use urw::Urw;
