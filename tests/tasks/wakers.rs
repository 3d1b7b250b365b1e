//! Wakers under test: the habits of executors, on semaphores that can stand them and on some that
//! cannot.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Mutex;
use std::task::{Poll, Waker};
use std::time::Duration;

use selvedge::explore::Explorer;
use selvedge::program::Order;
use selvedge::runtime::{Counting, Refused, Wakers};
use selvedge::{probe, task, tracked};

use super::drive::{check_with, depth_first, finds, portfolio, shown, with_faults};

const SPURIOUS: Wakers = Wakers {
    spurious: true,
    replaced: false,
    reentrant: false,
};
const REPLACED: Wakers = Wakers {
    spurious: false,
    replaced: true,
    reentrant: false,
};
const REENTRANT: Wakers = Wakers {
    spurious: false,
    replaced: false,
    reentrant: true,
};

fn with(wakers: Wakers) -> impl Fn(Explorer) -> Explorer {
    move |explorer| Explorer {
        wakers,
        ..with_faults(explorer, [0, 0, 2])
    }
}

/// Two tasks that share one permit of a semaphore that is probed and tracked.
async fn shared<S: Counting + 'static>() {
    let pool = Rc::new(S::with_permits(1));
    let seen = Rc::clone(&pool);
    probe("pool", 1, move || seen.available().unwrap());
    let tasks: Vec<_> = (0..2)
        .map(|_| {
            let pool = Rc::clone(&pool);
            task::spawn(async move {
                let permit = tracked(&*pool).named("pool").acquire().await;
                task::yield_now().await;
                drop(permit);
            })
        })
        .collect();
    for task in tasks {
        let _ = task.await;
    }
}

#[track_caller]
fn sound<S: Counting + 'static>() {
    for wakers in [SPURIOUS, REPLACED, REENTRANT] {
        check_with(with(wakers), shared::<S>, &[]);
    }
}

#[test]
fn ours_stands_them() {
    sound::<selvedge::Semaphore>();
}

#[cfg(feature = "tokio")]
#[test]
fn tokios_stands_them() {
    sound::<tokio::sync::Semaphore>();
}

/// What is wrong with a [`Broken`].
const FIRST_WAKER: u8 = 0;
const TRUSTING: u8 = 1;
const LOCKED: u8 = 2;

/// A semaphore of one permit, with one mistake.
struct Broken<const HOW: u8> {
    free: Cell<bool>,
    queue: Mutex<VecDeque<(u64, Waker)>>,
    tickets: Cell<u64>,
    granted: RefCell<Vec<u64>>,
}

struct Permit<'a, const HOW: u8>(&'a Broken<HOW>);

impl<const HOW: u8> Drop for Permit<'_, HOW> {
    fn drop(&mut self) {
        let mut queue = self.0.queue.lock().unwrap();
        let Some((ticket, waker)) = queue.pop_front() else {
            self.0.free.set(true);
            return;
        };
        self.0.granted.borrow_mut().push(ticket);
        if HOW != LOCKED {
            drop(queue);
        }
        waker.wake();
    }
}

/// Leaves the queue, or gives back what it was granted.
struct Ticket<'a, const HOW: u8>(&'a Broken<HOW>, Cell<Option<u64>>);

impl<const HOW: u8> Drop for Ticket<'_, HOW> {
    fn drop(&mut self) {
        let Some(ticket) = self.1.get() else { return };
        let left = {
            let mut queue = self.0.queue.lock().unwrap();
            let at = queue.iter().position(|(t, _)| *t == ticket);
            at.and_then(|at| queue.remove(at))
        };
        if left.is_none() {
            drop(Permit(self.0));
        }
    }
}

impl<const HOW: u8> Counting for Broken<HOW> {
    const ORDER: Order = Order::Fifo;
    type Permit<'a> = Permit<'a, HOW>;

    fn with_permits(_: u32) -> Self {
        Broken {
            free: Cell::new(true),
            queue: Mutex::default(),
            tickets: Cell::new(0),
            granted: RefCell::default(),
        }
    }

    async fn acquire(&self, _: u32) -> Result<Permit<'_, HOW>, Refused> {
        let ticket = Ticket(self, Cell::new(None));
        poll_fn(|cx| {
            let Some(number) = ticket.1.get() else {
                if self.free.replace(false) {
                    return Poll::Ready(());
                }
                let number = self.tickets.get();
                self.tickets.set(number + 1);
                ticket.1.set(Some(number));
                let waiter = (number, cx.waker().clone());
                self.queue.lock().unwrap().push_back(waiter);
                return Poll::Pending;
            };
            if HOW == TRUSTING || self.granted.borrow().contains(&number) {
                self.queue.lock().unwrap().retain(|(t, _)| *t != number);
                self.granted.borrow_mut().retain(|t| *t != number);
                ticket.1.set(None);
                return Poll::Ready(());
            }
            if HOW != FIRST_WAKER {
                let mut queue = self.queue.lock().unwrap();
                for (_, waker) in queue.iter_mut().filter(|(t, _)| *t == number) {
                    waker.clone_from(cx.waker());
                }
            }
            Poll::Pending
        })
        .await;
        Ok(Permit(self))
    }

    fn try_acquire(&self, _: u32) -> Result<Permit<'_, HOW>, Refused> {
        let taken = self.free.replace(false);
        taken.then_some(Permit(self)).ok_or(Refused::NoPermits)
    }

    fn available(&self) -> Option<usize> {
        // a look at it takes the lock
        let _queue = self.queue.lock().unwrap();
        Some(usize::from(self.free.get()))
    }
}

/// The first waker is kept, and who is moved to another is never woken.
#[test]
fn a_first_waker_that_is_kept_is_found() {
    for explorer in [portfolio(), depth_first()] {
        let report =
            with(REPLACED)(explorer).explore_async("subject", shared::<Broken<FIRST_WAKER>>);
        let stuck = |f: &selvedge::report::Finding| f.property.as_str() == "deadlock";
        assert!(report.findings.iter().any(stuck), "{}", shown(&report));
    }
}

/// A poll that nobody woke is taken for a grant.
#[test]
fn a_trusting_poll_is_found() {
    for explorer in [portfolio(), depth_first()] {
        let report = with(SPURIOUS)(explorer).explore_async("subject", shared::<Broken<TRUSTING>>);
        let admitted = |f: &selvedge::report::Finding| f.property.as_str() == "over-admission";
        assert!(report.findings.iter().any(admitted), "{}", shown(&report));
    }
}

#[test]
fn nothing_is_found_where_nothing_is_tried() {
    for wakers in [SPURIOUS, REENTRANT] {
        check_with(with(wakers), shared::<Broken<FIRST_WAKER>>, &[]);
    }
    check_with(with(REPLACED), shared::<Broken<LOCKED>>, &[]);
}

/// A waker is called under the lock, and the waker takes the lock.
#[test]
fn a_waker_under_a_lock_blocks() {
    let explorer = Explorer {
        patience: Duration::from_millis(300),
        ..with(REENTRANT)(portfolio())
    };
    let report = finds(&explorer, shared::<Broken<LOCKED>>, &["livelock"]);
    let finding = &report.findings[0];
    assert!(finding.detail.contains("main."), "{}", shown(&report));
    assert!(finding.schedule.contains("main."), "{}", finding.schedule);
    // and the process goes on
    check_with(with(REENTRANT), shared::<selvedge::Semaphore>, &[]);
}
