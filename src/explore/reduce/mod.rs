//! Makes a failing program smaller, and its schedule with it.
//!
//! **Invariants**
//!
//! 1. What is left shows the finding that was begun with: see `target`.
//! 2. The same program and finding are reduced to the same, on every machine.

mod descent;
mod edits;
mod oracle;
mod reducer;
mod target;

pub use descent::{Keep, descend, edits};
pub use edits::Edit;
pub use reducer::Reduced;
