//! What a user's target looks like: handlers of a pool, of which one forgets its permit when the
//! queries fail in a certain order. A campaign finds it in a second, so CI runs this one to see that.
#![no_main]

use std::sync::Arc;

use selvedge::{Semaphore, fault, thread};

selvedge::fuzz_target!(|queries: Vec<bool>, decisions| {
    let pool = Arc::new(Semaphore::new(2).named("pool"));
    let handlers = queries.into_iter().take(4).map(|is_careless| {
        let pool = Arc::clone(&pool);
        thread::spawn(move || {
            if is_careless {
                pool.acquire_raw_blocking().unwrap();
                fault::point("query"); // a panic may strike here
                pool.release(1).unwrap(); // and then this is never reached
            } else {
                let _permit = pool.acquire_blocking().unwrap();
                fault::point("query");
            }
        })
    });
    for handler in handlers.collect::<Vec<_>>() {
        let _ = handler.join();
    }
});
