//! What is run, how often, and how it is counted.

use std::sync::atomic::{AtomicU64, Ordering};

/// So many workers of so many rounds each: acquire, release. The first worker starts and joins them.
#[derive(Clone, Copy)]
pub struct Shape {
    pub workers: usize,
    pub rounds: usize,
}

/// Nobody has run yet.
const NOBODY: u64 = u64::MAX;

/// Counts how often another worker goes on than the one before: each says so after each of its ops.
/// It is used in runs of its own, that are not timed.
pub struct Switches {
    last: AtomicU64,
    count: AtomicU64,
}

impl Switches {
    pub const fn new() -> Switches {
        Switches {
            last: AtomicU64::new(NOBODY),
            count: AtomicU64::new(0),
        }
    }

    pub fn goes_on(&self, worker: usize) {
        let last = self.last.swap(worker as u64, Ordering::Relaxed);
        if last != worker as u64 && last != NOBODY {
            self.count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many there were in each of so many runs; and again from the start.
    pub fn take(&self, runs: u64) -> f64 {
        self.last.store(NOBODY, Ordering::Relaxed);
        self.count.swap(0, Ordering::Relaxed) as f64 / runs as f64
    }
}

/// Those of the runs that are counted now.
pub static SWITCHES: Switches = Switches::new();
