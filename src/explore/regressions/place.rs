//! Where the regressions of a check are kept.

use std::path::{Path, PathBuf};

use crate::explore::settings::package;

/// Where checks keep the schedules of what they find.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Regressions {
    /// In a folder `selvedge-regressions` beside the source file that has the check.
    #[default]
    Beside,
    /// In this folder.
    In(PathBuf),
    /// Nowhere, and none are tried.
    Off,
}

const FOLDER: &str = "selvedge-regressions";

impl Regressions {
    /// The file for a check of that name in that source file, if there is to be one.
    pub(super) fn file(&self, name: &str, source: &str) -> Option<PathBuf> {
        let folder = match self {
            Regressions::Off => return None,
            Regressions::In(folder) => folder.clone(),
            // examples in the documentation are tests that lie in no file of their own
            Regressions::Beside if is_documentation(name) => return None,
            Regressions::Beside => beside(source)?,
        };
        Some(folder.join(format!("{}.txt", file_name(name))))
    }
}

fn is_documentation(name: &str) -> bool {
    name.starts_with("rust_out::") || name.starts_with("doctest_")
}

/// The compiler names source files from where it was called: the package, or a folder above it.
fn beside(source: &str) -> Option<PathBuf> {
    let package = package()?;
    let found = package
        .ancestors()
        .map(|folder| folder.join(source))
        .find(|path| path.is_file());
    let beside = match &found {
        Some(source) => source.parent()?,
        // the sources are elsewhere: the package at least is known
        None => &package,
    };
    Some(beside.join(FOLDER))
}

/// A name of a file that says which check it is of, and is one on every system.
fn file_name(name: &str) -> String {
    let readable = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let name = name.replace("::", ".").replace("{{closure}}", "closure");
    name.chars()
        .map(|c| if readable(c) { c } else { '-' })
        .collect()
}

/// The path as a person at the terminal would write it.
pub(super) fn shown(path: &Path) -> String {
    let shorter = package().and_then(|package| {
        let within = path.strip_prefix(&package).ok()?;
        Some(within.to_owned())
    });
    shorter.as_deref().unwrap_or(path).display().to_string()
}
