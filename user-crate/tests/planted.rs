//! What a check says of code that is wrong: here a pool without guards, as the real one might have
//! been at first.

use std::panic::catch_unwind;
use std::sync::Arc;

use selvedge::{Semaphore, fault, thread};

/// A handler that puts its permit back as its last act.
fn handle(connections: &Semaphore) {
    connections
        .acquire_raw_blocking()
        .expect("it is never closed");
    fault::point("query"); // a panic may strike, and then the next line is never reached
    connections.release(1).expect("it was taken above");
}

fn leaky() {
    let connections = Arc::new(Semaphore::new(2).named("connections"));
    for _ in 0..2 {
        let connections = Arc::clone(&connections);
        thread::spawn(move || handle(&connections));
    }
}

#[test]
#[should_panic(expected = "panicked and took 1 permit of connections with it")]
fn the_leak_is_found() {
    selvedge::check(leaky);
}

/// The first failure wrote a file; whoever fetches the repository has it, and the check fails at once.
#[test]
fn the_leak_is_found_again_by_its_schedule() {
    let panic = catch_unwind(|| selvedge::check(leaky)).expect_err("there is a leak");
    let report = panic.downcast::<String>().expect("a report");
    assert!(
        report.contains("kept before in tests/selvedge-regressions/planted.leaky.txt:"),
        "{report}"
    );
}
