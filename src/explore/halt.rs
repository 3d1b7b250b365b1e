//! When an exploration is to end: its time is over, or somebody interrupts.
//!
//! A thread looks at the clock and asks the watcher, every few milliseconds; whatever takes long asks
//! [`Halt::is_due`], which reads a flag, in each turn of its innermost loop.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use super::clock::Clock;
use super::explorer::Watcher;
use crate::property::SharedStrategy;
use crate::report::Stopped;
use crate::run::{Choice, Event, Outcome, Point, Strategy};

/// How often the clock and the watcher are looked at.
const EVERY: Duration = Duration::from_millis(20);

/// How long what was found may be replayed after that: a finding is told with its run.
const GRACE: Duration = Duration::from_millis(600);

/// The clock, who looks on, and whether either wants the exploration to end.
pub(super) struct Halt<'a> {
    pub(super) clock: &'a Clock,
    pub(super) watcher: &'a dyn Watcher,
    due: Due,
}

/// Whether the exploration is to end now; can be kept anywhere.
#[derive(Debug, Clone, Default)]
pub(super) struct Due(Arc<AtomicU8>);

impl Due {
    const EXPLORING: u8 = 1;
    const REPLAYING: u8 = 2;

    /// It is time to end from the beginning: nothing is explored, or made cheaper.
    pub(super) fn at_once() -> Due {
        let due = Due::default();
        due.set(Due::EXPLORING);
        due
    }

    /// Whether nothing more is to be explored, or made cheaper.
    #[inline]
    pub(super) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed) >= Due::EXPLORING
    }

    /// Whether nothing more is to be replayed either.
    #[inline]
    pub(super) fn is_over(&self) -> bool {
        self.0.load(Ordering::Relaxed) >= Due::REPLAYING
    }

    fn set(&self, level: u8) {
        self.0.store(level, Ordering::Relaxed);
    }
}

impl Halt<'_> {
    /// Calls `body` with what says when to end.
    pub(super) fn watch<T>(
        clock: &Clock,
        watcher: &dyn Watcher,
        body: impl FnOnce(&Halt<'_>) -> T,
    ) -> T {
        let due = Due::default();
        if clock.is_over() {
            due.set(Due::EXPLORING);
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
                due.set(Due::EXPLORING);
                if goes_on(GRACE) {
                    due.set(Due::REPLAYING);
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
    pub(super) fn due(&self) -> Due {
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

/// A strategy that ends its run, and wants no pilots, once it is time to end.
pub(super) struct Ending {
    pub(super) strategy: SharedStrategy,
    pub(super) due: Due,
}

impl Ending {
    pub(super) fn of(strategy: &SharedStrategy, due: &Due) -> SharedStrategy {
        Rc::new(RefCell::new(Ending {
            strategy: Rc::clone(strategy),
            due: due.clone(),
        }))
    }
}

impl Strategy for Ending {
    fn pilot(&mut self) -> bool {
        !self.due.is_set() && self.strategy.borrow_mut().pilot()
    }

    fn begin(&mut self, run: u64) -> bool {
        self.strategy.borrow_mut().begin(run)
    }

    fn choose(&mut self, point: &Point<'_>) -> Option<Choice> {
        if self.due.is_set() {
            return None;
        }
        self.strategy.borrow_mut().choose(point)
    }

    fn choose_place(&mut self, point: &Point<'_>) -> Option<usize> {
        if self.due.is_set() {
            return None;
        }
        self.strategy.borrow_mut().choose_place(point)
    }

    fn stops_at_spawn(&mut self) -> bool {
        self.strategy.borrow_mut().stops_at_spawn()
    }

    fn observe(&mut self, event: &Event) {
        self.strategy.borrow_mut().observe(event);
    }

    fn end(&mut self, outcome: Outcome) {
        self.strategy.borrow_mut().end(outcome);
    }
}
