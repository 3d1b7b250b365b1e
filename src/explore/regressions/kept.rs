//! The regressions of one check: a schedule a line, each under a comment that says what it shows.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use super::place::{Regressions, shown};
use super::store::write;
use crate::explore::closures::Case;
use crate::program::PropertyName;
use crate::property::Identity;
use crate::report::{Finding, Report, Severity};

const HEAD: &str = "\
# Schedules of findings. The check tries them first; commit this file.
# A schedule that does not fit the code any more is told: delete its line.
";

/// The file of a check, and the schedules in it.
pub(in crate::explore) struct Kept {
    path: PathBuf,
    text: String,
}

/// A schedule, and the line of the file that it is on.
pub(in crate::explore) struct Entry {
    pub(in crate::explore) schedule: String,
    line: usize,
}

impl Kept {
    /// The regressions of a check, if any are to be kept.
    ///
    /// # Panics
    ///
    /// If there is a file that cannot be read: what is in it must not be passed over.
    #[track_caller]
    pub(in crate::explore) fn of(case: &Case, regressions: &Regressions) -> Option<Kept> {
        let path = regressions.file(&case.name, case.place.file)?;
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => panic!(
                "the regressions in {} cannot be read: {error}",
                shown(&path)
            ),
        };
        Some(Kept { path, text })
    }

    /// The schedules, the first first.
    pub(in crate::explore) fn entries(&self) -> Vec<Entry> {
        let lines = self.text.lines().zip(1..);
        let lines = lines.map(|(text, line)| (text.trim(), line));
        lines
            .filter(|(text, _)| !text.is_empty() && !text.starts_with('#'))
            .map(|(text, line)| Entry {
                schedule: text.to_owned(),
                line,
            })
            .collect()
    }

    /// Where an entry stands.
    pub(in crate::explore) fn place(&self, entry: &Entry) -> String {
        format!("{}:{}", shown(&self.path), entry.line)
    }

    /// Says that an entry does not fit; past what captures the output of tests, since nobody looks at
    /// that of a test that passes.
    pub(in crate::explore) fn stale(&self, entry: &Entry, why: &str) {
        let mut stderr = io::stderr().lock();
        // nobody hears that nobody can be told
        let _ = writeln!(
            stderr,
            "{}: stale regression: {why}; delete the line once the code is as it is to be",
            self.place(entry)
        );
    }

    /// Keeps the schedules of what a report has found, each once; what to tell of that.
    pub(in crate::explore) fn keep(&self, report: &Report) -> Option<String> {
        let (endless, errors): (Vec<&Finding>, Vec<&Finding>) = report
            .findings
            .iter()
            .filter(|finding| {
                finding.severity == Severity::Error && finding.property != PropertyName::Divergence
            })
            .partition(|finding| matches!(finding.identity, Identity::Spin { .. }));
        let mut text = self.text.clone();
        for finding in errors {
            if text.lines().any(|known| known.trim() == finding.schedule) {
                continue;
            }
            if text.is_empty() {
                text.push_str(HEAD);
            }
            // a detail that has several lines would be read as schedules
            let about = finding.detail.lines().next().unwrap_or_default();
            text.push_str(&format!(
                "\n# {}: {about}\n{}\n",
                finding.id, finding.schedule
            ));
        }
        if text == self.text {
            // each replay of one would wait until patience is at its end
            return (!endless.is_empty())
                .then(|| "not kept: the schedule of a step that does not end".to_owned());
        }
        Some(match write(&self.path, &text) {
            Ok(()) => format!("kept in {}", shown(&self.path)),
            Err(error) => format!("{error}: keep the schedule yourself"),
        })
    }
}
