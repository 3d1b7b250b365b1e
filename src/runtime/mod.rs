//! Real semaphores, whoever wrote them.

mod counting;
mod semaphore;

pub use counting::{Counting, Handover, Refused, Unsupported};
