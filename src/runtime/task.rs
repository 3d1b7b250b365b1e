//! Tasks of an exploration. Production code spawns with its own executor; `yield_now` is the same
//! everywhere.

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
