//! What is said to whoever explores. Without the feature `check` the words are still said, to nobody.

use super::Token;

/// What a worker is about to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // named after the methods of the semaphore
pub enum Op {
    Acquire {
        permits: usize,
        timed: bool,
    },
    TryAcquire {
        permits: usize,
    },
    /// Put back what a guard holds, or what was taken without one.
    Release {
        permits: usize,
    },
    Grow {
        permits: usize,
    },
    Shrink {
        permits: usize,
    },
    Drain,
    Forget {
        permits: usize,
    },
    Close,
}

/// What an op did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // `permits` are what they say
pub enum Event {
    /// Permits were handed to whoever the token says, at once or by whoever released them. What
    /// `drain` takes is told so too.
    Granted { token: Token, permits: usize },
    /// An acquire joined the queue.
    Queued { token: Token, permits: usize },
    /// A waiter left the queue without permits: cancelled, timed out, or failed by `close`.
    Left { token: Token },
    /// A waiter was granted permits, and was cancelled before it could take them: they went back.
    Returned { token: Token, permits: usize },
    /// A try was refused.
    TryFailed { permits: usize },
    /// Permits of that token were put back.
    Released { token: Token, permits: usize },
    /// Permits of that token are held without a guard from now on.
    MadeRaw { token: Token, permits: usize },
    /// More was put back than there is room for, and refused.
    OverReleased { permits: usize },
    /// The capacity rose.
    Grew { permits: usize },
    /// The capacity fell; of this `debt` is still to be taken.
    Shrank { permits: usize, debt: usize },
    /// Permits of that token were given up for good.
    Forgot { token: Token, permits: usize },
    /// Permits of `from` are counted as those of `to` from now on (a merge of guards).
    Moved {
        from: Token,
        to: Token,
        permits: usize,
    },
    /// It was closed.
    Closed,
    /// It was dropped.
    Dropped,
}

/// Why a blocked worker goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Woken {
    /// Its waker was woken.
    Woken,
    /// Its timer fired.
    TimedOut,
}
