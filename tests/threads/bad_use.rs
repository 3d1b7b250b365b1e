//! What is not meant to be done: a clear message each, never a hang, and the next test is not
//! poisoned.

use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use selvedge::explore::Explorer;
use selvedge::{OwnedSemaphorePermit, Semaphore, check_async, fault, task, thread, time, tracked};

use super::drive::{
    check, clean, faultless, finds, found, in_a_child, portfolio, semaphore, shown,
};

/// What is done after each of these: it must work as ever.
#[track_caller]
fn all_is_well() {
    clean(|| {
        let pool = semaphore("pool", 1);
        let there = pool.clone();
        let thread = thread::spawn(move || drop(there.acquire_blocking()));
        drop(pool.acquire_blocking());
        thread.join().unwrap();
    });
}

fn impatient() -> Explorer {
    Explorer {
        patience: Duration::from_millis(300),
        ..faultless(portfolio())
    }
}

/// It is found to be of no use, and that is told.
#[track_caller]
fn refused(closure: fn(), because: &str) {
    check([0, 0], closure, &[because]);
    all_is_well();
}

fn for_ever() {
    loop {
        std::hint::spin_loop();
        std::thread::yield_now();
        if std::env::args().count() == usize::MAX {
            break;
        }
    }
}

#[test]
fn a_thread_that_never_comes_to_a_step_is_told() {
    let closure = || {
        let thread = thread::spawn(|| {
            thread::yield_now();
            for_ever();
        });
        thread.join().unwrap();
    };
    let report = finds(&impatient(), closure, &["livelock"]);
    let finding = &report.findings[0];
    assert!(finding.detail.contains("main.1"), "{}", shown(&report));
    assert!(finding.schedule.contains("main.1"));
    all_is_well();
}

#[test]
fn a_closure_that_never_comes_to_a_step_is_told() {
    let report = finds(&impatient(), for_ever, &["livelock"]);
    assert!(
        report.findings[0].detail.contains("main"),
        "{}",
        shown(&report)
    );
    all_is_well();
}

/// A spin on what another thread would do, with a scheduling point in it.
#[test]
fn a_thread_that_spins_is_a_livelock() {
    let closure = || {
        let never = shuttle::sync::atomic::AtomicBool::new(false);
        while !never.load(std::sync::atomic::Ordering::SeqCst) {
            shuttle::hint::spin_loop();
        }
    };
    let explorer = Explorer {
        step_bound: selvedge::property::StepBound(100),
        ..impatient()
    };
    finds(&explorer, closure, &["livelock"]);
    finds(
        &explorer,
        || loop {
            thread::yield_now()
        },
        &["livelock"],
    );
    all_is_well();
}

/// Whoever wants it blocks the thread of the system that all run on.
#[test]
fn a_lock_of_the_standard_library_that_is_held_is_told() {
    let closure = || {
        let lock = Arc::new(Mutex::new(()));
        let there = Arc::clone(&lock);
        let _held = lock.lock();
        let thread = thread::spawn(move || drop(there.lock()));
        let _ = thread.join();
    };
    let report = finds(&impatient(), closure, &["livelock"]);
    let shown = shown(&report);
    assert!(report.findings[0].detail.contains("main.1"), "{shown}");
    all_is_well();
}

#[test]
fn a_thread_that_shuttle_starts_is_refused() {
    refused(
        || drop(shuttle::thread::spawn(|| ()).join()),
        "selvedge::thread::spawn",
    );
    refused(
        || {
            let pool = semaphore("pool", 1);
            let _permit = pool.acquire_blocking();
            let there = pool.clone();
            drop(shuttle::thread::spawn(move || {
                drop(there.acquire_blocking())
            }));
            thread::yield_now();
        },
        "selvedge::thread::spawn",
    );
    // also if a worker is started before it is noticed
    refused(
        || {
            let other = shuttle::thread::spawn(|| ());
            thread::spawn(thread::yield_now).join().unwrap();
            other.join().unwrap();
        },
        "selvedge::thread::spawn",
    );
    refused(
        || drop(shuttle::future::spawn(async {})),
        "selvedge::thread::spawn",
    );
}

/// It does what it does, unseen; nobody waits for it.
#[test]
fn a_thread_of_the_system_is_not_seen() {
    finds(
        &faultless(portfolio()),
        || {
            let pool = semaphore("pool", 1);
            let there = pool.clone();
            let taken = std::thread::spawn(move || drop(there.acquire_blocking()));
            taken.join().unwrap();
            drop(pool.acquire_blocking());
        },
        &[],
    );
    all_is_well();
}

/// Nobody holds that any more.
#[test]
fn what_a_thread_of_the_system_puts_back_is_back() {
    let drops = |permit| std::thread::spawn(move || drop(permit)).join().unwrap();
    finds(
        &faultless(portfolio()),
        move || {
            let pool = semaphore("pool", 2);
            let workers: Vec<_> = (0..2)
                .map(|_| {
                    let pool = pool.clone();
                    thread::spawn(move || {
                        drops(pool.clone().acquire_owned().wait().unwrap());
                        drop(pool.acquire_blocking());
                    })
                })
                .collect();
            workers.into_iter().for_each(|w| w.join().unwrap());
            drop(pool.acquire_many(2).wait());
        },
        &[],
    );
    all_is_well();
}

/// Whether it is in time or too late, that is told.
#[test]
fn a_thread_of_the_system_that_wakes_a_worker_is_told() {
    static SPAWNED: Mutex<Vec<std::thread::JoinHandle<()>>> = Mutex::new(Vec::new());
    let explorer = Explorer {
        runs: Some(20),
        ..faultless(portfolio())
    };
    let report = explorer.explore_threads("subject", || {
        let pool = semaphore("pool", 1);
        let permit = pool.clone().acquire_owned().wait().unwrap();
        let spawned = std::thread::spawn(move || drop(permit));
        SPAWNED.lock().unwrap().push(spawned);
        drop(pool.acquire_blocking());
    });
    for thread in SPAWNED.lock().unwrap().drain(..) {
        thread.join().unwrap();
    }
    for finding in &report.findings {
        let property = finding.property.as_str();
        let allowed = ["deadlock", "divergence", "conservation"];
        assert!(allowed.contains(&property), "{}", shown(&report));
    }
    all_is_well();
}

#[test]
fn a_join_handle_of_another_run_is_refused() {
    static LEFT: Mutex<Option<thread::JoinHandle<()>>> = Mutex::new(None);
    refused(
        || {
            let thread = thread::spawn(thread::yield_now);
            let left = LEFT.lock().unwrap().replace(thread);
            if let Some(left) = left {
                let _ = left.join();
            }
        },
        "a join handle of another run was used",
    );
}

#[test]
fn a_check_in_a_check_is_refused() {
    refused(|| selvedge::check(|| ()), "a check inside of a check");
    refused(|| check_async(|| async {}), "a check inside of a check");
}

#[test]
fn a_thread_in_a_check_of_futures_is_refused() {
    let report = faultless(portfolio()).explore_async("subject", || async {
        drop(thread::spawn(|| ()));
    });
    let all = found(&report);
    assert!(all[0].contains("spawn tasks there"), "{all:?}");
    all_is_well();
}

#[test]
fn what_is_for_futures_is_refused() {
    refused(|| drop(task::spawn(async {})), "selvedge::thread::spawn");
    refused(
        || shuttle::future::block_on(time::sleep(Duration::from_secs(1))),
        "selvedge::time",
    );
    refused(
        || drop(shuttle::future::block_on(fault::io("query"))),
        "fault::point",
    );
    refused(
        || {
            let own = Semaphore::new(1);
            drop(shuttle::future::block_on(tracked(&own).acquire()));
        },
        "selvedge::acquiring",
    );
}

#[test]
fn many_threads_are_many() {
    let explorer = Explorer {
        runs: Some(20),
        ..faultless(portfolio())
    };
    let closure = || {
        let pool = semaphore("pool", 2);
        let threads: Vec<_> = (0..300)
            .map(|_| {
                let pool = pool.clone();
                thread::spawn(move || drop(pool.acquire_blocking().unwrap()))
            })
            .collect();
        threads.into_iter().for_each(|t| t.join().unwrap());
    };
    finds(&explorer, closure, &[]);
    // and many are stuck
    let stuck = || {
        let pool = semaphore("pool", 1);
        let _permit = pool.acquire_blocking();
        for _ in 0..30 {
            let pool = pool.clone();
            drop(thread::spawn(move || drop(pool.acquire_blocking())));
        }
        drop(pool.acquire_blocking());
    };
    finds(&explorer, stuck, &["deadlock pool"]);
    all_is_well();
}

/// A guard that an earlier run left behind is dropped by a panic, in a run that does not know its
/// semaphore: what changes from run to run is told, and nothing of ours fails.
#[test]
fn a_guard_of_another_run_that_a_panic_drops_is_told() {
    static POOL: LazyLock<Arc<Semaphore>> = LazyLock::new(|| semaphore("pool", 3));
    static KEPT: Mutex<Option<OwnedSemaphorePermit>> = Mutex::new(None);
    let explorer = Explorer {
        runs: Some(20),
        ..portfolio()
    };
    let report = explorer.explore_threads("subject", || {
        let before = KEPT.lock().unwrap().take();
        let thread = thread::spawn(move || {
            let _before = before;
            fault::point("work");
        });
        let _ = thread.join();
        *KEPT.lock().unwrap() = POOL.clone().try_acquire_owned().ok();
    });
    for finding in &report.findings {
        let property = finding.property.as_str();
        let allowed = ["leak", "divergence", "conservation"];
        assert!(allowed.contains(&property), "{}", shown(&report));
    }
    assert!(!report.findings.is_empty());
    all_is_well();
}

/// It is over before anybody can cancel it.
#[test]
fn a_cancellable_future_in_a_thread_is_not_cancelled() {
    clean(|| {
        let yields = fault::cancellable(task::yield_now());
        shuttle::future::block_on(yields).unwrap();
    });
}

/// Who goes on for ever when its run is over is given up.
#[test]
fn a_thread_that_catches_what_unwinds_it_is_given_up() {
    finds(
        &impatient(),
        || {
            let pool = semaphore("pool", 1);
            let _permit = pool.acquire_blocking();
            while std::panic::catch_unwind(|| drop(pool.acquire_blocking())).is_err() {}
        },
        &["deadlock pool"],
    );
    all_is_well();
}

/// No other thread can run while one unwinds, so what comes after that is not judged: that it waits for
/// ever is not told, and what it panicked with is.
#[test]
fn a_destructor_that_waits_while_its_thread_unwinds_is_not_judged() {
    struct Waits(Arc<selvedge::Semaphore>);
    impl Drop for Waits {
        fn drop(&mut self) {
            drop(self.0.acquire_blocking());
        }
    }
    check(
        [0, 0],
        || {
            let pool = semaphore("pool", 1);
            let _permit = pool.acquire_blocking();
            let there = pool.clone();
            let thread = thread::spawn(move || {
                let _waits = Waits(there);
                panic!("of its own");
            });
            let _ = thread.join();
        },
        &["of its own"],
    );
    all_is_well();
}

/// It ends the process, as everywhere; what is known is told before.
#[test]
fn a_destructor_that_panics_while_its_thread_unwinds_ends_the_process() {
    struct Fails;
    impl Drop for Fails {
        fn drop(&mut self) {
            panic!("the second");
        }
    }
    let child = in_a_child(
        "bad_use::a_destructor_that_panics_while_its_thread_unwinds_ends_the_process",
        || {
            faultless(portfolio()).explore_threads("subject", || {
                let thread = thread::spawn(|| {
                    let _fails = Fails;
                    panic!("the first");
                });
                let _ = thread.join();
            });
        },
    );
    if let Some((passed, told)) = child {
        assert!(!passed, "{told}");
        for part in ["the first", "the second", "bad_use.rs:", "main,main.1"] {
            assert!(told.contains(part), "{part}: {told}");
        }
    }
}

/// As elsewhere, but without a message: the limit is told in the documentation.
#[test]
fn recursion_without_end_ends_the_process() {
    fn deeper(depth: usize) -> usize {
        let frame = std::hint::black_box([depth; 64]);
        if depth == usize::MAX {
            return 0;
        }
        deeper(depth + 1) + frame[depth % 64]
    }
    let child = in_a_child("bad_use::recursion_without_end_ends_the_process", || {
        faultless(portfolio()).explore_threads("subject", || {
            let thread = thread::spawn(|| deeper(0));
            let _ = thread.join();
        });
    });
    if let Some((passed, told)) = child {
        assert!(!passed, "{told}");
    }
}

/// What the standard library has room for, a worker has.
#[test]
fn a_deep_recursion_that_ends_does() {
    fn deeper(depth: usize) -> usize {
        let frame = std::hint::black_box([depth; 64]);
        match depth {
            0 => 0,
            _ => deeper(depth - 1) + frame[0],
        }
    }
    finds(
        &Explorer {
            runs: Some(10),
            ..faultless(portfolio())
        },
        || drop(thread::spawn(|| deeper(1000)).join()),
        &[],
    );
}
