//! Buggy programs over threads, as people write them: none of them needs an injected fault to fail.
//!
//! Each one fails by a deadlock or by an assertion, so a run that fails never comes back from it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use selvedge::program::BudgetDecl;
use selvedge::strategy::StrategyName;
use selvedge::{Explorer, Semaphore, thread};
use shuttle::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use shuttle::sync::{Condvar, Mutex};

/// A program and what it is called.
pub(crate) type Subject = (&'static str, fn());

pub(crate) const ALL: [Subject; 22] = [
    ("philosophers 3", philosophers::<3>),
    ("philosophers 5", philosophers::<5>),
    ("philosophers 7", philosophers::<7>),
    (
        "philosophers 5, semaphores",
        philosophers_with_semaphores::<5>,
    ),
    ("opposite orders, early", || opposite_orders(0, 0)),
    ("opposite orders, late", || opposite_orders(10, 0)),
    ("opposite orders, noise", || opposite_orders(0, 4)),
    ("opposite orders, late, noise", || opposite_orders(5, 4)),
    ("late inversion, semaphores", late_inversion),
    ("permits one by one, 2", one_by_one::<2>),
    ("permits one by one, 4", one_by_one::<4>),
    ("missed signal", || missed_signal(0)),
    ("missed signal, late", || missed_signal(20)),
    ("blocked flag", blocked_flag),
    ("sushi bar", sushi_bar),
    ("one condvar, two kinds", one_condvar),
    ("take-all drain", take_all),
    ("check, then increment", || check_then_increment(0)),
    ("check, then increment, late", || check_then_increment(20)),
    ("resize, semaphore", resize),
    ("resize, Mutex", resize_of_a_count),
    ("resize, spinning", resize_with_spins),
];

/// The run in which a program first fails, counted from one, pilot runs included: `None` if that takes
/// more than so many.
pub(crate) fn runs_to_find(
    program: fn(),
    strategy: StrategyName,
    seed: u64,
    most: u64,
) -> Option<u64> {
    let (begun, ended, found) = (
        AtomicU64::new(0),
        AtomicU64::new(0),
        Arc::new(AtomicU64::new(0)),
    );
    let explorer = Explorer {
        strategy,
        seed,
        runs: Some(most),
        budget: BudgetDecl {
            panics: Some(0),
            timeouts: Some(0),
            cancels: Some(0),
            ..BudgetDecl::default()
        },
        ..Explorer::closures()
    };
    let at = Arc::clone(&found);
    explorer.explore_threads("runs", move || {
        let run = begun.fetch_add(1, Relaxed);
        // who fails does not come to the end
        if run != ended.load(Relaxed) && at.load(Relaxed) == 0 {
            at.store(run, Relaxed);
        }
        // what comes after is of no interest
        if at.load(Relaxed) == 0 {
            program();
        }
        ended.store(run + 1, Relaxed);
    });
    Some(found.load(Relaxed)).filter(|run| (1..=most).contains(run))
}

fn join_all(threads: Vec<thread::JoinHandle<()>>) {
    for thread in threads {
        thread.join().unwrap();
    }
}

/// Each takes the left fork first.
fn philosophers<const N: usize>() {
    let forks: Vec<_> = (0..N).map(|_| Arc::new(Mutex::new(()))).collect();
    let at_table = (0..N).map(|i| {
        let (left, right) = (forks[i].clone(), forks[(i + 1) % N].clone());
        thread::spawn(move || {
            let _left = left.lock().unwrap();
            let _right = right.lock().unwrap();
        })
    });
    join_all(at_table.collect());
}

fn philosophers_with_semaphores<const N: usize>() {
    let forks: Vec<_> = (0..N).map(|_| Arc::new(Semaphore::new(1))).collect();
    let at_table = (0..N).map(|i| {
        let (left, right) = (forks[i].clone(), forks[(i + 1) % N].clone());
        thread::spawn(move || {
            let _left = left.acquire_blocking().unwrap();
            let _right = right.acquire_blocking().unwrap();
        })
    });
    join_all(at_table.collect());
}

/// Two threads take two locks in opposite order, the second one after other things; others make noise.
fn opposite_orders(before: usize, noise: usize) {
    let (a, b) = (Arc::new(Mutex::new(())), Arc::new(Mutex::new(())));
    let mut threads = Vec::new();
    for reversed in [false, true] {
        let (first, second) = if reversed {
            (b.clone(), a.clone())
        } else {
            (a.clone(), b.clone())
        };
        threads.push(thread::spawn(move || {
            let own = Mutex::new(0);
            for _ in 0..before {
                *own.lock().unwrap() += 1;
            }
            let _first = first.lock().unwrap();
            let _second = second.lock().unwrap();
        }));
    }
    let count = Arc::new(Mutex::new(0));
    for _ in 0..noise {
        let count = count.clone();
        threads.push(thread::spawn(move || {
            for _ in 0..5 {
                *count.lock().unwrap() += 1;
            }
        }));
    }
    join_all(threads);
}

/// One thread takes two semaphores at once, the other one in reverse after a while.
fn late_inversion() {
    let (a, b) = (Arc::new(Semaphore::new(1)), Arc::new(Semaphore::new(1)));
    let (a2, b2) = (a.clone(), b.clone());
    let early = thread::spawn(move || {
        let _a = a.acquire_blocking().unwrap();
        let _b = b.acquire_blocking().unwrap();
    });
    let late = thread::spawn(move || {
        let own = Semaphore::new(1);
        for _ in 0..5 {
            drop(own.acquire_blocking().unwrap());
        }
        let _b = b2.acquire_blocking().unwrap();
        let _a = a2.acquire_blocking().unwrap();
    });
    join_all(vec![early, late]);
}

/// As many threads as there are permits, each of which needs all of them.
fn one_by_one<const N: usize>() {
    let pool = Arc::new(Semaphore::new(N));
    let threads = (0..N).map(|_| {
        let pool = pool.clone();
        thread::spawn(move || {
            let _held: Vec<_> = (0..N).map(|_| pool.acquire_blocking().unwrap()).collect();
        })
    });
    join_all(threads.collect());
}

/// The flag is read before the lock is taken: a signal in between is lost.
fn missed_signal(before: usize) {
    let shared = Arc::new((AtomicBool::new(false), Mutex::new(()), Condvar::new()));
    let there = shared.clone();
    let waiter = thread::spawn(move || {
        let (ready, lock, changed) = &*there;
        let work = AtomicUsize::new(0);
        for _ in 0..before {
            work.fetch_add(1, SeqCst);
        }
        if !ready.load(SeqCst) {
            let guard = lock.lock().unwrap();
            drop(changed.wait(guard).unwrap());
        }
    });
    let signaller = thread::spawn(move || {
        let (ready, _, changed) = &*shared;
        let work = AtomicUsize::new(0);
        for _ in 0..before {
            work.fetch_add(1, SeqCst);
        }
        ready.store(true, SeqCst);
        changed.notify_one();
    });
    join_all(vec![waiter, signaller]);
}

/// Who finds nothing says so and sleeps, in two steps; who brings something looks in between.
fn blocked_flag() {
    let free = Arc::new(AtomicUsize::new(1));
    let blocked = Arc::new(AtomicBool::new(false));
    let wake = Arc::new(Semaphore::new(0));
    let threads = (0..3).map(|_| {
        let (free, blocked, wake) = (free.clone(), blocked.clone(), wake.clone());
        thread::spawn(move || {
            let take = || {
                free.fetch_update(SeqCst, SeqCst, |n| n.checked_sub(1))
                    .is_ok()
            };
            while !take() {
                blocked.store(true, SeqCst);
                wake.acquire_raw_blocking().unwrap();
            }
            free.fetch_add(1, SeqCst);
            if blocked.swap(false, SeqCst) {
                wake.grow(1);
            }
        })
    });
    join_all(threads.collect());
}

/// Three seats; when all are taken, newcomers wait until all three are free (Reek 2003). Who is woken
/// counts itself, and so a newcomer can be faster.
fn sushi_bar() {
    #[derive(Default)]
    struct Bar {
        eating: usize,
        waiting: usize,
        must_wait: bool,
    }
    let bar = Arc::new(Mutex::new(Bar::default()));
    let door = Arc::new(Semaphore::new(0));
    let customers = (0..4).map(|_| {
        let (bar, door) = (bar.clone(), door.clone());
        thread::spawn(move || {
            for _ in 0..2 {
                let mut inside = bar.lock().unwrap();
                if inside.must_wait {
                    inside.waiting += 1;
                    drop(inside);
                    door.acquire_raw_blocking().unwrap();
                    inside = bar.lock().unwrap();
                    inside.waiting -= 1;
                }
                inside.eating += 1;
                assert!(inside.eating <= 3, "more customers than seats");
                inside.must_wait = inside.eating == 3;
                drop(inside);
                thread::yield_now();
                let mut inside = bar.lock().unwrap();
                inside.eating -= 1;
                if inside.eating == 0 {
                    let woken = inside.waiting.min(3);
                    door.grow(woken);
                    inside.must_wait = false;
                }
            }
        })
    });
    join_all(customers.collect());
}

/// Producers and consumers wait on one condition variable, and one of either kind is woken.
fn one_condvar() {
    let shared = Arc::new((Mutex::new(0usize), Condvar::new()));
    let mut threads = Vec::new();
    for consumes in [true, true, false, false] {
        let shared = shared.clone();
        threads.push(thread::spawn(move || {
            let (items, changed) = &*shared;
            for _ in 0..2 {
                let mut items = items.lock().unwrap();
                while *items == usize::from(!consumes) {
                    items = changed.wait(items).unwrap();
                }
                *items = usize::from(!consumes);
                changed.notify_one();
            }
        }));
    }
    join_all(threads);
}

/// Users take one permit each; two who want the pool for themselves take what is there, then the rest.
fn take_all() {
    let pool = Arc::new(Semaphore::new(3));
    let mut threads = Vec::new();
    for _ in 0..2 {
        let pool = pool.clone();
        threads.push(thread::spawn(move || {
            drop(pool.acquire_blocking().unwrap())
        }));
    }
    for _ in 0..2 {
        let pool = pool.clone();
        threads.push(thread::spawn(move || {
            let mut taken = Vec::new();
            while let Ok(permit) = pool.try_acquire() {
                taken.push(permit);
            }
            while taken.len() < 3 {
                taken.push(pool.acquire_blocking().unwrap());
            }
        }));
    }
    join_all(threads);
}

/// One looks whether there is room, and then goes in.
fn check_then_increment(before: usize) {
    let inside = Arc::new(AtomicUsize::new(0));
    let threads = (0..2).map(|_| {
        let inside = inside.clone();
        thread::spawn(move || {
            let work = AtomicUsize::new(0);
            for _ in 0..before {
                work.fetch_add(1, SeqCst);
            }
            if inside.load(SeqCst) < 1 {
                let others = inside.fetch_add(1, SeqCst);
                assert_eq!(others, 0, "two inside");
                inside.fetch_sub(1, SeqCst);
            }
        })
    });
    join_all(threads.collect());
}

/// The capacity falls to two while three are inside.
fn resize() {
    let pool = Arc::new(Semaphore::new(3));
    let limit = Arc::new(AtomicUsize::new(3));
    let inside = Arc::new(AtomicUsize::new(0));
    let threads = (0..4).map(|_| {
        let (pool, limit, inside) = (pool.clone(), limit.clone(), inside.clone());
        thread::spawn(move || {
            let _permit = pool.acquire_blocking().unwrap();
            inside.fetch_add(1, SeqCst);
            thread::yield_now();
            assert!(inside.load(SeqCst) <= limit.load(SeqCst), "too many inside");
            inside.fetch_sub(1, SeqCst);
        })
    });
    let threads = threads.collect();
    pool.shrink(1);
    limit.store(2, SeqCst);
    join_all(threads);
}

/// The same with a limit under a lock, which those that are inside already know nothing of.
fn resize_of_a_count() {
    let state = Arc::new((Mutex::new((0usize, 3usize)), Condvar::new()));
    let mut threads = Vec::new();
    for _ in 0..4 {
        let state = state.clone();
        threads.push(thread::spawn(move || {
            let (lock, changed) = &*state;
            let mut at = lock.lock().unwrap();
            while at.0 >= at.1 {
                at = changed.wait(at).unwrap();
            }
            at.0 += 1;
            drop(at);
            thread::yield_now();
            let mut at = lock.lock().unwrap();
            assert!(at.0 <= at.1, "{} inside, of {}", at.0, at.1);
            at.0 -= 1;
            changed.notify_one();
        }));
    }
    let resizer = thread::spawn(move || {
        state.0.lock().unwrap().1 = 2;
    });
    threads.push(resizer);
    join_all(threads);
}

/// Who finds no room spins; who is inside when the limit falls may be one too many.
fn resize_with_spins() {
    let inside = Arc::new(AtomicUsize::new(0));
    let limit = Arc::new(AtomicUsize::new(3));
    let (there, of) = (inside.clone(), limit.clone());
    let enter = move || {
        loop {
            let now = there.load(SeqCst);
            let fits = now < of.load(SeqCst);
            if fits && there.compare_exchange(now, now + 1, SeqCst, SeqCst).is_ok() {
                break;
            }
            shuttle::hint::spin_loop();
        }
        thread::yield_now();
        assert!(there.load(SeqCst) <= of.load(SeqCst), "too many inside");
        there.fetch_sub(1, SeqCst);
    };
    let mut threads: Vec<_> = (0..3).map(|_| thread::spawn(enter.clone())).collect();
    threads.push(thread::spawn(move || limit.store(2, SeqCst)));
    join_all(threads);
}
