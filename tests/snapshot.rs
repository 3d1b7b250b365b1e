//! Snapshots of reports, in each of their forms.
#![cfg(all(feature = "insta", feature = "threads"))]

use std::sync::Arc;

use selvedge::explore::Explorer;
use selvedge::integration::insta::Snapshot;
use selvedge::program::Program;
use selvedge::report::Report;
use selvedge::{Semaphore, assert_schedule_snapshot, fault, task, thread};

#[path = "shared/snapshots.rs"]
mod snapshots;

fn explorer() -> Explorer {
    Explorer {
        runs: Some(200),
        ..Explorer::closures()
    }
}

/// The same report, of the same code at other lines each time that it stands in the text.
macro_rules! opposite_order {
    () => {
        explorer().explore_threads("opposite", || {
            let a = Arc::new(Semaphore::new(1).named("a"));
            let b = Arc::new(Semaphore::new(1).named("b"));
            let (a2, b2) = (Arc::clone(&a), Arc::clone(&b));
            let other = thread::spawn(move || {
                let _b = b2.acquire_blocking();
                let _a = a2.acquire_blocking();
            });
            {
                let _a = a.acquire_blocking();
                let _b = b.acquire_blocking();
            }
            let _ = other.join();
        })
    };
}

fn program(name: &str, text: &str) -> Report {
    let program: Program = text.parse().expect("a program");
    Explorer::default().explore(&program, name, &())
}
