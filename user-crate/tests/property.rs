//! Properties that hold for pools and crowds of any size.

use std::sync::Arc;

use depot::{Connect, Pool};
use selvedge::integration::proptest::Checks;
use selvedge::{Semaphore, check_cases, fault, thread};

/// A database that is always there.
struct Database;

impl Connect for Database {
    type Connection = ();
    type Error = &'static str;

    fn connect(&self) -> Result<(), &'static str> {
        Ok(())
    }
}

check_cases! {
    #![threads]

    #[test]
    fn all_connections_come_back(size in 1..4usize, requests in 1..4usize) {
        let pool = Arc::new(Pool::new(size, Database));
        let requests: Vec<_> = (0..requests)
            .map(|_| {
                let pool = Arc::clone(&pool);
                thread::spawn(move || {
                    let _lease = pool.get();
                    fault::point("query");
                })
            })
            .collect();
        for request in requests {
            let _ = request.join();
        }
        assert_eq!(pool.available(), size);
    }
}

/// A handler that puts its permit back as its last act leaks, and one of them is enough.
#[test]
fn a_planted_leak_is_found_and_made_small() {
    let mut checks = Checks::new("a_planted_leak_is_found_and_made_small");
    // it is found each time: nothing has to be kept for that
    checks.folder = None;
    let handle = |(size, handlers): (usize, usize)| {
        let connections = Arc::new(Semaphore::new(size).named("connections"));
        for _ in 0..handlers {
            let connections = Arc::clone(&connections);
            thread::spawn(move || {
                connections.acquire_raw_blocking().unwrap();
                fault::point("query");
                connections.release(1).unwrap();
            });
        }
    };
    let failed = checks.try_threads_of((1..4usize, 1..4usize), |_| None, handle);
    let failure = failed.expect_err("it leaks").to_string();
    assert!(failure.contains("leak: main.1 panicked"), "{failure}");
    assert!(failure.contains("(1, 1)"), "{failure}");
}
