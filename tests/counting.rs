//! Semaphores held against the model: they pass or fail on their merits.
#![cfg(feature = "check")]

use selvedge::explore::{Conformance, Difference};
use selvedge::runtime::Counting;

mod zoo;

fn check<S: Counting>(sequences: u32) -> Result<(), Difference> {
    let options = Conformance {
        sequences,
        ..Conformance::default()
    };
    options.check::<S>()
}

/// Nothing differs in so many sequences.
fn passes<S: Counting>(sequences: u32) {
    check::<S>(sequences).unwrap();
}

/// Something differs within so many sequences, and is told like this.
fn differs<S: Counting>(sequences: u32, told: &str) {
    let difference = check::<S>(sequences).expect_err("the difference was not found");
    let text = difference.to_string();
    assert_eq!(text, told, "\n{text}");
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
    differs::<async_lock::Semaphore>(100, "");
}

/// The twin passes a hundred times as many sequences as it takes to find the bug.
macro_rules! twins {
    ($($name:ident within $sequences:literal: $told:literal)*) => {$(
        #[test]
        fn $name() {
            differs::<zoo::$name::Buggy>($sequences, $told);
            passes::<zoo::$name::Fixed>(100 * $sequences);
        }
    )*};
}

twins! {
    a5 within 100: ""
    a8 within 100: ""
    a10 within 100: ""
    a11 within 100: ""
    a12 within 100: ""
    a20 within 100: ""
}
