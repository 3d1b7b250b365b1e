//! When two choices of different workers commute in a state.
//!
//! They do when each is still enabled after the other, and both orders lead to the same state. A
//! choice is a worker's op, with its silent way to the next one and the grants that follow from it,
//! or a fault that strikes a worker: a panic, a timeout, a cancellation.
//!
//! What is said here is about states. Events may differ: in `fifo` order an acquire and a release
//! commute though the grant is immediate in one order and comes after a wait in the other, and a
//! step may grant others than it did. A property that watches events or the states in between
//! (`over-admission`, an order of grants) needs more than this.
//!
//! # Permits and queue of one semaphore
//!
//! `a` is available, `c` the capacity, `d` the debt (nothing is available while there is any), `Q`
//! the queue, `t` what its head has taken (`fifo-partial`; nothing is available while somebody
//! waits there). A shrink of `k` lowers by `l = min(k, c)`. *Fits* means that an acquire or try is
//! granted at once: `Q` is empty and `a` suffices. In `barging` order `Q` is empty, and an acquire
//! that is enabled fits. "put" is a release that is not refused; "remove w" ends the wait of w:
//! `cancel w`, its timer, an injected cancellation. All sizes are at least one.
//!
//! | pair | commute exactly when | for |
//! |---|---|---|
//! | acquire n, acquire m | both fit together | else the order in the queue tells, or who got it |
//! | acquire m, try n | n does not fit, or both fit together | the acquire only lowers `a` or makes a queue |
//! | acquire, put or grow | always | a grant is a grant, at once or by hand-off |
//! | acquire n, shrink k | fits: a ≥ n + l. Else in `fifo-partial`: Q not empty, a = 0 or l = 0 | a new head takes what the shrink would |
//! | acquire, drain | does not fit; in `fifo-partial` moreover a = 0 | a new head takes what the drain would |
//! | acquire, forget | always | one moves `a`, the other `c` and `d` |
//! | acquire, close | does not fit | it fails in either order, unless it is granted before |
//! | acquire, remove | always | who joins comes last, and is served in the same way |
//! | try, try | not both fit, or both fit together | a try that fails leaves no trace |
//! | try, put or grow | fits, or does not fit after the put either | the put serves the queue first |
//! | try n, shrink k | does not fit, or a ≥ n + l | |
//! | try, drain | does not fit | |
//! | try, forget | always | as acquire, forget |
//! | try, close | never: refused once, failing with `closed` once | conservative where both lead to the same |
//! | try, remove w | fits, or does not fit after the removal either | |
//! | put or grow, put or grow | always | the head fits as soon as the sum suffices |
//! | put, shrink | the same waiters are granted, and get the same part, with and without the shrink | `c` is not the put's matter |
//! | grow, shrink k | k ≤ c, and as put, shrink | else how far the shrink goes tells |
//! | put or grow, drain | the put leaves `a` as it was | else the drain takes it |
//! | put v, forget k | d = 0, or d ≥ v + k | they compete for the debt |
//! | grow, forget | as put, forget; and k does not exceed c and what it pays of d | `c` stops at zero |
//! | put or grow, close | the put grants nobody | else the close fails those |
//! | put or grow, remove w | the put does not grant w; `barging`: does not make w fit | |
//! | shrink, shrink | always | sums, cut at zero once |
//! | shrink, drain | a = 0 or l = 0 | |
//! | shrink, forget | both orders come to the same numbers | both pay and cut at zero |
//! | shrink, close | always | what the head gives back pays the debt, whenever it was made |
//! | shrink, remove w | w is not the head, or as put, shrink for what w gives back and those behind | |
//! | drain, drain | a = 0, or `signal` | the first gets all |
//! | drain, forget | always | as acquire, forget |
//! | drain, close | t ≤ d | else what the head gives back can be drained |
//! | drain, remove w | the removal leaves `a` as it was | |
//! | forget, forget | always | sums |
//! | forget k, close or remove the head | t = 0, d = 0 or d ≥ t + k | they compete for the debt |
//! | forget, remove another | always | |
//! | close, close | always | the second is nothing |
//! | close, remove | never: w fails once this way, once that way | conservative for `cancel w` |
//! | remove w, remove u | neither removal grants the other; `cancel w` twice | |
//!
//! On a closed semaphore acquire, try and close have no effect on it, and commute with all others.
//! A refused release, forget or give has none either, nor has `release permits=all` of nothing.
//! A give moves no permits but between ledgers.
//!
//! # Ledgers
//!
//! | pair, at the ledger of one worker for one semaphore | commute when |
//! |---|---|
//! | add, add | always |
//! | take n, take m | one is refused now, or both suffice together; releases of a plain semaphore always. With a give, only where all permits are alike |
//! | take n, take all | one is refused now, or nothing is held |
//! | take all, take all | both are releases, or nothing is held |
//! | take n, add | n is held now and all permits are alike, or it is refused before and after |
//! | take all, add | never |
//!
//! Release, forget and give take; what adds is a give, a grant (also of a waiter, by the step of
//! another worker) and a drain. The ledger knows which statement took a permit; "alike" says that
//! there is one such statement only. That is conservative.
//!
//! # Workers
//!
//! | pair | commute when |
//! |---|---|
//! | work, panic, return, a branch, an injected panic; any choice of another | always |
//! | join, spawn of the same | no instance is left to start |
//! | join, any other | always: those it waits for have ended |
//! | spawn, spawn of the same | not exactly one instance is left |
//! | `cancel w`, a choice of w | w does not wait, does not join a queue by it, and does not come to an acquire in `barging` order (conservative) |
//! | `cancel w`, a choice that takes what w needs at an acquire in `barging` order | w fits still |
//! | `cancel w`, spawn of w | w does not begin with an acquire in `barging` order (conservative) |
//! | `cancel w` while w does not wait, any other | always |
//!
//! Otherwise ops on different semaphores commute. A worker's end is nobody's matter: a join that is
//! enabled has no unfinished worker to wait for, and a ledger is a ledger.
//!
//! **Invariants**
//!
//! 1. What is said to commute does, in every state that can be reached.
//! 2. The answer is symmetric.
//! 3. It is a function of the two choices and the view.

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
        && is_known(a)
        && is_known(b)
        && leaves_alone(a, b, view)
        && leaves_alone(b, a, view)
        && permits_commute(a, b, view)
        && ledger::commute(a, b, view)
}

/// Whether it is known what a choice does: what a task does when it is polled, or goes on from a yield,
/// is not, nor what the drop of its future does.
fn is_known(choice: &Enabled) -> bool {
    !matches!(choice.op, Op::Poll | Op::Yield)
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
        (Op::Cancel { worker }, _) if worker == b.choice.worker => !may_wait_after(worker, b, view),
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
    joins || view.may_barge_next(worker)
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
                && view.may_barge_next(worker)
        }
    }
}

/// The instances that were not started yet, of the worker whose first instance this is.
fn unspawned(first: WorkerId, view: &dyn View) -> impl Iterator<Item = WorkerId> + '_ {
    (first.0..first.0 + view.instances(first))
        .map(WorkerId)
        .filter(|&w| view.status(w) == Status::Unspawned)
}
