//! Values with which a closure failed a property test.
//!
//! A value is kept as `Debug` writes it, for people and for whoever can read that back, together
//! with the schedule of the run that failed.

use std::fs;
use std::path::{Path, PathBuf};

use super::programs::{Stale, files};
use super::store::{self, NotWritten};
use crate::report::Finding;
use crate::schedule::Digest;

/// A value that was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptValue {
    /// Its file.
    pub path: PathBuf,
    /// As `Debug` wrote it.
    pub value: String,
    /// The run that failed.
    pub schedule: String,
}

/// Keeps a value; the file.
///
/// # Errors
///
/// If it cannot be written.
pub fn keep_value(
    folder: &Path,
    test: &str,
    value: &str,
    finding: &Finding,
) -> Result<PathBuf, NotWritten> {
    let digest = Digest::of(value).to_string();
    let name = format!("{}-{}", finding.property, &digest[..8]);
    let text = format!(
        "// Found by {test}: {}.\nfinding: {}\nvalue: {}\nschedule: {}\n",
        finding.detail.replace('\n', " "),
        finding.id,
        value.escape_debug(),
        finding.schedule,
    );
    store::keep(folder, &name, "txt", &text)
}

/// The values that were kept in a folder, and what is there and cannot be read.
pub fn kept_values(folder: &Path) -> Vec<Result<KeptValue, Stale>> {
    files(folder, "txt").into_iter().map(read).collect()
}

fn read(path: PathBuf) -> Result<KeptValue, Stale> {
    let stale = |why: String| Stale {
        path: path.clone(),
        why,
    };
    let text = fs::read_to_string(&path).map_err(|e| stale(format!("it cannot be read: {e}")))?;
    let line = |key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key));
        line.ok_or_else(|| stale(format!("it has no line `{key}…`")))
    };
    let escaped = line("value: ")?;
    let value = unescaped(escaped).ok_or_else(|| stale("its value is damaged".to_owned()))?;
    Ok(KeptValue {
        schedule: line("schedule: ")?.trim().to_owned(),
        value,
        path: path.clone(),
    })
}

/// What `escape_debug` made of a text, undone.
fn unescaped(text: &str) -> Option<String> {
    let mut plain = String::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            plain.push(c);
            continue;
        }
        plain.push(match rest.next()? {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            '0' => '\0',
            'u' => {
                let digits: String = rest.by_ref().skip(1).take_while(|&c| c != '}').collect();
                char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?
            }
            other => other,
        });
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn escapes_are_undone(text in any::<String>()) {
            let escaped = text.escape_debug().to_string();
            prop_assert!(!escaped.contains('\n'));
            prop_assert_eq!(unescaped(&escaped), Some(text));
        }
    }
}
