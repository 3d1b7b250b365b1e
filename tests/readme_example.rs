//! The example of the README, as it stands there.
#![cfg(feature = "threads")]

use selvedge::{Semaphore, fault, thread};

#[test]
fn a_panic_takes_no_permit_along() {
    selvedge::check(|| {
        let pool = Semaphore::new(2).named("pool");
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    let _permit = pool.acquire_blocking();
                    fault::point("query"); // a panic may strike here
                });
            }
        });
    });
}
