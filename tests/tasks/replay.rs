//! The same again: reports, replays, schedules in the environment; and no more memory for more runs.

use std::process::{Command, Output};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use selvedge::explore::Explorer;
use selvedge::{check_async, fault, task};

use super::drive::{portfolio, semaphore, shown};

/// Leaks by a panic, and waits in a circle.
async fn subject() {
    let (a, b) = (semaphore("a", 1), semaphore("b", 1));
    let (a2, b2) = (a.clone(), b.clone());
    let task = task::spawn(async move {
        let _b = b2.acquire().await;
        let _a = a2.acquire().await;
    });
    let _a = a.acquire().await;
    fault::point("work");
    {
        let _b = b.acquire().await;
    }
    let _ = task.await;
}

#[test]
fn a_report_is_the_same_each_time() {
    let report = || shown(&portfolio().explore_async("subject", subject));
    let first = report();
    assert!(first.contains("deadlock"), "{first}");
    assert_eq!(first, report());
}

#[test]
fn a_schedule_shows_the_same_each_time() {
    let explorer = portfolio();
    let report = explorer.explore_async("subject", subject);
    let schedule = &report.findings[0].schedule;
    let replay = || {
        let replayed = explorer.replay_async("subject", schedule, subject).unwrap();
        shown(&replayed)
    };
    let first = replay();
    assert!(first.contains(&report.findings[0].id));
    for _ in 0..1000 {
        assert_eq!(replay(), first);
    }
}

#[test]
fn schedules_that_are_damaged_or_foreign_are_refused() {
    let explorer = portfolio();
    let report = explorer.explore_async("subject", subject);
    let schedule = &report.findings[0].schedule;
    let refused = |name: &str, schedule: &str| {
        let replayed = explorer.replay_async(name, schedule, subject);
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

/// What says that this process is started by a test.
const CHILD: &str = "TASKS_CHILD";

fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

/// Runs one test of this program in a process of its own.
fn child(test: &str, variables: &[(&str, &str)]) -> (bool, String) {
    let program = std::env::current_exe().unwrap();
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(program)
        .args(["--exact", &format!("tasks::{test}"), "--nocapture"])
        .env(CHILD, "1")
        .env("SELVEDGE_REGRESSIONS", "off")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let text = [stdout, stderr].concat();
    (
        status.success(),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

#[test]
fn the_environment_has_a_schedule() {
    const THIS: &str = "replay::the_environment_has_a_schedule";
    if is_child() {
        return check_async(subject);
    }
    let (passed, told) = child(THIS, &[]);
    assert!(!passed && told.contains("`keep_going`"), "{told}");
    let (passed, told) = child(THIS, &[("SELVEDGE_KEEP_GOING", "1")]);
    assert!(!passed && told.contains("10000 runs"), "{told}");
    let schedules: Vec<&str> = told.split("SELVEDGE_REPLAY='").skip(1).collect();
    assert!(!schedules.is_empty(), "{told}");
    for schedule in schedules {
        let schedule = schedule.split('\'').next().unwrap();
        let (passed, told) = child(THIS, &[("SELVEDGE_REPLAY", schedule)]);
        assert!(!passed && told.contains(schedule), "{told}");
        assert!(!told.contains("10000 runs"), "{told}");
        let damaged = schedule.replace("main", "mian");
        let (passed, told) = child(THIS, &[("SELVEDGE_REPLAY", &damaged)]);
        assert!(!passed && told.contains("SELVEDGE_REPLAY: "), "{told}");
    }
    let (passed, told) = child(THIS, &[("SELVEDGE_RUN", "1")]);
    assert!(
        !passed && told.contains("unknown environment variable SELVEDGE_RUN;"),
        "{told}"
    );
    let (passed, told) = child(THIS, &[("SELVEDGE_RUNS", "many")]);
    assert!(
        !passed && told.contains("SELVEDGE_RUNS: expected"),
        "{told}"
    );
    let (passed, told) = child(THIS, &[("SELVEDGE_RUNS", "0")]);
    assert!(passed, "{told}");
}

/// Pages that this process has in memory.
#[cfg(target_os = "linux")]
fn pages() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn memory_does_not_grow() {
    const THIS: &str = "replay::memory_does_not_grow";
    const RUNS: u64 = 200_000;
    if !is_child() {
        let (passed, told) = child(THIS, &[]);
        return assert!(passed, "{told}");
    }
    static MADE: AtomicU64 = AtomicU64::new(0);
    static PAGES: Mutex<Vec<u64>> = Mutex::new(Vec::new());
    let explorer = Explorer {
        runs: Some(RUNS),
        ..Explorer::closures()
    };
    let report = explorer.explore_async("subject", || {
        if MADE.fetch_add(1, Ordering::Relaxed) % (RUNS / 10) == RUNS / 10 - 1 {
            PAGES.lock().unwrap().push(pages());
        }
        async {
            let pool = semaphore("pool", 1);
            let there = pool.clone();
            let task = task::spawn(async move {
                let _permit = there.acquire().await;
                let _ = fault::io("query").await;
            });
            drop(pool.acquire().await);
            let _ = task.await;
        }
    });
    assert!(report.findings.is_empty(), "{}", shown(&report));
    let pages = PAGES.lock().unwrap();
    // half a megabyte at most, after a tenth of the runs
    assert!(pages[9] < pages[0] + 128, "{pages:?}");
}
