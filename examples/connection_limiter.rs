//! A limiter of connections, and what its callers can do to it.
//!
//!     cargo run --example connection_limiter --features threads
//!
//! A permit is taken before the connection is opened, and put back after the clean-up. Four callers
//! share two permits: one after another is
//!
//! - `careful`: a guard, and nothing is found;
//! - `clean-up-first`: whatever happens in the transfer, it cleans up and releases; but the clean-up
//!   may panic too, and then the release behind it is never reached;
//! - `prankster`: a caller that releases before it ever acquired. The semaphore is one without a
//!   bound, as Java's is, and believes it: more callers are inside than the limit says;
//! - `refused`: the same with a bounded semaphore, which refuses what nobody took. The limit holds,
//!   and the caller is found.

use std::fmt::Write;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use selvedge::explore::Explorer;
use selvedge::report::{Style, text};
use selvedge::{Semaphore, fault, thread};

/// How many connections may be open.
const LIMIT: usize = 2;

/// Counts the connections that are open, to see whether the limiter does what it is for.
#[derive(Default)]
struct Server {
    open: AtomicUsize,
}

impl Server {
    fn transfer(&self) {
        let open = self.open.fetch_add(1, Ordering::Relaxed) + 1;
        // a panic in the transfer closes the connection too
        let _closes = Closes(self);
        assert!(open <= LIMIT, "more connections than the limit of {LIMIT}");
        fault::point("open-url");
    }
}

struct Closes<'a>(&'a Server);

impl Drop for Closes<'_> {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Flushes buffers, writes a line into the log: it may fail as well.
fn clean_up() {
    fault::point("clean-up");
}

type Caller = fn(&Semaphore, &Server);

fn careful(connections: &Semaphore, server: &Server) {
    // dropped last, whatever panics before
    let _permit = connections.acquire_blocking().expect("it is never closed");
    server.transfer();
    clean_up();
}

fn clean_up_first(connections: &Semaphore, server: &Server) {
    let acquired = connections.acquire_raw_blocking();
    acquired.expect("it is never closed");
    let transferred = catch_unwind(AssertUnwindSafe(|| server.transfer()));
    clean_up();
    connections.release(1).expect("it was taken above");
    if let Err(panic) = transferred {
        resume_unwind(panic);
    }
}

fn prankster(connections: &Semaphore, server: &Server) {
    let _ = connections.release(1);
    careful(connections, server);
}

/// Four callers at once.
fn calls(connections: Semaphore, caller: Caller) {
    let shared = Arc::new((connections.named("connections"), Server::default()));
    let callers: Vec<_> = (0..4)
        .map(|_| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || caller(&shared.0, &shared.1))
        })
        .collect();
    for caller in callers {
        let _ = caller.join();
    }
}

/// What is printed.
pub(crate) fn output() -> String {
    let mut output = String::new();
    for (name, semaphore, caller) in [
        (
            "careful",
            Semaphore::new as fn(usize) -> Semaphore,
            careful as Caller,
        ),
        ("clean-up-first", Semaphore::new, clean_up_first),
        ("prankster", Semaphore::unbounded, prankster),
        ("refused", Semaphore::new, prankster),
    ] {
        let mut explorer = Explorer::closures();
        explorer.budget.panics = Some(2);
        let report = explorer.explore_threads(name, move || calls(semaphore(LIMIT), caller));
        writeln!(output, "{}", text(&report, &Style::default())).expect("a string takes all");
    }
    output
}

fn main() {
    print!("{}", output());
}
