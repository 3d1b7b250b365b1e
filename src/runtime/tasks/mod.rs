//! The engine for closures over futures: a deterministic executor in a plain poll loop.
//!
//! Tasks are polled one at a time on one thread. Whatever an await is of, a channel, a semaphore of
//! another crate, a future of the user's, it wakes its task or it does not; and which of the woken
//! tasks is polled next, where a pending one is cancelled and when a timer fires are choices of the
//! strategy. So real async code runs as it is, and the same choices make the same run.
//!
//! What a step is stands in [`task`](super::task), and what of time there is in [`time`](super::time).
//!
//! **Invariants**
//!
//! 1. A run depends on the choices alone: nothing of the run before is left but names.
//! 2. No borrow of ours is held while user code runs.

pub(super) mod arrange;
pub(super) mod clock;
pub(super) mod engine;
pub(super) mod join;
pub(super) mod lowered;
pub(super) mod part;
pub(super) mod sleep;
pub(super) mod tracked;

pub(crate) use engine::{Root, Tasks};
pub use join::{JoinError, JoinHandle, spawn, yield_now};
pub use lowered::Lowered;
pub use part::{Cancellable, Cancelled, cancellable};
pub use sleep::{Elapsed, Sleep, Timeout, now, sleep, timeout};
pub use tracked::{OwnedTrackedPermit, Trackable, Tracked, TrackedPermit, tracked};
