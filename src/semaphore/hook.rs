//! Where the semaphore meets a scheduler: the only thing in it that knows of exploration.
//!
//! Production code is instrumented by calls of the functions of this file, and by nothing else. With
//! the feature `check` a call costs one thread-local read outside of an exploration; without it, the
//! calls and what they carry do not exist.
//!
//! What runs while a thread panics is told and not announced: who unwinds cannot wait for its turn. A
//! guard that is dropped announces the place where its permits were acquired, since a drop has none.
//! The token of a `release` or `forget` without a guard is that of the op itself: whose permits they
//! are, the semaphore does not know.
//!
//! **Invariants**
//!
//! 1. Nothing is told while the semaphore's lock is held: what hears it may call back.
//! 2. What an op did is told before the op returns, and before any waker that it owes is woken.

#[cfg(not(feature = "check"))]
mod absent;

#[cfg_attr(not(feature = "check"), allow(dead_code, unreachable_pub))]
mod words;

#[cfg(feature = "check")]
mod active {
    use std::cell::{Cell, RefCell};
    use std::panic::Location;
    use std::rc::Rc;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::{Mutex, PoisonError};
    use std::task::{Context, Poll, Waker};

    use super::words::{Event, Op, Woken};
    use crate::semaphore::later::Later;

    /// What an exploration knows a semaphore by; it lies in the semaphore, which never looks at it.
    #[derive(Debug)]
    pub struct Mark(pub AtomicU64);

    impl Mark {
        /// Set in a mark when a thread has used the semaphore that has no exploration.
        pub(crate) const OUTSIDE: u64 = 1 << 63;

        pub(crate) const fn new() -> Mark {
            Mark(AtomicU64::new(0))
        }

        /// A thread that has no exploration uses the semaphore.
        #[inline]
        pub(crate) fn used_outside(&self) {
            let mark = self.0.load(Ordering::Relaxed);
            if mark != 0 && mark & Mark::OUTSIDE == 0 {
                self.0.fetch_or(Mark::OUTSIDE, Ordering::Relaxed);
            }
        }
    }

    /// A semaphore that a thread without an exploration has dropped, as it was left.
    #[derive(Debug, Clone, Copy)]
    pub(crate) struct DroppedOutside {
        /// What an exploration had marked it with.
        pub mark: u64,
        pub available: usize,
        pub capacity: usize,
        pub debt: usize,
        pub closed: bool,
    }

    /// So many are kept at most: those of explorations that are over are never asked for.
    const MOST_DROPPED: usize = 1024;

    static DROPPED_OUTSIDE: Mutex<Vec<DroppedOutside>> = Mutex::new(Vec::new());

    /// Keeps what the exploration has to know that marked the semaphore.
    pub(crate) fn dropped_outside(site: &Site<'_>) {
        let dropped = DroppedOutside {
            mark: site.mark.0.load(Ordering::Relaxed) & !Mark::OUTSIDE,
            available: site.available,
            capacity: site.capacity.unwrap_or(0),
            debt: site.debt,
            closed: site.closed,
        };
        let all = &mut *DROPPED_OUTSIDE
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if all.len() == MOST_DROPPED {
            all.remove(0);
        }
        all.push(dropped);
    }

    /// The semaphores with such marks that were dropped outside and not asked for before.
    pub(crate) fn take_dropped_outside(is_mine: impl Fn(u64) -> bool) -> Vec<DroppedOutside> {
        let all = &mut *DROPPED_OUTSIDE
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if all.is_empty() {
            return Vec::new();
        }
        all.extract_if(.., |dropped| is_mine(dropped.mark))
            .collect()
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
        /// A worker is about to fire a [`Cancel`](crate::semaphore::Cancel); returns when it may.
        fn cancels(&self, _place: &'static Location<'static>) {}
        /// Somebody is about to look at how a semaphore stands, which is no op.
        fn looks(&self) {}
        /// Whether the semaphore of this mark is known: then its ops may be announced without a look at
        /// how it stands.
        fn knows(&self, _mark: &Mark) -> bool {
            false
        }
        /// Whether what guards put back while a thread panics is put back later, and not by it.
        fn defers(&self) -> bool {
            false
        }
        /// Those permits; the op is that of the guard that was dropped.
        fn put_back_later(
            &self,
            _site: &Site<'_>,
            _op: Op,
            _place: &'static Location<'static>,
            later: Later,
        ) {
            later.put_back();
        }
        /// The worker that runs lets others put back permits that it holds without a guard.
        fn hands_over(&self, _site: &Site<'_>, _permits: usize) {}
        /// A guard that lies at this address is dropped.
        fn drops_guard(&self, _address: usize) {}
        /// The token of the worker that runs, for an op at that place.
        fn token(&self, op: Op, place: &'static Location<'static>) -> Token;
        /// Something happened; `site` is how the semaphore stands since. `place` is where the user's
        /// code called, if it did.
        fn tell(&self, site: &Site<'_>, event: Event);
        /// An acquire begins in blocking code.
        ///
        /// # Panics
        ///
        /// Where none may.
        fn may_block(&self) {}
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

/// What the ops of the semaphore call: the hook, if this thread has one.
#[cfg(feature = "check")]
mod calls {
    use std::panic::Location;
    use std::rc::Rc;
    use std::sync::atomic::Ordering;
    use std::sync::{Arc, Weak};
    use std::task::{Context, Poll, Waker};

    use super::active::{Hook, Site, Token, dropped_outside, hook};
    use super::words::{Event, Op, Woken};
    use crate::semaphore::Semaphore;
    use crate::semaphore::later::Later;
    use crate::semaphore::tray::Tray;

    /// Where the user's code called.
    #[derive(Debug, Clone, Copy)]
    pub(in crate::semaphore) struct Place(&'static Location<'static>);

    impl Place {
        #[track_caller]
        pub(in crate::semaphore) const fn here() -> Place {
            Place(Location::caller())
        }
    }

    /// Where a semaphore was made.
    #[derive(Debug)]
    pub(in crate::semaphore) struct Origin(&'static Location<'static>);

    impl Origin {
        #[track_caller]
        pub(in crate::semaphore) const fn here() -> Origin {
            Origin(Location::caller())
        }
    }

    /// A semaphore whose events are told by who has no borrow of it: it may be gone.
    #[derive(Debug)]
    pub(in crate::semaphore) struct Target {
        tray: Weak<Tray>,
        made: &'static Location<'static>,
    }

    impl Target {
        pub(in crate::semaphore) fn of(semaphore: &Semaphore) -> Target {
            Target {
                tray: Arc::downgrade(semaphore.kept.tray()),
                made: semaphore.origin().0,
            }
        }

        pub(in crate::semaphore) fn tell(&self, scene: &Scene, event: Event) {
            let Some(tray) = self.tray.upgrade() else {
                return;
            };
            match &scene.0 {
                Some(hook) => hook.tell(&site_of(&tray, self.made), event),
                None => tray.mark.used_outside(),
            }
        }
    }

    /// How a semaphore stands that has been met: its name is known.
    pub(in crate::semaphore) fn site_of<'t>(
        tray: &'t Tray,
        made: &'static Location<'static>,
    ) -> Site<'t> {
        Site {
            mark: &tray.mark,
            name: None,
            made,
            available: tray.available(),
            capacity: tray.capacity(),
            debt: tray.debt(),
            closed: tray.is_closed(),
        }
    }

    /// Whether a scheduler knows of a future's op.
    #[derive(Debug)]
    pub(in crate::semaphore) struct Announced(bool);

    impl Announced {
        pub(in crate::semaphore) const NOT_YET: Announced = Announced(false);
    }

    /// The exploration that an op is in, or none. To ask for it is the one thread-local read.
    pub(in crate::semaphore) struct Scene(Option<Rc<dyn Hook>>);

    impl Scene {
        #[inline]
        pub(in crate::semaphore) fn here() -> Scene {
            Scene(hook())
        }

        #[inline]
        pub(in crate::semaphore) fn announce(&self, on: &Semaphore, op: Op, place: Place) {
            if let Some(hook) = &self.0 {
                hook.announce(&on.site_for(&**hook), op, place.0);
            }
        }

        /// Whether the hook takes over what a guard would put back while its thread panics.
        #[inline]
        pub(in crate::semaphore) fn defers(
            &self,
            on: &Semaphore,
            op: Op,
            place: Place,
            token: Token,
        ) -> bool {
            let (Some(hook), Op::Release { permits }) = (&self.0, op) else {
                return false;
            };
            // of one that the run has not met, the mark that the permits would carry is stale
            let known = || hook.knows(&on.tray().mark);
            if !std::thread::panicking() || !hook.defers() || !known() {
                return false;
            }
            let later = Later {
                tray: Arc::clone(on.kept.tray()),
                made: on.origin().0,
                permits,
                token,
            };
            hook.put_back_later(&on.site(), op, place.0, later);
            true
        }

        /// Of a guard that lies at that address. Who panics cannot wait for its turn: what an
        /// unwinding puts back is one step with the panic.
        #[inline]
        pub(in crate::semaphore) fn announce_drop(
            &self,
            on: &Semaphore,
            op: Op,
            place: Place,
            address: usize,
        ) {
            if let Some(hook) = &self.0 {
                if !std::thread::panicking() {
                    hook.announce(&on.site_for(&**hook), op, place.0);
                }
                hook.drops_guard(address);
            }
        }

        #[inline]
        pub(in crate::semaphore) fn poll_announce(
            &self,
            on: &Semaphore,
            op: Op,
            place: Place,
            announced: &mut Announced,
            cx: &mut Context<'_>,
        ) -> Poll<()> {
            match &self.0 {
                None => Poll::Ready(()),
                Some(hook) => hook.poll_announce(&on.site(), op, place.0, &mut announced.0, cx),
            }
        }

        #[inline]
        pub(in crate::semaphore) fn token(&self, op: Op, place: Place) -> Token {
            match &self.0 {
                None => Token::NONE,
                Some(hook) => hook.token(op, place.0),
            }
        }

        #[inline]
        pub(in crate::semaphore) fn tell(&self, on: &Semaphore, event: Event) {
            match &self.0 {
                Some(hook) => hook.tell(&on.site(), event),
                None => on.tray().mark.used_outside(),
            }
        }

        /// Tells of a semaphore that may be gone.
        pub(in crate::semaphore) fn tell_of(&self, site: &Site<'_>, event: Event) {
            if let Some(hook) = &self.0 {
                hook.tell(site, event);
            }
        }

        /// Whether an acquire in blocking code is one of a worker.
        #[inline]
        pub(in crate::semaphore) fn blocks(&self) -> bool {
            let Some(hook) = &self.0 else { return false };
            hook.may_block();
            true
        }

        /// The waker to wait with in blocking code.
        #[inline]
        pub(in crate::semaphore) fn waker(&self) -> Waker {
            match &self.0 {
                None => Waker::noop().clone(),
                Some(hook) => hook.waker(),
            }
        }

        pub(in crate::semaphore) fn wait(&self, on: &Semaphore, timed: bool) -> Woken {
            match &self.0 {
                None => Woken::Woken,
                Some(hook) => hook.wait(&on.site_for(&**hook), timed),
            }
        }
    }

    /// A `Cancel` is about to be fired, by whoever called there.
    #[inline]
    pub(in crate::semaphore) fn cancels(place: Place) {
        if let Some(hook) = hook() {
            hook.cancels(place.0);
        }
    }

    /// Others may put back so many permits that the caller holds without a guard.
    pub(in crate::semaphore) fn hands_over(on: &Semaphore, permits: usize) {
        if let Some(hook) = hook() {
            hook.hands_over(&on.site(), permits);
        }
    }

    /// Somebody looks at how a semaphore stands.
    #[inline]
    pub(in crate::semaphore) fn looks() {
        if let Some(hook) = hook() {
            hook.looks();
        }
    }

    /// A semaphore is dropped: the exploration that marked it is told, if it goes on. So is one in whose
    /// run it is dropped and that has not met it, if permits are missing: nobody will put them back.
    pub(in crate::semaphore) fn dropped(semaphore: &Semaphore) {
        let Some(tray) = semaphore.kept.used() else {
            return;
        };
        let is_marked = tray.mark.0.load(Ordering::Relaxed) != 0;
        let hook = hook();
        if is_marked && hook.is_some() {
            return Scene::here().tell(semaphore, Event::Dropped);
        }
        let site = semaphore.site();
        let there_are = site.capacity.map(|capacity| capacity + site.debt);
        if there_are.is_some_and(|all| site.available < all) {
            match hook {
                Some(hook) => hook.tell(&site, Event::Dropped),
                None if is_marked => dropped_outside(&site),
                None => {}
            }
        }
    }

    impl Semaphore {
        /// What a hook wants to know of this semaphore before an op: to one that it knows already it
        /// stands for nothing but its mark.
        #[inline]
        fn site_for(&self, hook: &dyn Hook) -> Site<'_> {
            let mark = &self.tray().mark;
            if !hook.knows(mark) {
                return self.site();
            }
            Site {
                mark,
                name: None,
                made: self.origin().0,
                available: 0,
                capacity: None,
                debt: 0,
                closed: false,
            }
        }

        /// What an exploration knows this semaphore by, and how it stands.
        pub fn site(&self) -> Site<'_> {
            Site {
                name: self.name(),
                ..site_of(self.tray(), self.origin().0)
            }
        }
    }
}

#[cfg(feature = "check")]
pub(crate) use active::take_dropped_outside;
#[cfg(feature = "check")]
pub use active::{Hook, Installed, Mark, Site, Token, install};
#[cfg(feature = "check")]
pub use words::{Event, Op, Woken};

#[cfg(not(feature = "check"))]
use absent as calls;
#[cfg(not(feature = "check"))]
pub(super) use absent::{Mark, Token};
#[cfg(not(feature = "check"))]
pub(super) use words::{Event, Op, Woken};

#[cfg(feature = "check")]
pub(super) use calls::site_of;
pub(super) use calls::{
    Announced, Origin, Place, Scene, Target, cancels, dropped, hands_over, looks,
};
