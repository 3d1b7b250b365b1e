//! What the targets ask of a pool.

use std::sync::Arc;

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use selvedge::thread;

/// What one handler asks for; the fuzzer makes as many as it likes.
#[derive(Debug, Clone, Copy, Arbitrary)]
pub enum Request {
    /// A query, however long it takes until there is a connection.
    Query,
    /// A query, if there is a connection soon.
    QuickQuery,
    /// As a query, in a transaction that may go wrong as well.
    Transaction,
}

/// Serves each request in a thread of its own, and waits for all; of many, the first four.
pub fn at_once(requests: Vec<Request>, serve: impl Fn(Request) + Send + Sync + 'static) {
    let serve = Arc::new(serve);
    let handlers = requests.into_iter().take(4).map(|request| {
        let serve = Arc::clone(&serve);
        thread::spawn(move || serve(request))
    });
    for handler in handlers.collect::<Vec<_>>() {
        // a panic is one that struck at a fault point
        let _ = handler.join();
    }
}
