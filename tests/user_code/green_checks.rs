//! What a green check means: the claims of `docs/green-checks.md`, each as a check that is green
//! though something is wrong, beside the change that makes it red, or as a report that says how far
//! it looked.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use selvedge::explore::Explorer;
use selvedge::program::Program;
use selvedge::report::{Report, Style, text};
use selvedge::strategy::StrategyName;
use selvedge::{Semaphore, fault, probe, task, thread};

fn of_threads(closure: impl Fn() + Send + Sync + 'static) -> Report {
    let explorer = Explorer {
        runs: Some(500),
        ..Explorer::closures()
    };
    explorer.explore_threads("green", closure)
}

fn of_tasks<F: Future<Output = ()> + 'static>(
    explorer: &Explorer,
    closure: impl Fn() -> F + Send + Sync + 'static,
) -> Report {
    explorer.explore_async("green", closure)
}

fn sampled() -> Explorer {
    Explorer {
        runs: Some(500),
        ..Explorer::closures()
    }
}

fn all_runs() -> Explorer {
    Explorer {
        strategy: StrategyName::DepthFirst,
        runs: None,
        ..Explorer::closures()
    }
}

fn told(report: &Report) -> String {
    text(report, &Style::default())
}

#[track_caller]
fn green(report: &Report) {
    assert!(report.findings.is_empty(), "\n{}", told(report));
}

#[track_caller]
fn red(report: &Report, property: &str) {
    let found = report.findings.iter().map(|f| f.property.as_str());
    assert!(found.clone().any(|p| p == property), "\n{}", told(report));
}

/// Two threads each read a count and write one more.
fn count_twice(between: fn()) -> impl Fn() + Send + Sync + 'static {
    move || {
        let (count, pool) = (AtomicU32::new(0), Semaphore::new(2).named("pool"));
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let _permit = pool.acquire_blocking();
                    let seen = count.load(Ordering::SeqCst);
                    between();
                    count.store(seen + 1, Ordering::SeqCst);
                });
            }
        });
        assert_eq!(count.load(Ordering::SeqCst), 2, "an update is lost");
    }
}

#[test]
fn what_threads_do_between_two_places_is_one_step() {
    green(&of_threads(count_twice(|| ())));
    red(&of_threads(count_twice(thread::yield_now)), "assertion");
}

/// shuttle's atomics are places of their own, and are sequentially consistent whatever is asked for.
#[test]
fn shuttle_s_atomics_are_seen_and_their_orderings_are_not() {
    use shuttle::sync::atomic::{AtomicBool, AtomicU32};

    red(
        &of_threads(|| {
            let count = Arc::new(AtomicU32::new(0));
            let other = Arc::clone(&count);
            let add = |count: &AtomicU32| {
                let seen = count.load(Ordering::SeqCst);
                count.store(seen + 1, Ordering::SeqCst);
            };
            let other = thread::spawn(move || add(&other));
            add(&count);
            let _ = other.join();
            assert_eq!(count.load(Ordering::SeqCst), 2, "an update is lost");
        }),
        "assertion",
    );
    green(&of_threads(|| {
        let (data, ready) = (
            Arc::new(AtomicU32::new(0)),
            Arc::new(AtomicBool::new(false)),
        );
        let theirs = (Arc::clone(&data), Arc::clone(&ready));
        let writer = thread::spawn(move || {
            theirs.0.store(7, Ordering::Relaxed);
            // `Release` is what it takes
            theirs.1.store(true, Ordering::Relaxed);
        });
        if ready.load(Ordering::Relaxed) {
            assert_eq!(
                data.load(Ordering::Relaxed),
                7,
                "read before it was written"
            );
        }
        let _ = writer.join();
    }));
}

/// Two tasks each read a count and write one more.
fn count_in_tasks<F: Future<Output = ()> + 'static>(
    between: fn() -> F,
) -> impl Fn() -> std::pin::Pin<Box<dyn Future<Output = ()>>> + Send + Sync + 'static {
    move || {
        Box::pin(async move {
            let count = Arc::new(AtomicU32::new(0));
            let tasks = [(); 2].map(|()| {
                let count = Arc::clone(&count);
                task::spawn(async move {
                    let seen = count.load(Ordering::SeqCst);
                    between().await;
                    count.store(seen + 1, Ordering::SeqCst);
                })
            });
            for task in tasks {
                if task.await.is_err() {
                    // it was cancelled, and counts nothing
                    count.fetch_add(1, Ordering::SeqCst);
                }
            }
            assert!(count.load(Ordering::SeqCst) >= 2, "an update is lost");
        })
    }
}

#[test]
fn what_a_task_does_between_two_awaits_that_wait_is_one_step() {
    green(&of_tasks(&sampled(), count_in_tasks(|| async {})));
    red(
        &of_tasks(&sampled(), count_in_tasks(task::yield_now)),
        "assertion",
    );
}

/// An await of somebody else's lock is a place only where it has to wait.
#[test]
fn an_await_that_does_not_wait_is_no_place() {
    async fn twice_locked(yields: bool) {
        let money = Arc::new(tokio::sync::Mutex::new(1));
        let tasks = [(); 2].map(|()| {
            let money = Arc::clone(&money);
            task::spawn(async move {
                let enough = *money.lock().await >= 1;
                if yields {
                    task::yield_now().await;
                }
                if enough {
                    *money.lock().await -= 1;
                }
            })
        });
        for task in tasks {
            let _ = task.await;
        }
        assert!(*money.lock().await >= 0, "spent twice");
    }
    green(&of_tasks(&sampled(), || twice_locked(false)));
    red(&of_tasks(&sampled(), || twice_locked(true)), "assertion");
}

/// A probe is asked after each step, and sees nothing of what was otherwise in the middle of one.
#[test]
fn a_probe_sees_states_between_steps() {
    let too_many = |seen_between: bool| {
        move || async move {
            let free = Arc::new(AtomicU32::new(1));
            let probed = Arc::clone(&free);
            probe("pool", 1, move || probed.load(Ordering::SeqCst) as usize);
            task::yield_now().await;
            free.store(2, Ordering::SeqCst);
            if seen_between {
                task::yield_now().await;
            }
            free.store(1, Ordering::SeqCst);
            let other = task::spawn(task::yield_now());
            let _ = other.await;
        }
    };
    green(&of_tasks(&sampled(), too_many(false)));
    red(&of_tasks(&sampled(), too_many(true)), "conservation");
}

/// One case of 16 million: a sample misses it, and says that it is a sample.
#[test]
fn a_default_check_is_a_sample() {
    let report = of_tasks(&Explorer::closures(), || async {
        let other = task::spawn(task::yield_now());
        let drawn = [(); 3].map(|()| fault::choose(256));
        let _ = other.await;
        assert_ne!(drawn, [17, 18, 19], "found");
    });
    green(&report);
    assert!(!report.complete);
    assert_eq!(Explorer::closures().runs, Some(10_000));
}

/// Both tasks are cancelled: that takes two cancellations.
fn both_are_cancelled() -> impl Fn() -> std::pin::Pin<Box<dyn Future<Output = ()>>> + Send + Sync {
    || {
        Box::pin(async {
            let tasks = [(); 2].map(|()| task::spawn(task::yield_now()));
            let mut cancelled = 0;
            for task in tasks {
                cancelled += u32::from(task.await.is_err());
            }
            assert!(cancelled < 2, "nobody is left");
        })
    }
}

/// All runs are made, but only within the budgets that the report names.
#[test]
fn complete_is_complete_under_its_budgets() {
    let report = of_tasks(&all_runs(), both_are_cancelled());
    green(&report);
    assert!(report.complete, "\n{}", told(&report));
    assert!(told(&report).contains("cancels=1"), "\n{}", told(&report));
    let mut twice = all_runs();
    twice.budget.cancels = Some(2);
    red(&of_tasks(&twice, both_are_cancelled()), "assertion");
}

/// The same of a program: with one panic the second permit is always there.
#[test]
fn a_program_is_searched_under_its_budgets_too() {
    let found = |panics: u32| {
        let program: Program = format!(
            "semaphore spare permits=2
             worker w count=2 {{
                 try {{ work x }} catch {{ acquire spare; forget spare }}
             }}
             worker last {{ join w; acquire spare; release spare }}
             budget panics={panics}"
        )
        .parse()
        .expect("it is a program");
        Explorer::default().explore(&program, "budget.sem", &())
    };
    let one = found(1);
    green(&one);
    assert!(one.complete);
    red(&found(2), "impossible-request");
}

/// No clock is looked at: a timer fires because a choice says so, long or short.
#[test]
fn time_is_no_time() {
    let fired = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&fired);
    green(&of_tasks(&sampled(), move || {
        let seen = Arc::clone(&seen);
        async move {
            let year = std::time::Duration::from_secs(365 * 24 * 3600);
            let other = task::spawn(task::yield_now());
            if selvedge::time::timeout(year, other).await.is_err() {
                seen.store(true, Ordering::Relaxed);
            }
        }
    }));
    assert!(
        fired.load(Ordering::Relaxed),
        "no run lets the timer fire first"
    );
}

/// What is right of semaphores may be wrong of the data: only an assertion says so.
#[test]
fn what_is_not_asserted_is_not_judged() {
    green(&of_threads(|| {
        let (pool, served) = (Semaphore::new(1).named("pool"), AtomicU32::new(0));
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let _permit = pool.acquire_blocking();
                    served.store(1, Ordering::SeqCst);
                });
            }
        });
    }));
}
