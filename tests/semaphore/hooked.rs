//! What an exploration hears: a hook that writes everything down.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use selvedge::semaphore::hook::{Event, Hook, Op, Site, Token, Woken, install};
use selvedge::{AcquireError, Cancel, Semaphore};

use crate::polled::{Acquiring, semaphore};

#[derive(Default)]
struct Log {
    lines: RefCell<Vec<String>>,
    tokens: Cell<u64>,
    /// Whether a future has to come twice before it may act.
    twice: bool,
    /// What a blocked worker does.
    while_waiting: RefCell<Option<Box<dyn FnOnce() -> Woken>>>,
}

impl Log {
    fn write(&self, line: String) {
        self.lines.borrow_mut().push(line);
    }
}

impl Hook for Log {
    fn announce(&self, site: &Site<'_>, op: Op, place: &'static Location<'static>) {
        assert!(place.file().ends_with("hooked.rs") || place.file().ends_with("polled.rs"));
        self.write(format!("{} {op:?}", site.available));
    }

    fn poll_announce(
        &self,
        site: &Site<'_>,
        op: Op,
        place: &'static Location<'static>,
        announced: &mut bool,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        if !*announced {
            *announced = true;
            self.announce(site, op, place);
            if self.twice {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
        Poll::Ready(())
    }

    fn token(&self, _: Op, _: &'static Location<'static>) -> Token {
        self.tokens.set(self.tokens.get() + 1);
        Token(self.tokens.get())
    }

    fn tell(&self, site: &Site<'_>, event: Event) {
        site.mark.0.store(1, Ordering::Relaxed);
        self.write(format!("{} {event:?}", site.available));
    }

    fn waker(&self) -> Waker {
        Waker::noop().clone()
    }

    fn wait(&self, site: &Site<'_>, timed: bool) -> Woken {
        self.write(format!("{} wait timed={timed}", site.available));
        let does = self.while_waiting.borrow_mut().take();
        does.map_or(Woken::TimedOut, |does| does())
    }
}

/// What is heard while that runs, without the noise of Rust's punctuation.
fn check_with(log: Log, run: impl FnOnce(&Log), expected: &[&str]) {
    let log = Rc::new(log);
    {
        let hook: Rc<dyn Hook> = Rc::<Log>::clone(&log);
        let _installed = install(hook);
        run(&log);
    }
    let lines = log.lines.borrow();
    let plain = |line: &String| {
        let line = line
            .replace(['{', '}', ':', ','], "")
            .replace("permits ", "");
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let heard: Vec<String> = lines.iter().map(plain).collect();
    assert_eq!(heard, expected, "\n{heard:#?}");
}

fn check(run: impl FnOnce(&Log), expected: &[&str]) {
    check_with(Log::default(), run, expected);
}

#[test]
fn an_op_is_announced_done_and_told() {
    check(
        |_| {
            let s = Semaphore::new(2);
            let mut two = s.try_acquire_many(2).unwrap();
            assert!(s.try_acquire().is_err());
            drop(two.split(1));
            two.forget();
            s.grow(2);
            s.shrink(1);
            s.drain().into_raw();
            s.release(1).unwrap();
            s.close();
        },
        &[
            "2 TryAcquire 2",
            "0 Granted token Token(1) 2",
            "0 TryAcquire 1",
            "0 TryFailed 1",
            "0 Release 1",
            "1 Released token Token(1) 1",
            "1 Forget 1",
            "1 Forgot token Token(1) 1",
            "1 Grow 2",
            "3 Grew 2",
            "3 Shrink 1",
            "2 Shrank 1 debt 0",
            "2 Drain",
            "0 Granted token Token(5) 2",
            "0 MadeRaw token Token(5) 2",
            "0 Release 1",
            "1 Released token Token(6) 1",
            "1 Close",
            "1 Closed",
            "1 Dropped",
        ],
    );
}

#[test]
fn a_release_tells_whom_it_grants_in_order() {
    check(
        |_| {
            let s = semaphore(3);
            let held = Arc::clone(&s).try_acquire_many_owned(3).unwrap();
            let (a, b) = (Acquiring::waiting(&s, 2), Acquiring::waiting(&s, 1));
            drop(held);
            drop(a.granted());
            drop(b);
        },
        &[
            "3 TryAcquire 3",
            "0 Granted token Token(1) 3",
            "0 Acquire 2 timed false",
            "0 Queued token Token(2) 2",
            "0 Acquire 1 timed false",
            "0 Queued token Token(3) 1",
            "0 Release 3",
            "0 Released token Token(1) 3",
            "0 Granted token Token(2) 2",
            "0 Granted token Token(3) 1",
            "0 Release 2",
            "2 Released token Token(2) 2",
            "3 Returned token Token(3) 1",
            "3 Dropped",
        ],
    );
}

#[test]
fn a_future_waits_until_it_may_act() {
    check_with(
        Log {
            twice: true,
            ..Log::default()
        },
        |log| {
            let s = semaphore(1);
            let mut acquiring = Acquiring::waiting(&s, 1);
            assert_eq!(acquiring.bell.rings(), 1);
            assert!(acquiring.poll().is_ready());
            drop(Acquiring::waiting(&s, 1));
            assert_eq!(log.tokens.get(), 1);
        },
        &[
            "1 Acquire 1 timed false",
            "0 Granted token Token(1) 1",
            "0 Release 1",
            "1 Released token Token(1) 1",
            "1 Acquire 1 timed false",
            "1 Dropped",
        ],
    );
}

#[test]
fn who_fires_tells_who_left_and_who_is_granted() {
    check(
        |_| {
            let s = semaphore(2);
            let held = Arc::clone(&s).try_acquire_owned().unwrap();
            let cancel = Cancel::new();
            let large = Arc::clone(&s).acquire_many_owned(2).or_cancelled(&cancel);
            let mut large = Acquiring::of(large);
            assert!(large.poll().is_pending());
            let small = Acquiring::waiting(&s, 1);
            cancel.fire();
            assert_eq!(large.failed(), AcquireError::Cancelled);
            drop((held, small.granted()));
        },
        &[
            "2 TryAcquire 1",
            "1 Granted token Token(1) 1",
            "1 Acquire 2 timed false",
            "1 Queued token Token(2) 2",
            "1 Acquire 1 timed false",
            "1 Queued token Token(3) 1",
            "0 Left token Token(2)",
            "0 Granted token Token(3) 1",
            "0 Release 1",
            "1 Released token Token(1) 1",
            "1 Release 1",
            "2 Released token Token(3) 1",
            "2 Dropped",
        ],
    );
}

#[test]
fn who_leaves_lets_others_in() {
    check(
        |_| {
            let s = semaphore(1);
            let (large, small) = (Acquiring::waiting(&s, 2), Acquiring::waiting(&s, 1));
            drop(large);
            s.close();
            drop(small.granted());
        },
        &[
            "1 Acquire 2 timed false",
            "1 Queued token Token(1) 2",
            "1 Acquire 1 timed false",
            "1 Queued token Token(2) 1",
            "0 Left token Token(1)",
            "0 Granted token Token(2) 1",
            "0 Close",
            "0 Closed",
            "0 Release 1",
            "1 Released token Token(2) 1",
            "1 Dropped",
        ],
    );
}

#[test]
fn close_tells_who_left_in_order() {
    check(
        |_| {
            let s = semaphore(0);
            let all = [1, 2].map(|n| Acquiring::waiting(&s, n));
            s.close();
            drop(all);
        },
        &[
            "0 Acquire 1 timed false",
            "0 Queued token Token(1) 1",
            "0 Acquire 2 timed false",
            "0 Queued token Token(2) 2",
            "0 Close",
            "0 Closed",
            "0 Left token Token(1)",
            "0 Left token Token(2)",
            "0 Dropped",
        ],
    );
}

#[test]
fn blocking_code_waits_by_the_hook() {
    check(
        |log| {
            let s = semaphore(0);
            let timed = s.acquire_timeout(Duration::ZERO);
            assert_eq!(timed.unwrap_err(), AcquireError::TimedOut);
            let other = Arc::clone(&s);
            *log.while_waiting.borrow_mut() = Some(Box::new(move || {
                other.grow(1);
                Woken::Woken
            }));
            s.acquire_blocking().unwrap().into_raw();
        },
        &[
            "0 Acquire 1 timed true",
            "0 Queued token Token(1) 1",
            "0 wait timed=true",
            "0 Left token Token(1)",
            "0 Acquire 1 timed false",
            "0 Queued token Token(2) 1",
            "0 wait timed=false",
            "0 Grow 1",
            "0 Grew 1",
            "0 Granted token Token(2) 1",
            "0 MadeRaw token Token(2) 1",
            "0 Dropped",
        ],
    );
}

#[test]
fn a_guard_that_is_unwound_is_told_and_not_announced() {
    check(
        |_| {
            let s = Semaphore::new(1);
            let unwound = catch_unwind(AssertUnwindSafe(|| {
                let _held = s.try_acquire().unwrap();
                panic!("while it is held");
            }));
            assert!(unwound.is_err());
        },
        &[
            "1 TryAcquire 1",
            "0 Granted token Token(1) 1",
            "1 Released token Token(1) 1",
            "1 Dropped",
        ],
    );
}

#[test]
fn a_merge_moves_permits_and_too_much_is_refused() {
    check(
        |_| {
            let s = Semaphore::new(2);
            let mut a = s.try_acquire().unwrap();
            a.merge(s.try_acquire().unwrap());
            assert!(s.release(1).is_err());
            drop(a);
        },
        &[
            "2 TryAcquire 1",
            "1 Granted token Token(1) 1",
            "1 TryAcquire 1",
            "0 Granted token Token(2) 1",
            "0 Moved from Token(2) to Token(1) 1",
            "0 Release 1",
            "0 OverReleased 1",
            "0 Release 2",
            "2 Released token Token(1) 2",
            "2 Dropped",
        ],
    );
}

#[test]
fn a_site_says_how_it_stands_and_where_it_was_made() {
    let s = Semaphore::new(3).named("pool");
    let line = line!() - 1;
    let _held = s.try_acquire_many(2).unwrap();
    s.shrink(2);
    s.close();
    let site = s.site();
    assert_eq!(
        (site.name, site.available, site.capacity),
        (Some("pool"), 0, Some(1))
    );
    assert_eq!((site.debt, site.closed, site.made.line()), (1, true, line));
    assert!(site.made.file().ends_with("hooked.rs"));
}
