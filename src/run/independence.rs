//! When two choices of different workers commute in a state.
//!
//! They do when each is still enabled after the other and both orders lead to the same state.

mod effect;
mod ledger;
mod tray;

use super::{Action, Budget, Enabled, Op, Status, View, WorkerId};
use effect::Effect;
use tray::Tray;

/// Whether two choices that a state offers commute in it, budgets aside: each is still enabled
/// after the other, and both orders lead to the same state. Two choices of one worker never do.
pub fn commute(a: &Enabled, b: &Enabled, view: &dyn View) -> bool {
    a.choice.worker != b.choice.worker
        && leaves_alone(a, b, view)
        && leaves_alone(b, a, view)
        && permits_commute(a, b, view)
        && ledger::commute(a, b, view)
}

/// Whether two choices commute within what is `left` of the budget, so that both orders also spend
/// the same. `enabled` are all choices of the state.
///
/// A timer is free when nothing but timers and cancellations is left; so what it draws is the same
/// in both orders only while a third worker can go on, whatever the two do. Under a bound on
/// preemptions nothing commutes, since the worker of the last choice is part of the state there.
pub fn commute_within(
    a: &Enabled,
    b: &Enabled,
    view: &dyn View,
    enabled: &[Enabled],
    left: &Budget,
) -> bool {
    let both_draw = |r| a.draws == Some(r) && b.draws == Some(r);
    let bystander = |e: &Enabled| {
        e.choice.is_progress()
            && ![a.choice.worker, b.choice.worker].contains(&e.choice.worker)
            && stays_enabled(e, view)
    };
    let timer = [a, b].iter().any(|e| e.choice.action == Action::Timeout);
    left.preemptions.is_none()
        && !super::Resource::ALL
            .into_iter()
            .any(|r| both_draw(r) && left.limit(r) < 2)
        && (!timer || enabled.iter().any(bystander))
        && commute(a, b, view)
}

/// Whether nothing that others do disables a worker's own progress.
fn stays_enabled(choice: &Enabled, view: &dyn View) -> bool {
    match choice.op {
        Op::Acquire { semaphore, .. } => view.is_queued(semaphore) || view.is_closed(semaphore),
        Op::Join { .. } => false,
        _ => true,
    }
}

/// Whether what two choices do to the permits and the queues of semaphores commutes.
fn permits_commute(a: &Enabled, b: &Enabled, view: &dyn View) -> bool {
    match (Effect::of(a, view), Effect::of(b, view)) {
        (Some((s, x)), Some((t, y))) if s == t => Tray::new(s, view).commute(x, y),
        _ => true,
    }
}

/// Whether `a` does nothing to the workers that `b` is about, other than through a semaphore.
fn leaves_alone(a: &Enabled, b: &Enabled, view: &dyn View) -> bool {
    if a.choice.action != Action::Proceed {
        return true;
    }
    match (a.op, b.op) {
        (Op::Cancel { worker }, _) if worker == b.choice.worker => {
            !may_wait_after(worker, b, view)
        }
        (Op::Cancel { worker }, _) if view.wait(worker).is_none() => !makes_wait(b, worker, view),
        (Op::Spawn { first }, Op::Spawn { first: other }) if first == other => {
            unspawned(first, view).count() != 1
        }
        (Op::Spawn { first }, Op::Join { first: other }) if first == other => {
            unspawned(first, view).next().is_none()
        }
        _ => true,
    }
}

/// Whether a worker waits, or may wait once it has made its choice.
fn may_wait_after(worker: WorkerId, choice: &Enabled, view: &dyn View) -> bool {
    if matches!(choice.choice.action, Action::Timeout | Action::Cancel) {
        return true;
    }
    let joins = match Effect::of(choice, view) {
        Some((s, Effect::Acquire(n))) => !Tray::new(s, view).fits(n),
        _ => false,
    };
    joins || view.barges(worker)
}

/// Whether a choice may make another worker wait that does not: it takes what that one stands at
/// (`order=barging`), or starts it.
fn makes_wait(choice: &Enabled, worker: WorkerId, view: &dyn View) -> bool {
    match view.op(worker) {
        Some(Op::Acquire {
            semaphore, permits, ..
        }) if !view.is_queued(semaphore) && !view.is_closed(semaphore) => {
            match Effect::of(choice, view) {
                Some((s, effect)) if s == semaphore => {
                    Tray::new(s, view).available_after(effect) < u64::from(permits)
                }
                _ => false,
            }
        }
        Some(_) => false,
        None => {
            choice.choice.action == Action::Proceed
                && matches!(choice.op, Op::Spawn { first }
                    if unspawned(first, view).next() == Some(worker))
                && view.barges(worker)
        }
    }
}

/// The instances that were not started yet, of the worker whose first instance this is.
fn unspawned(first: WorkerId, view: &dyn View) -> impl Iterator<Item = WorkerId> + '_ {
    (first.0..first.0 + view.instances(first))
        .map(WorkerId)
        .filter(|&w| view.status(w) == Status::Unspawned)
}
