//! Writes text files so that nothing is lost and nothing is half there.
//!
//! The text goes into a file of another name in the same folder, is forced to the disk, and then
//! takes its name, which a file system does at once or not at all; and the folder is forced to the
//! disk too, so that the name is there after a crash. A process that is killed in between leaves a
//! file that begins with a point and ends in `.tmp`, which nobody reads.
//!
//! **Invariants**
//!
//! 1. Under its name a file is whole, whenever one looks.
//! 2. A file that is there is never overwritten with another text by `keep`.
//! 3. An error says what was not written, and has the text.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
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
        match fs::read(&path) {
            Ok(there) if there == text.as_bytes() => return Ok(path),
            Ok(_) => {}
            // what else is wrong with it shows when it is written
            Err(_) => return write(&path, text).map(|()| path),
        }
    }
    unreachable!("a folder has fewer files than there are numbers")
}

fn attempt(path: &Path, contents: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
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
