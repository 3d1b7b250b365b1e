//! What was found is kept as text beside the tests, and tried first the next time.
//!
//! **Invariants**
//!
//! 1. A file is there whole or not at all, and what was found before stays: see `store`.
//! 2. What cannot be tried any more is told, never passed over.

mod kept;
mod place;
mod programs;
mod store;
mod values;

pub(super) use kept::{Kept, tell_stale};
pub use place::Regressions;
#[cfg(feature = "proptest")]
pub(crate) use place::cut;
pub use programs::{KeptProgram, Stale, keep_program, kept_programs, program_text};
pub use store::{NotWritten, keep, write};
pub use values::{KeptValue, keep_value, kept_values};
