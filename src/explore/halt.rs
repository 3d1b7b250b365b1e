//! When an exploration is to end: its time is over, or somebody interrupts.
//!
//! A thread looks at the clock and asks the watcher, every few milliseconds; whatever takes long asks
//! [`Halt::is_due`], which reads a flag, in each turn of its innermost loop.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use super::clock::Clock;
use super::explorer::Watcher;
use crate::report::Stopped;
use crate::run::StopFlag;

/// How often the clock and the watcher are looked at.
const EVERY: Duration = Duration::from_millis(20);

/// How long what was found may be replayed after that: a finding is told with its run.
const GRACE: Duration = Duration::from_millis(600);

/// The clock, who looks on, and whether either wants the exploration to end.
pub(super) struct Halt<'a> {
    pub(super) clock: &'a Clock,
    pub(super) watcher: &'a dyn Watcher,
    due: StopFlag,
}

impl Halt<'_> {
    /// Calls `body` with what says when to end.
    pub(super) fn watch<T>(
        clock: &Clock,
        watcher: &dyn Watcher,
        body: impl FnOnce(&Halt<'_>) -> T,
    ) -> T {
        let due = StopFlag::default();
        if clock.is_over() {
            due.set(StopFlag::EXPLORING);
        }
        let halt = Halt {
            clock,
            watcher,
            due: due.clone(),
        };
        if !clock.has_limit() && !watcher.may_interrupt() {
            return body(&halt);
        }
        thread::scope(|scope| {
            let (working, worker) = channel::<()>();
            let look = move || {
                let goes_on = |wait| worker.recv_timeout(wait) == Err(RecvTimeoutError::Timeout);
                while !clock.is_over() && !watcher.is_interrupted() {
                    if !goes_on(EVERY) {
                        return;
                    }
                }
                due.set(StopFlag::EXPLORING);
                if goes_on(GRACE) {
                    due.set(StopFlag::REPLAYING);
                }
            };
            // without it, the end of each run and each batch is when it is looked
            let _ = thread::Builder::new().spawn_scoped(scope, look);
            let result = body(&halt);
            drop(working);
            result
        })
    }

    /// Whether to end now.
    #[inline]
    pub(super) fn is_due(&self) -> bool {
        self.due.is_set()
    }

    /// Whether not even to make schedules and replay them.
    #[inline]
    pub(super) fn is_over(&self) -> bool {
        self.due.is_over()
    }

    /// The same, to be kept.
    pub(super) fn due(&self) -> StopFlag {
        self.due.clone()
    }

    /// Why to end now, if so: looks at the clock itself.
    pub(super) fn why(&self) -> Option<Stopped> {
        if self.watcher.is_interrupted() {
            Some(Stopped::Interrupted)
        } else if self.clock.is_over() {
            Some(Stopped::Time)
        } else {
            // it said so, and does not say so any more
            self.is_due().then_some(Stopped::Interrupted)
        }
    }
}
