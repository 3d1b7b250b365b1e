//! The pool and the runner over threads.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use depot::{Connect, Pool, Runner};
use selvedge::{fault, thread};

/// The most connections and jobs at a time.
const LIMIT: usize = 2;

/// A database that counts its connections, and may panic when one is made.
#[derive(Clone, Default)]
struct Database {
    open: Arc<AtomicUsize>,
}

struct Connection(Arc<AtomicUsize>);

impl Connect for Database {
    type Connection = Connection;
    type Error = &'static str;

    fn connect(&self) -> Result<Connection, &'static str> {
        fault::point("connect");
        if fault::choose(2) == 1 {
            return Err("refused");
        }
        let open = self.open.fetch_add(1, Ordering::Relaxed) + 1;
        let connection = Connection(Arc::clone(&self.open));
        assert!(open <= LIMIT, "{open} connections where {LIMIT} may be");
        Ok(connection)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[test]
fn handlers_share_the_pool() {
    selvedge::check(|| {
        let pool = Pool::new(LIMIT, Database::default());
        thread::scope(|scope| {
            let handlers: Vec<_> = (0..3)
                .map(|_| {
                    scope.spawn(|| {
                        let _connection = pool.get();
                        fault::point("query");
                    })
                })
                .collect();
            for handler in handlers {
                let _ = handler.join();
            }
        });
        assert_eq!(pool.available(), LIMIT);
    });
}

#[test]
fn nobody_waits_on_a_pool_that_is_closed() {
    selvedge::check(|| {
        let pool = Pool::new(1, Database::default());
        thread::scope(|scope| {
            scope.spawn(|| drop(pool.get_within(Duration::from_secs(1))));
            scope.spawn(|| drop(pool.get()));
            scope.spawn(|| pool.close());
        });
        assert_eq!(pool.get().err(), Some(depot::GetError::Closed));
    });
}

#[test]
fn jobs_are_limited_and_waited_for() {
    selvedge::check(|| {
        let runner = Runner::new(LIMIT as u32);
        let running = Arc::new(AtomicUsize::new(0));
        for _ in 0..3 {
            let running = Arc::clone(&running);
            let started = runner.start(move || {
                assert!(running.fetch_add(1, Ordering::Relaxed) < LIMIT);
                thread::yield_now();
                running.fetch_sub(1, Ordering::Relaxed);
                fault::point("job");
            });
            assert!(started.is_ok());
        }
        runner.shut_down();
        assert_eq!(running.load(Ordering::Relaxed), 0);
        assert!(runner.start(|| ()).is_err());
    });
}
