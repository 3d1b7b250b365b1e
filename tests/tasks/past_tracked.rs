//! A semaphore that is tracked here and used past `tracked` there: right code is clean, and of what
//! is wrong nobody is accused who has no part in it.

use std::sync::Arc;

use selvedge::{probe, task, tracked};
use tokio::sync::Semaphore;

use super::drive::{clean, faultless, finds, plain, portfolio, shown};

fn pool(permits: usize) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(permits))
}

fn probed(permits: usize) -> Arc<Semaphore> {
    let semaphore = pool(permits);
    let there = Arc::clone(&semaphore);
    probe("pool", permits, move || there.available_permits());
    semaphore
}

async fn through_tracked(pool: Arc<Semaphore>, permits: u32) {
    let permit = tracked(&pool)
        .named("pool")
        .acquire_many_owned(permits)
        .await;
    task::yield_now().await;
    drop(permit);
}

async fn past_tracked(pool: Arc<Semaphore>, permits: u32) {
    let permit = pool.acquire_many_owned(permits).await;
    task::yield_now().await;
    drop(permit);
}

/// One of three acquires is not tracked.
async fn one_is_forgotten(pool: Arc<Semaphore>) {
    for _ in 0..2 {
        task::spawn(through_tracked(Arc::clone(&pool), 1));
    }
    task::spawn(past_tracked(pool, 1));
}

#[test]
fn an_acquire_that_is_not_tracked_is_allowed_for() {
    clean(|| one_is_forgotten(pool(1)));
    clean(|| one_is_forgotten(pool(2)));
    clean(|| async { one_is_forgotten(probed(1)).await });
    clean(|| async { one_is_forgotten(probed(2)).await });
}

/// It is given by hand-off to whoever waits, and the number of free permits does not change.
#[test]
fn permits_that_were_taken_before_the_first_use_come_back() {
    async fn come_back(pool: Arc<Semaphore>) {
        let before = Arc::clone(&pool).acquire_many_owned(2).await;
        let one = task::spawn(through_tracked(Arc::clone(&pool), 1));
        let both = task::spawn(through_tracked(pool, 2));
        task::yield_now().await;
        drop(before);
        let _ = one.await;
        let _ = both.await;
    }
    clean(|| come_back(pool(2)));
    clean(|| come_back(pool(3)));
    clean(|| async { come_back(probed(3)).await });
}

/// The head of tokio's queue takes a part, and is woken by who brings the rest.
#[test]
fn parts_that_come_from_past_it_are_allowed_for() {
    async fn in_parts(pool: Arc<Semaphore>) {
        let one = tracked(&pool).named("pool").acquire_owned().await;
        let other = Arc::clone(&pool).acquire_owned().await;
        let all = task::spawn(through_tracked(pool, 3));
        task::yield_now().await;
        drop(other);
        task::yield_now().await;
        drop(one);
        let _ = all.await;
    }
    clean(|| in_parts(pool(3)));
    clean(|| async { in_parts(probed(3)).await });
}

#[test]
fn permits_may_be_added_past_it() {
    async fn added(pool: Arc<Semaphore>) {
        let waiters = [1, 2].map(|n| task::spawn(through_tracked(Arc::clone(&pool), n)));
        task::yield_now().await;
        pool.add_permits(2);
        for waiter in waiters {
            let _ = waiter.await;
        }
    }
    clean(|| added(pool(0)));
    clean(|| added(pool(1)));
}

/// The capacity that a probe says is what may be free at most.
#[test]
fn a_probe_tells_of_permits_that_are_added_past_it() {
    plain(
        || async {
            let pool = probed(1);
            through_tracked(Arc::clone(&pool), 1).await;
            pool.add_permits(1);
        },
        &["conservation pool"],
    );
}

#[test]
fn permits_may_be_forgotten_past_it() {
    clean(|| async {
        let pool = pool(3);
        let users = [1, 1].map(|n| task::spawn(through_tracked(Arc::clone(&pool), n)));
        task::yield_now().await;
        pool.forget_permits(1);
        for user in users {
            let _ = user.await;
        }
        drop(tracked(&pool).named("pool").try_acquire());
    });
}

#[test]
fn it_may_be_closed_past_it() {
    clean(|| async {
        let pool = pool(0);
        let waiter = task::spawn(through_tracked(Arc::clone(&pool), 1));
        task::yield_now().await;
        pool.close();
        let _ = waiter.await;
        drop(tracked(&pool).named("pool").try_acquire());
    });
}

/// Whether they come back is seen by a probe only; who holds them by nobody.
#[test]
fn permits_that_are_lost_past_it_are_missed_by_a_probe() {
    let lost = |pool: Arc<Semaphore>| async move {
        through_tracked(Arc::clone(&pool), 1).await;
        let theirs = Arc::clone(&pool);
        let guilty = task::spawn(async move { std::mem::forget(theirs.acquire_owned().await) });
        let _ = guilty.await;
        through_tracked(pool, 1).await;
    };
    plain(move || lost(pool(2)), &[]);
    plain(move || async move { lost(probed(2)).await }, &["leak pool"]);
}

/// Whoever waits for them is told, and that it is not known who holds them.
#[test]
fn a_deadlock_on_permits_that_were_taken_past_it_accuses_nobody() {
    let report = finds(
        &faultless(portfolio()),
        || async {
            let pool = pool(1);
            drop(tracked(&pool).named("pool").acquire().await);
            let theirs = Arc::clone(&pool);
            let _holder = task::spawn(async move {
                let _permit = theirs.acquire().await;
                std::future::pending::<()>().await;
            });
            task::yield_now().await;
            drop(tracked(&pool).named("pool").acquire().await);
        },
        // where the holder comes last it is alone
        &["deadlock", "deadlock pool"],
    );
    let told = shown(&report);
    assert!(
        told.contains("waits for pool: who holds it is not known"),
        "\n{told}"
    );
}

/// What the semaphore grants too much is found all the same, if nothing was done past it.
#[test]
fn a_probe_and_tracked_together_find_what_a_worker_leaks() {
    plain(
        || async {
            let pool = probed(2);
            let theirs = Arc::clone(&pool);
            let leaker = task::spawn(async move {
                std::mem::forget(tracked(&theirs).named("pool").acquire_owned().await);
            });
            past_tracked(Arc::clone(&pool), 1).await;
            let _ = leaker.await;
            past_tracked(pool, 1).await;
        },
        &["leak pool"],
    );
}
