//! What runs of closures have in common, whether their workers are tasks or threads: the run itself,
//! what is on offer and what is told of each step, what our semaphores tell, faults, probes and
//! invariants, panics, and the end, at which whatever is left is dropped.
//!
//! **Invariants**
//!
//! 1. A run depends on the choices alone: nothing of the run before is left but names.
//! 2. No borrow of ours is held while user code runs.

pub(in crate::runtime) mod core;
pub(in crate::runtime) mod current;
pub(in crate::runtime) mod hook;
pub(in crate::runtime) mod io;
pub(in crate::runtime) mod options;
pub(in crate::runtime) mod panics;
pub(in crate::runtime) mod progress;
pub(in crate::runtime) mod published;
pub(in crate::runtime) mod slot;
pub(in crate::runtime) mod teardown;
pub(in crate::runtime) mod watch;

pub(crate) use current::{Reserved, is_exploring};
pub use io::{Failure, choose, io, point};
pub use options::Wakers;
pub(crate) use options::{Options, Resuming};
pub(crate) use panics::{keep_quiet_while_exploring, message};
pub(crate) use published::Published;
pub(crate) use watch::Holds;
pub(in crate::runtime) use watch::note_line;
pub use watch::probe;
