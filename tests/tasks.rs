//! Closures over futures.
#![cfg(feature = "check")]

use std::sync::Arc;

use selvedge::report::{Report, Style, text};
use selvedge::{Explorer, Semaphore, fault, task};

fn show(report: &Report) {
    println!("{}", text(report, &Style::default()));
}

#[test]
fn leak_by_panic() {
    let report = Explorer::closures().explore_async("leak", || async {
        let pool = Arc::new(Semaphore::new(2).named("pool"));
        for _ in 0..3 {
            let pool = Arc::clone(&pool);
            task::spawn(async move {
                let permit = pool.acquire().await.unwrap();
                std::mem::forget(permit);
                fault::point("query");
                pool.release(1).unwrap();
            });
        }
    });
    show(&report);
}

#[test]
fn deadlock() {
    let report = Explorer::closures().explore_async("deadlock", || async {
        let a = Arc::new(Semaphore::new(1).named("a"));
        let b = Arc::new(Semaphore::new(1).named("b"));
        let (a2, b2) = (a.clone(), b.clone());
        let t = task::spawn(async move {
            let _x = b2.acquire().await;
            let _y = a2.acquire().await;
        });
        {
            let _x = a.acquire().await;
            let _y = b.acquire().await;
        }
        let _ = t.await;
    });
    show(&report);
}
#[test]
fn fine() {
    let report = Explorer::closures().explore_async("fine", || async {
        let a = Arc::new(Semaphore::new(1).named("a"));
        let ts: Vec<_> = (0..3)
            .map(|_| {
                let a = a.clone();
                task::spawn(async move {
                    let _x = a.acquire().await;
                    task::yield_now().await;
                })
            })
            .collect();
        for t in ts {
            let _ = t.await;
        }
    });
    show(&report);
}
