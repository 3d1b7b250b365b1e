//! A pool without guards, as the real one might have been at first: its leak has to be found, and CI
//! runs this one to see that.
#![no_main]

use depot_fuzz::{Request, at_once};
use selvedge::{Semaphore, fault};

/// Only a transaction is careless: it puts its permit back as its last act.
fn serve(connections: &Semaphore, request: Request) {
    if let Request::Transaction = request {
        connections
            .acquire_raw_blocking()
            .expect("it is never closed");
        fault::point("commit"); // a panic may strike, and then the next line is never reached
        connections.release(1).expect("it was taken above");
    } else {
        let _connection = connections.acquire_blocking();
        fault::point("query");
    }
}

selvedge::fuzz_target!(|requests: Vec<Request>, decisions| {
    let connections = Semaphore::new(2).named("connections");
    at_once(requests, move |request| serve(&connections, request));
});
