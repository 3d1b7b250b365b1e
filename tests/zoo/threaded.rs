//! Programs over threads that use a semaphore as the documented bugs do, each beside its fixed twin.

use std::sync::Arc;
use std::time::Duration;

use selvedge::{Semaphore, fault, thread};

fn semaphore(permits: usize) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(permits).named("zoo"))
}

/// Starts the same in so many threads, and waits for them.
fn in_threads<const THREADS: usize>(semaphore: &Arc<Semaphore>, run: fn(&Arc<Semaphore>)) {
    let threads: [_; THREADS] = std::array::from_fn(|_| {
        let semaphore = Arc::clone(semaphore);
        thread::spawn(move || run(&semaphore))
    });
    for thread in threads {
        // one may have been struck by a panic
        let _ = thread.join();
    }
}

/// B1, elasticsearch #14908: what was not acquired in time is released all the same.
pub(crate) fn b1<const FIXED: bool>() {
    fn call(semaphore: &Arc<Semaphore>, fixed: bool) {
        let acquired = semaphore.acquire_timeout(Duration::from_secs(1));
        let in_time = acquired.is_ok();
        acquired.into_iter().for_each(|permit| permit.into_raw());
        if in_time {
            thread::yield_now();
        }
        if in_time || !fixed {
            // what cannot be put back shows without an error of the caller's
            let _ = semaphore.release(1);
        }
    }
    in_threads::<2>(&semaphore(1), |semaphore| call(semaphore, FIXED));
}

/// B3, agave #10478: a thread is to release at its end what was acquired for it, and panics before.
/// The twin moves a guard into the thread.
pub(crate) fn b3<const FIXED: bool>() {
    let semaphore = semaphore(1);
    let permit = semaphore.clone().acquire_owned().wait().unwrap();
    let work = if FIXED {
        thread::spawn(move || {
            let _permit = permit;
            fault::point("work");
        })
    } else {
        permit.into_raw();
        semaphore.hand_over(1);
        let semaphore = Arc::clone(&semaphore);
        thread::spawn(move || {
            fault::point("work");
            semaphore.release(1).unwrap();
        })
    };
    let _ = work.join();
}

/// B4, mise #8967: threads hold a permit while they wait for their children, which need one. The twin
/// puts it back meanwhile.
pub(crate) fn b4<const FIXED: bool>() {
    fn parent(semaphore: &Arc<Semaphore>, fixed: bool) {
        let permit = semaphore.acquire_blocking().unwrap();
        let there = Arc::clone(semaphore);
        let child = thread::spawn(move || drop(there.acquire_blocking().unwrap()));
        let permit = (!fixed).then_some(permit);
        let _ = child.join();
        drop(permit);
    }
    in_threads::<2>(&semaphore(2), |semaphore| parent(semaphore, FIXED));
}

/// B5, KiroCrew #4159: two permits are taken one by one, in two threads. The twin takes both at once.
pub(crate) fn b5<const FIXED: bool>() {
    in_threads::<2>(&semaphore(2), |semaphore| {
        if FIXED {
            drop(semaphore.acquire_many_blocking(2).unwrap());
        } else {
            let _first = semaphore.acquire_blocking().unwrap();
            let _second = semaphore.acquire_blocking().unwrap();
        }
    });
}
