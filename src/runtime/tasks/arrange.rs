//! The events of a program's step, in the order in which the language has them happen.
//!
//! In the language whoever a step lets go on does so at once: a waiter that is granted comes to its
//! next op before the next one is granted, and before the releaser comes to its own. Tasks go on one
//! after the other, the one whose step it is first. What they do meanwhile others cannot see, so
//! nothing but the order of what is told has to be put right.
//!
//! **Invariants**
//!
//! 1. The events of a worker stay in their order, and so do those of the op.

use crate::run::{Action, Choice, Event, WorkerId};

/// Puts the events of a step in order; `left` are those who left a queue without being granted, in
/// that order.
pub(in crate::runtime) fn arrange(events: &mut Vec<Event>, choice: Choice, left: &[WorkerId]) {
    let ended = |worker| {
        let how = |e: &Event| matches!(e, Event::Ended { worker: w, .. } if *w == worker);
        events.iter().any(how)
    };
    // whose way to its next op, or to its end, an event is part of
    let walker = |event: &Event| match *event {
        Event::Raised { worker, .. } | Event::Ended { worker, .. } => Some(worker),
        // else it was given to somebody who had ended before
        Event::Leaked { worker, .. } if ended(worker) => Some(worker),
        _ => None,
    };
    let mut ordered = Vec::with_capacity(events.len());
    let walks = |ordered: &mut Vec<Event>, worker: WorkerId| {
        ordered.extend(events.iter().filter(|e| walker(e) == Some(worker)));
    };
    let me = choice.worker;
    let others = || left.iter().copied().filter(|&worker| worker != me);
    let of_the_op = || events.iter().filter(|e| walker(e).is_none());
    let closes = of_the_op().any(|e| matches!(e, Event::Closed { .. }));
    if choice.action == Action::Cancel {
        walks(&mut ordered, me);
    }
    if !closes {
        others().for_each(|worker| walks(&mut ordered, worker));
    }
    for event in of_the_op() {
        ordered.push(*event);
        match *event {
            Event::Granted { worker, .. } | Event::Spawned { worker } if worker != me => {
                walks(&mut ordered, worker);
            }
            Event::Closed { .. } => others().for_each(|worker| walks(&mut ordered, worker)),
            Event::TimedOut { .. } => walks(&mut ordered, me),
            _ => {}
        }
    }
    if !matches!(choice.action, Action::Cancel | Action::Timeout) {
        walks(&mut ordered, me);
    }
    debug_assert_eq!(ordered.len(), events.len(), "each event once");
    *events = ordered;
}
