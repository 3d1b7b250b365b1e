//! Tasks: spawning, joining, aborting; what a panic ends and what it does not.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use selvedge::{fault, task, time};

use super::drive::{check, check_with, clean, plain, semaphore, with_faults};

#[test]
fn a_task_gives_its_result() {
    plain(
        || async {
            let task = task::spawn(async {
                task::yield_now().await;
                7
            });
            assert_eq!(task.await.unwrap(), 7);
        },
        &[],
    );
}

#[test]
fn a_task_that_is_not_polled_has_not_ended() {
    plain(
        || async {
            let task = task::spawn(async {});
            assert!(!task.is_finished());
            task::yield_now().await;
            let _ = task.is_finished();
            task.await.unwrap();
        },
        &[],
    );
}

#[test]
fn a_task_goes_on_without_its_handle() {
    plain(
        || async {
            let seen = Rc::new(Cell::new(false));
            let there = Rc::clone(&seen);
            drop(task::spawn(async move {
                task::yield_now().await;
                there.set(true);
            }));
            while !seen.get() {
                time::sleep(Duration::from_secs(1)).await;
            }
        },
        &[],
    );
}

/// As with tokio: nobody can ask for it any more.
#[test]
fn a_result_without_a_handle_is_dropped() {
    plain(
        || async {
            let pool = semaphore("pool", 1);
            let there = pool.clone();
            drop(task::spawn(async move { there.acquire_owned().await }));
            task::yield_now().await;
            drop(pool.acquire().await);
        },
        &[],
    );
}

#[test]
fn a_handle_that_is_dropped_after_the_end_drops_the_result() {
    plain(
        || async {
            let pool = semaphore("pool", 1);
            let there = pool.clone();
            let task = task::spawn(async move { there.acquire_owned().await });
            while !task.is_finished() {
                time::sleep(Duration::from_secs(1)).await;
            }
            drop(task);
            drop(pool.acquire().await);
        },
        &[],
    );
}

#[test]
fn a_task_is_aborted() {
    plain(
        || async {
            let pool = semaphore("pool", 1);
            let there = pool.clone();
            let task = task::spawn(async move {
                let _permit = there.acquire().await;
                std::future::pending::<()>().await;
            });
            task::yield_now().await;
            task.abort();
            assert!(task.is_finished());
            assert_eq!(pool.available_permits(), 1);
            assert!(task.await.unwrap_err().is_cancelled());
        },
        &[],
    );
}

#[test]
fn who_unwraps_what_was_aborted_fails() {
    plain(
        || async {
            let task = task::spawn(std::future::pending::<()>());
            task.abort();
            task.await.unwrap();
        },
        &["JoinError(cancelled"],
    );
}

#[test]
fn who_unwraps_what_was_cancelled_does_not() {
    clean(|| async {
        let task = task::spawn(task::yield_now());
        task.await.unwrap();
    });
}

#[test]
fn tasks_that_abort_each_other_while_they_are_dropped() {
    struct Aborts(Rc<Cell<Option<task::JoinHandle<()>>>>);
    impl Drop for Aborts {
        fn drop(&mut self) {
            if let Some(task) = self.0.take() {
                task.abort();
            }
        }
    }
    plain(
        || async {
            let (a, b) = (Rc::new(Cell::new(None)), Rc::new(Cell::new(None)));
            let (first, second) = (Aborts(b.clone()), Aborts(a.clone()));
            a.set(Some(task::spawn(async move {
                let _first = first;
                std::future::pending::<()>().await;
            })));
            b.set(Some(task::spawn(async move {
                let _second = second;
                task::yield_now().await;
                drop(_second);
                task::yield_now().await;
            })));
        },
        &[],
    );
}

#[test]
fn a_panic_ends_its_task_alone() {
    plain(
        || async {
            let pool = semaphore("pool", 1);
            let there = pool.clone();
            let task = task::spawn(async move {
                let _permit = there.acquire().await;
                panic!("of its own");
            });
            drop(pool.acquire().await);
            assert!(task.await.unwrap_err().is_panic());
            drop(pool.acquire().await.unwrap());
        },
        &["of its own"],
    );
}

#[test]
fn an_injected_panic_is_no_finding() {
    clean(|| async {
        let task = task::spawn(async { fault::point("work") });
        if let Err(error) = task.await
            && error.is_panic()
        {
            std::panic::resume_unwind(error.into_panic());
        }
    });
}

#[test]
fn who_unwraps_an_injected_panic_is_no_finding() {
    clean(|| async {
        task::spawn(async { fault::point("work") }).await.unwrap();
    });
}

#[test]
fn who_unwraps_an_injected_failure_is_no_finding() {
    clean(|| async {
        let task = task::spawn(async { fault::io("query").await.expect("a row") });
        task.await.unwrap();
    });
}

#[test]
fn who_asserts_that_nothing_fails_is_a_finding() {
    check(
        || async {
            if fault::io("query").await.is_err() {
                panic!("no rows");
            }
        },
        &["no rows"],
    );
}

#[test]
fn an_assertion_tells_its_place() {
    let report = super::drive::finds(
        &super::drive::portfolio(),
        || async { assert_eq!(1 + 1, 3, "sums") },
        &["sums"],
    );
    let place = report.findings[0].place.unwrap();
    assert_eq!((place.file, place.line), (Some(file!()), line!() - 4));
}

/// A timer of an earlier deadline fires first, whatever else happens.
#[test]
fn timers_fire_in_the_order_of_their_deadlines() {
    plain(
        || async {
            let order = Rc::new(Cell::new(0));
            let mut tasks = Vec::new();
            for (after, rank) in [(3, 2), (1, 0), (2, 1)] {
                let order = Rc::clone(&order);
                tasks.push(task::spawn(async move {
                    time::sleep(Duration::from_secs(after)).await;
                    assert_eq!(order.replace(rank + 1), rank);
                    assert_eq!(time::now(), Duration::from_secs(after));
                }));
            }
            for task in tasks {
                task.await.unwrap();
            }
        },
        &[],
    );
}

#[test]
fn a_timer_counts_from_when_it_was_made() {
    plain(
        || async {
            let sleep = time::sleep(Duration::from_secs(10));
            time::sleep(Duration::from_secs(20)).await;
            sleep.await;
            assert_eq!(time::now(), Duration::from_secs(20));
        },
        &[],
    );
}

#[test]
fn time_does_not_run_over() {
    plain(
        || async {
            time::sleep(Duration::from_secs(1)).await;
            let _ = time::timeout(Duration::MAX, task::yield_now()).await;
        },
        &[],
    );
}

/// While somebody can go on, a timer draws on the budget: without one the holder goes first.
#[test]
fn a_timeout_needs_a_budget_while_others_go_on() {
    let closure = || async {
        let pool = semaphore("pool", 1);
        let there = pool.clone();
        let task = task::spawn(async move {
            let _permit = there.acquire().await;
            task::yield_now().await;
        });
        let got = time::timeout(Duration::from_secs(1), pool.acquire()).await;
        assert!(got.is_ok(), "timed out");
        drop(got);
        task.await.unwrap();
    };
    plain(closure, &[]);
    check_with(|e| with_faults(e, [0, 1, 0]), closure, &["timed out"]);
}
