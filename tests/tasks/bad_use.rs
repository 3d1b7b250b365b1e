//! What is not meant to be done: a clear message each, never a hang, and the next test is not
//! poisoned.

use std::cell::RefCell;
use std::future::poll_fn;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Poll, Waker};
use std::time::Duration;

use selvedge::explore::Explorer;
use selvedge::{Semaphore, check_async, task};

use super::drive::{
    check, clean, depth_first, faultless, finds, found, plain, portfolio, semaphore, shown,
};

/// What is done after each of these: it must work as ever.
#[track_caller]
fn all_is_well() {
    clean(|| async { drop(semaphore("pool", 1).acquire_owned().await) });
}

fn impatient() -> Explorer {
    Explorer {
        patience: Duration::from_millis(300),
        ..portfolio()
    }
}

#[test]
fn a_timer_of_tokios_has_no_runtime() {
    let report = finds(
        &portfolio(),
        || async { tokio::time::sleep(Duration::from_secs(1)).await },
        &["no reactor running"],
    );
    let shown = shown(&report);
    assert!(shown.contains("selvedge::time"), "{shown}");
    all_is_well();
}

#[test]
fn a_task_that_never_returns_is_told() {
    let report = finds(
        &impatient(),
        || async {
            let task = task::spawn(async {
                task::yield_now().await;
                loop {
                    std::hint::spin_loop();
                    std::thread::yield_now();
                    if std::env::args().count() == usize::MAX {
                        break;
                    }
                }
            });
            let _ = task.await;
        },
        &["livelock"],
    );
    assert!(
        report.findings[0].detail.contains("main.1"),
        "{}",
        shown(&report)
    );
    assert!(report.findings[0].schedule.contains("main.1"));
    all_is_well();
}

/// Whatever a panic says.
fn said(f: impl FnOnce() + std::panic::UnwindSafe) -> String {
    let payload = std::panic::catch_unwind(f).expect_err("it did not panic");
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => (*payload.downcast::<&str>().unwrap()).to_owned(),
    }
}

#[test]
fn a_closure_that_does_not_return_is_told() {
    let blocks = || {
        impatient().explore_async("subject", || {
            loop {
                std::thread::park();
            }
            #[allow(unreachable_code)] // it says what the closure would have made
            std::future::ready(())
        });
    };
    let told = said(blocks);
    assert!(told.contains("a step does not end"), "{told}");
    all_is_well();
}

#[test]
fn a_check_in_a_check_is_refused() {
    check(
        || async { check_async(|| async {}) },
        &["a check inside of a check"],
    );
    all_is_well();
}

#[test]
fn a_blocking_acquire_is_refused() {
    plain(
        || async {
            let pool = semaphore("pool", 1);
            let _permit = pool.acquire().await;
            drop(pool.acquire_blocking());
        },
        &["use `acquire().await`"],
    );
    all_is_well();
}

#[test]
fn a_static_semaphore_that_is_left_as_it_was_is_nothing() {
    static POOL: Semaphore = Semaphore::new(2).named("pool");
    for _ in 0..2 {
        clean(|| async {
            let task = task::spawn(async { drop(POOL.acquire().await) });
            let _permit = POOL.acquire().await;
            let _ = task.await;
        });
    }
}

#[test]
fn a_static_semaphore_that_is_left_otherwise_is_told() {
    static POOL: Semaphore = Semaphore::new(1).named("pool");
    let report = faultless(portfolio()).explore_async("subject", || async { POOL.grow(1) });
    let all = found(&report);
    assert!(
        all.iter().all(|one| one.starts_with("divergence")),
        "{all:?}"
    );
    assert!(
        shown(&report).contains("make pool anew in each run"),
        "{}",
        shown(&report)
    );
    all_is_well();
}

/// A leak of what outlives a run changes the next run: both are told, and it is nobody's fault but
/// the closure's.
#[test]
fn a_static_semaphore_that_leaks_is_told() {
    static POOL: Semaphore = Semaphore::new(3).named("pool");
    let report = faultless(portfolio())
        .explore_async("subject", || async { std::mem::forget(POOL.try_acquire()) });
    let shown = shown(&report);
    assert!(shown.contains("make pool anew in each run"), "{shown}");
    assert!(!shown.contains("fault of selvedge"), "{shown}");
    assert!(!shown.contains("conservation"), "{shown}");
    all_is_well();
}

/// A waker of an earlier run wakes nobody in a later one: so the task that waits is stuck.
#[test]
fn a_waker_of_an_earlier_run_wakes_nobody() {
    thread_local! {
        static KEPT: RefCell<Vec<Waker>> = const { RefCell::new(Vec::new()) };
    }
    plain(
        || async {
            let earlier = KEPT.with(|kept| kept.take());
            let mut asked = false;
            let waiter = task::spawn(poll_fn(move |cx| {
                if std::mem::replace(&mut asked, true) {
                    return Poll::Ready(());
                }
                KEPT.with(|kept| kept.borrow_mut().push(cx.waker().clone()));
                Poll::Pending
            }));
            task::yield_now().await;
            earlier.into_iter().for_each(Waker::wake);
            let _ = waiter.await;
        },
        &["deadlock"],
    );
    all_is_well();
}

/// Whether it is in time or too late, that is told.
#[test]
fn a_thread_that_wakes_from_outside_is_told() {
    static SPAWNED: Mutex<Vec<std::thread::JoinHandle<()>>> = Mutex::new(Vec::new());
    let explorer = Explorer {
        runs: Some(20),
        ..faultless(portfolio())
    };
    let report = explorer.explore_async("subject", || async {
        let mut asked = false;
        poll_fn(move |cx| {
            if std::mem::replace(&mut asked, true) {
                return Poll::Ready(());
            }
            let waker = cx.waker().clone();
            let thread = std::thread::spawn(move || waker.wake());
            SPAWNED.lock().unwrap().push(thread);
            Poll::Pending
        })
        .await;
    });
    for thread in SPAWNED.lock().unwrap().drain(..) {
        thread.join().unwrap();
    }
    assert!(!report.findings.is_empty());
    for finding in &report.findings {
        let property = finding.property.as_str();
        assert!(
            property == "deadlock" || property == "divergence",
            "{}",
            shown(&report)
        );
    }
    let shown = shown(&report);
    assert!(shown.contains("thread"), "{shown}");
    all_is_well();
}

/// The number of tasks changes from run to run, and nothing else is wrong.
#[test]
fn a_closure_that_changes_from_run_to_run_is_told() {
    for explorer in [portfolio(), depth_first()] {
        let runs = AtomicUsize::new(0);
        let report = explorer.explore_async("subject", move || {
            let run = runs.fetch_add(1, Ordering::Relaxed);
            async move {
                for _ in 0..run % 3 {
                    task::spawn(task::yield_now());
                }
            }
        });
        let all = found(&report);
        assert!(
            all.len() == 1 && all[0].starts_with("divergence") && all[0].contains("from step "),
            "{all:?}"
        );
        assert!(!report.complete);
        let shown = shown(&report)
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        assert!(
            shown.contains("a static") && !shown.contains("fault of selvedge"),
            "{shown}"
        );
    }
    all_is_well();
}

/// A finding of one run in three does not replay, and that is told of it.
#[test]
fn a_finding_that_comes_of_a_counter_is_told() {
    let runs = AtomicUsize::new(0);
    let report = portfolio().explore_async("subject", move || {
        let run = runs.fetch_add(1, Ordering::Relaxed);
        async move { assert_ne!(run, 5, "the fifth") }
    });
    let all = found(&report);
    assert!(
        all.iter().any(|one| one.starts_with("divergence")),
        "{all:?}"
    );
    assert!(
        !shown(&report).contains("fault of selvedge"),
        "{}",
        shown(&report)
    );
}
