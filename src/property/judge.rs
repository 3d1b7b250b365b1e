//! Puts the properties to an engine's events and states.

use super::fact::{Fact, Identity};
use super::{conservation, over_admission, stuck};
use crate::run::{Event, SemaphoreId, View, WorkerId};

/// What comes after a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Situation {
    /// The run goes on.
    Going,
    /// All workers have ended.
    Finished,
    /// Somebody is unfinished, and nothing can happen but an injected cancellation.
    Stuck,
    /// The run goes on, but the step bound is reached.
    StepBound,
}

/// Which semaphores need to be looked at; the rest is in the functions.
#[derive(Debug, Clone)]
pub struct Judge {
    plain: Vec<SemaphoreId>,
    held: Vec<SemaphoreId>,
}

impl Judge {
    /// A judge for a subject, seen in any of its states.
    pub fn new<V: View + ?Sized>(view: &V) -> Judge {
        let ids = || (0..view.semaphores()).map(SemaphoreId);
        Judge {
            plain: ids().filter(|&s| view.is_plain(s)).collect(),
            held: ids().filter(|&s| !view.is_signal(s)).collect(),
        }
    }

    /// Whether states are looked at for `over-admission`.
    pub fn watches_plain(&self) -> bool {
        !self.plain.is_empty()
    }

    /// `leak`, `over-release`, and `impossible-request` of an acquire that has a timer.
    #[inline]
    pub fn event(event: &Event) -> Option<Fact> {
        match *event {
            Event::Leaked {
                semaphore,
                acquired,
                how,
                ..
            } => Some(Fact::Failed(Identity::Leak {
                semaphore,
                acquired,
                how,
            })),
            Event::OverReleased {
                semaphore,
                statement,
                ..
            } => Some(Fact::Failed(Identity::OverRelease {
                semaphore,
                statement,
            })),
            Event::AskedTooMuch {
                semaphore,
                statement,
                ..
            } => Some(Fact::Failed(Identity::TimedRequest {
                semaphore,
                statement,
            })),
            Event::ReleasedOthers {
                semaphore,
                statement,
                ..
            } => Some(Fact::Failed(Identity::ForeignRelease {
                semaphore,
                statement,
            })),
            Event::RefusedAfter {
                semaphore, cause, ..
            } => Some(Fact::Failed(Identity::OverRelease {
                semaphore,
                statement: cause,
            })),
            Event::Missing {
                semaphore,
                statement,
                ..
            } => Some(Fact::Failed(Identity::Missing {
                semaphore,
                statement,
            })),
            _ => None,
        }
    }

    /// `lock-order`: what the place of one worker adds to the order graph.
    #[inline]
    pub fn moved<V: View>(view: &V, worker: WorkerId, mut report: impl FnMut(Fact)) {
        let Some(to) = view.acquires(worker) else {
            return;
        };
        for &from in view.owned(worker) {
            if from != to && view.held(worker, from) > 0 && !view.is_signal(to) {
                report(Fact::Ordered { from, to, worker });
            }
        }
    }

    /// `over-admission` and `conservation`: any state.
    #[inline]
    pub fn state<V: View>(&self, view: &V, mut report: impl FnMut(Fact)) {
        for &semaphore in &self.held {
            conservation::judge(view, semaphore, |identity| report(Fact::Failed(identity)));
        }
        for &semaphore in &self.plain {
            over_admission::judge(view, semaphore, |identity| report(Fact::Failed(identity)));
        }
    }

    /// The same of one semaphore, whatever its kind.
    #[inline]
    pub fn semaphore<V: View>(view: &V, semaphore: SemaphoreId, mut report: impl FnMut(Fact)) {
        if view.is_signal(semaphore) {
            return;
        }
        let mut failed = false;
        if view.is_plain(semaphore) || view.is_foreign(semaphore) {
            over_admission::judge(view, semaphore, |identity| {
                failed = true;
                report(Fact::Failed(identity));
            });
        }
        if !failed {
            conservation::judge(view, semaphore, |identity| report(Fact::Failed(identity)));
        }
    }

    /// Everything that a step and the state after it show.
    pub fn step<V: View>(
        &self,
        view: &V,
        situation: Situation,
        events: &[Event],
        moved: &[WorkerId],
        mut report: impl FnMut(Fact),
    ) {
        events.iter().filter_map(Judge::event).for_each(&mut report);
        for &worker in moved {
            Judge::moved(view, worker, &mut report);
        }
        self.state(view, &mut report);
        Judge::situation(view, situation, report);
    }

    /// `deadlock` and its kin, `livelock`: a state that nothing follows.
    pub fn situation<V: View>(view: &V, situation: Situation, mut report: impl FnMut(Fact)) {
        match situation {
            Situation::Stuck => stuck::judge(view, report),
            Situation::StepBound => report(Fact::Failed(Identity::Livelock)),
            Situation::Going | Situation::Finished => {}
        }
    }
}
