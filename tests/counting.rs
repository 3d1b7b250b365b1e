//! Semaphores held against the model: they pass or fail on their merits.
#![cfg(feature = "check")]

use selvedge::explore::Conformance;
use selvedge::runtime::Counting;

/// Nothing differs in so many sequences.
fn passes<S: Counting>(sequences: u32) {
    let options = Conformance {
        sequences,
        ..Conformance::default()
    };
    if let Err(difference) = options.check::<S>() {
        panic!("{difference}");
    }
}

#[test]
fn ours() {
    passes::<selvedge::Semaphore>(10_000);
}

#[cfg(feature = "tokio")]
#[test]
fn tokio() {
    passes::<tokio::sync::Semaphore>(10_000);
}

#[cfg(feature = "async-lock")]
#[test]
fn async_lock() {
    passes::<async_lock::Semaphore>(10_000);
}
