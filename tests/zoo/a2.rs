//! A2, llvm #46357: a release that found permits there before it wakes nobody, though somebody may
//! sleep who has not come to take those.
//!
//! Wake-and-retry: a count that sleepers wait on, as a futex. The twin wakes at each release.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use selvedge::thread::yield_now;
use shuttle::thread::{Thread, current, park};

use super::blocking::Blocking;

pub(crate) type Buggy = Semaphore<false>;
pub(crate) type Fixed = Semaphore<true>;

pub(crate) struct Semaphore<const FIXED: bool> {
    free: AtomicU32,
    sleepers: Mutex<VecDeque<Thread>>,
}

impl<const FIXED: bool> Semaphore<FIXED> {
    fn decrement(&self) -> bool {
        let mut free = self.free.load(Ordering::SeqCst);
        while free > 0 {
            yield_now();
            let exchanged =
                self.free
                    .compare_exchange(free, free - 1, Ordering::SeqCst, Ordering::SeqCst);
            match exchanged {
                Ok(_) => return true,
                Err(now) => free = now,
            }
        }
        false
    }

    /// Falls asleep unless there is a permit: as a futex, both at once.
    fn sleep(&self) {
        let falls_asleep = {
            let mut sleepers = self.sleepers.lock().unwrap();
            let empty = self.free.load(Ordering::SeqCst) == 0;
            if empty {
                sleepers.push_back(current());
            }
            empty
        };
        if falls_asleep {
            park();
        }
    }

    fn wake_one(&self) {
        let sleeper = self.sleepers.lock().unwrap().pop_front();
        if let Some(sleeper) = sleeper {
            sleeper.unpark();
        }
    }
}

impl<const FIXED: bool> Blocking for Semaphore<FIXED> {
    fn with_permits(permits: u32) -> Self {
        Semaphore {
            free: AtomicU32::new(permits),
            sleepers: Mutex::default(),
        }
    }

    fn acquire(&self) {
        loop {
            yield_now();
            if self.decrement() {
                return;
            }
            yield_now();
            self.sleep();
        }
    }

    fn release(&self) {
        yield_now();
        let before = self.free.fetch_add(1, Ordering::SeqCst);
        if FIXED || before == 0 {
            yield_now();
            self.wake_one();
        }
    }

    fn available(&self) -> u32 {
        self.free.load(Ordering::SeqCst)
    }
}
