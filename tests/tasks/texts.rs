//! What is printed of typical findings in closures.

use std::future::Future;

use selvedge::{fault, task};

use super::drive::{faultless, portfolio, semaphore, shown, with_faults};
use crate::snapshots::SNAPSHOTS;

#[track_caller]
fn text<Fut: Future<Output = ()> + 'static>(
    name: &str,
    panics: u32,
    closure: impl Fn() -> Fut + Send + Sync + 'static,
) {
    let explorer = with_faults(faultless(portfolio()), [panics, 0, 0]);
    let report = explorer.explore_async(name, closure);
    insta::with_settings!({
        snapshot_path => SNAPSHOTS,
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!(format!("tasks-{name}"), shown(&report));
    });
}

#[test]
fn a_leak_by_a_panic() {
    text("leak", 1, || async {
        let pool = semaphore("pool", 1);
        let task = task::spawn(async move {
            pool.acquire_raw().await.unwrap();
            let _ = fault::io("query").await;
            pool.release(1).unwrap();
        });
        let _ = task.await;
    });
}

#[test]
fn a_deadlock() {
    text("deadlock", 0, || async {
        let (a, b) = (semaphore("a", 1), semaphore("b", 1));
        let (a2, b2) = (a.clone(), b.clone());
        let task = task::spawn(async move {
            let _b = b2.acquire().await;
            let _a = a2.acquire().await;
        });
        {
            let _a = a.acquire().await;
            let _b = b.acquire().await;
        }
        task.await.unwrap();
    });
}

#[test]
fn an_assertion() {
    text("assertion", 0, || async {
        let pool = semaphore("pool", 2);
        let there = pool.clone();
        task::spawn(async move {
            let _permit = there.acquire().await;
            selvedge::note!("{} left", there.available_permits());
            task::yield_now().await;
        });
        task::yield_now().await;
        assert_eq!(pool.available_permits(), 2, "somebody is there");
    });
}
