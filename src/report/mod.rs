//! What an exploration has to say: findings and figures, and how they are shown.
//!
//! **Invariants**
//!
//! 1. A report is data; each form of it is a pure function of that data.
//! 2. Figures that depend on the machine (states, seconds) stand in [`Stats`] alone.

mod advice;
mod cause;
mod circle;
mod cite;
mod covered;
mod detail;
mod dot;
mod github;
mod hops;
#[cfg(feature = "serde")]
mod json;
mod model;
mod outcome;
mod reason;
mod remedy;
mod rows;
mod shell;
mod stable;
mod story;
mod style;
mod text;
mod timeline;
mod trace;
mod wait;
mod words;

pub(crate) use advice::{needs_a_runtime, what_changes};
pub(crate) use cause::cause;
pub(crate) use detail::about;
pub use dot::{order_dot, order_text, waits_dot, waits_text};
pub use github::github;
#[cfg(feature = "serde")]
pub use json::{json, json_error};
pub use model::*;
#[cfg(feature = "proptest")]
pub(crate) use remedy::remedy;
pub use shell::shell_quoted;
pub use stable::stable;
pub use style::Style;
pub use text::{text, timeline};
pub use trace::*;

pub use crate::strategy::StrategyName;
