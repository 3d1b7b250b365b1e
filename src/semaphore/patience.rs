//! What a thread does before it sleeps: it may give way to others, and look for its answer.
//!
//! **Looking.** To be woken takes longer than most permits are held: some microseconds, and tens of
//! them where the processor has gone idle meanwhile. Once one thread sleeps, those that it hands to
//! have waited for that long, and sleep as well: each hand-off pays for it. A hand-off to a thread that
//! still looks takes a fraction of a microsecond. So whoever is near the head of the queue looks for
//! about as long as a slow wake-up takes: at worst the wait costs twice what it would (Karlin, Li,
//! Manasse and Owicki, "Empirical studies of competitive spinning for a shared-memory
//! multiprocessor", 1991). Where that was in vain permits are held for longer, and the next waits of
//! the semaphore sleep at once: one after the first failure, then 3, 7, 15, and 31 from there on. A look
//! that succeeds ends it.
//!
//! **Giving way.** Where more threads want to run than can, those that hold permits often stand still.
//! Whoever queues meanwhile is handed a permit at the price of a switch, and so is everybody after it,
//! since a queue that is served in order never gets shorter while all come back (Blasgen, Gray,
//! Mitoma and Price, "The convoy phenomenon", 1979). It does if those who come give way for once
//! before they join: the others run on, and mostly a permit is free afterwards. Nobody in the queue is
//! overtaken by that, but who gives way may be, by whoever comes next. So it is done only where grants
//! follow each other so closely that the switches are what takes the time; elsewhere threads join
//! at once.
//!
//! **Invariants**
//!
//! 1. The order of the queue and the answers are the same, whatever is kept here: it is a guess about
//!    time, and may be overwritten by whoever is late.
//! 2. Fewer waiters of a semaphore look than there are processors: one is left to who holds permits.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::sync::{look_until, now, processors};

/// How long to look: a slow wake-up.
const LOOK: Duration = Duration::from_micros(50);

/// Nanoseconds: where grants are not further apart, a switch of threads is a good part of what each
/// takes.
const BRISK: usize = 20_000;

/// Nanoseconds: what takes longer counts as this, so that one wait for a thread that stood still does
/// not hide that the others are short. A semaphore of which nothing is known is as slow.
const SLOWEST: usize = 100_000;

/// Steps of the count of waits that sleep at once; below it are the failures in a row.
const WAIT: usize = 8;

/// From there on failures are not counted.
const FAILURES: usize = 5;

// It is std's under loom too: nothing depends on it (invariant 1), and loom would try all its values.
#[derive(Debug)]
pub(super) struct Patience {
    /// Waits that are to sleep at once, in steps of `WAIT`, and failures in a row.
    looks: AtomicUsize,
    /// How far grants are apart, in nanoseconds: a mean in which each wait weighs an eighth.
    pace: AtomicUsize,
}

impl Patience {
    pub(super) const fn new() -> Patience {
        Patience {
            looks: AtomicUsize::new(0),
            pace: AtomicUsize::new(SLOWEST),
        }
    }

    /// Whether a thread should give way before it joins the queue.
    pub(super) fn gives_way(&self) -> bool {
        self.pace.load(Ordering::Relaxed) < BRISK
    }

    /// A waiter that had so many before it was answered.
    pub(super) fn waited(&self, since: Instant, ahead: usize) {
        let waited = now().saturating_duration_since(since).as_nanos();
        let waited = usize::try_from(waited).unwrap_or(usize::MAX);
        let pace = self.pace.load(Ordering::Relaxed);
        let pace = next_pace(pace, waited / ahead.saturating_add(1));
        self.pace.store(pace, Ordering::Relaxed);
    }

    /// Looks for the answer of a waiter that has so many before it; `None` if it has to sleep.
    pub(super) fn look<T>(
        &self,
        ahead: usize,
        since: Instant,
        deadline: Option<Instant>,
        look: impl FnMut() -> Option<T>,
    ) -> Option<T> {
        if ahead + 1 >= processors() {
            return None;
        }
        let before = self.looks.load(Ordering::Relaxed);
        if before >= WAIT {
            self.looks.store(before - WAIT, Ordering::Relaxed);
            return None;
        }
        let until = since + LOOK;
        let seen = look_until(deadline.map_or(until, |deadline| deadline.min(until)), look);
        let after = match seen {
            Some(_) => 0,
            None => after_failure(before),
        };
        if after != before {
            self.looks.store(after, Ordering::Relaxed);
        }
        seen
    }
}

/// What is kept after a failure that follows on so many.
fn after_failure(failures: usize) -> usize {
    let failures = (failures + 1).min(FAILURES);
    ((1 << failures) - 1) * WAIT + failures
}

/// The mean once another wait has ended.
fn next_pace(pace: usize, last: usize) -> usize {
    (pace * 7 + last.min(SLOWEST)) / 8
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many waits sleep at once after each failure, while all fail.
    #[test]
    fn each_failure_in_a_row_is_followed_by_more_waits_that_sleep() {
        let mut kept = 0;
        let sleeps = [1, 3, 7, 15, 31, 31].map(|_| {
            kept = after_failure(kept % WAIT);
            kept / WAIT
        });
        assert_eq!(sleeps, [1, 3, 7, 15, 31, 31]);
    }

    /// How many waits of that length it takes until the pace is on the other side of `BRISK`.
    fn waits_to_turn(mut pace: usize, each: usize) -> usize {
        let before = pace < BRISK;
        let mut waits = 0;
        while (pace < BRISK) == before {
            pace = next_pace(pace, each);
            waits += 1;
        }
        waits
    }

    #[test]
    fn one_wait_that_is_long_does_not_hide_that_the_others_are_short() {
        assert_eq!(waits_to_turn(SLOWEST, 1_000), 13);
        assert_eq!(waits_to_turn(1_000, usize::MAX), 2);
    }
}
