//! Panics in threads: what is dropped while one unwinds is put back afterwards, each in a step of its
//! own, and nobody else sees anything of the panic.
#![cfg(feature = "threads")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use selvedge::explore::Explorer;
use selvedge::report::{Report, Style, text, timeline};
use selvedge::run::{Action, Choice, WorkerId};
use selvedge::schedule::{Digest, Schedule};
use selvedge::strategy::StrategyName;
use selvedge::{Semaphore, fault, thread};

fn semaphore(name: &'static str, permits: usize) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(permits).named(name))
}

/// All runs with one panic.
fn all(name: &str, closure: impl Fn() + Send + Sync + 'static) -> Report {
    let mut explorer = Explorer {
        strategy: StrategyName::DepthFirst,
        runs: Some(100_000),
        ..Explorer::closures()
    };
    explorer.budget.panics = Some(1);
    let report = explorer.explore_threads(name, closure);
    assert!(report.complete, "{}", text(&report, &Style::default()));
    report
}

fn is_clean(report: &Report) {
    let told = text(report, &Style::default());
    assert!(report.findings.is_empty(), "\n{told}");
}

/// Holds permits of two semaphores when the panic strikes.
fn holds_two(a: &Semaphore, b: &Semaphore) {
    let _a = a.acquire_blocking().unwrap();
    let _b = b.acquire_blocking().unwrap();
    fault::point("query");
}

#[test]
fn releases_of_an_unwinding_are_steps_of_their_own() {
    let goes_on = |worker| (worker, Action::Proceed);
    let schedule = [
        goes_on(0),
        goes_on(1),
        goes_on(1),
        goes_on(1),
        (1, Action::Panic),
        goes_on(1),
        goes_on(1),
        goes_on(0),
    ];
    let report = replayed("two", &schedule, || {
        let (a, b) = (semaphore("a", 1), semaphore("b", 1));
        let (of_a, of_b) = (Arc::clone(&a), Arc::clone(&b));
        let worker = thread::spawn(move || holds_two(&of_a, &of_b));
        let _ = worker.join();
    });
    let trace = report.timeline.as_ref().expect("nothing is found");
    let style = Style {
        figures: false,
        ..Style::default()
    };
    let told = timeline(trace, "two", &style);
    let released: Vec<&str> = told.lines().filter(|l| l.contains("release")).collect();
    assert_eq!(released.len(), 2, "\n{told}");
    assert!(
        released[0].contains("release b"),
        "the last guard is dropped first\n{told}"
    );
    assert!(released[1].contains("release a"), "\n{told}");
}

/// A run of `main` and its first child.
fn replayed(
    name: &str,
    steps: &[(u32, Action)],
    closure: impl Fn() + Send + Sync + 'static,
) -> Report {
    let choice = |&(worker, action)| Choice {
        worker: WorkerId(worker),
        action,
    };
    let schedule = Schedule {
        digest: Digest::of(name),
        choices: steps.iter().map(choice).collect(),
    };
    let text = schedule.encode(&["main".to_owned(), "main.1".to_owned()]);
    let report = Explorer::closures().replay_threads(name, &text, closure);
    report.expect("it is a schedule")
}

/// Others come in between the two releases: who tries one and then the other finds the second back
/// and the first still gone.
#[test]
fn others_come_in_between() {
    static SEEN: AtomicU32 = AtomicU32::new(0);
    let report = all("between", || {
        let (a, b) = (semaphore("a", 1), semaphore("b", 1));
        let (of_a, of_b) = (Arc::clone(&a), Arc::clone(&b));
        let worker = thread::spawn(move || holds_two(&of_a, &of_b));
        let looker = thread::spawn(move || {
            // held by the other one, which has panicked if b is free again
            let b_is_free = b.try_acquire().is_ok();
            let a_is_free = a.try_acquire().is_ok();
            (b_is_free, a_is_free)
        });
        let panicked = worker.join().is_err();
        let (b_is_free, a_is_free) = looker.join().unwrap();
        let seen = u32::from(b_is_free) | u32::from(a_is_free) << 1;
        if panicked {
            SEEN.fetch_or(1 << seen, Ordering::Relaxed);
        }
    });
    is_clean(&report);
    // neither, b alone, a alone, both
    assert_eq!(SEEN.load(Ordering::Relaxed), 0b1111);
}

/// A borrowed semaphore may be gone before its permits are put back.
#[test]
fn the_semaphore_may_be_gone() {
    let report = all("gone", || {
        let worker = thread::spawn(|| {
            let own = Semaphore::new(1).named("own");
            let _permit = own.acquire_blocking().unwrap();
            fault::point("query");
        });
        let _ = worker.join();
    });
    is_clean(&report);
}

/// Bystanders are never panicking, and their mutexes are not poisoned.
#[test]
fn bystanders_see_nothing() {
    static PANICKING: AtomicBool = AtomicBool::new(false);
    let report = all("bystanders", || {
        let pool = semaphore("pool", 1);
        let shared = Arc::new(std::sync::Mutex::new(0));
        let workers: Vec<_> = (0..2)
            .map(|_| {
                let (pool, shared) = (Arc::clone(&pool), Arc::clone(&shared));
                thread::spawn(move || {
                    let permit = pool.acquire_blocking().unwrap();
                    if std::thread::panicking() {
                        PANICKING.store(true, Ordering::Relaxed);
                    }
                    *shared.lock().unwrap() += 1;
                    fault::point("query");
                    drop(permit);
                })
            })
            .collect();
        for worker in workers {
            let _ = worker.join();
        }
        assert_eq!(*shared.lock().unwrap(), 2);
    });
    is_clean(&report);
    assert!(!PANICKING.load(Ordering::Relaxed));
}

/// Who catches its own panic goes on with its permits put back.
#[test]
fn a_caught_panic_puts_back_before_the_next_op() {
    let report = all("caught", || {
        let pool = semaphore("pool", 1);
        let of_worker = Arc::clone(&pool);
        let worker = thread::spawn(move || {
            let tried = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                let _permit = of_worker.acquire_blocking().unwrap();
                fault::point("query");
            }));
            let _again = of_worker.acquire_blocking().unwrap();
            tried.is_err()
        });
        drop(pool.acquire_blocking().unwrap());
        worker.join().unwrap();
    });
    is_clean(&report);
}
