//! The ops of a sequence, and what a semaphore can do of them.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::runtime::{Counting, Refused};

/// One of those who use the semaphore. It has at most one request at a time: an acquire that
/// waits, or permits that it holds.
pub(super) type Client = usize;

/// How many clients there are.
pub(super) const CLIENTS: usize = 5;

/// One of the tokens by which acquires are called off.
pub(super) type Token = u8;

/// How many tokens there are.
pub(super) const TOKENS: usize = 2;

/// The most permits that are asked for at once.
pub(super) const LARGEST: u32 = 4;

/// The most permits that a semaphore has at the start.
pub(super) const MOST_PERMITS: u32 = 4;

/// The most permits that are added or removed at once.
pub(super) const LARGEST_RESIZE: u32 = 3;

/// One op of a sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    /// Makes an acquire and polls it once. It may be one that a token calls off.
    Acquire {
        client: Client,
        permits: u32,
        token: Option<Token>,
    },
    /// Takes at once or not at all.
    Try {
        client: Client,
        permits: u32,
    },
    /// Polls a pending acquire again, with a waker of its own.
    Poll {
        client: Client,
    },
    /// Polls whoever is woken, in turn, until nobody is.
    PollWoken,
    /// Drops a pending acquire.
    Cancel {
        client: Client,
    },
    /// Calls off all acquires that wait with a token.
    Fire {
        token: Token,
    },
    /// Drops all that the client holds.
    Release {
        client: Client,
    },
    /// Drops a part of it.
    ReleasePart {
        client: Client,
        permits: u32,
    },
    /// Takes over all that another client holds.
    Merge {
        client: Client,
        from: Client,
    },
    /// Gives up what the client holds.
    Forget {
        client: Client,
    },
    /// Takes all that is free.
    Drain {
        client: Client,
    },
    Grow {
        permits: u32,
    },
    Shrink {
        permits: u32,
    },
    ForgetFree {
        permits: u32,
    },
    Close,
}

impl Op {
    /// The number in it, if it has one that could be smaller.
    pub(super) fn permits(&mut self) -> Option<&mut u32> {
        match self {
            Op::Acquire { permits, .. }
            | Op::Try { permits, .. }
            | Op::ReleasePart { permits, .. }
            | Op::Grow { permits }
            | Op::Shrink { permits }
            | Op::ForgetFree { permits } => Some(permits),
            _ => None,
        }
    }
}

/// What a semaphore can do besides what every one can.
#[derive(Debug, Clone, Copy)]
pub(super) struct Abilities {
    pub(super) many: bool,
    pub(super) split: bool,
    pub(super) merge: bool,
    pub(super) tokens: bool,
    pub(super) forget: bool,
    pub(super) grow: bool,
    pub(super) shrink: bool,
    pub(super) forget_free: bool,
    pub(super) drain: bool,
    pub(super) close: bool,
}

impl Abilities {
    /// Asks semaphores that nobody uses. What panics counts as possible: the sequences will show it.
    pub(super) fn of<S: Counting>() -> Abilities {
        let can = |ask: &dyn Fn(&S) -> bool| {
            let asked = catch_unwind(AssertUnwindSafe(|| ask(&S::with_permits(2))));
            asked.unwrap_or(true)
        };
        let taken = |s: &S, n, ask: &dyn Fn(S::Permit<'_>) -> bool| match s.try_acquire(n) {
            Ok(permit) => ask(permit),
            Err(_) => false,
        };
        let many = can(&|s| !matches!(s.try_acquire(2), Err(Refused::Unsupported)));
        Abilities {
            many,
            split: many && can(&|s| taken(s, 2, &|mut permit| S::split(&mut permit, 1).is_ok())),
            merge: can(&|s| match (s.try_acquire(1), s.try_acquire(1)) {
                (Ok(mut permit), Ok(other)) => S::merge(&mut permit, other).is_ok(),
                _ => false,
            }),
            tokens: can(&|_| S::cancel_token().is_ok()),
            forget: can(&|s| taken(s, 1, &|permit| S::forget(permit).is_ok())),
            grow: can(&|s| s.grow(1).is_ok()),
            shrink: can(&|s| s.shrink(1).is_ok()),
            forget_free: can(&|s| s.forget_free(1).is_ok()),
            drain: can(&|s| s.drain().is_ok()),
            close: can(&|s| s.close().is_ok()),
        }
    }
}
