//! What must hold after each step of a run, over the data of that run.

/// Says what must hold after each step of the run that is under way, until that ends: where `holds`
/// says no, or panics, that is a finding, `assertion`, told by this name with its schedule.
///
/// It is called within the closure that is explored, so that it sees what the closure makes. It is
/// asked after each step, in any thread or task, and must neither wait nor change anything: one that
/// comes to a scheduling point, an op of a semaphore or of shuttle's `sync` types, is told and asked no
/// more. Outside of an exploration, and without the feature `check`, nothing happens.
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU32, Ordering};
///
/// let inside = Arc::new(AtomicU32::new(0));
/// let seen = Arc::clone(&inside);
/// selvedge::invariant("at most two inside", move || seen.load(Ordering::Relaxed) <= 2);
/// ```
#[track_caller]
pub fn invariant(name: &str, holds: impl Fn() -> bool + 'static) {
    #[cfg(feature = "check")]
    super::scene::invariant_of_run(std::panic::Location::caller().into(), name, holds);
    #[cfg(not(feature = "check"))]
    let _ = (name, holds);
}
