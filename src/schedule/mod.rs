//! What replays a run: the choices that it took, as one line of text.
//!
//! `selvedge:1:DIGEST:CHOICES:CHECKSUM`. The digest is that of the subject. The choices are
//! separated by commas: a worker that goes on is its name, `handler.2`; several times in a row,
//! `handler.2*5`; what is not plain progress is marked, `handler.2@panic`, `@timeout`, `@cancel`,
//! `@spawn` where the worker stops as soon as it has started another one,
//! `@cancel/2` for the second of the parts of a task that can be cancelled, `@fail`, `@spurious`,
//! `@new-waker`,
//! or `handler.2/1` for the first branch of an `either`. No choice at all is `-`.
//!
//! **Invariants**
//!
//! 1. `decode(encode(s)) == s`.
//! 2. A text that was damaged, that belongs to another subject or that has another version is
//!    refused, with what is wrong.

mod error;
mod text;

pub use error::ScheduleError;
pub use text::{Digest, Schedule};
