//! What was explored is said, and where that was nothing, the check fails.

use std::sync::Arc;

use selvedge::explore::Regressions;
use selvedge::program::PropertyName;
use selvedge::report::{
    Coverage, Finding, Range, Report, Severity, Stopped, StrategyName, Style, text,
};
use selvedge::{Explorer, Semaphore, fault, probe, task, thread, tracked};

/// A check that keeps nothing.
fn few(runs: u64) -> Explorer {
    Explorer {
        runs: Some(runs),
        regressions: Regressions::Off,
        ..Explorer::closures()
    }
}

#[track_caller]
fn is_vacuous(checked: Result<(), Box<Finding>>) -> Box<Finding> {
    let finding = checked.expect_err("nothing was explored");
    assert_eq!(finding.property, PropertyName::Vacuous, "{finding}");
    assert!(finding.schedule.is_empty());
    finding
}

fn coverage_of(report: &Report) -> &Coverage {
    report
        .coverage
        .as_ref()
        .expect("runs of a closure were made")
}

fn told(report: &Report) -> String {
    let style = Style {
        figures: false,
        ..Style::default()
    };
    text(report, &style)
}

/// Code over a semaphore of tokio's with a permit for each.
async fn never_waits() {
    let pool = Arc::new(tokio::sync::Semaphore::new(4));
    let permit = Arc::clone(&pool).acquire_owned().await;
    std::mem::forget(permit);
    drop(pool.acquire().await);
}

#[test]
fn a_closure_that_does_nothing_is_no_check() {
    let finding = is_vacuous(few(100).try_check(|| {}));
    let text = finding.to_string();
    assert!(text.contains("std::thread::spawn"), "{text}");
    assert!(text.contains("allow_vacuous"), "{text}");
    assert!(!text.contains("replay"), "{text}");
    let text = is_vacuous(few(100).try_check_async(|| async {})).to_string();
    assert!(text.contains("selvedge::task::spawn"), "{text}");
}

#[test]
fn threads_that_are_not_seen_are_no_check() {
    is_vacuous(few(100).try_check(|| {
        let free = Arc::new(std::sync::Mutex::new(2));
        let there = Arc::clone(&free);
        let thread = std::thread::spawn(move || *there.lock().unwrap() -= 1);
        thread.join().unwrap();
    }));
}

#[test]
fn a_runtime_of_its_own_is_no_check() {
    // what tokio's current_thread runtime does with it
    let block_on = || {
        let mut future = std::pin::pin!(never_waits());
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        while future.as_mut().poll(&mut cx).is_pending() {}
    };
    is_vacuous(few(100).try_check(block_on));
    is_vacuous(few(100).try_check_async(move || async move { block_on() }));
}

#[test]
fn futures_that_never_wait_are_no_check() {
    is_vacuous(few(100).try_check_async(never_waits));
}

#[test]
fn a_closure_that_returns_before_it_spawns_is_no_check() {
    is_vacuous(few(100).try_check(|| {
        let configured: Result<usize, ()> = Err(());
        let Ok(workers) = configured else { return };
        for _ in 0..workers {
            thread::spawn(|| ());
        }
    }));
}

#[test]
fn the_check_itself_fails() {
    let failed = std::panic::catch_unwind(|| few(10).check(|| {}));
    let message = failed.expect_err("nothing was explored");
    let message = message.downcast_ref::<String>().expect("a text");
    assert!(message.contains("vacuous: none of the"), "{message}");
    assert!(!message.contains("kept in"), "{message}");
}

#[test]
fn who_wants_nothing_may_have_it() {
    let explorer = Explorer {
        allow_vacuous: true,
        ..few(10)
    };
    explorer.try_check(|| {}).unwrap();
    explorer.try_check_async(|| async {}).unwrap();
}

#[test]
fn no_run_at_all_is_no_check() {
    let explorer = Explorer {
        time: Some(std::time::Duration::ZERO),
        ..few(10)
    };
    let finding = is_vacuous(explorer.try_check(|| {}));
    assert!(finding.detail.contains("no run was made"), "{finding}");
    // a part of few runs may be none, and who asks for none knows
    few(0).try_check(|| {}).unwrap();
}

#[test]
fn what_can_be_judged_is_a_check() {
    let clean = |checked: Result<(), Box<Finding>>| checked.unwrap();
    // a single worker with ops
    clean(few(10).try_check(|| drop(Semaphore::new(1).try_acquire())));
    clean(few(10).try_check_async(|| async { drop(Semaphore::new(1).acquire().await) }));
    clean(few(10).try_check_async(|| async {
        let pool = Semaphore::new(1);
        drop(tracked(&pool).acquire().await);
    }));
    // a fault point
    clean(few(10).try_check(|| {
        let _ = std::panic::catch_unwind(|| fault::point("work"));
    }));
    // a second worker
    clean(few(10).try_check(|| thread::spawn(|| ()).join().unwrap()));
    clean(few(10).try_check_async(|| async { drop(task::spawn(async {}).await) }));
    // an await that waited
    clean(few(10).try_check_async(|| async { task::yield_now().await }));
    // a probe, an invariant, a place that has to be reached
    clean(few(10).try_check(|| probe("pool", 1, || 1)));
    clean(few(10).invariant("true", |_| true).try_check(|| ()));
    clean(
        few(10)
            .must_reach("here")
            .try_check(|| selvedge::reached("here")),
    );
    // another worker waits for a lock of shuttle's
    clean(few(10).try_check(|| {
        let lock = Arc::new(shuttle::sync::Mutex::new(0));
        *lock.lock().unwrap() += 1;
    }));
}

#[test]
fn what_is_found_is_told_and_not_that_nothing_is() {
    let finding = few(10).try_check(|| panic!("at once")).unwrap_err();
    assert_eq!(finding.property, PropertyName::Assertion, "{finding}");
    let finding = few(10).try_check_async(|| async { panic!("at once") });
    assert_eq!(finding.unwrap_err().property, PropertyName::Assertion);
}

/// Two workers for one permit, each of which may panic.
fn contend() {
    let pool = Arc::new(Semaphore::new(1).named("pool"));
    let threads: Vec<_> = (0..2)
        .map(|_| {
            let pool = Arc::clone(&pool);
            thread::spawn(move || {
                let _permit = pool.acquire_blocking().unwrap();
                fault::point("work");
            })
        })
        .collect();
    for thread in threads {
        let _ = thread.join();
    }
}

#[test]
fn a_report_says_what_was_explored() {
    let report = few(1000).explore_threads("contend", contend);
    let coverage = coverage_of(&report);
    assert_eq!((coverage.runs, coverage.workers), (1000, 3));
    assert!(coverage.pilots > 0);
    assert!((20..500).contains(&coverage.different), "{coverage:?}");
    // what a panic puts back is part of the panic, and no op of its own
    assert_eq!(coverage.ops, Range { least: 3, most: 4 });
    assert!(coverage.choices.least > 0 && coverage.choices.most > coverage.choices.least);
    assert_eq!(coverage.fault_points, 2 * (1000 + coverage.pilots));
    assert!((100..=1000).contains(&coverage.faults), "{coverage:?}");
    let told = told(&report);
    let (pilots, different) = (coverage.pilots, coverage.different);
    let line = format!("covered    1,000 runs and {pilots} pilots, {different} different");
    assert!(told.contains(&line), "{told}");
    let words: Vec<&str> = told.split_whitespace().collect();
    assert!(
        words.join(" ").contains("3 workers · 3 to 4 ops a run ·"),
        "{told}"
    );
    // it is the same each time, and tasks are counted alike
    let again = few(1000).explore_threads("contend", contend);
    assert_eq!(again.coverage, report.coverage);
    let report = few(1000).explore_async("contend", || async {
        let pool = Arc::new(Semaphore::new(1).named("pool"));
        for _ in 0..2 {
            let pool = Arc::clone(&pool);
            task::spawn(async move {
                let _permit = pool.acquire().await.unwrap();
                let _ = fault::io("work").await;
            });
        }
    });
    let coverage = coverage_of(&report);
    assert_eq!((coverage.workers, coverage.ops.most), (3, 4));
    assert!(coverage.waits > 0 && coverage.faults > 0 && coverage.fault_points > 0);
}

#[test]
fn different_runs_are_those_of_all() {
    let explorer = Explorer {
        strategy: StrategyName::DepthFirst,
        ..few(100_000)
    };
    let report = explorer.explore_threads("contend", contend);
    assert!(report.complete, "{}", told(&report));
    let coverage = coverage_of(&report);
    assert_eq!((coverage.runs, coverage.pilots), (report.stats.runs, 0));
    assert_eq!(coverage.different, coverage.runs, "each run is another one");
}

#[test]
fn where_nothing_interleaves_that_is_noted() {
    let alone = few(10).explore_threads("alone", || drop(Semaphore::new(1).try_acquire()));
    assert!(alone.findings.is_empty());
    let text = told(&alone);
    assert!(
        text.contains("only `main` ran: there was nothing to interleave"),
        "{text}"
    );
    let in_turn = few(10).explore_threads("in turn", || {
        for _ in 0..2 {
            thread::spawn(|| drop(Semaphore::new(1).try_acquire()))
                .join()
                .unwrap();
        }
    });
    let coverage = coverage_of(&in_turn);
    if coverage.contested == 0 {
        assert!(told(&in_turn).contains("at no point could more than one worker go on"));
    }
    let report = few(10).explore_threads("contend", contend);
    assert!(
        !told(&report).contains("nothing to interleave"),
        "{}",
        told(&report)
    );
}

/// A text whose lines are not broken.
fn unwrapped(finding: &Finding) -> String {
    let text = finding.to_string();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_check_stops_at_the_first_error() {
    let leaks = || {
        let pool = Arc::new(Semaphore::new(2).named("pool"));
        thread::spawn(move || pool.acquire_raw_blocking().unwrap());
    };
    let finding = few(10_000).try_check(leaks).unwrap_err();
    let text = unwrapped(&finding);
    assert!(text.contains("(`keep_going` makes all runs)"), "{text}");
    let explorer = Explorer {
        keep_going: true,
        ..few(200)
    };
    let text = unwrapped(&explorer.try_check(leaks).unwrap_err());
    assert!(text.contains("all runs asked for are made"), "{text}");
    // who asks for a report wants all
    let report = few(200).explore_threads("leaks", leaks);
    assert_eq!(
        (report.stopped, report.stats.runs),
        (Some(Stopped::Runs), 200)
    );
}

#[test]
fn pilot_runs_report() {
    // both hold one and want the other: nearly every run deadlocks, the pilots too
    let crossed = || async {
        let pool = Arc::new(Semaphore::new(2).named("pool"));
        for _ in 0..2 {
            let pool = Arc::clone(&pool);
            task::spawn(async move {
                let _one = pool.acquire().await;
                task::yield_now().await;
                let _other = pool.acquire().await;
            });
        }
    };
    let report = few(0).explore_async("crossed", crossed);
    assert_eq!(
        (coverage_of(&report).runs, coverage_of(&report).pilots),
        (0, 0)
    );
    let found = unwrapped(&few(10).try_check_async(crossed).unwrap_err());
    assert!(found.contains("covered 1 pilot run,"), "{found}");
    let report = few(1).explore_async("crossed", crossed);
    assert_eq!(coverage_of(&report).runs, 1);
    assert!(coverage_of(&report).pilots > 0);
    assert!(report.has_errors(), "{}", told(&report));
    // they are the same in each part of the runs, and told by the first
    let part = |index| {
        let explorer = Explorer {
            shard: Some(selvedge::report::Shard { index, count: 3 }),
            ..few(1)
        };
        explorer.explore_async("crossed", crossed)
    };
    assert!(part(1).has_errors());
    assert!(!part(2).has_errors());
    assert_eq!(coverage_of(&part(2)).pilots, 0);
}

#[test]
fn places_are_counted_by_runs() {
    let explore = |explorer: Explorer| {
        explorer.explore_threads("places", || {
            let pool = Arc::new(Semaphore::new(1).named("pool"));
            let other = Arc::clone(&pool);
            let thread = thread::spawn(move || drop(other.acquire_blocking()));
            selvedge::reached("always");
            if pool.try_acquire().is_err() {
                selvedge::reached("refused");
                selvedge::reached("refused");
            }
            let _ = thread.join();
        })
    };
    let report = explore(few(500).must_reach("always").must_reach("refused"));
    assert!(report.findings.is_empty(), "{}", told(&report));
    let coverage = coverage_of(&report);
    assert_eq!(coverage.reached["always"], coverage.runs + coverage.pilots);
    let refused = coverage.reached["refused"];
    assert!((1..500).contains(&refused), "{coverage:?}");
    assert!(
        told(&report).contains("reached `always` in 5"),
        "{}",
        told(&report)
    );

    let report = explore(few(500).must_reach("never"));
    let [finding] = &report.findings[..] else {
        panic!("{}", told(&report))
    };
    assert_eq!(finding.property, PropertyName::Unreached);
    assert!(
        finding.detail.contains("reached `never`"),
        "{}",
        finding.detail
    );
    let two = explore(few(500).must_reach("never").must_reach("nowhere"));
    assert_ne!(two.findings[0].id, two.findings[1].id);
}

#[test]
fn timed_waits_of_shuttle_are_noted() {
    let waits = || {
        let gate = Arc::new((
            shuttle::sync::Mutex::new(false),
            shuttle::sync::Condvar::new(),
        ));
        let there = Arc::clone(&gate);
        let thread = thread::spawn(move || {
            *there.0.lock().unwrap() = true;
            there.1.notify_all();
        });
        let mut open = gate.0.lock().unwrap();
        while !*open {
            let timeout = std::time::Duration::from_secs(1);
            open = gate.1.wait_timeout(open, timeout).unwrap().0;
        }
        drop(open);
        thread.join().unwrap();
    };
    let report = few(100).explore_threads("waits", waits);
    assert!(report.findings.is_empty(), "{}", told(&report));
    let text = told(&report);
    assert_eq!(text.matches("`Condvar::wait_timeout`").count(), 1, "{text}");
    assert!(!told(&few(10).explore_threads("contend", contend)).contains("wait_timeout"));
}

/// The finding of a leak whose taker is not known.
#[track_caller]
fn is_taken_outside(checked: Result<(), Box<Finding>>, missing: &str) {
    let finding = checked.expect_err("a permit is lost");
    assert_eq!(finding.property, PropertyName::Leak, "{finding}");
    assert!(finding.workers.is_empty(), "nobody is known: {finding}");
    let detail =
        format!("{missing} missing when it is dropped, and no worker of the run has taken");
    assert!(finding.detail.contains(&detail), "{finding}");
    let text = unwrapped(&finding);
    assert!(text.contains("in place of `std::thread::spawn`"), "{text}");
}

#[test]
fn a_thread_that_is_not_seen_keeps_a_permit() {
    is_taken_outside(
        few(100).try_check(|| {
            let pool = Arc::new(Semaphore::new(2).named("pool"));
            let there = Arc::clone(&pool);
            let thread = std::thread::spawn(move || there.acquire_raw_blocking().unwrap());
            thread.join().unwrap();
        }),
        "1 permit of pool is",
    );
    is_taken_outside(
        few(100).try_check_async(|| async {
            let pool = Arc::new(Semaphore::new(3).named("pool"));
            let there = Arc::clone(&pool);
            let thread = std::thread::spawn(move || {
                std::mem::forget(there.try_acquire_many(2).unwrap());
            });
            thread.join().unwrap();
            task::spawn(async move { drop(pool) });
        }),
        "2 permits of pool are",
    );
}

/// Where the last one drops it who is seen, and where the one who is not does.
#[test]
fn a_thread_that_is_not_seen_keeps_a_permit_that_workers_use_too() {
    fn shares(keeps: bool) {
        let pool = Arc::new(Semaphore::new(2).named("pool"));
        let workers: Vec<_> = (0..2)
            .map(|_| {
                let pool = Arc::clone(&pool);
                thread::spawn(move || drop(pool.acquire_blocking()))
            })
            .collect();
        workers.into_iter().for_each(|w| w.join().unwrap());
        let _kept = keeps.then(|| Arc::clone(&pool));
        let thread = std::thread::spawn(move || pool.acquire_raw_blocking().unwrap());
        thread.join().unwrap();
    }
    for keeps in [false, true] {
        let checked = few(100).try_check(move || shares(keeps));
        is_taken_outside(checked, "1 permit of pool is");
    }
}

#[test]
fn what_a_thread_that_is_not_seen_puts_back_or_gives_up_is_no_leak() {
    let explorer = Explorer {
        allow_vacuous: true,
        ..few(50)
    };
    let outside = |with: fn(&Semaphore)| {
        move || {
            let pool = Arc::new(Semaphore::new(2).named("pool"));
            let there = Arc::clone(&pool);
            std::thread::spawn(move || with(&there)).join().unwrap();
        }
    };
    let fine: [fn(&Semaphore); 5] = [
        |pool| drop(pool.try_acquire()),
        |pool| pool.try_acquire().unwrap().forget(),
        |pool| {
            pool.shrink(1);
        },
        |pool| {
            pool.grow(1);
            drop(pool.try_acquire_many(3).unwrap());
        },
        |pool| {
            let held = pool.try_acquire_many(2).unwrap();
            pool.shrink(1);
            drop(held);
        },
    ];
    for with in fine {
        explorer.try_check(outside(with)).unwrap();
    }
    // one that lives on may be held by whoever has it
    static KEPT: std::sync::Mutex<Vec<selvedge::OwnedSemaphorePermit>> =
        std::sync::Mutex::new(Vec::new());
    explorer
        .try_check(|| {
            let pool = Arc::new(Semaphore::new(2).named("pool"));
            let keep = move || KEPT.lock().unwrap().push(pool.try_acquire_owned().unwrap());
            std::thread::spawn(keep).join().unwrap();
        })
        .unwrap();
}

/// The one warning, and nothing else.
#[track_caller]
fn warns(report: &Report) -> &Finding {
    let [finding] = &report.findings[..] else {
        panic!("{}", told(report))
    };
    assert_eq!(finding.property, PropertyName::ImpossibleRequest);
    assert_eq!(finding.severity, Severity::Warning);
    assert!(!report.has_errors());
    finding
}

#[test]
fn asking_for_more_than_the_capacity_within_a_time_is_told() {
    let second = std::time::Duration::from_secs(1);
    let report = few(100).explore_threads("threads", move || {
        let pool = Arc::new(Semaphore::new(4).named("pool"));
        let there = Arc::clone(&pool);
        let thread = thread::spawn(move || drop(there.acquire_blocking()));
        assert!(pool.acquire_many_timeout(5, second).is_err());
        thread.join().unwrap();
    });
    let detail = "main asks pool for 5 permits, whose capacity is 4: it can only time out";
    assert_eq!(warns(&report).detail, detail);
    let report = few(100).explore_async("tasks", move || async move {
        let pool = Semaphore::new(4).named("pool");
        let asked = selvedge::time::timeout(second, pool.acquire_many(5)).await;
        assert!(asked.is_err());
    });
    assert_eq!(warns(&report).detail, detail);
    // it stops no check, and fails none
    let ran = Arc::new(std::sync::atomic::AtomicU64::new(0));
    let counter = Arc::clone(&ran);
    few(100).check(move || {
        counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let pool = Semaphore::new(4).named("pool");
        assert!(pool.acquire_many_timeout(5, second).is_err());
    });
    assert!(ran.load(std::sync::atomic::Ordering::Relaxed) > 100);
    // what can be had is no warning, however long it takes; nor is what the capacity rises to
    let report = few(100).explore_threads("fits", move || {
        let pool = Arc::new(Semaphore::new(4).named("pool"));
        let there = Arc::clone(&pool);
        let thread = thread::spawn(move || drop(there.acquire_many_timeout(4, second)));
        drop(pool.acquire_many_timeout(3, second));
        thread.join().unwrap();
    });
    assert!(report.findings.is_empty(), "{}", told(&report));
}

#[test]
fn a_program_that_asks_for_more_than_the_capacity_within_a_time_is_warned() {
    for order in ["fifo", "fifo-partial", "barging"] {
        let text = format!(
            "semaphore pool permits=4 order={order}\n\
             worker w {{ acquire-within pool permits=5 {{ release pool permits=5 }} }}\n\
             worker v {{ with pool {{ work x panics=never }} }}\n"
        );
        let program: selvedge::program::Program = text.parse().unwrap();
        for reduction in [
            selvedge::report::Reduction::Sound,
            selvedge::report::Reduction::None,
        ] {
            let explorer = Explorer {
                reduction,
                ..Explorer::default()
            };
            let report = explorer.explore(&program, "pool.sem", &());
            assert!(report.complete);
            let detail = "w.1 asks pool for 5 permits, whose capacity is 4: it can only time out";
            assert_eq!(warns(&report).detail, detail);
        }
    }
}
