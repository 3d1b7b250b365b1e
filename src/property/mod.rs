//! What is watched over all runs, one file each.
//!
//! A property is a predicate on steps (`leak`, `over_release`), a predicate on states
//! (`over_admission`, `conservation`, `stuck`), or an observer of all runs (`lock_order`). Whatever
//! the engine, it tells a [`Judge`] its events and states; the judge answers with [`Fact`]s, which
//! can be compared, so that two explorations can be too.
//!
//! **Invariants**
//!
//! 1. What the judge says of a step depends on that step's events and state alone.
//! 2. Facts name statements, never places or instances where instances are alike.

mod conservation;
mod fact;
mod judge;
mod lock_order;
mod order_core;
mod order_graph;
mod over_admission;
mod stuck;
mod witness;

pub use fact::{Fact, Identity};
pub use judge::{Judge, Situation};
pub use lock_order::{Cycle, Cycles, Danger, cycles};
pub(crate) use lock_order::{WorkerEdge, cycles_that_meet};
pub(crate) use order_core::told_in_full;
pub(crate) use stuck::servable;
pub use stuck::{Edge, circular_wait, wait_edges};
pub use witness::{Engine, SharedStrategy, SharedWitness, Step, StepBound, Witness};
