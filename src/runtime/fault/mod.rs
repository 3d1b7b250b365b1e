//! Faults that the user's code names: where a panic may strike, where I/O may fail, what may be
//! cancelled. Outside of an exploration, and without the feature `check`, nothing ever fails here.

#[cfg(not(feature = "check"))]
mod absent;

#[cfg(not(feature = "check"))]
pub use absent::{Cancellable, Cancelled, Failure, cancellable, choose, io, point};

#[cfg(feature = "check")]
pub use super::scene::{Failure, choose, io, point};
#[cfg(feature = "check")]
pub use super::tasks::{Cancellable, Cancelled, cancellable};
