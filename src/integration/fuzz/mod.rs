//! libFuzzer: fuzz targets over a user's own closures, and those of this project.
//!
//! The bytes of an input are two parts: what the subject is given, and the [`Decisions`] by which
//! its run is made ([`Input`]). They are decoded here and not in the targets, so that a plain test
//! replays what a fuzzer found, and decodes it exactly as the fuzzer did.
//!
//! [`fuzz_target!`](crate::fuzz_target) makes a target; `docs/fuzzing.md` tells how it is run.
//!
//! [`Decisions`]: crate::strategy::Decisions

mod input;
mod mutate;
mod mutate_ops;
mod seeds;
mod target;
mod targets;
mod transcript;

pub use crate::explore::{Counters, Fuzzing, Pairs};
pub use input::Input;
pub use mutate::{Default, Shape, mutate};
pub use mutate_ops::mutate_ops;
pub use seeds::{program_of, seed_of};
pub use target::Target;
pub use targets::{MOST_OP_BYTES, lowering, model, ops_on, program, schedule, semaphore, text};
