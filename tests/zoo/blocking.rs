//! Semaphores that block their thread, and the program that their bugs show in.

use std::sync::Arc;

use selvedge::runtime::Acquired;
use selvedge::{acquiring, probe, thread};

/// A counting semaphore whose acquire blocks the thread by what a check knows of.
pub(crate) trait Blocking: Send + Sync + 'static {
    fn with_permits(permits: u32) -> Self;
    fn acquire(&self);
    fn release(&self);
    /// Asked between two steps: no scheduling point may be in it.
    fn available(&self) -> u32;
}

/// A permit; dropping it releases.
struct Permit<S: Blocking>(Arc<S>);

impl<S: Blocking> Drop for Permit<S> {
    fn drop(&mut self) {
        self.0.release();
    }
}

fn acquire<S: Blocking>(semaphore: &Arc<S>) -> Acquired<Permit<S>> {
    acquiring("zoo", 1, || {
        semaphore.acquire();
        Permit(Arc::clone(semaphore))
    })
}

/// All permits are held and released, each by a thread of its own, while as many threads acquire one;
/// they keep them until all of them have one.
pub(crate) fn hand_over<S: Blocking, const PERMITS: usize>() {
    let semaphore = Arc::new(S::with_permits(PERMITS as u32));
    let there = Arc::clone(&semaphore);
    probe("zoo", PERMITS, move || there.available() as usize);
    let held: [_; PERMITS] = std::array::from_fn(|_| acquire(&semaphore));
    let acquirers: [_; PERMITS] = std::array::from_fn(|_| {
        let semaphore = Arc::clone(&semaphore);
        thread::spawn(move || acquire(&semaphore))
    });
    let releasers = held.map(|permit| thread::spawn(move || drop(permit)));
    for releaser in releasers {
        let _ = releaser.join();
    }
    let _acquired = acquirers.map(|acquirer| acquirer.join());
}
