//! What a closure over threads is watched by: lines of the user's, probes, invariants, blocking
//! semaphores of others.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use selvedge::{Explorer, acquiring, probe, thread, try_acquiring};
use shuttle::thread::{Thread, current, park};

use super::drive::{check, clean, faultless, finds, portfolio, replays, semaphore, shown};

#[test]
fn a_line_stands_beside_its_step() {
    let report = finds(
        &faultless(portfolio()),
        || {
            let thread = thread::spawn(|| {
                selvedge::note!("about to {}", "fail");
                panic!("failed");
            });
            let _ = thread.join();
        },
        &["failed"],
    );
    let shown = shown(&report);
    assert!(shown.contains("about to fail"), "{shown}");
}

/// Nothing is written where nothing is explored, and in runs that are only counted it is not made.
#[test]
fn lines_are_made_in_the_run_that_is_told() {
    static MADE: AtomicUsize = AtomicUsize::new(0);
    let line = || MADE.fetch_add(1, Ordering::Relaxed);
    selvedge::note!("{}", line());
    let explorer = Explorer {
        allow_vacuous: true,
        ..faultless(portfolio())
    };
    let report = explorer.explore_threads("subject", move || {
        selvedge::note!("{}", line());
    });
    assert!(report.findings.is_empty(), "{}", shown(&report));
    let made = MADE.load(Ordering::Relaxed);
    // those that are compared with their replays
    assert!(made <= 2 * 16, "{made}");
}

#[test]
fn an_invariant_is_watched() {
    fn closure() {
        let pool = semaphore("pool", 1);
        let thread = thread::spawn(move || drop(pool.acquire_blocking()));
        thread.join().unwrap();
    }
    let one_is_free = |explorer: Explorer| {
        explorer.invariant("one is free", |now| now.available("pool") != Some(0))
    };
    let expected = ["invariant `one is free` does not hold"];
    let explorer = one_is_free(faultless(portfolio()));
    let report = finds(&explorer, closure, &expected);
    replays(&explorer, &report, closure);
    let all_there = faultless(portfolio()).invariant("all there", |now| {
        let there = now.available("pool").zip(now.held("pool"));
        there.is_none_or(|(free, held)| free + held == 1) && now.running() <= 2
    });
    finds(&all_there, closure, &[]);
}

/// A semaphore of the user's: whoever finds no permit waits in a queue, and is woken to try again.
struct Own {
    state: Mutex<(usize, Vec<Thread>)>,
    /// Whether a release wakes.
    wakes: bool,
}

struct OwnPermit(Arc<Own>);

impl Drop for OwnPermit {
    fn drop(&mut self) {
        self.0.put_back();
    }
}

impl Own {
    fn new(permits: usize, wakes: bool) -> Arc<Own> {
        let own = Arc::new(Own {
            state: Mutex::new((permits, Vec::new())),
            wakes,
        });
        let there = Arc::clone(&own);
        probe("own", permits, move || there.state.lock().unwrap().0);
        own
    }

    fn acquire(self: &Arc<Own>) -> OwnPermit {
        thread::yield_now();
        loop {
            {
                let mut state = self.state.lock().unwrap();
                if state.0 > 0 {
                    state.0 -= 1;
                    return OwnPermit(Arc::clone(self));
                }
                state.1.push(current());
            }
            park();
        }
    }

    fn try_acquire(self: &Arc<Own>) -> Option<OwnPermit> {
        let mut state = self.state.lock().unwrap();
        state.0 = state.0.checked_sub(1)?;
        Some(OwnPermit(Arc::clone(self)))
    }

    fn put_back(&self) {
        let waiting = {
            let mut state = self.state.lock().unwrap();
            state.0 += 1;
            std::mem::take(&mut state.1)
        };
        if self.wakes {
            waiting.iter().for_each(Thread::unpark);
        }
    }
}

fn holder_and_waiter(own: &Arc<Own>) {
    let permit = acquiring("own", 1, || own.acquire());
    let there = Arc::clone(own);
    let waiter = thread::spawn(move || drop(acquiring("own", 1, || there.acquire())));
    thread::yield_now();
    drop(permit);
    waiter.join().unwrap();
}

#[test]
fn a_blocking_semaphore_that_wakes_is_clean() {
    clean(|| holder_and_waiter(&Own::new(1, true)));
}

#[test]
fn a_blocking_semaphore_that_does_not_wake_loses_a_wake_up() {
    check(
        [0, 0],
        || holder_and_waiter(&Own::new(1, false)),
        &["lost-wakeup own"],
    );
}

#[test]
fn a_blocking_semaphore_that_leaks_does() {
    check(
        [0, 0],
        || {
            let own = Own::new(1, true);
            std::mem::forget(acquiring("own", 1, || own.acquire()));
        },
        &["leak own"],
    );
}

/// Who holds and who waits is known: no wake-up is lost.
#[test]
fn a_deadlock_on_blocking_semaphores_is_one() {
    check(
        [0, 0],
        || {
            let own = Own::new(1, true);
            let _permit = acquiring("own", 1, || own.acquire());
            let there = Arc::clone(&own);
            let waiter = thread::spawn(move || drop(acquiring("own", 1, || there.acquire())));
            waiter.join().unwrap();
        },
        &["deadlock own"],
    );
}

/// An order between ours and a foreign one.
#[test]
fn opposite_order_of_ours_and_a_blocking_one_is_found() {
    check(
        [0, 0],
        || {
            let (own, ours) = (Own::new(1, true), semaphore("ours", 1));
            let (own2, ours2) = (Arc::clone(&own), ours.clone());
            let other = thread::spawn(move || {
                let _ours = ours2.acquire_blocking().unwrap();
                drop(acquiring("own", 1, || own2.acquire()));
            });
            {
                let _own = acquiring("own", 1, || own.acquire());
                drop(ours.acquire_blocking().unwrap());
            }
            other.join().unwrap();
        },
        &["deadlock ours own", "lock-order ours own reachable"],
    );
}

/// A try that is refused holds nothing, whatever is kept of its answer; one that is granted does.
#[test]
fn a_try_on_a_blocking_semaphore_counts_if_it_is_granted() {
    clean(|| {
        let own = Own::new(1, true);
        let there = Arc::clone(&own);
        let other = thread::spawn(move || {
            let tried = try_acquiring("own", 1, || there.try_acquire());
            thread::yield_now();
            if tried.is_none() {
                drop(acquiring("own", 1, || there.acquire()));
            }
        });
        let tried = try_acquiring("own", 1, || own.try_acquire());
        thread::yield_now();
        drop(tried);
        let _ = other.join();
    });
    check(
        [0, 0],
        || {
            let own = Own::new(1, true);
            std::mem::forget(try_acquiring("own", 1, || own.try_acquire()));
        },
        &["leak own"],
    );
}

/// Who acquired it is not known.
#[test]
fn a_probe_alone_finds_what_is_missing_at_the_end() {
    check(
        [0, 0],
        || std::mem::forget(Own::new(2, true).acquire()),
        &["leak own"],
    );
}

#[test]
fn who_is_not_probed_is_told() {
    check(
        [0, 0],
        || drop(acquiring("another", 1, || ())),
        &["nothing is probed as another"],
    );
}

/// Outside of an exploration it calls, and no more.
#[test]
fn outside_acquiring_is_nothing() {
    assert_eq!(*acquiring("own", 1, || 7), 7);
}
