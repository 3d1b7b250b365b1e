//! Virtual time for futures: a sleep and a timeout end when the scheduler lets their timer fire,
//! never because time has passed.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::run::Op;
use crate::runtime::names::Here;
use crate::runtime::scene::core::NOBODY;
use crate::runtime::scene::current::{core, with_core};

/// The virtual time since the run began; zero outside of an exploration.
pub fn now() -> Duration {
    with_core(|core| core.progress.borrow().clock.now()).unwrap_or_default()
}

/// Waits for that long, in virtual time, from now on.
///
/// Timers fire in the order of their deadlines. One that fires while something else could happen
/// draws on the budget of timeouts; when nothing else can happen the next one fires free.
///
/// # Panics
///
/// When it is polled outside of an exploration.
#[track_caller]
pub fn sleep(duration: Duration) -> Sleep {
    // here, since who polls it later is not the one who asked for it
    if let Some(core) = core() {
        core.is_for_tasks(
            "selvedge::time",
            "a timed acquire, which times out by choice",
        );
    }
    Sleep {
        duration,
        deadline: now().saturating_add(duration),
        timer: None,
        place: Here::from(Location::caller()),
    }
}

/// Waits for virtual time to pass.
#[derive(Debug)]
#[must_use = "futures do nothing unless they are awaited"]
pub struct Sleep {
    duration: Duration,
    deadline: Duration,
    timer: Option<u64>,
    place: Here,
}

impl Sleep {
    fn poll_timer(&mut self, cx: &mut Context<'_>, says: bool) -> Poll<()> {
        let polled = with_core(|core| {
            let current = core.current.get();
            assert!(
                current != NOBODY,
                "virtual time is for tasks of an exploration"
            );
            let (slot, deadline) = (current.slot, self.deadline);
            let timer = *self
                .timer
                .get_or_insert_with(|| core.progress.borrow_mut().clock.start(slot, deadline));
            let waker = cx.waker().clone();
            let (fired, spare) = core.progress.borrow_mut().clock.poll(timer, slot, waker);
            drop(spare);
            if fired {
                return Poll::Ready(());
            }
            if says {
                core.stands_at(self.place, &format!("sleep {:?}", self.duration), Op::Poll);
            }
            Poll::Pending
        });
        polled.unwrap_or_else(|| panic!("virtual time runs in an exploration only"))
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.poll_timer(cx, true)
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(timer) = self.timer {
            let waker = with_core(|core| core.progress.borrow_mut().clock.stop(timer));
            drop(waker);
        }
    }
}

/// Gives a future so much virtual time; it is dropped when that is over.
///
/// As `tokio::time::timeout`, for code that takes its timer as a parameter or imports it under
/// `cfg(test)`.
#[track_caller]
pub fn timeout<F: Future>(duration: Duration, future: F) -> Timeout<F> {
    Timeout {
        future: Some(Box::pin(future)),
        sleep: sleep(duration),
    }
}

/// A future with a timer.
#[must_use = "futures do nothing unless they are awaited"]
pub struct Timeout<F> {
    future: Option<Pin<Box<F>>>,
    sleep: Sleep,
}

impl<F> fmt::Debug for Timeout<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timeout").finish_non_exhaustive()
    }
}

/// # Panics
///
/// If it is polled again after it was ready.
impl<F: Future> Future for Timeout<F> {
    type Output = Result<F::Output, Elapsed>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let Some(future) = this.future.as_mut() else {
            panic!("a timeout was polled after it was ready");
        };
        let worker = with_core(|core| core.worker());
        let timers = |by: i64| {
            if let Some(worker) = worker {
                with_core(|core| core.add_timers(worker, by));
            }
        };
        // what it waits for meanwhile can be ended by the timer
        timers(1);
        let polled = future.as_mut().poll(cx);
        timers(-1);
        if let Poll::Ready(output) = polled {
            this.future = None;
            return Poll::Ready(Ok(output));
        }
        match this.sleep.poll_timer(cx, false) {
            Poll::Ready(()) => {
                this.future = None;
                Poll::Ready(Err(Elapsed(())))
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<F> Unpin for Timeout<F> {}

/// The time was over before the future was ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Elapsed(());

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("the time is over")
    }
}

impl std::error::Error for Elapsed {}
