//! Concurrent disk access: many files are read by threads of a scope, two at a time.
//!
//!     cargo run --example disk_access --features threads
//!
//! `early-return` releases by hand, and a `?` between acquire and release jumps past it: a leak without
//! any panic, on the first file that cannot be read. `guard` keeps the permit in a guard.

use std::fmt::Write;
use std::io;
use std::path::{Path, PathBuf};

use selvedge::explore::Explorer;
use selvedge::report::{Style, text};
use selvedge::{Semaphore, fault, thread};

/// Reads that go on at the same time: a disk does not get faster by more.
const READS: usize = 2;

/// How a file is read, `fs::read` in production.
type Read = fn(&Path) -> io::Result<Vec<u8>>;

/// Reads one file within the limit.
type Limited = fn(&Semaphore, &Path, Read) -> io::Result<usize>;

fn early_return(disk: &Semaphore, path: &Path, read: Read) -> io::Result<usize> {
    disk.acquire_raw_blocking().map_err(io::Error::other)?;
    let bytes = read(path)?;
    disk.release(1).map_err(io::Error::other)?;
    Ok(bytes.len())
}

fn guard(disk: &Semaphore, path: &Path, read: Read) -> io::Result<usize> {
    let _permit = disk.acquire_blocking().map_err(io::Error::other)?;
    Ok(read(path)?.len())
}

/// The size of all files together; those that cannot be read have none.
fn total(paths: &[PathBuf], limited: Limited, read: Read) -> usize {
    let disk = Semaphore::new(READS).named("disk");
    thread::scope(|scope| {
        let threads: Vec<_> = paths
            .iter()
            .map(|path| scope.spawn(|| limited(&disk, path, read).unwrap_or(0)))
            .collect();
        let sizes = threads.into_iter().map(|thread| thread.join());
        sizes.map(|size| size.unwrap_or(0)).sum()
    })
}

/// A disk on which any file may be missing: which is up to the explorer.
fn unreliable(_: &Path) -> io::Result<Vec<u8>> {
    match fault::choose(2) {
        0 => Ok(vec![0; 10]),
        _ => Err(io::ErrorKind::NotFound.into()),
    }
}

/// What is printed.
pub(crate) fn output() -> String {
    let mut output = String::new();
    for (name, limited) in [("early-return", early_return as Limited), ("guard", guard)] {
        let report = Explorer::closures().explore_threads(name, move || {
            let paths = ["a", "b", "c"].map(PathBuf::from);
            assert!(total(&paths, limited, unreliable) <= 30);
        });
        writeln!(output, "{}", text(&report, &Style::default())).expect("a string takes all");
    }
    output
}

fn main() {
    print!("{}", output());
}
