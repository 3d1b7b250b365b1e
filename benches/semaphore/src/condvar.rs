//! The semaphore that everybody writes: a mutex and a condition variable. It is neither fair nor
//! async.

use std::sync::{Condvar, Mutex};

pub struct Semaphore {
    permits: Mutex<usize>,
    freed: Condvar,
}

impl Semaphore {
    pub fn new(permits: usize) -> Semaphore {
        Semaphore {
            permits: Mutex::new(permits),
            freed: Condvar::new(),
        }
    }

    pub fn try_acquire(&self) -> Option<Permit<'_>> {
        let mut permits = self.permits.lock().unwrap();
        *permits = permits.checked_sub(1)?;
        Some(Permit(self))
    }

    pub fn acquire(&self) -> Permit<'_> {
        let permits = self.permits.lock().unwrap();
        *self.freed.wait_while(permits, |p| *p == 0).unwrap() -= 1;
        Permit(self)
    }
}

pub struct Permit<'a>(&'a Semaphore);

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        *self.0.permits.lock().unwrap() += 1;
        self.0.freed.notify_one();
    }
}
