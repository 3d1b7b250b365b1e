//! The pool: whatever is asked of it, and whatever goes wrong, all connections come back.
#![no_main]

use std::sync::Arc;
use std::time::Duration;

use depot::{Connect, Pool};
use depot_fuzz::{Request, at_once};
use selvedge::fault;

/// A database that is there or not, as the decisions of the run have it.
struct Database;

impl Connect for Database {
    type Connection = ();
    type Error = &'static str;

    fn connect(&self) -> Result<(), &'static str> {
        fault::point("connect");
        if fault::choose(2) == 1 {
            return Err("refused");
        }
        Ok(())
    }
}

fn serve(pool: &Pool<Database>, request: Request) {
    let _lease = match request {
        Request::QuickQuery => pool.get_within(Duration::from_secs(1)),
        Request::Query | Request::Transaction => pool.get(),
    };
    fault::point("query");
    if let Request::Transaction = request {
        fault::point("commit");
    }
}

selvedge::fuzz_target!(|requests: Vec<Request>, decisions| {
    let pool = Arc::new(Pool::new(2, Database));
    let shared = Arc::clone(&pool);
    at_once(requests, move |request| serve(&shared, request));
    assert_eq!(pool.available(), 2);
});
