//! `conservation`: available + held = capacity + debt, in every state without an over-release.

use super::fact::Identity;
use crate::run::{SemaphoreId, View};

/// Judges a state. A plain semaphore may be inflated, which `over-release` tells; more than its
/// permits it must never lose.
#[inline]
pub(super) fn judge<V: View + ?Sized>(
    view: &V,
    semaphore: SemaphoreId,
    mut report: impl FnMut(Identity),
) {
    let held = view.held_by_all(semaphore);
    let known = view.available(semaphore) + view.taken(semaphore) + held;
    // of a foreign one, what is lost may be what somebody unknown holds
    let accounted = known
        + if view.is_foreign(semaphore) {
            0
        } else {
            view.lost(semaphore)
        };
    let owed = view.capacity(semaphore) + view.debt(semaphore);
    // of a foreign one it is known only who holds what was taken in sight of us
    let conserved = if view.is_foreign(semaphore) {
        accounted <= owed
    } else if view.is_plain(semaphore) {
        accounted >= owed
    } else {
        accounted == owed
    };
    if !conserved {
        report(Identity::Conservation { semaphore });
    }
}
