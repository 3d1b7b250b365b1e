//! Closures under a fuzzer: each input is one run, which the decisions in it choose.

mod campaign;
mod counters;

pub use campaign::Fuzzing;
pub use counters::{Counters, Pairs};
