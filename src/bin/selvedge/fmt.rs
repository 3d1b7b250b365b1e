//! `selvedge fmt`: formats programs in place.

use std::io;
use std::path::Path;

use crate::args::FmtArgs;
use crate::input;
use crate::output::{Output, Status};

pub(crate) fn run(args: &FmtArgs, output: &mut Output) -> Status {
    let mut worst = Status::Clean;
    for file in &args.files {
        let Ok(source) = input::read(file, None, output) else {
            worst = Status::Unusable.max(worst);
            continue;
        };
        let formatted = source.program.format();
        if args.check {
            if formatted != source.program.source() {
                output.print(&format!("{}: not formatted\n", source.name));
                worst = Status::Findings.max(worst);
            }
        } else if input::is_stdin(file) {
            output.print(&formatted);
        } else if formatted != source.program.source()
            && let Err(error) = replace(file, &formatted)
        {
            output.error(&format!("{}: cannot be written: {error}", source.name));
            worst = Status::Unusable.max(worst);
        }
    }
    worst
}

/// Writes a file anew, whole or not at all. A link is followed, and permissions are kept.
#[allow(clippy::disallowed_methods)] // two processes may format the same file
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let path = std::fs::canonicalize(path)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    let written = std::fs::write(&beside, text)
        .and_then(|()| std::fs::metadata(&path))
        .and_then(|meta| std::fs::set_permissions(&beside, meta.permissions()))
        .and_then(|()| std::fs::rename(&beside, &path));
    if written.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    written
}
