//! Where the semaphore meets a scheduler: the only thing in it that knows of exploration.
//!
//! Production code is instrumented by calls of the functions of this file, and by nothing else. With
//! the feature `check` a call costs one thread-local read outside of an exploration; without it, the
//! calls and what they carry do not exist.
//!
//! **Invariants**
//!
//! 1. Nothing is told while the semaphore's lock is held: what hears it may call back.
//! 2. What an op did is told before the op returns, and before any waker that it owes is woken.

#[cfg(feature = "check")]
mod active {
    use std::cell::{Cell, RefCell};
    use std::panic::Location;
    use std::rc::Rc;
    use std::sync::atomic::AtomicU64;
    use std::task::{Context, Poll, Waker};

    /// What an exploration knows a semaphore by; it lies in the semaphore, which never looks at it.
    #[derive(Debug)]
    pub struct Mark(pub AtomicU64);

    impl Mark {
        pub(crate) const fn new() -> Mark {
            Mark(AtomicU64::new(0))
        }
    }

    /// Who took permits, and with which op; permits and waiters carry it, and never look at it.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Token(pub u64);

    impl Token {
        /// Nobody that an exploration knows.
        pub const NONE: Token = Token(u64::MAX);
    }

    /// Which semaphore, and how it stands.
    #[derive(Debug, Clone, Copy)]
    pub struct Site<'a> {
        /// What an exploration knows it by.
        pub mark: &'a Mark,
        /// The name that it was given.
        pub name: Option<&'a str>,
        /// Where it was made.
        pub made: &'static Location<'static>,
        /// Free permits.
        pub available: usize,
        /// The capacity; `None` if it is not bounded.
        pub capacity: Option<usize>,
        /// What a shrink has still to take.
        pub debt: usize,
        /// Whether it is closed.
        pub closed: bool,
    }

    /// What a worker is about to do.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    #[allow(missing_docs)] // named after the methods of the semaphore
    pub enum Op {
        Acquire { permits: usize, timed: bool },
        TryAcquire { permits: usize },
        /// Put back what a guard holds, or what was taken without one.
        Release { permits: usize },
        Grow { permits: usize },
        Shrink { permits: usize },
        Drain,
        Forget { permits: usize },
        Close,
    }

    /// What an op did.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    #[allow(missing_docs)] // `permits` are what they say
    pub enum Event {
        /// Permits were handed to whoever the token says, at once or by whoever released them. What
        /// `drain` takes is told so too.
        Granted { token: Token, permits: usize },
        /// An acquire joined the queue.
        Queued { token: Token, permits: usize },
        /// A waiter left the queue without permits: cancelled, timed out, or failed by `close`.
        Left { token: Token },
        /// A waiter was granted permits, and was cancelled before it could take them: they went back.
        Returned { token: Token, permits: usize },
        /// A try was refused.
        TryFailed { permits: usize },
        /// Permits of that token were put back.
        Released { token: Token, permits: usize },
        /// More was put back than there is room for, and refused.
        OverReleased { permits: usize },
        /// The capacity rose.
        Grew { permits: usize },
        /// The capacity fell; of this `debt` is still to be taken.
        Shrank { permits: usize, debt: usize },
        /// Permits of that token were given up for good.
        Forgot { token: Token, permits: usize },
        /// Permits of `from` are counted as those of `to` from now on (a merge of guards).
        Moved { from: Token, to: Token, permits: usize },
        /// It was closed.
        Closed,
        /// It was dropped.
        Dropped,
    }

    /// Why a blocked worker goes on.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Woken {
        /// Its waker was woken.
        Woken,
        /// Its timer fired.
        TimedOut,
    }

    /// What a scheduler does for the semaphores that it has in an exploration.
    pub trait Hook {
        /// A worker is about to perform an op in blocking code, or in code that cannot wait; returns
        /// when it may. `place` is where the user's code called.
        fn announce(&self, site: &Site<'_>, op: Op, place: &'static Location<'static>);
        /// The same in a future: pending until the worker may perform the op. `announced` is false
        /// at the first call for an op, and is the scheduler's to set.
        fn poll_announce(
            &self,
            site: &Site<'_>,
            op: Op,
            place: &'static Location<'static>,
            announced: &mut bool,
            cx: &mut Context<'_>,
        ) -> Poll<()>;
        /// The token of the worker that runs, for an op at that place.
        fn token(&self, op: Op, place: &'static Location<'static>) -> Token;
        /// Something happened; `site` is how the semaphore stands since. `place` is where the user's
        /// code called, if it did.
        fn tell(&self, site: &Site<'_>, event: Event);
        /// The waker of the worker that runs, for a wait in blocking code.
        fn waker(&self) -> Waker;
        /// Blocks the worker that runs until that waker is woken, or, if it is timed, until the
        /// scheduler lets its timer fire.
        fn wait(&self, site: &Site<'_>, timed: bool) -> Woken;
    }

    thread_local! {
        static ACTIVE: Cell<bool> = const { Cell::new(false) };
        static HOOK: RefCell<Option<Rc<dyn Hook>>> = const { RefCell::new(None) };
    }

    /// Puts a hook in place for this thread until the guard is dropped.
    ///
    /// # Panics
    ///
    /// If there is one.
    pub fn install(hook: Rc<dyn Hook>) -> Installed {
        let before = HOOK.with(|slot| slot.borrow_mut().replace(hook));
        assert!(before.is_none(), "one exploration at a time has a thread");
        ACTIVE.set(true);
        Installed(())
    }

    /// Takes the hook away when it is dropped.
    #[derive(Debug)]
    pub struct Installed(());

    impl Drop for Installed {
        fn drop(&mut self) {
            ACTIVE.set(false);
            let _hook = HOOK.with(|slot| slot.borrow_mut().take());
        }
    }

    /// The hook of this thread, in an exploration.
    #[inline]
    pub(crate) fn hook() -> Option<Rc<dyn Hook>> {
        // a thread that ends has no exploration any more
        if !ACTIVE.try_with(Cell::get).unwrap_or(false) {
            return None;
        }
        HOOK.with(|slot| slot.borrow().clone())
    }
}

#[cfg(feature = "check")]
pub use active::{Event, Hook, Installed, Mark, Op, Site, Token, Woken, install};
