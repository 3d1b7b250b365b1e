//! selvedge: a deterministic concurrency test harness and fuzzer for counting semaphores.

#[cfg(feature = "check")]
pub mod program;
