//! `over-admission`: unfinished workers hold more than the capacity and the debt together.

use super::fact::Identity;
use crate::run::{SemaphoreId, Status, View};

/// Judges a state. Only a plain semaphore can be inflated, so only those are looked at.
#[inline]
pub(super) fn judge<V: View + ?Sized>(
    view: &V,
    semaphore: SemaphoreId,
    mut report: impl FnMut(Identity),
) {
    let unfinished = view
        .holders(semaphore)
        .iter()
        .filter(|&&w| view.status(w) == Status::Running);
    let held: u64 = unfinished.map(|&w| view.held(w, semaphore)).sum();
    let admitted = held + view.taken(semaphore);
    if admitted > view.capacity(semaphore) + view.debt(semaphore) {
        report(Identity::OverAdmission { semaphore });
    }
}
