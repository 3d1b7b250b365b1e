//! A worker is named as holder or culprit only where a ledger shows it.

use std::future::Future;
use std::sync::{Arc, Mutex};

use selvedge::explore::Explorer;
use selvedge::program::PropertyName;
use selvedge::report::{Finding, Report, Severity, Style, text};
use selvedge::{Semaphore, fault, probe, task, thread};

/// What is printed of a report, in one line, so that no line end is in the way.
fn shown(report: &Report) -> String {
    let style = Style {
        figures: false,
        ..Style::default()
    };
    let text = text(report, &style);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Fewer runs than a check makes.
fn explorer() -> Explorer {
    Explorer {
        runs: Some(2_000),
        ..Explorer::closures()
    }
}

/// The same with nothing injected.
fn faultless() -> Explorer {
    let mut explorer = explorer();
    explorer.budget.panics = Some(0);
    explorer.budget.timeouts = Some(0);
    explorer.budget.cancels = Some(0);
    explorer
}

fn tasks<F: Future<Output = ()> + 'static>(explorer: &Explorer, subject: fn() -> F) -> Report {
    explorer.explore_async("subject", subject)
}

fn threads(explorer: &Explorer, subject: fn()) -> Report {
    explorer.explore_threads("subject", subject)
}

/// The properties that failed, each with whom it names.
fn named(report: &Report) -> Vec<String> {
    let finding = |f: &Finding| {
        let severity = match f.severity {
            Severity::Error => "",
            Severity::Warning => " (warning)",
        };
        format!("{}{severity}: {}", f.property, f.workers.join(" "))
    };
    report.findings.iter().map(finding).collect()
}

#[track_caller]
fn says(report: &Report, parts: &[&str]) {
    let told = shown(report);
    for part in parts {
        assert!(told.contains(part), "{part:?} is not in\n{told}");
    }
}

#[track_caller]
fn says_nothing_of(report: &Report, parts: &[&str]) {
    let told = shown(report);
    for part in parts {
        assert!(!told.contains(part), "{part:?} is in\n{told}");
    }
}

#[test]
fn who_holds_a_permit_of_a_probed_semaphore_is_not_known() {
    let report = tasks(&faultless(), || async {
        let sem = Arc::new(tokio::sync::Semaphore::new(2));
        let s = sem.clone();
        probe("pool", 2, move || s.available_permits());
        let (guilty, innocent) = (sem.clone(), sem.clone());
        task::spawn(async move { std::mem::forget(guilty.acquire_owned().await) });
        task::spawn(async move {
            let _p = innocent.acquire_owned().await;
            task::yield_now().await;
        });
    });
    assert_eq!(named(&report), ["leak: "]);
    says(
        &report,
        &[
            "1 permit of pool is missing when the run ends; who holds it is not known",
            "missing: 1 of the 2 permits of pool; available fell at steps ",
            " and came back at step ",
            ": 1 permit never comes back",
        ],
    );
    says_nothing_of(
        &report,
        &[
            "main.1 and took",
            "main.2 and took",
            "leaks pool",
            "lost for good",
        ],
    );
}

/// A count that goes down before the guard that would put it back is there.
struct Limit(Mutex<usize>);

struct Back(Arc<Limit>);

impl Drop for Back {
    fn drop(&mut self) {
        *self.0.0.lock().unwrap() += 1;
    }
}

#[test]
fn neither_the_cancelled_nor_the_panicking_is_blamed_for_a_count() {
    let explorer = Explorer {
        runs: Some(10_000),
        ..Explorer::closures()
    };
    let report = tasks(&explorer, || async {
        let limit = Arc::new(Limit(Mutex::new(2)));
        let there = limit.clone();
        probe("limit", 2, move || *there.0.lock().unwrap());
        let first = limit.clone();
        task::spawn(async move {
            *first.0.lock().unwrap() -= 1;
            task::yield_now().await;
            let _back = Back(first);
        });
        let second = limit.clone();
        task::spawn(async move {
            *second.0.lock().unwrap() -= 1;
            let _back = Back(second);
            fault::point("work");
        });
    });
    assert_eq!(named(&report), ["leak: "]);
    says(&report, &["who holds it is not known"]);
    assert!(report.findings[0].trace.steps.len() > 1);
}

#[test]
fn an_acquire_of_a_probed_semaphore_is_exhaustion_as_far_as_is_known() {
    let report = tasks(&faultless(), || async {
        let sem = Arc::new(tokio::sync::Semaphore::new(1));
        let s = sem.clone();
        probe("pool", 1, move || s.available_permits());
        let (guilty, waiting) = (sem.clone(), sem.clone());
        task::spawn(async move { std::mem::forget(guilty.acquire_owned().await) });
        task::spawn(async move { drop(waiting.acquire_owned().await) });
    });
    let exhausted = |f: &&Finding| f.property == PropertyName::Exhaustion;
    let finding = report.findings.iter().find(exhausted).unwrap();
    assert_eq!(finding.workers, ["main.2"]);
    assert_eq!(
        finding.detail,
        "main.2 waits, perhaps for pool, of which 1 permit is missing, and who holds it is not known"
    );
    says_nothing_of(
        &report,
        &["main.1 took", "main.1 ended and took", "lost for good"],
    );
}

/// What two tasks put their permits into, and end.
type Shelf<P> = Arc<Mutex<Vec<P>>>;

#[test]
fn permits_that_tasks_left_on_a_shelf_are_kept_by_nobody_who_runs() {
    let report = tasks(&faultless(), || async {
        let pool = Arc::new(Semaphore::new(2).named("pool"));
        let shelf: Shelf<_> = Arc::default();
        let (waiting, kept) = (pool.clone(), shelf.clone());
        let (first, second) = (pool.clone(), pool);
        let (left, right) = (shelf.clone(), shelf);
        task::spawn(async move {
            task::yield_now().await;
            let _permit = waiting.acquire().await;
            drop(kept);
        });
        task::spawn(async move {
            let permit = first.acquire_owned().await.unwrap();
            left.lock().unwrap().push(permit);
        });
        task::spawn(async move {
            let permit = second.acquire_owned().await.unwrap();
            right.lock().unwrap().push(permit);
        });
    });
    assert_eq!(named(&report), ["exhaustion: main.1"]);
    says(
        &report,
        &[
            "2 permits are kept alive by nobody who runs, taken by main.2 and main.3",
            "main.2 took pool at blame.rs:",
            "main.3 took pool at blame.rs:",
            "drop the permits of pool when their work is done",
        ],
    );
    says_nothing_of(&report, &["waits for itself", "leaked"]);
}

#[test]
fn permits_that_threads_left_on_a_shelf_are_kept_by_nobody_who_runs() {
    let report = threads(&faultless(), || {
        let pool = Arc::new(Semaphore::new(2).named("pool"));
        let shelf: Shelf<_> = Arc::default();
        let (first, second) = (pool.clone(), pool.clone());
        let (left, right) = (shelf.clone(), shelf.clone());
        let one = thread::spawn(move || {
            let permit = first.acquire_owned().wait().unwrap();
            left.lock().unwrap().push(permit);
        });
        let other = thread::spawn(move || {
            let permit = second.acquire_owned().wait().unwrap();
            right.lock().unwrap().push(permit);
        });
        one.join().unwrap();
        other.join().unwrap();
        let last = thread::spawn(move || drop(pool.acquire_blocking()));
        last.join().unwrap();
        drop(shelf);
    });
    assert_eq!(named(&report), ["exhaustion: main.3"]);
    says(
        &report,
        &["2 permits are kept alive by nobody who runs, taken by main.1 and main.2"],
    );
    says_nothing_of(&report, &["wait for each other", "leaked"]);
}

#[test]
fn a_permit_that_was_moved_into_a_task_is_held_by_that_task() {
    let report = tasks(&faultless(), || async {
        let pool = Arc::new(Semaphore::new(1).named("pool"));
        let permit = pool.clone().acquire_owned().await.unwrap();
        task::spawn(async move {
            let _permit = permit;
            drop(pool.acquire().await);
        });
    });
    assert_eq!(named(&report), ["deadlock: main.1"]);
    says(&report, &["main.1 waits for itself"]);
}

#[test]
fn a_permit_that_was_moved_into_a_thread_is_held_by_that_thread() {
    let report = threads(&faultless(), || {
        let pool = Arc::new(Semaphore::new(1).named("pool"));
        let permit = pool.clone().acquire_owned().wait().unwrap();
        thread::spawn(move || {
            let _permit = permit;
            drop(pool.acquire_blocking());
        });
    });
    assert_eq!(named(&report), ["deadlock: main.1"]);
    says(&report, &["main.1 waits for itself"]);
}

#[test]
fn several_waiters_wait_and_one_waits() {
    let report = tasks(&faultless(), || async {
        let pool = Arc::new(Semaphore::new(1).named("pool"));
        pool.acquire().await.unwrap().into_raw();
        for _ in 0..2 {
            let pool = pool.clone();
            task::spawn(async move { drop(pool.acquire().await) });
        }
    });
    says(
        &report,
        &["main.1 and main.2 wait for pool, which is exhausted: 1 permit was leaked"],
    );
}

/// Two threads that each take one permit without a guard, and put back so many.
fn two_that_release(first: usize, second: usize) {
    let slots = Arc::new(Semaphore::new(2).named("slots"));
    let threads = [first, second].map(|n| {
        let slots = slots.clone();
        thread::spawn(move || {
            slots.acquire_raw_blocking().unwrap();
            thread::yield_now();
            let _ = slots.release(n);
        })
    });
    for thread in threads {
        thread.join().unwrap();
    }
}

#[test]
fn who_releases_too_much_is_told_first_and_alone_to_blame() {
    let report = threads(&faultless(), || two_that_release(2, 1));
    assert_eq!(named(&report), ["over-release: main.1", "leak: main.1"]);
    let [over, leak] = &report.findings[..] else {
        unreachable!("there are two")
    };
    assert_eq!(leak.follows.as_ref(), Some(&over.id));
    let told = &over.detail;
    let numbers = "main.1 releases 2 permits of slots but holds 1: ";
    let refused = format!("{numbers}refused");
    let done = format!("{numbers}it puts back 1 that main.2 took");
    assert!([refused, done].contains(told), "{told}");
    says(
        &report,
        &[
            &format!("follows from {}", over.id),
            &format!("mend {}", over.id),
        ],
    );
    says_nothing_of(&report, &["holds 0", "main.2 releases 1 permit"]);
}

#[test]
fn whose_permit_was_taken_away_is_excused() {
    // the other one releases while it holds two
    let report = threads(&faultless(), || {
        let slots = Arc::new(Semaphore::new(1).named("slots"));
        let there = slots.clone();
        slots.acquire_raw_blocking().unwrap();
        let thief = thread::spawn(move || there.release(1).unwrap());
        thief.join().unwrap();
        let _ = slots.release(1);
    });
    assert_eq!(named(&report), ["over-release: main.1"]);
    says(
        &report,
        &[
            "main.1 releases 1 permit of slots but holds 0: it puts back 1 that main took",
            "refused: main.1 had put it back",
            "what follows: main releases slots in step ",
        ],
    );
}

#[test]
fn a_release_of_what_a_cancelled_task_took_is_warned_of() {
    let report = tasks(&explorer(), || async {
        let pool = Arc::new(Semaphore::new(1).named("pool"));
        let (takes, puts) = (pool.clone(), pool);
        task::spawn(async move {
            takes.acquire_raw().await.unwrap();
            task::yield_now().await;
            task::yield_now().await;
            std::future::pending::<()>().await;
        })
        .abort_later();
        task::spawn(async move {
            task::yield_now().await;
            let _ = puts.release(1);
        });
    });
    // it is refused in some runs, and so an error
    let named = named(&report);
    assert!(
        named.contains(&"over-release: main.3".to_owned()),
        "{named:?}"
    );
    assert!(named.contains(&"leak: main.1".to_owned()), "{named:?}");
}

trait AbortLater {
    fn abort_later(self);
}

impl AbortLater for task::JoinHandle<()> {
    /// Another task aborts it after a while.
    fn abort_later(self) {
        task::spawn(async move {
            task::yield_now().await;
            self.abort();
        });
    }
}

#[test]
fn a_release_of_what_a_thread_took_that_has_ended_is_warned_of() {
    let report = threads(&faultless(), || {
        let permits = Arc::new(Semaphore::new(2).named("permits"));
        let there = permits.clone();
        let takes = thread::spawn(move || there.acquire_raw_blocking().unwrap());
        takes.join().unwrap();
        let puts = thread::spawn(move || permits.release(1).unwrap());
        puts.join().unwrap();
    });
    assert_eq!(named(&report), ["over-release (warning): main.2"]);
    says(
        &report,
        &[
            "main.2 releases 1 permit of permits but holds 0: it puts back 1 that main.1 took",
            "say `hand_over` where it is taken",
        ],
    );
}

#[test]
fn a_permit_that_was_handed_over_is_put_back_by_another_thread() {
    let report = threads(&faultless(), || {
        let permits = Arc::new(Semaphore::new(2).named("permits"));
        permits.acquire_raw_blocking().unwrap();
        permits.hand_over(1);
        let puts = thread::spawn(move || permits.release(1).unwrap());
        puts.join().unwrap();
    });
    assert!(report.findings.is_empty(), "{}", shown(&report));
}

#[test]
fn a_permit_that_was_handed_over_is_put_back_by_another_task() {
    let report = tasks(&faultless(), || async {
        let permits = Arc::new(Semaphore::new(2).named("permits"));
        permits.acquire_many_raw(2).await.unwrap();
        permits.hand_over(1);
        let there = permits.clone();
        task::spawn(async move { there.release(1).unwrap() });
        task::yield_now().await;
        permits.release(1).unwrap();
    });
    assert!(report.findings.is_empty(), "{}", shown(&report));
}

#[test]
fn a_permit_that_was_handed_over_and_not_put_back_is_missing() {
    let report = threads(&faultless(), || {
        let permits = Arc::new(Semaphore::new(2).named("permits"));
        permits.acquire_raw_blocking().unwrap();
        permits.hand_over(1);
        thread::spawn(|| ()).join().unwrap();
    });
    assert_eq!(named(&report), ["leak: "]);
    says(
        &report,
        &[
            "1 permit of permits was handed over and never put back",
            "main took permits at blame.rs:",
            "and handed it over",
        ],
    );
}

#[test]
fn of_several_that_hold_a_permit_none_is_named() {
    let report = threads(&faultless(), || {
        let permits = Arc::new(Semaphore::new(2).named("permits"));
        let take = || {
            let there = permits.clone();
            thread::spawn(move || there.acquire_raw_blocking().unwrap())
        };
        let threads = [take(), take()];
        for thread in threads {
            thread.join().unwrap();
        }
        let puts = thread::spawn(move || permits.release(2).unwrap());
        puts.join().unwrap();
    });
    assert_eq!(named(&report), ["over-release (warning): main.3"]);
    says(
        &report,
        &[
            "it puts back 2 that others took",
            "whose permit it was is not known",
        ],
    );
}

#[test]
fn who_signals_releases_what_nobody_took() {
    let report = tasks(&faultless(), || async {
        let signal = Arc::new(Semaphore::unbounded(0).named("signal"));
        let there = signal.clone();
        task::spawn(async move { there.release(1).unwrap() });
        signal.acquire_raw().await.unwrap();
    });
    assert!(report.findings.is_empty(), "{}", shown(&report));
    let report = threads(&faultless(), || {
        let signal = Arc::new(Semaphore::unbounded(0).named("signal"));
        let there = signal.clone();
        thread::spawn(move || there.release(1).unwrap());
        signal.acquire_raw_blocking().unwrap();
    });
    assert!(report.findings.is_empty(), "{}", shown(&report));
}

#[test]
fn a_guard_that_is_made_raw_elsewhere_is_of_who_does_that() {
    let report = tasks(&faultless(), || async {
        let pool = Arc::new(Semaphore::new(1).named("pool"));
        let permit = pool.clone().acquire_owned().await.unwrap();
        task::spawn(async move {
            permit.into_raw();
            task::yield_now().await;
            pool.release(1).unwrap();
        });
    });
    assert!(report.findings.is_empty(), "{}", shown(&report));
}

#[test]
fn an_await_that_is_not_tracked_has_no_place() {
    let report = tasks(&faultless(), || async {
        let sem = Arc::new(tokio::sync::Semaphore::new(1));
        let s = sem.clone();
        probe("pool", 1, move || s.available_permits());
        let kept = sem.clone().acquire_owned().await.unwrap();
        let waiting = task::spawn(async move { drop(sem.acquire().await) });
        let _ = waiting.await;
        drop(kept);
    });
    let finding = &report.findings[0];
    assert_eq!(finding.property, PropertyName::Deadlock);
    says(
        &report,
        &[
            "waits at an await that selvedge does not track, and nobody wakes it \
             (perhaps it waits for pool, 0 of 1 free)",
        ],
    );
    says_nothing_of(&report, &["no semaphore"]);
    let trace = &finding.trace;
    let waiting = trace.workers.iter().position(|w| w == "main.1").unwrap();
    let (_, place) = trace.last().workers[waiting].statement.unwrap();
    assert!(!place.is_known());
}

#[test]
fn a_join_stands_where_it_is_awaited() {
    let report = tasks(&faultless(), || async {
        let never = task::spawn(std::future::pending::<()>());
        let awaited = line!() + 1;
        let _ = never.await;
        let _ = awaited;
    });
    let trace = &report.findings[0].trace;
    let (_, place) = trace.last().workers[0].statement.unwrap();
    let spawned = include_str!("blame.rs")
        .lines()
        .position(|l| l.contains("let never = "));
    assert_eq!(place.line as usize, spawned.unwrap() + 3);
}

#[test]
fn a_primitive_of_shuttle_has_no_place() {
    let report = threads(&faultless(), || {
        let lock = Arc::new(shuttle::sync::Mutex::new(()));
        let there = lock.clone();
        let held = lock.lock().unwrap();
        thread::spawn(move || drop(there.lock())).join().unwrap();
        drop(held);
    });
    says(
        &report,
        &["waits in a primitive that selvedge does not track, and nobody lets it go on"],
    );
    let trace = &report.findings[0].trace;
    let (_, place) = trace.last().workers[1].statement.unwrap();
    assert!(!place.is_known());
}

#[test]
fn a_semaphore_without_a_name_is_called_by_where_it_was_made() {
    let report = tasks(&faultless(), || async {
        let made = || Semaphore::new(1);
        let (first, second) = (made(), made());
        first.acquire().await.unwrap().into_raw();
        second.acquire().await.unwrap().into_raw();
    });
    let names: Vec<&str> = report
        .findings
        .iter()
        .map(|f| f.semaphores[0].as_str())
        .collect();
    let line = include_str!("blame.rs")
        .lines()
        .position(|l| l.contains("let made = || "));
    let name = format!("tests/user_code/blame.rs:{}", line.unwrap() + 1);
    assert_eq!(names, [name.clone(), format!("{name}#2")]);
}

#[test]
fn names_that_are_cut_are_told_apart() {
    let report = tasks(&faultless(), || async {
        let long = |end: &str| format!("a-pool-with-a-name-{}-{end}", "long-".repeat(12));
        let one = Arc::new(Semaphore::new(1).with_name(long("one-of-two")));
        let two = Arc::new(Semaphore::new(1).with_name(long("two-of-two")));
        one.acquire().await.unwrap().into_raw();
        two.acquire().await.unwrap().into_raw();
        drop(one.acquire().await);
    });
    let text = text(&report, &Style::default());
    let acquired = text
        .lines()
        .filter_map(|line| line.split_once(" acquire a-p"));
    let mut names: Vec<&str> = acquired
        .filter_map(|(_, rest)| rest.split(' ').next())
        .collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 2, "{text}");
}
