//! The exploration of this thread, if there is one.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::runtime::scene::core::Core;

thread_local! {
    static EXPLORATION: Cell<u64> = const { Cell::new(0) };
    static CORE: RefCell<Option<Rc<Core>>> = const { RefCell::new(None) };
    static WAKES: Cell<u64> = const { Cell::new(0) };
}

static NEXT: AtomicU64 = AtomicU64::new(1);

/// A number of the exploration of this thread that no other has; zero without one. It tells whether
/// a waker is woken from within, and shows in nothing.
#[inline]
pub(in crate::runtime) fn exploration() -> u64 {
    EXPLORATION.try_with(Cell::get).unwrap_or(0)
}

/// A task is woken, by this thread.
#[inline]
pub(in crate::runtime) fn count_wake() {
    let _ = WAKES.try_with(|wakes| wakes.set(wakes.get().wrapping_add(1)));
}

/// How often this thread has woken tasks: what was woken in between is the difference.
pub(in crate::runtime) fn wakes() -> u64 {
    WAKES.try_with(Cell::get).unwrap_or(0)
}

/// Whether this thread explores.
#[inline]
pub(crate) fn is_exploring() -> bool {
    exploration() != 0
}

/// The exploration of this thread.
#[inline]
pub(in crate::runtime) fn core() -> Option<Rc<Core>> {
    if !is_exploring() {
        return None;
    }
    CORE.with(|slot| slot.borrow().clone())
}

/// Calls `f` with the exploration of this thread; `None` if there is none.
#[inline]
pub(in crate::runtime) fn with_core<T>(f: impl FnOnce(&Rc<Core>) -> T) -> Option<T> {
    if !is_exploring() {
        return None;
    }
    CORE.with(|slot| slot.borrow().as_ref().map(f))
}

/// Reserves this thread for one exploration until it is dropped.
#[derive(Debug)]
pub(crate) struct Reserved(());

impl Reserved {
    /// # Panics
    ///
    /// If the thread explores already.
    pub(crate) fn new() -> Reserved {
        assert!(
            !is_exploring(),
            "a check inside of a check: explore one closure after the other, and nothing in a task"
        );
        EXPLORATION.set(NEXT.fetch_add(1, Ordering::Relaxed));
        Reserved(())
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        EXPLORATION.set(0);
    }
}

/// Makes a core the one of this thread, until it is dropped.
pub(in crate::runtime) struct Entered(());

impl Entered {
    pub(in crate::runtime) fn new(core: Rc<Core>) -> Entered {
        CORE.with(|slot| *slot.borrow_mut() = Some(core));
        Entered(())
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        let _core = CORE.with(|slot| slot.borrow_mut().take());
    }
}
