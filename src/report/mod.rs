//! What an exploration has to say: findings and figures, and how they are shown.
//!
//! **Invariants**
//!
//! 1. A report is data; each form of it is a pure function of that data.
//! 2. Figures that depend on the machine (states, seconds) stand in [`Stats`] alone.

mod detail;
mod model;
mod provisional;
mod trace;

pub(crate) use detail::{detail, list, permits, place, workers};
pub use model::*;
pub use provisional::*;
pub use trace::*;
