//! How long an exploration takes.

use std::time::{Duration, Instant};

/// The one place that reads a clock: it bounds an exploration, and shows in `stats` alone.
pub(super) struct Clock {
    started: Instant,
    limit: Option<Duration>,
}

#[allow(clippy::disallowed_methods)] // nothing deterministic comes of it
impl Clock {
    pub(super) fn start(limit: Option<Duration>) -> Clock {
        Clock {
            started: Instant::now(),
            limit,
        }
    }

    pub(super) fn has_limit(&self) -> bool {
        self.limit.is_some()
    }

    pub(super) fn is_over(&self) -> bool {
        self.limit
            .is_some_and(|limit| self.started.elapsed() >= limit)
    }

    pub(super) fn seconds(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }
}
