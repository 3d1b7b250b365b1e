//! A connection-pool handler that loses a permit for each bad request, and two ways to repair it.
//!
//!     cargo run --example leaky_handler --features threads
//!
//! The pool has four permits, and five requests come in. The query panics on malformed input, and the
//! release stands after it: four bad requests, and the available count has gone 4 3 2 1 0. The fifth
//! request waits for ever, while the traffic is normal and the database idle. Both repairs are
//! explored with the same four panics, and nothing is found.

use std::fmt::Write;
use std::panic::{catch_unwind, resume_unwind};
use std::sync::Arc;

use selvedge::explore::Explorer;
use selvedge::report::{Style, text};
use selvedge::{Semaphore, fault, thread};

/// What a pool has room for.
const PERMITS: usize = 4;

/// Stands for a database that panics on malformed input. In production a fault point is nothing.
fn query() {
    fault::point("query");
}

/// As it is written in languages whose semaphores have an `acquire` and a `release`, and no guard.
fn leaky(pool: &Semaphore) {
    pool.acquire_raw_blocking().expect("it is never closed");
    query();
    pool.release(1).expect("it was taken above");
}

/// `finally`, as Rust can say it: the release is on the way of the panic too.
fn caught(pool: &Semaphore) {
    pool.acquire_raw_blocking().expect("it is never closed");
    let queried = catch_unwind(query);
    pool.release(1).expect("it was taken above");
    if let Err(panic) = queried {
        resume_unwind(panic);
    }
}

/// The permit is a guard, and puts itself back however the function is left.
fn guarded(pool: &Semaphore) {
    let _permit = pool.acquire_blocking().expect("it is never closed");
    query();
}

/// A server with one thread for each request. What a request dies of is not the server's death.
fn serve(handler: fn(&Semaphore)) {
    let pool = Arc::new(Semaphore::new(PERMITS).named("pool"));
    let requests: Vec<_> = (0..=PERMITS)
        .map(|_| {
            let pool = Arc::clone(&pool);
            thread::spawn(move || handler(&pool))
        })
        .collect();
    for request in requests {
        let _ = request.join();
    }
}

/// What is printed.
pub(crate) fn output() -> String {
    let mut explorer = Explorer::closures();
    explorer.budget.panics = Some(4);
    let mut output = String::new();
    for (name, handler) in [
        ("leaky", leaky as fn(&Semaphore)),
        ("caught", caught),
        ("guarded", guarded),
    ] {
        let report = explorer.explore_threads(name, move || serve(handler));
        writeln!(output, "{}", text(&report, &Style::default())).expect("a string takes all");
    }
    output
}

fn main() {
    print!("{}", output());
}
