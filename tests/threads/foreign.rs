//! shuttle's own types inside of a check.

use std::sync::Arc;

use selvedge::thread;
use shuttle::sync::atomic::{AtomicU32, Ordering};
use shuttle::sync::mpsc::{channel, sync_channel};
use shuttle::sync::{Barrier, Condvar, Mutex, RwLock};

use super::drive::{check, clean, depth_first, faultless, in_a_child, semaphore, tells};

/// What happens between a load and a store may be lost.
#[test]
fn atomics_are_scheduling_points() {
    tells(
        [0, 0],
        |told| {
            let count = Arc::new(AtomicU32::new(0));
            let threads = [(); 2].map(|()| {
                let count = Arc::clone(&count);
                thread::spawn(move || {
                    let before = count.load(Ordering::SeqCst);
                    count.store(before + 1, Ordering::SeqCst);
                })
            });
            threads
                .into_iter()
                .for_each(|thread| thread.join().unwrap());
            told.tell(count.load(Ordering::SeqCst));
        },
        &["1", "2"],
    );
}

#[test]
fn a_mutex_keeps_others_out() {
    clean(|| {
        let count = Arc::new(Mutex::new(0));
        let threads = [(); 2].map(|()| {
            let count = Arc::clone(&count);
            thread::spawn(move || {
                let mut count = count.lock().unwrap();
                let before = *count;
                thread::yield_now();
                *count = before + 1;
            })
        });
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        assert_eq!(*count.lock().unwrap(), 2);
    });
}

fn opposite_mutexes() {
    let (a, b) = (Arc::new(Mutex::new(())), Arc::new(Mutex::new(())));
    let (a2, b2) = (Arc::clone(&a), Arc::clone(&b));
    let thread = thread::spawn(move || {
        let _b = b2.lock().unwrap();
        let _a = a2.lock().unwrap();
    });
    {
        let _a = a.lock().unwrap();
        let _b = b.lock().unwrap();
    }
    thread.join().unwrap();
}

#[test]
fn opposite_mutexes_are_a_deadlock() {
    check([0, 0], opposite_mutexes, &["deadlock"]);
}

/// It is we who tell it: shuttle prints nothing.
#[test]
fn a_deadlock_is_told_by_us_alone() {
    let child = in_a_child("foreign::a_deadlock_is_told_by_us_alone", || {
        let report = faultless(depth_first()).explore_threads("subject", opposite_mutexes);
        assert!(!report.findings.is_empty());
    });
    if let Some((passed, told)) = child {
        assert!(passed, "{told}");
        let told = told.to_lowercase();
        for word in ["deadlocked", "backtrace", "shuttle", "schedule", "panicked"] {
            assert!(!told.contains(word), "{told}");
        }
    }
}

/// Who waits for a mutex of shuttle's holds a permit of ours that the other one wants.
#[test]
fn a_mutex_and_a_semaphore_are_a_deadlock() {
    check(
        [0, 0],
        || {
            let (mutex, pool) = (Arc::new(Mutex::new(())), semaphore("pool", 1));
            let (mutex2, pool2) = (Arc::clone(&mutex), pool.clone());
            let thread = thread::spawn(move || {
                let _mutex = mutex2.lock().unwrap();
                let _permit = pool2.acquire_blocking().unwrap();
            });
            {
                let _permit = pool.acquire_blocking().unwrap();
                let _mutex = mutex.lock().unwrap();
            }
            thread.join().unwrap();
        },
        &["deadlock pool"],
    );
}

type Gate = Arc<(Mutex<bool>, Condvar)>;

/// Opens the gate for who waits at it; whoever looks before it waits is in time.
fn gate(looks_first: bool) {
    let gate = Gate::default();
    let there = Arc::clone(&gate);
    let waiter = thread::spawn(move || {
        let (open, opened) = &*there;
        let mut open = open.lock().unwrap();
        while !*open || !looks_first {
            open = opened.wait(open).unwrap();
            if !looks_first {
                break;
            }
        }
    });
    *gate.0.lock().unwrap() = true;
    gate.1.notify_one();
    waiter.join().unwrap();
}

#[test]
fn a_condition_that_is_looked_at_is_clean() {
    clean(|| gate(true));
}

/// Nobody waits yet when it is notified.
#[test]
fn a_notification_that_is_lost_is_a_deadlock() {
    check([0, 0], || gate(false), &["deadlock"]);
}

#[test]
fn readers_share() {
    tells(
        [0, 0],
        |told| {
            let (lock, readers) = (Arc::new(RwLock::new(0)), Arc::new(AtomicU32::new(0)));
            let threads = [(); 2].map(|()| {
                let (lock, readers) = (Arc::clone(&lock), Arc::clone(&readers));
                let told = told.clone();
                thread::spawn(move || {
                    let _read = lock.read().unwrap();
                    told.tell(readers.fetch_add(1, Ordering::SeqCst));
                    readers.fetch_sub(1, Ordering::SeqCst);
                })
            });
            threads
                .into_iter()
                .for_each(|thread| thread.join().unwrap());
            *lock.write().unwrap() += 1;
        },
        &["0", "1"],
    );
}

#[test]
fn channels_carry() {
    clean(|| {
        let (sender, receiver) = channel();
        let threads = [1, 2].map(|item| {
            let sender = sender.clone();
            thread::spawn(move || sender.send(item).unwrap())
        });
        drop(sender);
        let items: Vec<i32> = receiver.iter().collect();
        assert_eq!(items.iter().sum::<i32>(), 3);
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
    });
}

/// The sender holds what the receiver needs before it receives.
#[test]
fn a_full_channel_and_a_semaphore_are_a_deadlock() {
    check(
        [0, 0],
        || {
            let pool = semaphore("pool", 1);
            let (sender, receiver) = sync_channel(1);
            let there = pool.clone();
            let thread = thread::spawn(move || {
                let _permit = there.acquire_blocking().unwrap();
                (0..2).for_each(|item| sender.send(item).unwrap());
            });
            for _ in 0..2 {
                let _permit = pool.acquire_blocking().unwrap();
                receiver.recv().unwrap();
            }
            thread.join().unwrap();
        },
        &["deadlock pool"],
    );
}

#[test]
fn a_barrier_has_one_leader() {
    clean(|| {
        let (barrier, leaders) = (Arc::new(Barrier::new(2)), Arc::new(AtomicU32::new(0)));
        let (barrier2, leaders2) = (Arc::clone(&barrier), Arc::clone(&leaders));
        let lead = |barrier: &Barrier, leaders: &AtomicU32| {
            let leads = barrier.wait().is_leader();
            leaders.fetch_add(u32::from(leads), Ordering::SeqCst);
        };
        let thread = thread::spawn(move || lead(&barrier2, &leaders2));
        lead(&barrier, &leaders);
        thread.join().unwrap();
        assert_eq!(leaders.load(Ordering::SeqCst), 1);
    });
}

/// It comes late to what it is unparked for, or in time.
#[test]
fn a_token_is_not_lost() {
    clean(|| {
        let thread = thread::spawn(shuttle::thread::current);
        let main = shuttle::thread::current();
        let waker = thread::spawn(move || main.unpark());
        shuttle::thread::park();
        waker.join().unwrap();
        thread.join().unwrap();
    });
}

#[test]
fn who_is_never_unparked_is_a_deadlock() {
    check([0, 0], shuttle::thread::park, &["deadlock"]);
}

/// Numbers from shuttle are the same in each run: they are no choice.
#[test]
fn random_numbers_are_no_divergence() {
    use shuttle::rand::{Rng, thread_rng};
    check(
        [0, 0],
        || {
            thread::spawn(|| {
                if thread_rng().r#gen::<bool>() {
                    thread::yield_now();
                }
            });
        },
        &[],
    );
}
