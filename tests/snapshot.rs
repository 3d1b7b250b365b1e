//! Snapshots of reports, in each of their forms.
#![cfg(all(feature = "insta", feature = "threads"))]

use std::sync::Arc;

use selvedge::explore::Explorer;
use selvedge::integration::insta::Snapshot;
use selvedge::program::Program;
use selvedge::report::Report;
use selvedge::run::{Action, Choice, WorkerId};
use selvedge::schedule::{Digest, Schedule};
use selvedge::{Semaphore, assert_schedule_snapshot, task, thread};

fn explorer() -> Explorer {
    Explorer {
        runs: Some(200),
        ..Explorer::closures()
    }
}

fn opposite_order() {
    let (a, b) = (Semaphore::new(1).named("a"), Semaphore::new(1).named("b"));
    thread::scope(|scope| {
        scope.spawn(|| {
            let _a = a.acquire_blocking();
            let _b = b.acquire_blocking();
        });
        scope.spawn(|| {
            let _b = b.acquire_blocking();
            let _a = a.acquire_blocking();
        });
    });
}

/// The same after somebody has been there.
#[rustfmt::skip]
fn opposite_order_edited() {
    // a comment
    let (a, b) = (
        Semaphore::new(1).named("a"),
        Semaphore::new(1).named("b"),
    );
    let _unused = 7;
    thread::scope(|scope| {
        // another one
        scope.spawn(|| {
            let _first = a.acquire_blocking();

            let _second = b.acquire_blocking();
        });
        {
            scope.spawn(|| {
                let _first = b.acquire_blocking();

                let _second = a.acquire_blocking();
            });
        }
    });
}

fn explored(name: &str, closure: fn()) -> Report {
    explorer().explore_threads(name, closure)
}

fn program(name: &str, text: &str) -> Report {
    let program: Program = text.parse().expect("a program");
    Explorer::default().explore(&program, name, &())
}

/// The texts of two reports, without and with places.
fn texts(one: &Report, other: &Report) -> [(String, String); 2] {
    let plain = |report| Snapshot::of(report).to_string();
    let placed = |report| Snapshot::of(report).with_places().to_string();
    [(plain(one), plain(other)), (placed(one), placed(other))]
}

#[test]
fn lines_put_into_a_closure_change_nothing() {
    let before = explored("opposite", opposite_order);
    let after = explored("opposite", opposite_order_edited);
    let [plain, placed] = texts(&before, &after);
    assert!(!before.findings.is_empty());
    assert_eq!(plain.0, plain.1);
    assert_ne!(placed.0, placed.1);
    assert!(!plain.0.contains(".rs"), "{}", plain.0);
}

const POOL: &str = "
semaphore pool permits=1
worker w count=2 {
    acquire pool
    work query
    release pool
}
";

#[test]
fn lines_put_into_a_program_and_its_folder_change_nothing() {
    let before = program("/here/pool.sem", POOL);
    let after = program(r"there\pool.sem", &POOL.replace('\n', "\n// more\n\n  "));
    let [plain, placed] = texts(&before, &after);
    assert!(!before.findings.is_empty());
    assert_eq!(plain.0, plain.1);
    assert_ne!(placed.0, placed.1);
}

/// Of threads, named.
#[test]
fn a_deadlock_of_threads() {
    let report = explored("opposite", opposite_order);
    crate::snapshots::kept(crate::snapshots::BESIDE).bind(|| {
        assert_schedule_snapshot!("schedule-threads", report);
    });
}

/// Of futures, in the text of the test.
#[test]
fn a_leak_of_futures() {
    let report = explorer().explore_async("cancelled", || async {
        let pool = Arc::new(Semaphore::new(1).named("pool"));
        let task = task::spawn(async move {
            pool.acquire_raw().await.unwrap();
            task::yield_now().await;
            pool.release(1).unwrap();
        });
        let _ = task.await;
    });
    assert_schedule_snapshot!(report, @"
    leak: main.1 was cancelled and took 1 permit of pool with it

      main: start
          starts main.1
      main.1: start
      main.1: acquire pool (pool 0/1)
      main.1: yield
          cancelled here, ends
      main: join main.1 (pool 0/1)
          ends; main.1 leaks pool

      main.1 took pool, was cancelled: leaked
      lost for good: all that pool has

      schedule: main, main.1*2, main.1@cancel, main

    cancelled: 1 finding, not complete under panics=1 timeouts=2 cancels=1
    ");
}

/// Of a program, in the text of the test; a reference is as good, and so is a comma at the end.
#[test]
fn a_warning_of_a_program() {
    let report = &program(
        "gate.sem",
        "
semaphore gate permits=1
semaphore a permits=1
semaphore b permits=1
worker left {
    with gate {
        with a {
            with b {
            }
        }
    }
}
worker right {
    with gate {
        with b {
            with a {
            }
        }
    }
}
budget panics=0
",
    );
    assert_schedule_snapshot!(
        report,
        @"
    lock-order (warning): a is taken before b, and b before a: no run within these bounds deadlocks on it

      right.1: with gate (gate 0/1)
      right.1: with b (b 0/1)
      next
      right.1: acquire a

      a before b: left.1 takes a, then b
      b before a: right.1 takes b, then a

      schedule: right.1*2

    gate.sem: 1 warning, complete under timeouts=2
    ",
    );
}

/// Unnamed, and of a run in which nothing is found.
#[test]
fn schedule_of_a_replay() {
    let proceeds = Choice {
        worker: WorkerId(0),
        action: Action::Proceed,
    };
    let schedule = Schedule {
        digest: Digest::of("yields"),
        choices: vec![proceeds; 2],
    };
    let schedule = schedule.encode(&["main".to_owned()]);
    let replayed = explorer().replay_threads("yields", &schedule, thread::yield_now);
    crate::snapshots::kept(crate::snapshots::BESIDE).bind(|| {
        assert_schedule_snapshot!(replayed.as_ref().unwrap());
    });
}
