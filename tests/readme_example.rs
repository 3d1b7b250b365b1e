//! The example of the README, as it stands there.
#![cfg(all(feature = "check", feature = "tokio"))]

use std::sync::Arc;

#[test]
fn the_pool_survives_cancelled_requests() {
    selvedge::check_async(|| async {
        let pool = Arc::new(tokio::sync::Semaphore::new(2));
        let free = Arc::clone(&pool);
        selvedge::probe("pool", 2, move || free.available_permits());
        for _ in 0..3 {
            let pool = Arc::clone(&pool);
            selvedge::task::spawn(async move {
                let _permit = pool.acquire().await;
                let _ = selvedge::fault::io("query").await; // may fail, panic or be cancelled here
            });
        }
    });
}
