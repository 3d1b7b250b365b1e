//! How long a thread looks for its answer before it sleeps.
//!
//! To be woken takes longer than most permits are held: some microseconds, and tens of them where the
//! processor has gone idle meanwhile. Once one thread sleeps, those it hands to have waited for that
//! long, and sleep as well: each hand-off pays for it. A hand-off to a thread that still looks takes a
//! fraction of a microsecond. So whoever is near the head of the queue looks for about as long as a
//! slow wake-up takes: at worst the wait costs twice what it would (Karlin, Li, Manasse and Owicki,
//! "Empirical studies of competitive spinning for a shared-memory multiprocessor", 1991).
//!
//! Where that was in vain permits are held for longer, and the next waits of the semaphore sleep at
//! once: one after the first failure, then 3, 7, 15, and 31 from there on. A look that succeeds ends
//! it.
//!
//! **Invariants**
//!
//! 1. The answer is the same whether one looks or sleeps: what is kept here is a guess about time, and
//!    may be overwritten by whoever is late.
//! 2. As many waiters of a semaphore look as there are processors but one: that is left to who holds
//!    permits.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::sync::{look_until, now, processors};

/// How long to look: a slow wake-up.
const LOOK: Duration = Duration::from_micros(50);

/// Steps of the count of waits that sleep at once; below it are the failures in a row.
const WAIT: usize = 8;

/// From there on failures are not counted.
const FAILURES: usize = 5;

// It is std's under loom too: nothing depends on it (invariant 1), and loom would try all its values.
#[derive(Debug)]
pub(super) struct Patience(AtomicUsize);

impl Patience {
    pub(super) const fn new() -> Patience {
        Patience(AtomicUsize::new(0))
    }

    /// Looks for the answer of a waiter that has so many before it; `None` if it has to sleep.
    pub(super) fn look<T>(
        &self,
        ahead: usize,
        deadline: Option<Instant>,
        look: impl FnMut() -> Option<T>,
    ) -> Option<T> {
        if ahead + 1 >= processors() {
            return None;
        }
        let before = self.0.load(Ordering::Relaxed);
        if before >= WAIT {
            self.0.store(before - WAIT, Ordering::Relaxed);
            return None;
        }
        let until = now() + LOOK;
        let seen = look_until(deadline.map_or(until, |deadline| deadline.min(until)), look);
        let after = match seen {
            Some(_) => 0,
            None => after_failure(before),
        };
        if after != before {
            self.0.store(after, Ordering::Relaxed);
        }
        seen
    }
}

/// What is kept after a failure that follows on so many.
fn after_failure(failures: usize) -> usize {
    let failures = (failures + 1).min(FAILURES);
    ((1 << failures) - 1) * WAIT + failures
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
}
