//! `selvedge fmt`: formats programs in place.
//!
//! The new text is written beside the file, as `.NAME.selvedge-fmt`, and then takes its place in one
//! step. A file that has other names (hard links) is overwritten instead, and what is beside it is
//! there until that is done: so the whole text is there whenever the process is killed. What a killed
//! one has left is removed the next time the file is formatted.

use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::args::FmtArgs;
use crate::input;
use crate::output::{Output, Status};
use crate::progress::{catch_interrupts, is_interrupted};

pub(crate) fn run(args: &FmtArgs, output: &mut Output) -> Status {
    // a file is written to its end
    catch_interrupts();
    let mut worst = Status::Clean;
    for file in &args.files {
        if is_interrupted() {
            output.error("interrupted: the remaining programs were not formatted");
            return Status::Findings.max(worst);
        }
        let Ok(source) = input::read(file, None, output) else {
            tell_of_rest(file, output);
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

/// Says where the text of a file is that was only half written when an earlier process was killed.
fn tell_of_rest(path: &Path, output: &mut Output) {
    let rest = fs::canonicalize(path).map(|path| beside(&path));
    if let Ok(rest) = rest
        && rest.is_file()
    {
        output.error(&format!(
            "an earlier `selvedge fmt` was killed while it wrote this file: its whole text may be in \
             {}",
            rest.display()
        ));
    }
}

/// Writes a file anew, whole or not at all. A link is followed, permissions are kept, and so are other
/// names of the file.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let path = fs::canonicalize(path)?;
    let about = fs::metadata(&path)?;
    if about.permissions().readonly() {
        let problem = "it is read-only: make it writable first";
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, problem));
    }
    let beside = beside(&path);
    let mut file = new_file(&beside)?;
    let written = file
        .write_all(text.as_bytes())
        .and_then(|()| fs::set_permissions(&beside, about.permissions()))
        .and_then(|()| file.sync_all());
    if let Err(error) = written {
        let _ = fs::remove_file(&beside);
        return Err(error);
    }
    if has_other_names(&about) {
        overwrite(&path, text)?;
        return fs::remove_file(&beside);
    }
    fs::rename(&beside, &path).inspect_err(|_| {
        let _ = fs::remove_file(&beside);
    })
}

fn beside(path: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".selvedge-fmt");
    path.with_file_name(name)
}

/// A file that was not there, locked: what a killed process has left is removed, and what a running one
/// writes is not.
fn new_file(path: &Path) -> io::Result<File> {
    let make = || OpenOptions::new().write(true).create_new(true).open(path);
    let file = match make() {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            if let Ok(left) = File::open(path)
                && let Err(TryLockError::WouldBlock) = left.try_lock()
            {
                return Err(io::Error::other("another `selvedge fmt` is at it"));
            }
            let _ = fs::remove_file(path);
            make()?
        }
        made => made?,
    };
    // where there are no locks, who comes second takes it for left
    let _ = file.try_lock();
    Ok(file)
}

/// Whether the file has other names in the file system.
fn has_other_names(about: &Metadata) -> bool {
    #[cfg(unix)]
    return std::os::unix::fs::MetadataExt::nlink(about) > 1;
    #[cfg(not(unix))]
    {
        let _ = about;
        false
    }
}

fn overwrite(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    file.write_all(text.as_bytes())?;
    file.set_len(text.len() as u64)?;
    file.sync_all()
}
