//! Semaphores held against the model: they pass or fail on their merits.
#![cfg(feature = "check")]

use selvedge::explore::{Conformance, Difference};
use selvedge::runtime::Counting;

#[path = "counting/barging.rs"]
mod barging;
#[path = "counting/endless.rs"]
mod endless;
#[path = "counting/newcomers.rs"]
mod newcomers;
#[path = "counting/tokens.rs"]
mod tokens;
#[path = "counting/wrong.rs"]
mod wrong;
mod zoo;

/// Our semaphore once more, from its sources, without what only a build with `check` has.
#[path = "../src/semaphore"]
#[allow(dead_code, unreachable_pub, clippy::module_inception)]
mod semaphore {
    mod acquire;
    mod answers;
    mod cancel;
    mod error;
    mod hook {
        mod absent;
        mod words;

        pub(super) use absent::*;
        pub(super) use words::{Event, Op, Woken};
    }
    #[path = "kept/own.rs"]
    mod kept;
    mod patience;
    mod permit;
    mod queue;
    mod resize;
    mod semaphore;
    mod shared;
    mod sync;
    mod tray;
    mod wakes;

    pub use acquire::Acquire;
    pub use cancel::Cancel;
    pub use error::{AcquireError, TryAcquireError};
    pub use permit::SemaphorePermit;
    pub use semaphore::Semaphore;
}
#[path = "../src/runtime/semaphore.rs"]
mod asked;
mod counting {
    pub(super) use selvedge::runtime::{Acquiring, CancelToken, Counting, Refused, Unsupported};
}
mod program {
    pub(super) use selvedge::program::Order;
}

use wrong::Wrong;

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

/// Something differs within so many sequences, and this is said of how.
fn differs<S: Counting>(sequences: u32, told: &str) {
    let difference = check::<S>(sequences).expect_err("the difference was not found");
    let text = difference.to_string();
    assert!(text.contains(told), "it is told otherwise:\n{text}");
}

#[test]
fn ours() {
    passes::<selvedge::Semaphore>(10_000);
}

/// As a user's release build has it: what an exploration runs is what runs in production.
#[test]
fn ours_without_its_hook() {
    passes::<semaphore::Semaphore>(10_000);
}

#[cfg(feature = "tokio")]
#[test]
fn tokio() {
    passes::<tokio::sync::Semaphore>(10_000);
}

/// A future that has completed keeps the notification that it never looked at. As long as it lives,
/// which an `await` does not show, the next waiter is not notified.
#[cfg(feature = "async-lock")]
#[test]
fn async_lock() {
    differs::<async_lock::Semaphore>(
        10,
        "\
async_lock::semaphore::Semaphore is not what it claims to be, `barging`: it parts from the model in step 6

    step  op          model            semaphore
       0  new         1 free
       1  acquire #1  granted, 0 free  granted, 0 free
       2  acquire #2  waits, 0 free    pending, 0 free
       3  release #1  1 free           wakes #2, 1 free
       4  poll #2     granted, 0 free  granted, 0 free
       5  acquire #3  waits, 0 free    pending, 0 free
  >    6  grow        1 free           1 free

  step 6: after `grow`, acquire #3 waits for 1 permit (barging: 1 available, so it fits) but nobody is woken

  each acquire is a future of its own, kept until its permits are given back
  found in sequence 3 of seed 0, shrunk from 16 steps to 6
",
    );
}

#[cfg(feature = "async-lock")]
#[test]
fn async_lock_awaited() {
    passes::<barging::Awaited>(10_000);
}

#[test]
fn barging() {
    use barging::*;
    passes::<Crowd<NOTHING>>(10_000);
    differs::<Crowd<WAKES_ONE>>(
        50,
        "acquire #1 waits for 1 permit (barging: 1 available, so it fits) but nobody is woken",
    );
    differs::<Crowd<CLOSES_IN_SILENCE>>(
        50,
        "acquire #1 should have been refused as closed (barging: it waits) but is still pending",
    );
    differs::<Crowd<WAITS_BEHIND_OTHERS>>(
        50,
        "acquire #2 should have been granted (barging: nobody queues, 1 available) but is pending",
    );
    differs::<Crowd<ADMITS_WHO_IS_WOKEN>>(
        50,
        "acquire #1 should have been left waiting (barging: 0 available, 1 wanted) but was granted",
    );
}

/// Java's semaphore that is not fair, and its like: a queue, but whoever comes takes what is free.
#[test]
fn newcomers_barge() {
    use newcomers::*;
    passes::<Unfair<NOTHING>>(10_000);
    differs::<Unfair<TRIES_QUEUE>>(
        50,
        "step 2: try-acquire #2 should have been granted (fifo, newcomers barge: 1 in the queue, 1 available) but was refused for want of permits",
    );
    differs::<Unfair<ACQUIRES_QUEUE>>(
        50,
        "step 2: acquire #2 should have been granted (fifo, newcomers barge: 1 in the queue, 1 available) but is pending",
    );
    differs::<Unfair<WAKES_WHO_IS_SECOND>>(
        50,
        "step 4: after `release #1`, acquire #2 should have been granted (fifo, newcomers barge: head of the queue, and its 2 permits are there) but is still pending, and not woken",
    );
    differs::<Unfair<TAKES_TOO_MUCH>>(50, "should be free (fifo, newcomers barge) but it says 0");
    differs::<Unfair<CLAIMS_TO_QUEUE>>(
        50,
        "should have been left waiting (fifo: 1 in the queue, 1 available) but was granted",
    );
}

#[test]
fn cancel_tokens_and_merges() {
    use tokens::*;
    passes::<Tokens<NOTHING>>(2_000);
    differs::<Tokens<SILENCE>>(
        50,
        "acquire #1 should have been refused as cancelled (fifo: it waited) but is still pending, and not woken",
    );
    // another one that is cancelled grants who was called off, and that is lost
    differs::<Tokens<LEAVES_LATER>>(
        50,
        "step 6: after `cancel #2`, 1 permit should be free (fifo) but it says 0",
    );
    differs::<Tokens<ONE_BY_ONE>>(
        2_000,
        "step 3: after `fire b`, 1 permit should be free (fifo) but it says 0",
    );
    differs::<Tokens<FIRES_ONCE>>(
        50,
        "should have been refused as cancelled (fifo: its token was fired) but",
    );
    differs::<Tokens<MERGES_AND_LOSES>>(
        50,
        "step 4: after `release #1`, 2 permits should be free (fifo) but it says 1",
    );
}

/// Who waits for ever to be polled in vain is told, and not polled for ever.
#[test]
fn polls_and_wakes_without_end() {
    use endless::*;
    differs::<Endless<ONE_PLACE>>(
        50,
        "after `poll whoever is woken`, livelock: whoever was woken was polled, 1000 times in a row, and somebody is woken still: the polls of acquire #1, acquire #2 wake one another",
    );
    differs::<Endless<WAKES_ITSELF>>(
        50,
        "after `poll whoever is woken`, livelock: whoever was woken was polled, 1000 times in a row, and somebody is woken still: acquire #1 wakes itself each time it is polled",
    );
    differs::<Endless<RELEASE_WAKES>>(
        50,
        "step 3: after `release #1`, the call does not end: it has woken waiters 100000 times",
    );
}

#[test]
#[should_panic(expected = "zoo::a8::Semaphore<false> is not what it claims to be, `fifo`")]
fn the_short_form_panics_with_the_difference() {
    selvedge::check_semaphore::<zoo::a8::Buggy>();
}

/// Each bug of the zoo is found within so many sequences, and the fixed twin passes a hundred times
/// as many.
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
    a5 within 50: "step 5: after `cancel #2`, acquire #3 should have been granted"
    a8 within 10: "step 4: after `cancel #2`, 1 permit should be free (fifo) but it says 0"
    a10 within 10: "step 3: after `cancel #1`, acquire #2 should have been granted"
    a11 within 20: "step 5: after `poll #2`, acquire #3 should have been granted"
    a12 within 10: "step 4: after `release #1`, 1 permit should be free (fifo) but it says 0"
    a20 within 10: "step 2: after `cancel #1`, 1 permit should be free (fifo-partial)"
}

/// Whatever is wrong with a semaphore is found.
macro_rules! wrong {
    ($($name:ident within $sequences:literal: $told:literal)*) => {$(
        #[test]
        #[allow(non_snake_case)]
        fn $name() {
            differs::<Wrong<{ wrong::$name }>>($sequences, $told);
        }
    )*};
}

wrong! {
    KEEPS_THE_FIRST_WAKER within 20:
        "step 3: after `grow`, acquire #1 should have been granted (fifo: head of the queue, and its permit is there) but is still pending, and not woken"
    TRIES_PAST_THE_QUEUE within 20:
        "step 2: try-acquire #2 should have been refused for want of permits (fifo: 1 in the queue, 1 available) but was granted"
    FORGETS_NOTHING within 20:
        "step 2: after `forget #1`, 0 permits should be free (fifo) but it says 1"
    OWES_NOTHING within 20:
        "step 3: after `release #1`, 0 permits should be free (fifo) but it says 1"
    DRAINS_ALL_BUT_ONE within 20:
        "step 1: after `drain #1`, 0 permits should be free (fifo) but it says 1"
    STAYS_OPEN within 20:
        "step 2: after `close`, acquire #1 should have been refused as closed (fifo: it waited) but is still pending, and not woken"
    REMOVES_ONE_LESS within 20:
        "step 1: after `forget free`, it should have removed 0 permits and says that it removed 1"
    COUNTS_A_CLOSED_ONE_AS_EMPTY within 20:
        "step 1: after `close`, 1 permit should be free (fifo) but it says 0"
    PANICS_WHEN_A_WAITER_IS_DROPPED within 20:
        "step 2: after `cancel #1`, the semaphore panicked: a waiter was dropped"
    GROWS_BY_ONE within 20:
        "step 1: after `grow permits=2`, 2 permits should be free (fifo) but it says 1"
    SPLITS_AND_LOSES within 20:
        "step 3: after `release #1`, 3 permits should be free (fifo) but it says 2"
    TRIES_A_CLOSED_ONE_FOR_NOTHING within 20:
        "step 2: try-acquire #1 should have been refused as closed (fifo: it is closed) but was refused for want of permits"
    WAITS_FOR_ONE_LESS within 20:
        "step 3: after `grow permits=2`, 1 permit should be free (fifo) but it says 0"
    CANNOT_BE_EMPTY within 20:
        "it parts from the model in step 0\n\n   step  op   model   semaphore\n      0  new  0 free\n\n  the semaphore panicked: no permits"
    SAYS_THAT_IT_RETRIES within 20:
        "step 2: after `grow`, 1 permit should be free (fifo) but it says 0"
    GROWS_AND_WAKES_BACKWARDS within 50:
        "the queue should have been woken in its order (fifo: acquire #1, acquire #2) but the order was acquire #2, acquire #1"
}
