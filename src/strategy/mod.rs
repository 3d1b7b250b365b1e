//! Which choice comes next. Strategies know nothing of engines.

mod depth_first;
mod fault_plan;
mod random;
mod replay;

pub use depth_first::DepthFirst;
pub use random::RandomWalk;
pub use replay::Replay;
