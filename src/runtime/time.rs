//! Virtual time: a sleep or a timeout ends when the scheduler says so, never by a clock.

pub use super::tasks::{Elapsed, Sleep, Timeout, now, sleep, timeout};
