//! The production semaphore: what it promises, line by line; wakers that misbehave; a model; threads.

#[path = "semaphore/cancelling.rs"]
mod cancelling;
#[cfg(feature = "check")]
#[path = "semaphore/hooked.rs"]
mod hooked;
#[path = "semaphore/model.rs"]
mod model;
#[path = "semaphore/polled.rs"]
mod polled;
#[path = "semaphore/semantics.rs"]
mod semantics;
#[path = "semaphore/stress.rs"]
mod stress;
#[path = "semaphore/wakers.rs"]
mod wakers;
