//! Virtual time: it stands still while anybody goes on, and jumps to a timer that the scheduler
//! lets fire.
//!
//! **Invariants**
//!
//! 1. Timers fire in the order of their deadlines; of those of one deadline, in any.

use std::task::Waker;
use std::time::Duration;

/// The clock of a run, and its timers.
#[derive(Debug, Default)]
pub(in crate::runtime) struct Clock {
    now: Duration,
    next: u64,
    timers: Vec<Timer>,
}

#[derive(Debug)]
struct Timer {
    number: u64,
    /// The slot of its task.
    slot: usize,
    deadline: Duration,
    fired: bool,
    waker: Option<Waker>,
}

impl Clock {
    /// Time since the run began.
    pub(in crate::runtime) fn now(&self) -> Duration {
        self.now
    }

    /// Starts a timer of the task in a slot; its number.
    pub(in crate::runtime) fn start(&mut self, slot: usize, deadline: Duration) -> u64 {
        let number = self.next;
        self.next += 1;
        self.timers.push(Timer {
            number,
            slot,
            deadline,
            fired: deadline <= self.now,
            waker: None,
        });
        number
    }

    /// Whether a timer has fired; if not, the waker it wakes and the slot of who waits for it now.
    /// The waker that is of no use comes back, to be dropped where nothing is borrowed.
    pub(in crate::runtime) fn poll(
        &mut self,
        number: u64,
        slot: usize,
        waker: Waker,
    ) -> (bool, Option<Waker>) {
        let Some(timer) = self.timers.iter_mut().find(|t| t.number == number) else {
            return (true, Some(waker));
        };
        if timer.fired {
            return (true, Some(waker));
        }
        timer.slot = slot;
        (false, timer.waker.replace(waker))
    }

    /// Nobody waits for a timer any more.
    pub(in crate::runtime) fn stop(&mut self, number: u64) -> Option<Waker> {
        let at = self.timers.iter().position(|t| t.number == number)?;
        self.timers.remove(at).waker
    }

    /// Whether a timer runs.
    pub(in crate::runtime) fn is_running(&self) -> bool {
        self.timers.iter().any(|t| !t.fired)
    }

    /// The deadline of the timers that may fire next.
    pub(in crate::runtime) fn next_deadline(&self) -> Option<Duration> {
        let waiting = self.timers.iter().filter(|t| !t.fired);
        waiting.map(|t| t.deadline).min()
    }

    /// Whether a task has a timer of that deadline.
    pub(in crate::runtime) fn has_timer(&self, slot: usize, deadline: Option<Duration>) -> bool {
        let fits = |t: &Timer| t.slot == slot && !t.fired && Some(t.deadline) == deadline;
        self.timers.iter().any(fits)
    }

    /// Fires the next timer of a task; whom it wakes.
    pub(in crate::runtime) fn fire(&mut self, slot: usize) -> Option<Waker> {
        let deadline = self.next_deadline()?;
        let fits = |t: &&mut Timer| t.slot == slot && !t.fired && t.deadline == deadline;
        let timer = self.timers.iter_mut().find(fits)?;
        timer.fired = true;
        self.now = deadline;
        timer.waker.take()
    }
}
