//! All tests of closures, over futures and threads, and of property tests and fuzz targets, in one
//! binary: each file says what it is about.

mod arbitrary;
#[cfg(feature = "threads")]
mod brute_force;
mod examples;
mod fuzz_corpus;
mod fuzzed;
mod proptests;
mod readme_example;
mod regressions;
mod snapshot;
#[cfg(feature = "check")]
#[path = "shared/snapshots.rs"]
mod snapshots;
mod tasks;
mod threads;
mod user_code;
#[cfg(feature = "check")]
mod zoo;
mod zoo_threads;
