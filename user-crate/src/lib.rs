//! A pool of connections and a runner of jobs.
//!
//! Both hold a limit with a counting semaphore, and both are checked with selvedge: see `tests/`.

mod pool;
mod runner;

pub use pool::{Connect, GetError, Lease, Pool};
pub use runner::{Job, Runner, ShutDown};
