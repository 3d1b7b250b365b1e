//! Virtual time for tasks: a sleep or a timeout ends when the scheduler says so, never by a clock.
//!
//! The clock stands still while anybody goes on, and jumps to the deadline of a timer that fires.
//! Timers fire in the order of their deadlines. That one fires while something else could happen is a
//! choice, and draws on the budget of timeouts; when nothing else can happen, the next one fires
//! free.
//!
//! # tokio's time
//!
//! None of it can be driven from here: `tokio::time::{sleep, timeout, interval}` ask for the timer
//! of a tokio runtime when they are made, and panic where there is none, which is reported as what
//! it is. `tokio::time::Instant` works, and reads the real clock, which no schedule decides. Code that
//! takes its timers from a module of its own can take them from here under `cfg(test)`:
//!
//! ```
//! use std::time::Duration;
//! use selvedge::{Semaphore, check_async, time};
//!
//! check_async(|| async {
//!     let pool = Semaphore::new(1).named("pool");
//!     let _first = pool.acquire().await;
//!     // nobody puts it back: the timer is the only way on
//!     let second = time::timeout(Duration::from_secs(5), pool.acquire()).await;
//!     assert!(second.is_err());
//!     assert_eq!(time::now(), Duration::from_secs(5));
//! });
//! ```
//!
//! tokio's `sync` needs no runtime: semaphores, mutexes, channels, notifications and barriers run in
//! an exploration as they are.

pub use super::tasks::{Elapsed, Sleep, Timeout, now, sleep, timeout};
