//! Writes text files so that nothing is lost and nothing is half there.
//!
//! The text goes into a file of another name in the same folder, is forced to the disk, and then
//! takes its name, which a file system does at once or not at all; and the folder is forced to the
//! disk too, so that the name is there after a crash. A process that is killed in between leaves a
//! file that begins with a point and ends in `.tmp`, which nobody reads.
//!
//! Threads and processes that change one file wait for each other: each locks the file, reads it,
//! and writes it anew before it lets go. Since a file that is written anew is another one under the
//! same name, whoever has waited for the lock looks whether it is still the file of that name: each
//! change makes a file longer.
//!
//! **Invariants**
//!
//! 1. Under its name a file is whole, whenever one looks. (One that is to be made may be empty.)
//! 2. A file that is there is never overwritten with another text by `keep`.
//! 3. An error says what was not written, and has the text.
//! 4. What `update` has read is what it replaces: nothing that another has written is lost.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// A text that could not be kept.
#[derive(Debug, thiserror::Error)]
#[error("not written: {}: {problem}; it would have been\n\n{text}", path.display())]
pub struct NotWritten {
    /// The file.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
    /// Why not.
    #[source]
    pub problem: io::Error,
}

/// Writes a file whole, in place of what was there.
///
/// # Errors
///
/// If the disk is full, the folder cannot be made or written to, and the like; then what was there
/// before is there still.
pub fn write(path: &Path, contents: impl AsRef<[u8]>) -> Result<(), NotWritten> {
    let contents = contents.as_ref();
    attempt(path, contents).map_err(|problem| NotWritten {
        path: path.to_owned(),
        text: String::from_utf8_lossy(contents).into_owned(),
        problem,
    })
}

/// Changes a text file, which is empty if it is not there yet; `change` gives the new text, or `None`
/// to leave the file as it is. Nobody else changes it by `update` meanwhile.
///
/// # Errors
///
/// If the file cannot be read or made (then the text is empty), or its new text not be written.
pub(super) fn update(
    path: &Path,
    change: impl FnOnce(&str) -> Option<String>,
) -> Result<(), NotWritten> {
    let failed = |problem: io::Error| NotWritten {
        path: path.to_owned(),
        text: String::new(),
        problem,
    };
    let (locked, old) = locked(path).map_err(failed)?;
    let written = match change(&old) {
        Some(new) => write(path, &new),
        None => Ok(()),
    };
    // not before: only the file that is under the name is locked
    drop(locked);
    written
}

/// The text of a file, if there is one.
///
/// # Errors
///
/// If it is there and cannot be read.
pub(super) fn read(path: &Path) -> io::Result<Option<String>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    // some systems let nobody read what another has locked
    supported(file.lock_shared())?;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    Ok(Some(text))
}

/// The file of that name, locked until it is closed, and its text.
fn locked(path: &Path) -> io::Result<(File, String)> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    loop {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        supported(file.lock())?;
        // whoever had the lock before may have put another file in its place, which is longer
        let is_replaced = match fs::metadata(path) {
            Ok(now) => now.len() != file.metadata()?.len(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => true,
            Err(error) => return Err(error),
        };
        if !is_replaced {
            let mut text = String::new();
            file.read_to_string(&mut text)?;
            return Ok((file, text));
        }
    }
}

/// A lock that was had, or that a file system does not have: then one process at a time is as safe.
fn supported(locked: io::Result<()>) -> io::Result<()> {
    match locked {
        Err(error) if error.kind() != io::ErrorKind::Unsupported => Err(error),
        _ => Ok(()),
    }
}

/// Keeps a text in a folder, as `NAME.EXTENSION`, or `NAME-2.EXTENSION` and so on where another text
/// has that name; the file that has it.
///
/// # Errors
///
/// As [`write()`].
pub fn keep(folder: &Path, name: &str, extension: &str, text: &str) -> Result<PathBuf, NotWritten> {
    let numbered = |n: u32| match n {
        1 => folder.join(format!("{name}.{extension}")),
        n => folder.join(format!("{name}-{n}.{extension}")),
    };
    for path in (1..).map(numbered) {
        let mut is_taken = false;
        let kept = update(&path, |there| {
            is_taken = !there.is_empty() && there != text;
            there.is_empty().then(|| text.to_owned())
        });
        match kept {
            Ok(()) if is_taken => {}
            // it is no text, so it is another one
            Err(error) if error.problem.kind() == io::ErrorKind::InvalidData => {}
            Ok(()) => return Ok(path),
            Err(error) => {
                return Err(NotWritten {
                    text: text.to_owned(),
                    ..error
                });
            }
        }
    }
    unreachable!("a folder has fewer files than there are numbers")
}

fn attempt(path: &Path, contents: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    // where the name is a link, the file that it leads to is the one that is meant
    let path = &fs::canonicalize(path).unwrap_or(path.to_owned());
    let folder = path.parent().unwrap_or(folder);
    let (beside, mut file) = beside(path)?;
    let written = file
        .write_all(contents)
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&beside, path));
    drop(file);
    if written.is_err() {
        // what is wrong is told; that this is left too would not help anybody
        let _ = fs::remove_file(&beside);
        return written;
    }
    // not every file system can force a folder to the disk
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
    Ok(())
}

/// A new file beside the one that is meant.
#[allow(clippy::disallowed_methods)] // two processes do not take each other's; nobody reads the name
fn beside(path: &Path) -> io::Result<(PathBuf, File)> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    for n in 0..1000 {
        let beside = path.with_file_name(format!(".{name}.{}.{n}.tmp", std::process::id()));
        match OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&beside)
        {
            Ok(file) => return Ok((beside, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("selvedge-store-{name}"));
        let _ = fs::remove_dir_all(&folder);
        folder
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .expect("a folder")
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_text_is_kept_once_and_another_beside_it() {
        let folder = folder("once").join("made");
        for text in ["one", "two", "one", "two"] {
            keep(&folder, "leak", "sem", text).expect("it can be written");
        }
        assert_eq!(names(&folder), ["leak-2.sem", "leak.sem"]);
        assert_eq!(
            fs::read_to_string(folder.join("leak-2.sem")).expect("a file"),
            "two"
        );
    }

    #[test]
    fn what_cannot_be_written_is_told_with_its_text() {
        let file = folder("file");
        fs::write(&file, "no folder").expect("a file");
        let error = keep(&file.join("inner"), "leak", "sem", "the text").expect_err("no folder");
        let told = error.to_string();
        assert!(
            told.starts_with("not written: ") && told.ends_with("the text"),
            "{told}"
        );
        fs::remove_file(&file).expect("it is there");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_told() {
        // the device that is always full, through the same writes
        let mut full = OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .expect("a device");
        let problem = full.write_all(b"text").expect_err("it is full");
        let error = NotWritten {
            path: "leak.sem".into(),
            text: "the text".to_owned(),
            problem,
        };
        let told = error.to_string();
        assert!(told.contains("leak.sem: No space left on device"), "{told}");
    }
}
