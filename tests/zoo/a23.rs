//! A23, bb8 #122: whoever finds no permit joins the queue only then, and a release in between wakes
//! nobody.
//!
//! Wake-and-retry: a release raises the count and wakes the first of the queue. The twin looks and
//! joins under one lock.

use std::collections::VecDeque;
use std::sync::Mutex;

use selvedge::thread::yield_now;
use shuttle::thread::{Thread, current, park};

use super::blocking::Blocking;

pub(crate) type Buggy = Semaphore<false>;
pub(crate) type Fixed = Semaphore<true>;

pub(crate) struct Semaphore<const FIXED: bool>(Mutex<State>);

struct State {
    free: u32,
    queue: VecDeque<Thread>,
}

impl State {
    fn takes_one(&mut self) -> bool {
        let takes = self.free > 0;
        self.free -= u32::from(takes);
        takes
    }
}

impl<const FIXED: bool> Semaphore<FIXED> {
    /// Whether there was a permit; if not, this thread is in the queue.
    fn takes_one_or_queues(&self) -> bool {
        if FIXED {
            let mut state = self.0.lock().unwrap();
            let takes = state.takes_one();
            if !takes {
                state.queue.push_back(current());
            }
            return takes;
        }
        if self.0.lock().unwrap().takes_one() {
            return true;
        }
        yield_now();
        self.0.lock().unwrap().queue.push_back(current());
        false
    }
}

impl<const FIXED: bool> Blocking for Semaphore<FIXED> {
    fn with_permits(permits: u32) -> Self {
        Semaphore(Mutex::new(State {
            free: permits,
            queue: VecDeque::new(),
        }))
    }

    fn acquire(&self) {
        yield_now();
        while !self.takes_one_or_queues() {
            yield_now();
            park();
        }
    }

    fn release(&self) {
        yield_now();
        let first = {
            let mut state = self.0.lock().unwrap();
            state.free += 1;
            state.queue.pop_front()
        };
        yield_now();
        if let Some(first) = first {
            first.unpark();
        }
    }

    fn available(&self) -> u32 {
        self.0.lock().unwrap().free
    }
}
