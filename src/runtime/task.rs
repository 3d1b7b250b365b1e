//! Tasks of an exploration. Production code spawns with its own executor; `yield_now` is the same
//! everywhere.
//!
//! # What is a step
//!
//! A step polls one task, up to its next await that is pending, or cancels it, by dropping its future
//! as `abort` would. An acquire of our semaphore or of a [`tracked`](crate::tracked()) one,
//! `yield_now` and [`fault::io`](crate::fault::io) are such awaits also where they need not wait: the
//! task stands there and shows what it would do, before it does it. What a task does between two
//! awaits (releases, tries, spawns, work on shared data) is one step: no other task comes in between,
//! as on an executor with one thread, whose tasks need not be `Send`. On one with several threads
//! others may; put a `yield_now` where that matters.
//!
//! A task that was granted permits and has not been polled since is pending like any other: it is
//! resumed, or cancelled, by a choice of its own. `main` is never cancelled: it stands for whoever
//! blocks on the whole.
//!
//! Workers are named after who spawned them, and not after when: `main.2.1` is the first child of
//! the second child of `main`.

#[cfg(feature = "check")]
pub use super::tasks::{JoinError, JoinHandle, spawn, yield_now};

/// Lets other tasks go first.
#[cfg(not(feature = "check"))]
pub async fn yield_now() {
    let mut yielded = false;
    std::future::poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return std::task::Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}
