//! selvedge: a deterministic concurrency test harness and fuzzer for counting semaphores.

#[cfg(feature = "check")]
pub mod explore;
#[cfg(feature = "check")]
pub mod machine;
#[cfg(feature = "check")]
pub mod program;
#[cfg(feature = "check")]
pub mod property;
#[cfg(feature = "check")]
pub mod report;
#[cfg(feature = "check")]
pub mod run;
#[cfg(feature = "check")]
pub mod schedule;
#[cfg(feature = "check")]
pub mod search;
#[cfg(feature = "check")]
pub mod strategy;
