//! Properties that hold for pools and crowds of any size.

use std::sync::Arc;

use depot::{Connect, Pool};
use proptest::prelude::*;
use proptest::test_runner::{TestError, TestRunner};
use selvedge::{Explorer, Semaphore, fault, thread};

/// A database that is always there.
struct Database;

impl Connect for Database {
    type Connection = ();
    type Error = &'static str;

    fn connect(&self) -> Result<(), &'static str> {
        Ok(())
    }
}

/// Few cases of few runs each: proptest multiplies them.
fn few(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn explorer() -> Explorer {
    Explorer {
        runs: Some(300),
        ..Explorer::closures()
    }
}

proptest! {
    #![proptest_config(few(8))]

    #[test]
    fn all_connections_come_back(size in 1..4usize, requests in 1..4usize) {
        explorer().try_check(move || {
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
        })?;
    }
}

/// A handler that puts its permit back as its last act leaks, and one of them is enough.
#[test]
fn a_planted_leak_is_found_and_made_small() {
    let mut runner = TestRunner::new_with_rng(
        few(20),
        proptest::test_runner::TestRng::deterministic_rng(
            proptest::test_runner::RngAlgorithm::ChaCha,
        ),
    );
    let failed = runner.run(&(1..4usize, 1..4usize), |(size, handlers)| {
        explorer().try_check(move || {
            let connections = Arc::new(Semaphore::new(size).named("connections"));
            for _ in 0..handlers {
                let connections = Arc::clone(&connections);
                thread::spawn(move || {
                    connections.acquire_raw_blocking().unwrap();
                    fault::point("query");
                    connections.release(1).unwrap();
                });
            }
        })?;
        Ok(())
    });
    let Err(TestError::Fail(why, smallest)) = failed else {
        panic!("the leak is not found");
    };
    assert!(why.message().contains("leak: main.1 panicked"), "{why}");
    assert_eq!(smallest, (1, 1));
}
