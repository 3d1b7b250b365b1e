//! Reading programs.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use selvedge::program::Program;

use crate::output::Output;

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

/// Reads a program; what is wrong goes to standard error, and as one line to the caller.
pub(crate) fn read(path: &Path, output: &mut Output) -> Result<Source, String> {
    let name = name_of(path);
    let bytes = read_bytes(path).map_err(|problem| {
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
