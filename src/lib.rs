//! selvedge: a deterministic concurrency test harness and fuzzer for counting semaphores.
//!
//! A semaphore is a tray of permits, and one borrower that forgets shrinks it for ever. This crate
//! runs worker programs under a scheduler that it controls, explores their interleavings together
//! with injected panics, timeouts and cancellations, and shows the cheapest run in which a permit
//! is lost, put back twice, or waited for in a circle.
//!
#![cfg_attr(
    feature = "check",
    doc = r#"
```
use selvedge::explore::Explorer;
use selvedge::program::Program;
use selvedge::report::{Style, text};

let program: Program = "
    semaphore pool permits=4
    worker handler count=6 {
        acquire pool
        work query       // a panic may strike here
        release pool     // and then this is never reached
    }
".parse()?;

let report = Explorer::default().explore(&program, "pool.sem", &());

assert!(report.complete);
let style = Style { figures: false, ..Style::default() };
assert_eq!(text(&report, &style), "\
leak: handler.1 panicked and took 1 permit of pool with it          pool.sem:4:9

  step  pool   handler.1
     1  3/4    acquire pool  4:9
     2  3/4    work query    5:9   panic struck here, ends, leaks pool

  handler.1 took pool at 4:9, panicked in step 2: leaked
  lost for good: 1 of the 4 permits of pool

  diagnosis  leak: pool available 4 3: it only ever falls
  remedy     put the release into a `finally` block, or use `with pool { … }`
  finding    leak-1a44
  schedule   1 fault, 2 steps, 0 switches (cheapest) · replayed
  replay     selvedge replay pool.sem 'selvedge:1:1f5b86d58e80d29e:handler.1,handler.1@panic:d417b534'

pool.sem: 1 finding · complete under panics=1 timeouts=2
");
# Ok::<(), selvedge::program::ProgramError>(())
```
"#
)]
//!
//! # Rust code over futures
//!
#![cfg_attr(
    feature = "check",
    doc = r#"
[`check_async`] explores real async code as it stands, in an ordinary test: which task is polled
next, where one is cancelled, where a panic strikes and when a timer fires are decided by a strategy,
10,000 times over. Semaphores of other crates run unmodified; [`probe`] and [`tracked`] let them be
judged.

```should_panic
use std::sync::Arc;
use selvedge::{Semaphore, check_async, fault, task};

check_async(|| async {
    let pool = Arc::new(Semaphore::new(4).named("pool"));
    for _ in 0..2 {
        let pool = Arc::clone(&pool);
        task::spawn(async move {
            pool.acquire_raw().await.unwrap();
            fault::point("query"); // a panic may strike here
            pool.release(1).unwrap(); // and then this is never reached
        });
    }
});
```
"#
)]
//!
//! # Rust code over threads
//!
#![cfg_attr(
    feature = "threads",
    doc = r#"
[`check`] explores threaded code: which worker goes on at each op of a semaphore, where a panic
strikes and when a timed acquire gives up are decided by a strategy. Threads are started with
[`thread::spawn`] or [`thread::scope`], which are those of the standard library elsewhere.

```should_panic
use selvedge::{Semaphore, thread};

selvedge::check(|| {
    let (a, b) = (Semaphore::new(1).named("a"), Semaphore::new(1).named("b"));
    thread::scope(|scope| {
        scope.spawn(|| {
            let _a = a.acquire_blocking().unwrap();
            let _b = b.acquire_blocking().unwrap();
        });
        scope.spawn(|| {
            let _b = b.acquire_blocking().unwrap();
            let _a = a.acquire_blocking().unwrap(); // deadlock
        });
    });
});
```
"#
)]
//!
//! **What is checked**: every interleaving of the ops of a program on its semaphores, within
//! budgets of injected faults; of a closure as many runs as are asked for, or all of them. What the
//! properties are is told in `property`.
//!
//! **What is not**: memory orderings, real time, data races, and data that workers share besides
//! semaphores. For atomics and locks in Rust code [loom](https://docs.rs/loom) is the better tool,
//! and [shuttle](https://docs.rs/shuttle) for large programs over threads.
//!
//! What a green check says, and what it does not, is in `docs/green-checks.md` of the repository:
//! what a step is in each front end, what is never interleaved, and how far a check looks.
//!
//! Without features the crate is the [`Semaphore`] alone, and fault points that do nothing: a release
//! build of a user compiles nothing of the checker.
//! `check` is all of the library but threads, which `threads` adds (and the engine of shuttle), `serde` adds reports as JSON, `cli` the command `selvedge`;
//! `insta` makes snapshots of reports;
//! `tokio` and `async-lock` let their semaphores be tracked, and held against the model by
//! `check_semaphore`; `proptest` and `arbitrary` make programs, ops and decisions for property tests
//! and fuzzers.

#[cfg(feature = "check")]
pub mod explore;
#[cfg(feature = "check")]
pub mod integration;
#[cfg(feature = "check")]
pub mod machine;
#[cfg(feature = "check")]
pub mod program;
#[cfg(feature = "check")]
pub mod property;
#[cfg(feature = "check")]
pub mod report;
#[cfg(feature = "check")]
pub mod run;
pub mod runtime;
#[cfg(feature = "check")]
pub mod schedule;
#[cfg(feature = "check")]
pub mod search;
pub mod semaphore;
#[cfg(feature = "check")]
pub mod strategy;

#[cfg(feature = "check")]
pub use explore::{Explorer, check_async, check_semaphore, try_check_async};
#[cfg(feature = "threads")]
pub use explore::{check, try_check};
#[cfg(feature = "threads")]
pub use runtime::{acquiring, try_acquiring};
pub use runtime::{fault, invariant, reached, task, thread};
#[cfg(feature = "check")]
pub use runtime::{probe, time, tracked};
pub use semaphore::{
    Acquire, AcquireError, AcquireOwned, AcquireRaw, Cancel, OverRelease, OwnedSemaphorePermit,
    Semaphore, SemaphorePermit, TryAcquireError,
};
