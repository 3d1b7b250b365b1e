//! async-lock 3.5.0: of two waiters that two releases are for, one may sleep on.
//!
//! A release notifies one listener of the semaphore's event unless one is notified already and has
//! not looked yet. A waiter that finds its permit before it looks at its notification keeps that
//! until its future is dropped, which passes it on. An `await` drops the future at once, and nobody
//! notices; a future that is pinned, as it has to be for a `select` in a loop, lives on.

use std::pin::pin;
use std::sync::Arc;

use async_lock::Semaphore;
use selvedge::program::PropertyName;
use selvedge::runtime::Counting;
use selvedge::{task, tracked};

use crate::driver::{finds, finds_nothing};
use crate::programs::one_permit;

/// Two permits come back, one after the other, to two who wait; the one keeps its permit, and the
/// future that it got it from, until the other has had one.
pub(crate) async fn two_for_two<S: Counting + 'static, const PINNED: bool>() {
    let pool = Arc::new(S::with_permits(2));
    let permits = [
        tracked(&*pool).named("pool").acquire().await,
        tracked(&*pool).named("pool").acquire().await,
    ];
    let theirs = Arc::clone(&pool);
    let other = task::spawn(async move {
        drop(tracked(&*theirs).named("pool").acquire().await);
    });
    let theirs = Arc::clone(&pool);
    let keeper = task::spawn(async move {
        if PINNED {
            let mut acquire = pin!(tracked(&*theirs).named("pool").acquire());
            let _permit = acquire.as_mut().await;
            let _ = other.await;
        } else {
            let _permit = tracked(&*theirs).named("pool").acquire().await;
            let _ = other.await;
        }
    });
    task::yield_now().await;
    drop(permits);
    let _ = keeper.await;
}

#[test]
fn async_lock_3_5_with_a_pinned_future() {
    finds(
        PropertyName::LostWakeup,
        "waits for pool although what it asks for is available",
        "async-lock-3.5-pinned",
        two_for_two::<Semaphore, true>,
    );
}

#[test]
fn async_lock_3_5_with_an_await() {
    finds_nothing("async-lock-3.5-awaited", two_for_two::<Semaphore, false>);
}

#[test]
fn async_lock_3_5() {
    finds_nothing("async-lock-3.5-one", one_permit::<Semaphore, 2>);
}
