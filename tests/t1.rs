#![cfg(feature = "threads")]
use std::sync::Arc;
use selvedge::{Explorer, Semaphore, fault, thread};
use selvedge::report::{text, Style};

fn show(name: &str, f: impl Fn() + Send + Sync + 'static) {
    let e = Explorer { runs: Some(10_000), ..Explorer::closures() };
    let r = e.explore_threads(name, f);
    println!("{}", text(&r, &Style::default()));
}
#[test]
fn leak() {
    show("leak", || {
        let pool = Arc::new(Semaphore::new(1).named("pool"));
        let hs: Vec<_> = (0..2).map(|_| { let pool = pool.clone(); thread::spawn(move || {
            pool.acquire_raw_blocking().unwrap();
            fault::point("query");
            pool.release(1).unwrap();
        })}).collect();
        for h in hs { let _ = h.join(); }
    });
}
#[test]
fn clean_guard() {
    show("clean", || {
        let pool = Arc::new(Semaphore::new(1).named("pool"));
        let hs: Vec<_> = (0..2).map(|_| { let pool = pool.clone(); thread::spawn(move || {
            let _p = pool.acquire_blocking().unwrap();
            fault::point("query");
        })}).collect();
        for h in hs { h.join().unwrap(); }
    });
}
#[test]
fn opposite() {
    show("opposite", || {
        let a = Semaphore::new(1).named("a");
        let b = Semaphore::new(1).named("b");
        thread::scope(|s| {
            s.spawn(|| { let _x = a.acquire_blocking().unwrap(); let _y = b.acquire_blocking().unwrap(); });
            s.spawn(|| { let _y = b.acquire_blocking().unwrap(); let _x = a.acquire_blocking().unwrap(); });
        });
    });
}
#[test]
fn own_panic() {
    show("own", || {
        let a = Arc::new(Semaphore::new(1).named("a"));
        let h = thread::spawn({let a = a.clone(); move || { let p = a.try_acquire(); assert!(p.is_ok(), "taken"); }});
        let _p = a.acquire_blocking();
        thread::yield_now();
        drop(_p);
        h.join().unwrap();
    });
}
