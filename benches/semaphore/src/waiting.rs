//! Waiting for futures: the same two ways for every peer.

use std::cell::RefCell;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

/// A thread that sleeps until its waker is woken.
struct Sleeper {
    woken: AtomicBool,
    thread: Thread,
}

impl Wake for Sleeper {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.woken.swap(true, Ordering::Release) {
            self.thread.unpark();
        }
    }
}

thread_local! {
    static SLEEPER: (Arc<Sleeper>, Waker) = {
        let sleeper = Arc::new(Sleeper { woken: AtomicBool::new(false), thread: thread::current() });
        (Arc::clone(&sleeper), Waker::from(sleeper))
    };
}

/// Waits in this thread; nothing is allocated.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    SLEEPER.with(|(sleeper, waker)| {
        let mut cx = Context::from_waker(waker);
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
                return output;
            }
            while !sleeper.woken.swap(false, Ordering::Acquire) {
                thread::park();
            }
        }
    })
}

/// Polls once, and the future has to be ready.
#[inline]
pub fn at_once<F: Future>(future: F) -> F::Output {
    let mut cx = Context::from_waker(Waker::noop());
    match pin!(future).poll(&mut cx) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("nobody holds anything"),
    }
}

/// A task of the poll loop: woken or not.
struct Task(AtomicBool);

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}

/// Runs two tasks in this thread, polling whichever is woken, until both are ready.
pub fn run_two(a: impl Future<Output = ()>, b: impl Future<Output = ()>) {
    let (mut a, mut b) = (pin!(a), pin!(b));
    let tasks: [Arc<Task>; 2] = std::array::from_fn(|_| Arc::new(Task(AtomicBool::new(true))));
    let wakers = tasks.clone().map(Waker::from);
    let mut done = [false; 2];
    while done != [true; 2] {
        for i in 0..2 {
            if done[i] || !tasks[i].0.swap(false, Ordering::Acquire) {
                continue;
            }
            let mut cx = Context::from_waker(&wakers[i]);
            done[i] = match i {
                0 => a.as_mut().poll(&mut cx).is_ready(),
                _ => b.as_mut().poll(&mut cx).is_ready(),
            };
        }
    }
}

thread_local! {
    static CROWD: RefCell<Vec<(Arc<Task>, Waker)>> = const { RefCell::new(Vec::new()) };
}

/// Polls every future once, calls, and polls every one that was woken: all have to be ready then.
/// Each has a waker of its own.
pub fn crowd<F: Future>(futures: &mut [Pin<Box<F>>], between: impl FnOnce()) {
    CROWD.with_borrow_mut(|tasks| {
        while tasks.len() < futures.len() {
            let task = Arc::new(Task(AtomicBool::new(false)));
            tasks.push((Arc::clone(&task), Waker::from(task)));
        }
        for (future, (_, waker)) in futures.iter_mut().zip(tasks.iter()) {
            let polled = future.as_mut().poll(&mut Context::from_waker(waker));
            assert!(polled.is_pending());
        }
        between();
        for (future, (task, waker)) in futures.iter_mut().zip(tasks.iter()) {
            assert!(task.0.swap(false, Ordering::Acquire));
            let polled = future.as_mut().poll(&mut Context::from_waker(waker));
            assert!(polled.is_ready());
        }
    });
}
