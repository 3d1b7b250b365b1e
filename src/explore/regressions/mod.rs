//! Schedules of findings that checks keep beside the tests, in text files that are committed: the next
//! check tries them first.
//!
//! **Invariants**
//!
//! 1. A file is written whole or not at all, and what was in it stays in it.
//! 2. A schedule that does not fit its closure any more is told, and never passed over in silence.

mod kept;
mod place;
mod store;

pub(super) use kept::Kept;
pub use place::Regressions;
pub use store::{NotWritten, write};
