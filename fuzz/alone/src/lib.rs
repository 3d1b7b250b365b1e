//! Our semaphore as the release build of a user has it, without the checker and its hook.
//!
//! It is compiled once more from its sources, so that a fuzzer can count what runs in the semaphore
//! and not what runs in the model that it is held against.

#[path = "../../../src/semaphore/mod.rs"]
mod semaphore;

#[path = "../../../src/runtime/semaphore.rs"]
mod asked;

mod counting {
    pub(super) use selvedge::runtime::{Acquiring, CancelToken, Counting, Refused, Unsupported};
}

mod program {
    pub(super) use selvedge::program::Order;
}

pub use semaphore::*;
