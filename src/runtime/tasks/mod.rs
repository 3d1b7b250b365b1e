//! The engine for closures over futures: a deterministic executor in a plain poll loop.
//!
//! Tasks are polled one at a time on one thread. Whatever an await is of, a channel, a semaphore of
//! another crate, a future of the user's, it wakes its task or it does not; and which of the woken
//! tasks is polled next, where a pending one is cancelled and when a timer fires are choices of the
//! strategy. So real async code runs as it is, and the same choices make the same run.
//!
//! # What is a step
//!
//! A step polls one task, up to its next await that is pending; or cancels it, by dropping its
//! future as `abort` would. An acquire of our semaphore, of a [`tracked`](super::tracked) one, a
//! `yield_now` and a `fault::io` are such awaits also where they need not wait: the task stands
//! there and shows what it would do, before it does it. What a task does between two awaits
//! (releases, tries, work on shared data) is one step: no other task comes in between. Code that
//! runs on several threads is interleaved there too; put a `yield_now` where that matters, or check
//! it over threads.
//!
//! A task that was granted permits and has not been polled since is pending like any other: it is
//! resumed, or cancelled, by a choice of its own.
//!
//! # Time
//!
//! The clock is virtual, see [`time`](super::time). What is timed by tokio's own timers
//! (`tokio::time::{sleep, timeout, interval}`) needs its runtime and panics without it, which is
//! reported as such; of `tokio::time` only `Instant` works, and reads the real clock, which no
//! schedule decides. tokio's `sync` module needs no runtime, and is run as it is: semaphores,
//! mutexes, channels, notifications, barriers.
//!
//! **Invariants**
//!
//! 1. A run depends on the choices alone: nothing of the run before is left but names.
//! 2. No borrow of ours is held while user code runs.

mod arrange;
mod clock;
mod core;
mod current;
mod engine;
mod hook;
mod io;
mod join;
mod lowered;
mod options;
mod panics;
mod part;
mod published;
mod sleep;
mod slot;
mod teardown;
mod tracked;
mod watch;

pub(crate) use current::{Reserved, is_exploring};
pub(crate) use engine::{Root, Tasks};
pub use io::{Failure, choose, io, point};
pub use join::{JoinError, JoinHandle, spawn, yield_now};
pub use lowered::Lowered;
pub use options::Wakers;
pub(crate) use options::{Options, Resuming};
pub(crate) use panics::keep_quiet_while_exploring;
pub use part::{Cancellable, Cancelled, cancellable};
pub(crate) use published::Published;
pub use sleep::{Elapsed, Sleep, Timeout, now, sleep, timeout};
pub use tracked::{Tracked, TrackedPermit, tracked};
pub(crate) use watch::Holds;
pub(super) use watch::note_line;
pub use watch::probe;
