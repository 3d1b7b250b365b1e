//! Reading programs.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use selvedge::program::Program;

use crate::output::Output;
use crate::progress::is_interrupted;

/// More than a program may have, so that an endless file is not read to its end.
const MOST_BYTES: u64 = (1 << 20) + 1;

/// A program, and what it is called in reports.
pub(crate) struct Source {
    pub(crate) name: String,
    pub(crate) program: Program,
}

/// What a file is called.
pub(crate) fn name_of(path: &Path) -> String {
    if is_stdin(path) {
        "<stdin>".to_owned()
    } else {
        path.display().to_string()
    }
}

pub(crate) fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Reads a program; what is wrong goes to standard error, and as one line to the caller. A pipe may
/// never end: no longer than `limit`, and not after an interruption.
pub(crate) fn read(
    path: &Path,
    limit: Option<Duration>,
    output: &mut Output,
) -> Result<Source, String> {
    let name = name_of(path);
    let bytes = read_in_time(path, limit).map_err(|problem| {
        let text = format!("{name}: {problem}");
        output.error(&text);
        text
    })?;
    match Program::parse_bytes(&bytes) {
        Ok(program) => Ok(Source { name, program }),
        Err(error) => {
            output.diagnostics(&error.render(&name, output.error_color));
            let first = error.problems().first();
            let more = error.problems().len() + error.omitted() - 1;
            let mut text = match first {
                Some(p) => format!("{name}:{}: {}", p.place(), p.message()),
                None => name,
            };
            if more > 0 {
                text += &format!(" (and {more} more)");
            }
            Err(text)
        }
    }
}

/// Reads in a thread of its own, which is left to itself if it does not come back.
#[allow(clippy::disallowed_methods)] // a clock that nothing is explored by
fn read_in_time(path: &Path, limit: Option<Duration>) -> Result<Vec<u8>, String> {
    const EVERY: Duration = Duration::from_millis(50);
    let (sender, receiver) = channel();
    let started = Instant::now();
    let of = path.to_owned();
    std::thread::spawn(move || {
        // nobody waits for it any more
        let _ = sender.send(read_bytes(&of));
    });
    loop {
        match receiver.recv_timeout(EVERY) {
            Ok(read) => return read,
            Err(RecvTimeoutError::Disconnected) => return Err("cannot be read".to_owned()),
            Err(RecvTimeoutError::Timeout) if is_interrupted() => {
                return Err("interrupted before it was read to its end".to_owned());
            }
            Err(RecvTimeoutError::Timeout) if limit.is_some_and(|l| started.elapsed() >= l) => {
                return Err("not read to its end when the time was over".to_owned());
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

fn read_bytes(path: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let read = |source: &mut dyn Read, bytes: &mut Vec<u8>| {
        source
            .take(MOST_BYTES)
            .read_to_end(bytes)
            .map(|_| ())
            .map_err(|error| error.to_string())
    };
    if is_stdin(path) {
        read(&mut std::io::stdin().lock(), &mut bytes)?;
        return Ok(bytes);
    }
    if path.is_dir() {
        return Err(
            "this is a folder; name a program, or use `selvedge test` for all programs under it"
                .to_owned(),
        );
    }
    let mut file = File::open(path).map_err(|error| format!("cannot be read: {error}"))?;
    read(&mut file, &mut bytes)?;
    Ok(bytes)
}
