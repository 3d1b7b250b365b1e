//! `over-admission`: unfinished workers hold more than the capacity and the debt together.

use super::fact::Identity;
use crate::run::{SemaphoreId, Status, View, Wait, WorkerId};

/// What unfinished workers hold of a semaphore, and what waiters have taken.
fn admitted<V: View + ?Sized>(view: &V, semaphore: SemaphoreId) -> u64 {
    (0..view.workers())
        .map(WorkerId)
        .filter(|&w| view.status(w) == Status::Running)
        .map(|w| {
            let taken = match view.wait(w) {
                Some(Wait::Permits {
                    semaphore: s,
                    taken,
                    ..
                }) if s == semaphore => taken,
                _ => 0,
            };
            view.held(w, semaphore) + taken
        })
        .sum()
}

/// Judges a state. Only a plain semaphore can be inflated, so only those are looked at.
pub(super) fn judge<V: View + ?Sized>(
    view: &V,
    semaphore: SemaphoreId,
    mut report: impl FnMut(Identity),
) {
    if admitted(view, semaphore) > view.capacity(semaphore) + view.debt(semaphore) {
        report(Identity::OverAdmission { semaphore });
    }
}
