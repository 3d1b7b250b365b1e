//! Tasks that are heavy on memory: a permit is a gibibyte, and a task asks for what it needs.
//!
//!     cargo run --example heavy_tasks --features threads
//!
//! - `piecemeal` asks for more as it goes: two tasks that have half of what they need wait for each
//!   other's half.
//! - `unchecked` asks for all at once, and one task asks for more than the machine has: it waits for
//!   ever, and all who come after it.
//! - `clamped` asks for all at once, and for no more than there is.

use std::fmt::Write;

use selvedge::explore::Explorer;
use selvedge::report::{Style, text};
use selvedge::{Semaphore, SemaphorePermit, fault, thread};

/// What the machine has for tasks.
const GIBIBYTES: u32 = 4;

/// Reserves memory; a task may hold several reservations.
type Reserve = for<'a> fn(&'a Semaphore, u32) -> Vec<SemaphorePermit<'a>>;

fn piecemeal(memory: &Semaphore, gibibytes: u32) -> Vec<SemaphorePermit<'_>> {
    let one = || memory.acquire_blocking().expect("it is never closed");
    (0..gibibytes.min(GIBIBYTES)).map(|_| one()).collect()
}

fn unchecked(memory: &Semaphore, gibibytes: u32) -> Vec<SemaphorePermit<'_>> {
    let all = memory.acquire_many_blocking(gibibytes);
    vec![all.expect("it is never closed")]
}

fn clamped(memory: &Semaphore, gibibytes: u32) -> Vec<SemaphorePermit<'_>> {
    unchecked(memory, gibibytes.min(GIBIBYTES))
}

/// Sorts files of these sizes, each in a thread of its own.
fn sort_all(gibibytes: &[u32], reserve: Reserve) {
    let memory = Semaphore::new(GIBIBYTES as usize).named("memory");
    thread::scope(|scope| {
        let tasks: Vec<_> = gibibytes
            .iter()
            .map(|&size| {
                let memory = &memory;
                scope.spawn(move || {
                    let _reserved = reserve(memory, size);
                    fault::point("sort");
                })
            })
            .collect();
        for task in tasks {
            let _ = task.join();
        }
    });
}

/// What is printed.
pub(crate) fn output() -> String {
    let mut output = String::new();
    for (name, reserve) in [
        ("piecemeal", piecemeal as Reserve),
        ("unchecked", unchecked),
        ("clamped", clamped),
    ] {
        let report =
            Explorer::closures().explore_threads(name, move || sort_all(&[3, 3, 6], reserve));
        writeln!(output, "{}", text(&report, &Style::default())).expect("a string takes all");
    }
    output
}

fn main() {
    print!("{}", output());
}
