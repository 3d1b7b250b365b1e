//! Tells engines and searches that it is time to end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// Whether an exploration is to end now; clones share one flag, and any thread may set it.
#[derive(Debug, Clone, Default)]
pub struct StopFlag(Arc<AtomicU8>);

impl StopFlag {
    /// Nothing more is to be explored.
    pub const EXPLORING: u8 = 1;
    /// Nothing more is to be replayed either.
    pub const REPLAYING: u8 = 2;

    /// A flag that is set from the beginning: nothing is explored, or made cheaper.
    pub fn at_once() -> StopFlag {
        let flag = StopFlag::default();
        flag.set(StopFlag::EXPLORING);
        flag
    }

    /// Whether nothing more is to be explored, or made cheaper.
    #[inline]
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed) >= StopFlag::EXPLORING
    }

    /// Whether nothing more is to be replayed either.
    #[inline]
    pub fn is_over(&self) -> bool {
        self.0.load(Ordering::Relaxed) >= StopFlag::REPLAYING
    }

    /// Sets the flag to one of the two levels.
    pub fn set(&self, level: u8) {
        self.0.store(level, Ordering::Relaxed);
    }
}
