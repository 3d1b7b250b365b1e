//! `conservation`: available + held = capacity + debt, in every state without an over-release.

use super::fact::Identity;
use crate::run::{SemaphoreId, View, Wait, WorkerId};

/// Judges a state. A plain semaphore may be inflated, which `over-release` tells; more than its
/// permits it must never lose.
pub(super) fn judge<V: View + ?Sized>(
    view: &V,
    semaphore: SemaphoreId,
    mut report: impl FnMut(Identity),
) {
    let mut accounted = view.available(semaphore);
    for worker in (0..view.workers()).map(WorkerId) {
        accounted += view.held(worker, semaphore);
        if let Some(Wait::Permits {
            semaphore: s,
            taken,
            ..
        }) = view.wait(worker)
            && s == semaphore
        {
            accounted += taken;
        }
    }
    let owed = view.capacity(semaphore) + view.debt(semaphore);
    let conserved = if view.is_plain(semaphore) {
        accounted >= owed
    } else {
        accounted == owed
    };
    if !conserved {
        report(Identity::Conservation { semaphore });
    }
}
