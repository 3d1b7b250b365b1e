//! What an exploration has to say: findings and figures, and how they are shown.
//!
//! **Invariants**
//!
//! 1. A report is data; each form of it is a pure function of that data.
//! 2. Figures that depend on the machine (states, seconds) stand in [`Stats`] alone.

mod detail;
mod hops;
mod model;
mod reason;
mod remedy;
mod story;
mod style;
mod text;
mod timeline;
mod trace;
mod words;

pub(crate) use detail::about;
pub use model::*;
pub use style::Style;
pub use text::{text, timeline};
pub use trace::*;
