//! Programs that use a semaphore as the bugs of the zoo need it to show; with a semaphore that is
//! right nothing is wrong with them, whoever is cancelled.

use std::sync::Arc;
use std::time::Duration;

use selvedge::runtime::Counting;
use selvedge::{task, time, tracked};

/// Acquires so many permits of the semaphore, and puts them back at once.
async fn passes_through<S: Counting>(semaphore: Arc<S>, permits: u32) {
    let permit = tracked(&*semaphore).named("zoo").acquire_many(permits);
    drop(permit.await);
}

/// The only permit is released to those who wait for it.
pub(crate) async fn one_permit<S: Counting + 'static, const WAITERS: usize>() {
    let semaphore = Arc::new(S::with_permits(1));
    let permit = tracked(&*semaphore).named("zoo").acquire().await;
    let waiters: [_; WAITERS] =
        std::array::from_fn(|_| task::spawn(passes_through(Arc::clone(&semaphore), 1)));
    task::yield_now().await;
    drop(permit);
    for waiter in waiters {
        // who was cancelled has no result
        let _ = waiter.await;
    }
}

/// One of ten permits is held, and is put back when somebody else got one, who may stand behind a
/// waiter for all ten; that one gives up when nothing else can happen.
pub(crate) async fn behind_a_large_request<S: Counting + 'static>() {
    let semaphore = Arc::new(S::with_permits(10));
    let permit = tracked(&*semaphore).named("zoo").acquire().await;
    let large = passes_through(Arc::clone(&semaphore), 10);
    let large = task::spawn(time::timeout(Duration::from_secs(1), large));
    let small = task::spawn(passes_through(Arc::clone(&semaphore), 1));
    let _ = small.await;
    drop(permit);
    let _ = large.await;
}

/// Two permits are put back at once, and one of the two who get them keeps its own until the other
/// has had one.
pub(crate) async fn two_at_once<S: Counting + 'static>() {
    let semaphore = Arc::new(S::with_permits(2));
    let both = tracked(&*semaphore).named("zoo").acquire_many(2).await;
    let other = task::spawn(passes_through(Arc::clone(&semaphore), 1));
    let keeper = Arc::clone(&semaphore);
    let keeper = task::spawn(async move {
        let permit = tracked(&*keeper).named("zoo").acquire().await;
        let _ = other.await;
        drop(permit);
    });
    task::yield_now().await;
    drop(both);
    let _ = keeper.await;
}

/// Three permits are wanted, of which one comes back before the others.
pub(crate) async fn in_parts<S: Counting + 'static>() {
    let semaphore = Arc::new(S::with_permits(3));
    let one = tracked(&*semaphore).named("zoo").acquire().await;
    let two = tracked(&*semaphore).named("zoo").acquire_many(2).await;
    let waiter = task::spawn(passes_through(Arc::clone(&semaphore), 3));
    task::yield_now().await;
    drop(one);
    task::yield_now().await;
    drop(two);
    let _ = waiter.await;
}
