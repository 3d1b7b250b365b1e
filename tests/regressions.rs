//! The files in which checks keep what they find.
#![cfg(feature = "threads")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use selvedge::explore::regressions::write;
use selvedge::explore::{Explorer, Regressions};
use selvedge::{Semaphore, fault, thread};

/// A folder of this test alone, empty.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    folder
}

fn explorer(folder: &Path) -> Explorer {
    Explorer {
        runs: Some(200),
        regressions: Regressions::In(folder.to_owned()),
        ..Explorer::closures()
    }
}

/// What a check panics with, if it does. Each is in a test of its own, as far as it can see.
fn message(check: impl FnOnce() + Send + 'static) -> Option<String> {
    let panic = std::thread::spawn(check).join().err()?;
    Some(*panic.downcast::<String>().expect("a report is a text"))
}

/// One file, with its name and what is in it.
fn the_file(folder: &Path) -> (String, String) {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|f| f.unwrap()).collect();
    assert_eq!(files.len(), 1);
    let file = files.remove(0);
    let text = fs::read_to_string(file.path()).unwrap();
    (file.file_name().into_string().unwrap(), text)
}

fn leaks() {
    let pool = Arc::new(Semaphore::new(1).named("pool"));
    let other = Arc::clone(&pool);
    let worker = thread::spawn(move || {
        other.acquire_raw_blocking().unwrap();
        fault::point("query");
        other.release(1).unwrap();
    });
    let _ = worker.join();
}

fn is_fixed() {
    let pool = Arc::new(Semaphore::new(1).named("pool"));
    let other = Arc::clone(&pool);
    let worker = thread::spawn(move || {
        let _permit = other.acquire_blocking().unwrap();
        fault::point("query");
    });
    let _ = worker.join();
}

/// A type of function has one name, so that both are one check to the file.
type Subject = fn();

fn checks(folder: &Path, subject: Subject) -> impl FnOnce() + Send + 'static {
    let explorer = explorer(folder);
    move || explorer.check(subject)
}

#[test]
fn what_is_found_is_kept_once_and_tried_first() {
    let folder = folder("kept");
    let failed = message(checks(&folder, leaks)).expect("it leaks");
    assert!(failed.contains("kept in "), "{failed}");
    let (name, text) = the_file(&folder);
    assert!(name.ends_with(".txt"), "{name}");
    let schedules: Vec<_> = text
        .lines()
        .filter(|l| l.starts_with("selvedge:"))
        .collect();
    assert_eq!(schedules.len(), 1, "{text}");
    assert!(failed.contains(schedules[0]), "{failed}");
    // not one run is explored
    let first = Explorer {
        runs: Some(0),
        ..explorer(&folder)
    };
    let again = message(move || first.check(leaks as Subject));
    let again = again.expect("it is tried first");
    assert!(again.contains("kept before in "), "{again}");
    assert!(again.contains(":5\n"), "the line is told\n{again}");
    assert_eq!(the_file(&folder).1, text, "nothing is written twice");
}

/// Each replay of it would wait until patience is at its end.
#[test]
fn a_step_that_does_not_end_is_not_kept() {
    let folder = folder("endless");
    let explorer = Explorer {
        patience: Duration::from_millis(200),
        ..explorer(&folder)
    };
    let failed = message(move || {
        explorer.check(|| {
            thread::yield_now();
            let (_sender, receiver) = std::sync::mpsc::channel::<()>();
            let _ = receiver.recv();
        });
    });
    let failed = failed.expect("it blocks");
    assert!(failed.contains("does not come back"), "{failed}");
    assert!(failed.contains("not kept: "), "{failed}");
    assert!(!folder.exists());
}

#[test]
fn a_schedule_that_shows_nothing_any_more_stays() {
    let folder = folder("fixed");
    assert!(message(checks(&folder, leaks)).is_some());
    let (_, text) = the_file(&folder);
    // the release is another step now: the schedule does not fit
    assert_eq!(message(checks(&folder, is_fixed)), None);
    assert_eq!(the_file(&folder).1, text);
}

#[test]
fn a_file_that_cannot_be_read_or_written_is_told() {
    let folder = folder("refused");
    fs::create_dir_all(folder.parent().unwrap()).unwrap();
    fs::write(&folder, "a file where the folder should be").unwrap();
    let failed = message(checks(&folder, leaks)).expect("it is told");
    assert!(
        failed.contains("cannot be read") || failed.contains("not written"),
        "{failed}"
    );
    let _ = fs::remove_file(&folder);
}

#[test]
fn nothing_is_kept_where_that_is_switched_off() {
    let off = Explorer {
        runs: Some(200),
        regressions: Regressions::Off,
        ..Explorer::closures()
    };
    let failed = message(move || off.check(leaks as Subject)).expect("it leaks");
    assert!(!failed.contains("kept in"), "{failed}");
}

#[test]
fn a_file_is_replaced_whole() {
    let folder = folder("whole");
    let path = folder.join("deep/file.txt");
    write(&path, "one").unwrap();
    write(&path, "two").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "two");
    let left = fs::read_dir(path.parent().unwrap()).unwrap().count();
    assert_eq!(left, 1, "no half file is left");
    let error = write(&path.join("below a file"), "three").unwrap_err();
    assert!(error.to_string().contains("not written"), "{error}");
}

/// What a closure that changes from run to run is told.
fn diverges(cause: &str, closure: impl Fn() + Send + Sync + 'static) {
    let explorer = Explorer {
        runs: Some(200),
        regressions: Regressions::Off,
        ..Explorer::closures()
    };
    let failed = message(move || explorer.check(closure)).expect("it changes");
    assert!(failed.contains("divergence"), "{failed}");
    assert!(failed.contains(cause), "{failed}");
}

#[test]
fn a_static_that_counts_runs_is_told() {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    diverges("each run is another one", || {
        let pool = Semaphore::new(1).named("pool");
        if RUNS.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) {
            drop(pool.acquire_blocking());
        }
        thread::yield_now();
    });
}

#[test]
fn the_order_of_a_hash_map_is_told() {
    diverges("the order of a `HashMap`", || {
        #[allow(clippy::disallowed_types)]
        let pools: std::collections::HashMap<u32, Semaphore> = [
            (1, Semaphore::new(1).named("a")),
            (2, Semaphore::new(1).named("b")),
            (3, Semaphore::new(1).named("c")),
        ]
        .into();
        for pool in pools.values() {
            drop(pool.acquire_blocking());
        }
    });
}

#[test]
fn an_address_is_told() {
    diverges("an address", || {
        let pool = Semaphore::new(1).named("pool");
        let boxes: Vec<Box<u64>> = (0..1 + fault::choose(2) as u64).map(Box::new).collect();
        // the allocator hands out another one in each run
        let leaked: &'static u64 = Box::leak(Box::new(0));
        if (std::ptr::from_ref(leaked) as usize >> 5) & 1 == 0 {
            drop(pool.acquire_blocking());
        }
        drop(boxes);
    });
}
