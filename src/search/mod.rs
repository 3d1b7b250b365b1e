//! The exhaustive search over the machine's states.
//!
//! Breadth first, so that the first way to a state is a shortest one. A node is a state of the
//! machine together with what its run has spent of the budgets, as far as that can matter: with
//! nothing to spend, a node is the state alone.
//!
//! Which of the enabled choices of a node are followed is decided in `Space::expand` and nowhere
//! else: `reduction` chooses workers that are enough, `symmetry` merges identical instances.
//!
//! **Invariants**
//!
//! 1. Without a stop, every node that can be reached is expanded exactly once.
//! 2. Every fact keeps a witness with the fewest faults and, among those, the fewest steps.
//! 3. No clock, address or thread shows in facts or witnesses: stops come from outside.

mod cheapest;
mod classes;
mod deltas;
mod estimate;
mod exhaustive;
mod paths;
mod reduction;
mod seek;
mod space;
mod symmetry;
mod visited;

pub use classes::{Classes, Counted, Reason, Straight, Tally, WaitClasses, Why, eligible};
pub use estimate::{Estimate, estimate};
pub use exhaustive::{Exhaustive, Found, Patience, Probe, Progress, Witnessed};
pub use seek::{Seen, Sought};
pub use visited::Keep;
