//! Closures over futures: what is explored, what is found, and what is not.
#![cfg(feature = "check")]

#[path = "tasks/bad_use.rs"]
mod bad_use;
#[path = "tasks/drive.rs"]
pub(crate) mod drive;
#[path = "tasks/exact.rs"]
mod exact;
#[path = "tasks/faults.rs"]
mod faults;
#[cfg(feature = "tokio")]
#[path = "tasks/past_tracked.rs"]
mod past_tracked;
#[path = "tasks/properties.rs"]
mod properties;
#[path = "tasks/replay.rs"]
mod replay;
#[path = "tasks/running.rs"]
mod running;
#[path = "tasks/texts.rs"]
mod texts;
#[cfg(feature = "tokio")]
#[path = "tasks/tracked.rs"]
mod tracked;
#[path = "tasks/wakers.rs"]
mod wakers;
