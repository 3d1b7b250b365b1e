//! `tracked` over tokio's semaphore and async-lock's: every method, on right code and on code that
//! leaks.

use std::sync::Arc;

use selvedge::report::Report;
use selvedge::runtime::{OwnedTrackedPermit, Refused, TrackedPermit};
use selvedge::{Explorer, fault, task, tracked};
use tokio::sync::Semaphore;

use super::drive::{clean, found, plain, portfolio, shown, with_faults};

fn pool(permits: usize) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(permits))
}

/// Leaks what it gets.
fn leak<T>(permit: Result<T, Refused>) {
    std::mem::forget(permit.expect("a permit is free"));
}

/// `main.1` leaks, and nothing else is wrong; the finding says so.
fn leaks<F: Future<Output = ()> + 'static>(permits: u32, leaker: fn(Arc<Semaphore>) -> F) {
    let explorer = with_faults(portfolio(), [0, 0, 0]);
    let report: Report = explorer.explore_async("leaks", move || async move {
        let pool = pool(3);
        let leaker = leaker(Arc::clone(&pool));
        let bystander = async move {
            let permit = tracked(&pool).named("pool").acquire_owned().await;
            task::yield_now().await;
            drop(permit);
        };
        let _ = task::spawn(leaker).await;
        let _ = task::spawn(bystander).await;
    });
    let told = shown(&report);
    assert_eq!(found(&report), ["leak pool"], "\n{told}");
    assert!(
        report.findings.iter().all(|f| f.workers == ["main.1"]),
        "\n{told}"
    );
    let lost = format!("lost for good: {permits} of the 3 permits of pool");
    assert!(told.contains(&lost), "\n{told}");
}

#[test]
fn each_way_to_acquire_is_told_with_who_leaks() {
    leaks(1, |p| async move {
        leak(tracked(&*p).named("pool").acquire().await)
    });
    leaks(2, |p| async move {
        leak(tracked(&*p).named("pool").acquire_many(2).await)
    });
    leaks(1, |p| async move {
        leak(tracked(&p).named("pool").acquire().await)
    });
    leaks(1, |p| async move {
        leak(tracked(&*p).named("pool").try_acquire())
    });
    leaks(2, |p| async move {
        leak(tracked(&*p).named("pool").try_acquire_many(2))
    });
    leaks(1, |p| async move {
        leak(tracked(&p).named("pool").acquire_owned().await)
    });
    leaks(2, |p| async move {
        leak(tracked(&p).named("pool").acquire_many_owned(2).await)
    });
    leaks(1, |p| async move {
        leak(tracked(&p).named("pool").try_acquire_owned())
    });
    leaks(2, |p| async move {
        leak(tracked(&p).named("pool").try_acquire_many_owned(2))
    });
}

#[test]
fn what_was_split_off_is_told_with_who_leaks() {
    leaks(1, |p| async move {
        let mut permits = tracked(&*p).named("pool").acquire_many(3).await.unwrap();
        let part = permits.split(1).unwrap();
        assert_eq!((permits.num_permits(), part.num_permits()), (2, 1));
        std::mem::forget(part);
    });
    leaks(2, |p| async move {
        let mut permits = tracked(&p)
            .named("pool")
            .acquire_many_owned(3)
            .await
            .unwrap();
        std::mem::forget(permits.split(2).unwrap());
    });
    leaks(2, |p| async move {
        let mut permits = tracked(&p)
            .named("pool")
            .acquire_many_owned(3)
            .await
            .unwrap();
        drop(permits.split(1));
        std::mem::forget(permits);
    });
}

#[test]
fn what_was_merged_is_told_with_who_leaks() {
    leaks(2, |p| async move {
        let mut one = tracked(&*p).named("pool").acquire().await.unwrap();
        let other = tracked(&*p).named("pool").try_acquire().unwrap();
        one.merge(other).unwrap();
        assert_eq!(one.num_permits(), 2);
        drop(one.split(1));
        one.merge(tracked(&*p).named("pool").try_acquire().unwrap())
            .unwrap();
        std::mem::forget(one);
    });
    leaks(1, |p| async move {
        let mut one = tracked(&p).named("pool").acquire_owned().await.unwrap();
        let other = tracked(&p).named("pool").try_acquire_owned().unwrap();
        one.merge(other).unwrap();
        std::mem::forget(one.split(1));
    });
}

/// Of merged permits each is told with who took it.
#[test]
fn permits_of_two_that_one_leaks_are_told_of_both() {
    let report = with_faults(portfolio(), [0, 0, 0]).explore_async("merged", || async {
        let pool = pool(2);
        let theirs = Arc::clone(&pool);
        let other = task::spawn(async move {
            tracked(&theirs)
                .named("pool")
                .acquire_owned()
                .await
                .unwrap()
        });
        let mut ours = tracked(&pool).named("pool").acquire_owned().await.unwrap();
        ours.merge(other.await.unwrap()).unwrap();
        std::mem::forget(ours);
    });
    let told = shown(&report);
    let mut workers: Vec<&str> = report
        .findings
        .iter()
        .flat_map(|f| &f.workers)
        .map(String::as_str)
        .collect();
    workers.sort_unstable();
    workers.dedup();
    assert_eq!(found(&report), ["leak pool"], "\n{told}");
    assert_eq!(workers, ["main", "main.1"], "\n{told}");
}

/// Uses each method as it is meant; also with a panic, a timeout and a cancellation at each place.
#[test]
fn right_code_through_every_method_is_clean() {
    clean(|| async {
        let pool = pool(3);
        for _ in 0..2 {
            let pool = Arc::clone(&pool);
            task::spawn(async move {
                let pool = tracked(&pool).named("pool");
                let _one = pool.acquire().await.unwrap();
                fault::io("query").await.unwrap();
            });
        }
        let task_pool = Arc::clone(&pool);
        task::spawn(async move {
            let pool = tracked(&task_pool).named("pool");
            let mut many = pool.acquire_many_owned(3).await.unwrap();
            let one = many.split(1).unwrap();
            task::yield_now().await;
            let two = many.split(1).unwrap();
            drop(one);
            task::yield_now().await;
            many.merge(two).unwrap();
            fault::io("query").await.unwrap();
        });
        if let Ok(one) = tracked(&pool).named("pool").try_acquire_owned() {
            task::yield_now().await;
            task::spawn(async move {
                task::yield_now().await;
                drop(one);
            });
        }
    });
    clean(|| async {
        let pool = pool(2);
        let theirs = Arc::clone(&pool);
        let other = task::spawn(async move {
            let pool = tracked(&*theirs).named("pool");
            if let Ok(both) = pool.try_acquire_many(2) {
                fault::io("query").await.unwrap();
                drop(both);
            }
            pool.acquire_many(2).await.map(drop)
        });
        if let Ok(one) = tracked(&pool).named("pool").try_acquire_many_owned(1) {
            fault::io("query").await.unwrap();
            drop(one);
        }
        let _ = other.await;
    });
}

#[test]
fn a_try_may_be_the_first_use() {
    clean(|| async {
        let pool = Semaphore::new(1);
        let pool = tracked(&pool).named("pool");
        let one = pool.try_acquire().unwrap();
        assert!(pool.try_acquire().is_err());
        drop(one);
        drop(pool.acquire().await);
    });
    clean(|| async {
        let pool = pool(2);
        let pool = tracked(&pool).named("pool");
        let both = pool.try_acquire_many_owned(2).unwrap();
        task::yield_now().await;
        drop(both);
    });
}

#[test]
fn permits_may_be_added_and_forgotten_first_and_later() {
    clean(|| async {
        let pool = pool(0);
        tracked(&pool).named("pool").add_permits(2).unwrap();
        let theirs = Arc::clone(&pool);
        let other = task::spawn(async move {
            let permit = tracked(&theirs).named("pool").acquire().await;
            task::yield_now().await;
            drop(permit);
        });
        let _ = other.await;
        assert_eq!(tracked(&pool).named("pool").forget_permits(9), Ok(2));
        assert!(tracked(&pool).named("pool").try_acquire().is_err());
    });
    clean(|| async {
        let pool = pool(3);
        assert_eq!(tracked(&pool).named("pool").forget_permits(1), Ok(1));
        let pool = tracked(&pool).named("pool");
        let both = pool.acquire_many(2).await.unwrap();
        assert_eq!(pool.forget_permits(usize::MAX), Ok(0));
        drop(both);
    });
}

/// How tokio's users hand a permit to something that cannot hold it: forget it, and add one later.
#[test]
fn a_permit_that_is_forgotten_and_added_again_is_no_leak() {
    clean(|| async {
        let pool = pool(1);
        for _ in 0..2 {
            let pool = Arc::clone(&pool);
            task::spawn(async move {
                let permit = tracked(&pool).named("pool").acquire().await.unwrap();
                permit.forget().unwrap();
                tracked(&pool).named("pool").add_permits(1).unwrap();
            });
        }
    });
    plain(
        || async {
            let pool = pool(1);
            for _ in 0..2 {
                let pool = Arc::clone(&pool);
                task::spawn(async move {
                    let permit = tracked(&pool).named("pool").acquire_owned().await.unwrap();
                    permit.forget().unwrap();
                });
            }
        },
        &["impossible-request pool"],
    );
}

#[test]
fn whoever_waits_when_it_is_closed_waits_no_more() {
    clean(|| async {
        let pool = pool(1);
        let one = tracked(&pool).named("pool").acquire().await.unwrap();
        let theirs = Arc::clone(&pool);
        let waiter = task::spawn(async move {
            let mut acquire = std::pin::pin!(tracked(&theirs).named("pool").acquire_owned());
            let refused = acquire.as_mut().await;
            // the future lives on, and its task waits for something else
            task::yield_now().await;
            assert_eq!(refused.err(), Some(Refused::Closed));
        });
        task::yield_now().await;
        tracked(&pool).named("pool").close().unwrap();
        let _ = waiter.await;
        drop(one);
        assert_eq!(
            tracked(&pool).named("pool").try_acquire().err(),
            Some(Refused::Closed)
        );
    });
}

/// Two semaphores of one name are two; and one that comes to lie where another one lay is not it.
#[test]
fn semaphores_are_told_apart() {
    clean(|| async {
        let pools = [Semaphore::new(1), Semaphore::new(2)];
        let both = tracked(&pools[1]).named("pool").acquire_many(2).await;
        let one = tracked(&pools[0]).named("pool").acquire().await;
        task::yield_now().await;
        drop((one, both));
    });
    clean(|| async {
        for (name, permits) in [("a", 3), ("b", 1), ("c", 2)] {
            let pool = Semaphore::new(permits);
            let permits = u32::try_from(permits).unwrap();
            drop(tracked(&pool).named(name).acquire_many(permits).await);
        }
    });
}

/// The semaphore panics in the middle of it, and puts the other permit back.
#[test]
fn permits_of_two_semaphores_are_not_merged() {
    plain(
        || async {
            let [a, b] = [pool(1), pool(1)];
            let mut one = tracked(&a).named("a").acquire_owned().await.unwrap();
            let other = tracked(&b).named("b").acquire_owned().await.unwrap();
            let _ = one.merge(other);
        },
        &["assertion: main panicked: merging permits from different semaphore instances"],
    );
}

/// Outside of an exploration everything goes straight through.
#[test]
fn outside_it_is_the_semaphore_alone() {
    let pool = pool(3);
    let seen = tracked(&pool).named("pool");
    let mut two: OwnedTrackedPermit<Semaphore> = seen.try_acquire_many_owned(2).unwrap();
    let mut one: TrackedPermit<'_, Semaphore> = seen.try_acquire().unwrap();
    assert!(seen.try_acquire().is_err());
    assert!(two.split(3).is_none());
    drop(two.split(1));
    one.merge(seen.try_acquire().unwrap()).unwrap();
    assert_eq!((one.num_permits(), two.num_permits()), (2, 1));
    assert!(Arc::ptr_eq(two.semaphore(), &pool) && std::ptr::eq(one.semaphore(), &*pool));
    two.forget().unwrap();
    drop(one);
    seen.add_permits(1).unwrap();
    assert_eq!(pool.available_permits(), 3);
    assert_eq!(seen.forget_permits(2), Ok(2));
    assert_eq!(pool.available_permits(), 1);
    seen.close().unwrap();
    assert!(pool.is_closed());
}

#[cfg(feature = "async-lock")]
mod async_lock {
    use super::*;

    type Semaphore = ::async_lock::Semaphore;

    #[test]
    fn each_way_is_told_with_who_leaks() {
        async fn through(way: u8) {
            let pool = Arc::new(Semaphore::new(3));
            let theirs = Arc::clone(&pool);
            let leaker = task::spawn(async move {
                let pool = tracked(&theirs).named("pool");
                match way {
                    0 => leak(pool.acquire().await),
                    1 => leak(pool.try_acquire()),
                    2 => leak(pool.acquire_owned().await),
                    _ => leak(pool.try_acquire_owned()),
                }
            });
            let _ = leaker.await;
            drop(tracked(&pool).named("pool").acquire_owned().await);
        }
        for way in 0..4 {
            let explorer = with_faults(portfolio(), [0, 0, 0]);
            let report = explorer.explore_async("leaks", move || through(way));
            let told = shown(&report);
            assert_eq!(found(&report), ["leak pool"], "\n{told}");
            assert_eq!(report.findings[0].workers, ["main.1"], "\n{told}");
        }
    }

    #[test]
    fn right_code_is_clean() {
        clean(|| async {
            let pool = Arc::new(Semaphore::new(1));
            for _ in 0..2 {
                let pool = Arc::clone(&pool);
                task::spawn(async move {
                    let pool = tracked(&pool).named("pool");
                    let one = match pool.try_acquire_owned() {
                        Ok(one) => one,
                        Err(_) => pool.acquire_owned().await.unwrap(),
                    };
                    fault::io("query").await.unwrap();
                    drop(one);
                    // it hands out one permit at a time
                    assert_eq!(pool.acquire_many(2).await.err(), Some(Refused::Unsupported));
                });
            }
            tracked(&pool).named("pool").add_permits(1).unwrap();
            tracked(&pool)
                .named("pool")
                .acquire()
                .await
                .unwrap()
                .forget()
                .unwrap();
        });
    }
}

/// A check makes the same runs whether it goes through the semaphore or its `Arc`.
#[test]
fn an_arc_is_tracked_as_what_is_in_it() {
    let report = |through: fn(Arc<Semaphore>) -> bool| {
        let explorer: Explorer = portfolio();
        explorer.explore_async("arc", move || async move {
            let pool = pool(1);
            assert!(through(pool));
        })
    };
    let of_arc = report(|pool| tracked(&pool).named("pool").try_acquire().is_ok());
    let of_itself = report(|pool| tracked(&*pool).named("pool").try_acquire().is_ok());
    assert_eq!(shown(&of_arc), shown(&of_itself));
}
