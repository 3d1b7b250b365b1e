//! Atomics, the lock, and threads that wait: the one file that knows of loom.
//!
//! Under `cfg(loom)` all of it is loom's, so that its tests see every interleaving of the rest as it
//! stands. There constructors are not `const`, and a timer fires at once.

use std::sync::{Arc, OnceLock, PoisonError};
use std::task::{Wake, Waker};
use std::time::Instant;

#[cfg(not(loom))]
use std::sync::{Mutex, MutexGuard, atomic};
#[cfg(not(loom))]
use std::thread;

#[cfg(loom)]
use loom::sync::{Mutex, MutexGuard, atomic};
#[cfg(loom)]
use loom::{thread, thread_local};

pub(super) use atomic::{AtomicBool, AtomicUsize, Ordering};

/// `const fn`, but where loom's types cannot be made in constants.
macro_rules! const_fn {
    ($($(#[$about:meta])* $sight:vis fn $name:ident($($arg:ident: $of:ty),*) -> $made:ty $body:block)+) => {$(
        #[cfg(not(loom))]
        $(#[$about])*
        $sight const fn $name($($arg: $of),*) -> $made $body

        #[cfg(loom)]
        $(#[$about])*
        $sight fn $name($($arg: $of),*) -> $made $body
    )+};
}
pub(super) use const_fn;

pub(super) type Guard<'l, T> = MutexGuard<'l, T>;

/// A lock under which no foreign code runs: that it was poisoned cannot matter.
#[derive(Debug)]
pub(super) struct Lock<T>(Mutex<T>);

impl<T> Lock<T> {
    const_fn! {
        pub(super) fn new(value: T) -> Lock<T> {
            Lock(Mutex::new(value))
        }
    }

    #[inline]
    pub(super) fn lock(&self) -> Guard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A value that is made when it is first needed. Under loom it is there from the start: loom does not
/// see what std's cell orders, and would take the making for a data race.
#[derive(Debug)]
pub(super) struct Lazy<T>(OnceLock<T>);

impl<T: Default> Lazy<T> {
    #[cfg(not(loom))]
    pub(super) const fn new() -> Lazy<T> {
        Lazy(OnceLock::new())
    }

    #[cfg(loom)]
    pub(super) fn new() -> Lazy<T> {
        Lazy(OnceLock::from(T::default()))
    }

    /// The value, if it was needed before.
    pub(super) fn made(&self) -> Option<&T> {
        self.0.get()
    }

    #[inline]
    pub(super) fn get(&self) -> &T {
        match self.0.get() {
            Some(value) => value,
            None => self.make(),
        }
    }

    #[cold]
    fn make(&self) -> &T {
        self.0.get_or_init(T::default)
    }
}

/// Where a thread waits until its waker is woken.
#[derive(Debug)]
pub(super) struct Parker {
    woken: AtomicBool,
    thread: thread::Thread,
}

impl Parker {
    // the thread is the one to wake; nothing else of it is looked at
    #[allow(clippy::disallowed_methods)]
    fn new() -> Parker {
        Parker {
            woken: AtomicBool::new(false),
            thread: thread::current(),
        }
    }

    /// Forgets a wake of an earlier wait, whose answer was there before it. One that comes later yet
    /// wakes for nothing.
    pub(super) fn forget(&self) {
        if self.woken.load(Ordering::Relaxed) {
            self.woken.swap(false, Ordering::Acquire);
        }
    }

    /// Sleeps until the waker is woken: false if the deadline comes first.
    pub(super) fn wait(&self, deadline: Option<Instant>) -> bool {
        while !self.woken.swap(false, Ordering::Acquire) {
            match deadline {
                None => thread::park(),
                Some(deadline) => {
                    if !park_until(deadline) {
                        return false;
                    }
                }
            }
        }
        true
    }
}

impl Wake for Parker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // who finds it woken has been before the thread looked: it will not sleep
        if !self.woken.swap(true, Ordering::Release) {
            self.thread.unpark();
        }
    }
}

/// Lets other threads run that could.
#[cfg(not(loom))]
pub(super) fn give_way() {
    thread::yield_now();
}

/// Does nothing: any thread may run next, and to loom a thread that yields would come last.
#[cfg(loom)]
pub(super) fn give_way() {}

/// Looks again and again until there is something or the time is over.
#[cfg(not(loom))]
pub(super) fn look_until<T>(until: Instant, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    /// To ask for the time costs as much as a few looks.
    const LOOKS: u32 = 20;
    loop {
        for _ in 0..LOOKS {
            let seen = look();
            if seen.is_some() {
                return seen;
            }
            std::hint::spin_loop();
        }
        if now() >= until {
            return None;
        }
    }
}

/// Looks once: what comes later is seen after a wake.
#[cfg(loom)]
pub(super) fn look_until<T>(_until: Instant, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    look()
}

/// How many threads can run at the same time, as far as it is known.
#[cfg(not(loom))]
pub(super) fn processors() -> usize {
    static PROCESSORS: std::sync::OnceLock<usize> = std::sync::OnceLock::new();
    // in blocking code outside of explorations alone, which no finding comes from
    #[allow(clippy::disallowed_methods)]
    let ask = || thread::available_parallelism().map_or(1, usize::from);
    *PROCESSORS.get_or_init(ask)
}

/// Enough that whoever is first in the queue looks.
#[cfg(loom)]
pub(super) fn processors() -> usize {
    2
}

/// Sleeps until somebody unparks or the deadline comes: false if that has passed.
#[cfg(not(loom))]
fn park_until(deadline: Instant) -> bool {
    let left = deadline.saturating_duration_since(now());
    if left.is_zero() {
        return false;
    }
    thread::park_timeout(left);
    true
}

/// A timer that fires as soon as somebody waits for it: whether anything came before it is what
/// loom varies.
#[cfg(loom)]
fn park_until(_deadline: Instant) -> bool {
    thread::yield_now();
    false
}

/// What a timeout is counted from. In an exploration the clock is never asked.
#[allow(clippy::disallowed_methods)]
pub(super) fn now() -> Instant {
    Instant::now()
}

/// Calls with the parker of this thread and its waker.
pub(super) fn with_parker<R>(call: impl FnOnce(&Parker, &Waker) -> R) -> R {
    thread_local! {
        static PARKER: (Arc<Parker>, Waker) = new_parker();
    }
    let mut call = Some(call);
    let mut apply = |(parker, waker): &(Arc<Parker>, Waker)| call.take().map(|c| c(parker, waker));
    // a thread that ends has lost its own, and makes one for this wait
    let answer = match PARKER.try_with(&mut apply) {
        Ok(answer) => answer,
        Err(_) => apply(&new_parker()),
    };
    answer.unwrap_or_else(|| unreachable!("it is called once"))
}

fn new_parker() -> (Arc<Parker>, Waker) {
    let parker = Arc::new(Parker::new());
    let waker = Waker::from(Arc::clone(&parker));
    (parker, waker)
}
