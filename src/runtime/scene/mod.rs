//! What runs of closures have in common, whether their workers are tasks or threads: the run itself,
//! what is on offer and what is told of each step, what our semaphores tell, faults, probes and
//! invariants, panics, and the end, at which whatever is left is dropped.
//!
//! **Invariants**
//!
//! 1. A run depends on the choices alone: nothing of the run before is left but names.
//! 2. No borrow of ours is held while user code runs.

pub(super) mod core;
pub(super) mod current;
pub(super) mod hook;
pub(super) mod io;
pub(super) mod options;
pub(super) mod panics;
pub(super) mod progress;
pub(super) mod published;
pub(super) mod slot;
pub(super) mod teardown;
pub(super) mod watch;

pub(crate) use current::{Reserved, is_exploring};
pub use io::{Failure, choose, io, point};
pub use options::Wakers;
pub(crate) use options::{Options, Resuming};
pub(crate) use panics::{keep_quiet_while_exploring, message};
pub(crate) use published::Published;
pub(crate) use watch::Holds;
pub use watch::probe;
pub(super) use watch::{invariant_of_run, note_line, reaches};
