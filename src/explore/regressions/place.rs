//! Where the regressions of a check are kept.

use std::path::{Path, PathBuf};

use crate::explore::settings::package;
use crate::schedule::Digest;

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

    /// Why a check of that name keeps nothing though it is not asked to, if that is so.
    pub(in crate::explore) fn refusal(&self, name: &str) -> Option<&'static str> {
        let is_lost =
            *self == Regressions::Beside && !is_documentation(name) && package().is_none();
        is_lost.then_some(
            "CARGO_MANIFEST_DIR is not set, so it is not known where the sources are: run the test \
             by cargo, or set SELVEDGE_REGRESSIONS to a folder (or to `off`)",
        )
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
    let plain = name
        .replace("::", ".")
        .replace('/', ".")
        .replace("{{closure}}", "closure");
    let plain: String = plain
        .chars()
        .map(|c| if readable(c) { c } else { '-' })
        .collect();
    cut(&plain, name)
}

/// File systems take 255 bytes, of which an extension and what a lock or a copy adds need some.
const LONGEST: usize = 150;

/// A part of a path, made of the `whole` name, that is not too long for any file system: of a long
/// one the beginning, and a hash of the whole.
pub(crate) fn cut(part: &str, whole: &str) -> String {
    if part.len() <= LONGEST {
        return part.to_owned();
    }
    let mut end = LONGEST - 17;
    while !part.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}-{}", &part[..end], Digest::of(whole))
}

/// The path as a person at the terminal would write it.
pub(super) fn shown(path: &Path) -> String {
    let shorter = package().and_then(|package| {
        let within = path.strip_prefix(&package).ok()?;
        Some(within.to_owned())
    });
    shorter.as_deref().unwrap_or(path).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_cut_and_stay_apart() {
        assert_eq!(file_name("it::a/it::run<u8>"), "it.a.it.run-u8-");
        let [one, other] = ["a", "b"].map(|end| file_name(&format!("{}{end}", "é".repeat(200))));
        assert_ne!(one, other);
        assert!(one.len() <= LONGEST && other.len() <= LONGEST, "{one}");
        let wide = cut(&"é".repeat(200), "é");
        assert!(wide.len() <= LONGEST, "{wide}");
    }
}
