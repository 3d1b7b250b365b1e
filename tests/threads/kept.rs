//! Stacks are kept from run to run, and nothing else.

use std::cell::Cell;

use selvedge::thread;

use super::drive::tells;

shuttle::thread_local! {
    static COUNT: Cell<u32> = Cell::new(0);
}

/// What a worker counts in a value of its own.
fn count() -> u32 {
    COUNT.with(|count| {
        count.set(count.get() + 1);
        count.get()
    })
}

#[test]
fn a_thread_local_value_of_shuttles_is_new_in_each_run() {
    tells(
        [0, 0],
        |told| {
            let threads = [(); 2].map(|()| thread::spawn(count));
            for thread in threads {
                told.tell(thread.join().unwrap());
            }
            told.tell(count());
        },
        &["1"],
    );
}

/// The first runs need no stack for the second thread, and the last ones need both.
#[test]
fn runs_may_differ_in_their_workers() {
    tells(
        [0, 0],
        |told| {
            let more = selvedge::fault::choose(2) == 1;
            let first = thread::spawn(|| 1);
            let second = more.then(|| thread::spawn(|| 2));
            let sum = first.join().unwrap() + second.map_or(0, |thread| thread.join().unwrap());
            told.tell(sum);
        },
        &["1", "3"],
    );
}
