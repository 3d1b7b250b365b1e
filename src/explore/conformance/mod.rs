//! Any semaphore against the model: generated sequences of ops, performed on both, step by step.
//!
//! **Invariants**
//!
//! 1. The oracle is the machine, and nothing but it: see `reference`.
//! 2. What is found depends on the semaphore and the options alone.
//! 3. A difference is shown by a sequence that was performed as it is told.

mod check;
mod compare;
mod difference;
mod draw;
mod livelock;
mod op;
mod ops;
mod parting;
mod reference;
mod sequence;
mod shrink;
mod subject;
mod tokens;
mod trial;
mod words;

pub use check::{Conformance, check_semaphore};
pub use difference::Difference;
pub use ops::{Model, Ops};
