//! Engines for closures, and what a closure has of them: tasks, faults, virtual time, and eyes on
//! semaphores, whoever wrote them.
//!
//! `fault` is there without the feature `check` too, and does nothing then: code that names its
//! fault points compiles unchanged in a release build.

#[cfg(feature = "check")]
mod blank;
#[cfg(feature = "check")]
mod book;
#[cfg(feature = "check")]
mod counting;
#[cfg(feature = "check")]
mod edge_pairs;
pub mod fault;
mod invariant;
#[cfg(feature = "check")]
mod lowering;
#[cfg(feature = "check")]
mod names;
mod note;
mod reached;
#[cfg(feature = "check")]
mod scene;
#[cfg(feature = "check")]
mod semaphore;
#[cfg(feature = "check")]
mod standing;
pub mod task;
#[cfg(feature = "check")]
mod tasks;
pub mod thread;
#[cfg(feature = "threads")]
mod threads;
#[cfg(feature = "check")]
pub mod time;

#[cfg(feature = "check")]
pub use counting::{
    Acquiring, CancelToken, Counting, CountingOwned, Handover, Newcomers, Refused, Unsupported,
};
pub use invariant::invariant;
#[cfg(feature = "check")]
pub use lowering::NotLowered;
#[cfg(feature = "check")]
pub(crate) use names::Here;
pub use note::note_line;
pub use reached::reached;
#[cfg(feature = "check")]
pub(crate) use scene::{
    Holds, Options, Published, Reserved, Resuming, is_exploring, keep_quiet_while_exploring,
    message,
};
#[cfg(feature = "check")]
pub use scene::{Wakers, probe};
#[cfg(feature = "check")]
pub use standing::Standing;
#[cfg(feature = "check")]
pub use tasks::{Lowered, OwnedTrackedPermit, Trackable, Tracked, TrackedPermit, tracked};
#[cfg(feature = "check")]
pub(crate) use tasks::{Root, Tasks};
#[cfg(feature = "threads")]
pub use threads::{Acquired, acquiring, try_acquiring};
