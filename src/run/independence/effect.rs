//! What a choice does to the permits and the queue of a semaphore.

use super::ledger::Take;
use crate::run::{Action, Enabled, Op, SemaphoreId, View, Wait, WorkerId};

/// What a choice does to one semaphore, ledgers aside. The amounts are those of the state at hand
/// and are at least one; what comes to nothing there has no effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Effect {
    /// Takes so many, or joins the queue.
    Acquire(u64),
    /// Takes so many, or none.
    Try(u64),
    /// Puts so many back.
    Put(u64),
    /// Puts so many on top, and raises the capacity.
    Grow(u64),
    /// Lowers the capacity by so many, at most to zero.
    Shrink(u64),
    /// Takes what is available, past the queue.
    Drain,
    /// Pays debt with so many, and lowers the capacity by the rest.
    Forget(u64),
    /// Closes it, and fails the waiters.
    Close,
    /// That worker stops waiting: cancelled, or timed out.
    Remove(WorkerId),
}

impl Effect {
    /// What a choice does, and to which semaphore.
    pub(super) fn of(choice: &Enabled, view: &dyn View) -> Option<(SemaphoreId, Effect)> {
        match choice.choice.action {
            Action::Proceed => Effect::of_op(choice, view),
            Action::Timeout | Action::Cancel => removal(choice.choice.worker, view),
            _ => None,
        }
    }

    fn of_op(choice: &Enabled, view: &dyn View) -> Option<(SemaphoreId, Effect)> {
        let open = |s: SemaphoreId| !view.is_closed(s);
        let some = |s: SemaphoreId, effect: Effect| Some((s, effect));
        match choice.op {
            // on a closed semaphore these fail, whatever others do
            Op::Acquire {
                semaphore, permits, ..
            } if open(semaphore) => some(semaphore, Effect::Acquire(permits.into())),
            Op::TryAcquire { semaphore, permits } if open(semaphore) => {
                some(semaphore, Effect::Try(permits.into()))
            }
            Op::Close { semaphore } if open(semaphore) => some(semaphore, Effect::Close),
            Op::Release { semaphore, .. } => {
                let permits = Take::of(choice)?.amount(view)?;
                (permits > 0).then_some((semaphore, Effect::Put(permits)))
            }
            Op::Forget { semaphore, .. } => {
                let permits = Take::of(choice)?.amount(view)?;
                (permits > 0).then_some((semaphore, Effect::Forget(permits)))
            }
            Op::Grow { semaphore, permits } => some(semaphore, Effect::Grow(permits.into())),
            Op::Shrink { semaphore, permits } => some(semaphore, Effect::Shrink(permits.into())),
            Op::Drain { semaphore } => some(semaphore, Effect::Drain),
            Op::Cancel { worker } => removal(worker, view),
            _ => None,
        }
    }
}

/// The end of a worker's wait, if it waits.
fn removal(worker: WorkerId, view: &dyn View) -> Option<(SemaphoreId, Effect)> {
    match view.wait(worker)? {
        Wait::Permits { semaphore, .. } => Some((semaphore, Effect::Remove(worker))),
        Wait::Join { .. } | Wait::Unknown => None,
    }
}
