//! A semaphore that is closed while permits of it are forgotten.

use std::sync::Arc;

use selvedge::task;
use tokio::sync::Semaphore;

/// Who closes it and who forgets permits do not know of each other.
pub(crate) async fn while_permits_are_forgotten() {
    let pool = Arc::new(Semaphore::new(10));
    let closer = Arc::clone(&pool);
    let closing = task::spawn(async move { closer.close() });
    let shrinker = Arc::clone(&pool);
    let shrinking = task::spawn(async move { shrinker.forget_permits(4) });
    let closed = closing.await.is_ok();
    // who was cancelled has forgotten nothing
    let _ = shrinking.await;
    if closed {
        assert!(
            pool.acquire().await.is_err(),
            "a permit of a closed semaphore"
        );
    }
}
