//! Writes a file whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A file could not be written. What was there before is unchanged.
#[derive(Debug, thiserror::Error)]
#[error("{} was not written: {error}", path.display())]
pub struct NotWritten {
    /// The file.
    pub path: PathBuf,
    /// Why not.
    #[source]
    pub error: io::Error,
}

/// Writes a file, and the folders that it lies in. Whoever reads it meanwhile, or after the
/// process or the machine has gone down, finds what was in it before or what is in it now.
///
/// # Errors
///
/// If the file system refuses, because it is full or read-only say.
pub fn write(path: &Path, contents: impl AsRef<[u8]>) -> Result<(), NotWritten> {
    replace(path, contents.as_ref()).map_err(|error| NotWritten {
        path: path.to_owned(),
        error,
    })
}

fn replace(path: &Path, contents: &[u8]) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder)?;
    let (mut file, new) = beside(path)?;
    let written = file
        .write_all(contents)
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&new, path));
    if let Err(error) = written {
        // what is left of it must not be taken for a file of its own
        let _ = fs::remove_file(&new);
        return Err(error);
    }
    sync_folder(folder)
}

/// A file in the same folder that nobody else writes.
fn beside(path: &Path) -> io::Result<(File, PathBuf)> {
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    let mut n = 0;
    loop {
        let new = path.with_file_name(format!(".{}.{n}.new", name.to_string_lossy()));
        match File::create_new(&new) {
            Ok(file) => return Ok((file, new)),
            // another process writes it, or one was killed in the middle of it
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => n += 1,
            Err(error) => return Err(error),
        }
    }
}

/// That a file has a new name is itself written down.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Elsewhere a folder cannot be opened to be synced.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
