//! Faults: where they strike, and what comes of them.

use std::collections::BTreeSet;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use selvedge::{Semaphore, fault, task, time};

use super::drive::{check, check_with, clean, depth_first, finds, semaphore, with_faults};

/// All that was told in the runs of an exploration.
type Told = Arc<Mutex<BTreeSet<String>>>;

fn tell(told: &Told, what: impl Into<String>) {
    told.lock().unwrap().insert(what.into());
}

/// The depth-first search with these faults shows just this, and finds nothing.
#[track_caller]
fn shows<Fut: Future<Output = ()> + 'static>(
    faults: [u32; 3],
    closure: impl Fn(Told) -> Fut + Send + Sync + 'static,
    expected: &[&str],
) {
    let told = Told::default();
    let there = Arc::clone(&told);
    let explorer = with_faults(depth_first(), faults);
    let report = finds(&explorer, move || closure(Arc::clone(&there)), &[]);
    assert!(report.complete);
    let told: Vec<String> = told.lock().unwrap().iter().cloned().collect();
    assert_eq!(told, expected);
}

/// Polls both to their ends, the first one first.
async fn both<A: Future, B: Future>(a: A, b: B) -> (A::Output, B::Output) {
    let (mut a, mut b) = (pin!(a), pin!(b));
    let (mut from_a, mut from_b) = (None, None);
    poll_fn(move |cx| {
        if from_a.is_none()
            && let Poll::Ready(output) = a.as_mut().poll(cx)
        {
            from_a = Some(output);
        }
        if from_b.is_none()
            && let Poll::Ready(output) = b.as_mut().poll(cx)
        {
            from_b = Some(output);
        }
        if from_a.is_some() && from_b.is_some() {
            Poll::Ready((from_a.take().unwrap(), from_b.take().unwrap()))
        } else {
            Poll::Pending
        }
    })
    .await
}

#[test]
fn io_succeeds_fails_and_panics() {
    shows(
        [1, 0, 0],
        |told| async move {
            let there = Arc::clone(&told);
            let task = task::spawn(async move {
                let result = fault::io("query").await;
                tell(&there, if result.is_ok() { "done" } else { "failed" });
            });
            if let Err(error) = task.await {
                tell(
                    &told,
                    if error.is_panic() {
                        "panicked"
                    } else {
                        "cancelled"
                    },
                );
            }
        },
        &["done", "failed", "panicked"],
    );
}

#[test]
fn io_is_cancelled() {
    shows(
        [0, 0, 1],
        |told| async move {
            let there = Arc::clone(&told);
            let task = task::spawn(async move {
                tell(&there, "begun");
                fault::io("query").await.unwrap();
                tell(&there, "done");
            });
            if let Err(error) = task.await {
                tell(
                    &told,
                    if error.is_panic() {
                        "panicked"
                    } else {
                        "cancelled"
                    },
                );
            }
        },
        &["begun", "cancelled", "done"],
    );
}

#[test]
fn each_io_of_a_task_fails() {
    shows(
        [1, 0, 0],
        |told| async move {
            let task = task::spawn(both(fault::io("a"), fault::io("b")));
            match task.await {
                Ok((a, b)) => tell(&told, format!("{} {}", a.is_ok(), b.is_ok())),
                Err(_) => tell(&told, "panicked"),
            }
        },
        &["false true", "panicked", "true false", "true true"],
    );
}

/// What has been dropped cannot fail any more: the fault is for what comes after it.
#[test]
fn io_that_is_given_up_does_not_fail() {
    let closure = |told: Told| async move {
        let io = time::timeout(Duration::ZERO, fault::io("first")).await;
        assert!(io.is_err(), "its time was over");
        task::yield_now().await;
        tell(&told, "after");
    };
    let told = Told::default();
    let explorer = with_faults(depth_first(), [1, 0, 0]);
    let report = finds(&explorer, move || closure(Arc::clone(&told)), &[]);
    // there is one task, and nothing that could fail
    assert_eq!((report.complete, report.stats.runs), (true, 1));
}

/// The fault that was chosen strikes, though another await is before it.
#[test]
fn io_beside_an_acquire_fails() {
    shows(
        [1, 0, 0],
        |told| async move {
            let pool = semaphore("pool", 1);
            let task = task::spawn(async move {
                let (_permit, io) = both(pool.acquire(), fault::io("query")).await;
                io
            });
            match task.await {
                Ok(Ok(())) => tell(&told, "done"),
                Ok(Err(_)) => tell(&told, "failed"),
                Err(_) => tell(&told, "panicked"),
            }
        },
        &["done", "failed", "panicked"],
    );
}

#[test]
fn a_point_panics() {
    shows(
        [1, 0, 0],
        |told| async move {
            let task = task::spawn(async { fault::point("work") });
            tell(
                &told,
                if task.await.is_ok() {
                    "done"
                } else {
                    "panicked"
                },
            );
        },
        &["done", "panicked"],
    );
}

#[test]
fn all_branches_are_chosen() {
    shows(
        [0, 0, 0],
        |told| async move { tell(&told, fault::choose(3).to_string()) },
        &["0", "1", "2"],
    );
}

#[test]
fn nested_parts_are_cancelled_apart() {
    shows(
        [0, 0, 1],
        |told| async move {
            let inner = fault::cancellable(task::yield_now());
            let outer = fault::cancellable(async move {
                let inner = inner.await.is_ok();
                task::yield_now().await;
                inner
            });
            tell(
                &told,
                match outer.await {
                    Ok(true) => "all",
                    Ok(false) => "without inner",
                    Err(_) => "without outer",
                },
            );
        },
        &["all", "without inner", "without outer"],
    );
}

/// A part is cancelled at each await, and what it had is back.
#[test]
fn a_part_that_is_cancelled_gives_back() {
    clean(|| async {
        let pool = semaphore("pool", 1);
        let there = pool.clone();
        let task = task::spawn(async move {
            let _ = fault::cancellable(async {
                let _permit = there.acquire().await.unwrap();
                task::yield_now().await;
            })
            .await;
        });
        drop(pool.acquire().await.unwrap());
        let _ = task.await;
        assert_eq!(pool.available_permits(), 1);
    });
}

/// Cancelled while it waits, or after it was granted and before it goes on: the baton passes.
#[test]
fn a_waiter_that_is_cancelled_passes_the_baton() {
    check_with(
        |e| with_faults(e, [0, 0, 2]),
        || async {
            let pool = semaphore("pool", 1);
            let tasks: Vec<_> = (0..2)
                .map(|_| {
                    let pool = pool.clone();
                    task::spawn(async move {
                        let _permit = pool.acquire().await.unwrap();
                        task::yield_now().await;
                    })
                })
                .collect();
            for task in tasks {
                let _ = task.await;
            }
            drop(pool.acquire().await.unwrap());
        },
        &[],
    );
}

/// Takes a permit without a guard, and builds the guard an await later.
struct Loses(Semaphore);

impl Loses {
    async fn acquire(&self) {
        self.0.acquire_raw().await.unwrap();
        task::yield_now().await;
    }

    fn release(&self) {
        self.0.release(1).unwrap();
    }
}

#[test]
fn a_wrapper_that_loses_what_it_was_granted_is_found() {
    check(
        || async {
            let pool = Arc::new(Loses(Semaphore::new(1).named("pool")));
            let there = pool.clone();
            let task = task::spawn(async move {
                there.acquire().await;
                there.release();
            });
            let _ = task.await;
        },
        &["leak pool"],
    );
}

/// The permit of a waiter that was granted, forgotten by a wrapper when it is dropped before it goes
/// on.
#[test]
fn a_permit_that_is_lost_between_grant_and_poll_is_found() {
    use std::pin::Pin;
    use std::task::Context;
    struct Forgets<F: Future>(Option<Pin<Box<F>>>);
    impl<F: Future> Future for Forgets<F> {
        type Output = F::Output;
        fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
            self.0.as_mut().unwrap().as_mut().poll(cx)
        }
    }
    impl<F: Future> Drop for Forgets<F> {
        fn drop(&mut self) {
            std::mem::forget(self.0.take());
        }
    }
    check(
        || async {
            let pool = semaphore("pool", 1);
            let there = pool.clone();
            let held = pool.acquire().await.unwrap();
            let task = task::spawn(async move {
                drop(Forgets(Some(Box::pin(there.acquire_owned()))).await);
            });
            task::yield_now().await;
            task::yield_now().await;
            drop(held);
            let _ = task.await;
            task::yield_now().await;
        },
        &["leak pool"],
    );
}
