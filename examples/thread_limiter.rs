//! A limit on the threads that a server starts: who acquires and who puts back are two.
//!
//!     cargo run --example thread_limiter --features threads
//!
//! The server takes a permit for each thread, and the thread that was started gives it back. Where the
//! permit moves into the thread as a guard, it is put back however the thread ends. Where the thread
//! calls `release` at its end instead, a panic before that loses the permit, and the code to blame
//! never acquired anything.

use std::fmt::Write;
use std::sync::Arc;

use selvedge::explore::Explorer;
use selvedge::report::{Style, text};
use selvedge::{Semaphore, fault, thread};

/// How many threads may run besides the server's.
const THREADS: usize = 2;

type Started = thread::JoinHandle<()>;

/// Starts a thread as soon as the limit allows it; it owns its permit.
fn start_with_guard(limit: &Arc<Semaphore>, work: fn()) -> Started {
    let permit = Arc::clone(limit)
        .acquire_owned()
        .wait()
        .expect("it is never closed");
    thread::spawn(move || {
        let _permit = permit;
        work();
    })
}

/// Starts a thread as soon as the limit allows it; its last act puts a permit back.
fn start_with_release(limit: &Arc<Semaphore>, work: fn()) -> Started {
    limit.acquire_raw_blocking().expect("it is never closed");
    limit.hand_over(1);
    let limit = Arc::clone(limit);
    thread::spawn(move || {
        work();
        limit.release(1).expect("the server handed it over");
    })
}

fn serve(start: fn(&Arc<Semaphore>, fn()) -> Started) {
    let limit = Arc::new(Semaphore::new(THREADS).named("threads"));
    let requests: Vec<_> = (0..THREADS + 1)
        .map(|_| start(&limit, || fault::point("serve")))
        .collect();
    for request in requests {
        let _ = request.join();
    }
}

/// What is printed.
pub(crate) fn output() -> String {
    let mut output = String::new();
    for (name, start) in [
        (
            "guard",
            start_with_guard as fn(&Arc<Semaphore>, fn()) -> Started,
        ),
        ("release", start_with_release),
    ] {
        let mut explorer = Explorer::closures();
        explorer.budget.panics = Some(2);
        let report = explorer.explore_threads(name, move || serve(start));
        writeln!(output, "{}", text(&report, &Style::default())).expect("a string takes all");
    }
    output
}

fn main() {
    print!("{}", output());
}
