//! What docs/property-tests.md shows of threads.

use std::sync::Arc;

use selvedge::{Semaphore, check_cases, fault, thread};

check_cases! {
    #![threads]

    #[test]
    fn queries_put_back(permits in 1..4usize, queries in 1..4usize) {
        let pool = Arc::new(Semaphore::new(permits).named("pool"));
        let queries: Vec<_> = (0..queries)
            .map(|_| {
                let pool = Arc::clone(&pool);
                thread::spawn(move || {
                    let _permit = pool.acquire_blocking();
                    fault::point("query"); // a panic may strike here
                })
            })
            .collect();
        for query in queries {
            let _ = query.join(); // the panic, if there was one
        }
        assert_eq!(pool.available_permits(), permits);
    }
}
