//! What is found in code that is wrong, as a snapshot: a change of the code that leads to another leak,
//! or to this one in another way, shows in the review.

use std::sync::Arc;

use selvedge::{Explorer, Semaphore, assert_schedule_snapshot, fault, thread};

/// Takes a connection for each of two queries, and keeps the first one if the second fails.
fn leaky() {
    let connections = Arc::new(Semaphore::new(2).named("connections"));
    let there = Arc::clone(&connections);
    thread::spawn(move || {
        there.acquire_raw_blocking().expect("it is never closed");
        let second = there.acquire_blocking().expect("it is never closed");
        fault::point("query"); // a panic drops the guard, and not what has none
        drop(second);
        there.release(1).expect("it was taken above");
    });
}

#[test]
fn the_leak_looks_like_this() {
    let report = Explorer::closures().explore_threads("leaky", leaky);
    assert_schedule_snapshot!(report);
}
