//! The same again: reports, replays, schedules.

use selvedge::{fault, thread};

use super::drive::{portfolio, semaphore, shown};
#[cfg(feature = "insta")]
use crate::snapshots::{SNAPSHOTS, kept};

/// Leaks by a panic, waits in a circle, and uses what shuttle knows of.
fn subject() {
    let (a, b) = (semaphore("a", 1), semaphore("b", 1));
    let (a2, b2) = (a.clone(), b.clone());
    let shared = std::sync::Arc::new(shuttle::sync::Mutex::new(0));
    let there = shared.clone();
    let thread = thread::spawn(move || {
        *there.lock().unwrap() += 1;
        let _b = b2.acquire_blocking();
        let _a = a2.acquire_blocking();
    });
    let _a = a.acquire_blocking();
    *shared.lock().unwrap() += 1;
    b.acquire_raw_blocking().unwrap();
    fault::point("work");
    b.release(1).unwrap();
    let _ = thread.join();
}

#[test]
fn a_report_is_the_same_each_time() {
    let report = || shown(&portfolio().explore_threads("subject", subject));
    let first = report();
    assert!(first.contains("deadlock"), "{first}");
    assert!(first.contains("leak"), "{first}");
    assert_eq!(first, report());
}

/// A schedule that was recorded once: the trace is the same in each build.
#[test]
fn a_schedule_shows_the_same_each_time() {
    let explorer = portfolio();
    let report = explorer.explore_threads("subject", subject);
    let leak = report
        .findings
        .iter()
        .find(|f| f.property.as_str() == "leak");
    let schedule = &leak.unwrap().schedule;
    let replay = || {
        let replayed = explorer.replay_threads("subject", schedule, subject);
        replayed.unwrap()
    };
    let first = replay();
    for _ in 0..1000 {
        assert_eq!(shown(&replay()), shown(&first));
    }
    #[cfg(feature = "insta")]
    kept(SNAPSHOTS).bind(|| selvedge::assert_schedule_snapshot!("threads-replay", first));
}

#[test]
fn schedules_that_are_damaged_or_foreign_are_refused() {
    let explorer = portfolio();
    let report = explorer.explore_threads("subject", subject);
    let schedule = &report.findings[0].schedule;
    let refused = |name: &str, schedule: &str| {
        let replayed = explorer.replay_threads(name, schedule, subject);
        replayed
            .map(|report| shown(&report))
            .unwrap_err()
            .to_string()
    };
    assert_ne!(
        refused("another", schedule),
        refused("subject", &schedule.replace("main", "mian"))
    );
    for end in 0..schedule.len() {
        refused("subject", &schedule[..end]);
    }
}
