//! Real semaphores, whoever wrote them.

mod counting;

pub use counting::{Counting, Handover, Refused, Unsupported};
