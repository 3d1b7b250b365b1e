//! Foreign semaphores in a run of tasks: who acquires, who waits, who holds, and where.
//!
//! What goes through [`tracked`] is written down with its worker. What somebody does to the same
//! semaphore past it shows in three ways: the number of free permits is another one at the begin of a
//! call than it was at the end of the last; somebody is woken while no call is under way; or a call
//! wakes somebody who does not wait through `tracked`. From then on the ledgers are known not to be
//! all there is: what is missing is held by nobody knows whom, what is too much was added, and
//! nobody is accused of either.
//!
//! **Invariants**
//!
//! 1. Until a semaphore is used past `tracked`, what is free and what is held are together no more
//!    than its capacity, or it is wrong.
//! 2. Once it was, they are together with what is missing just its capacity.

pub(crate) mod account;
mod acquire;
mod count;
mod handle;
mod permit;
mod wakes;

pub use handle::{Trackable, Tracked, tracked};
pub use permit::{OwnedTrackedPermit, TrackedPermit};
