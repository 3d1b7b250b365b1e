//! The regressions of one check: a schedule a line, each under a comment that says what it shows.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Once;

use super::place::{Regressions, shown};
use super::store::{read, update};
use crate::explore::closures::Case;
use crate::explore::naming::former_name;
use crate::program::PropertyName;
use crate::property::Identity;
use crate::report::{Finding, Report, Severity, needs_a_runtime};

const HEAD: &str = "\
# Schedules of findings. The check tries them first; commit this file.
# A schedule that does not fit the code any more is told: delete its line.
";

/// So many schedules that do not fit are told one by one.
const MOST_TOLD: usize = 3;

/// The file of a check, and the schedules in it.
pub(in crate::explore) struct Kept {
    path: PathBuf,
    entries: Vec<Entry>,
}

/// A schedule, and where it stands.
pub(in crate::explore) struct Entry {
    pub(in crate::explore) schedule: String,
    /// What the check was called when it was kept.
    pub(in crate::explore) name: String,
    place: String,
    /// Whether the file is of an older version, and may have schedules of other tests too.
    is_shared: bool,
}

impl Kept {
    /// The regressions of a check, if any are to be kept.
    ///
    /// # Panics
    ///
    /// If there is a file that cannot be read: what is in it must not be passed over.
    #[track_caller]
    pub(in crate::explore) fn of(case: &Case, regressions: &Regressions) -> Option<Kept> {
        if let Some(why) = regressions.refusal(&case.name) {
            static TOLD: Once = Once::new();
            TOLD.call_once(|| {
                tell(&format!(
                    "selvedge: regressions are neither tried nor kept: {why}"
                ))
            });
        }
        let path = regressions.file(&case.name, case.place.file)?;
        let mut entries = entries_of(&path, &case.name, false);
        if let Some(name) = former_name(&case.name)
            && let Some(former) = regressions.file(name, case.place.file)
        {
            entries.extend(entries_of(&former, name, true));
        }
        Some(Kept { path, entries })
    }

    /// The schedules, the first first.
    pub(in crate::explore) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Keeps the schedules of what a report has found, each once; what to tell of that.
    pub(in crate::explore) fn keep(&self, report: &Report) -> Option<String> {
        let errors = report.findings.iter().filter(|finding| {
            finding.severity == Severity::Error
                && finding.property != PropertyName::Divergence
                // another replay would not show it
                && finding.replays.are_alike()
                && !finding.identity.is_of_no_run()
        });
        let (errors, others): (Vec<&Finding>, Vec<&Finding>) =
            errors.partition(|finding| not_worth_keeping(finding).is_none());
        if errors.is_empty() {
            let why = others.iter().find_map(|finding| not_worth_keeping(finding));
            return why.map(|why| format!("not kept: {why}"));
        }
        let kept = update(&self.path, |text| with_schedules(text, &errors));
        Some(match kept {
            Ok(()) => format!("kept in {}", shown(&self.path)),
            Err(error) => format!(
                "not kept: {}: {}; keep the schedule yourself",
                shown(&self.path),
                error.problem
            ),
        })
    }
}

/// Why the schedule of a finding is not kept, if so.
fn not_worth_keeping(finding: &Finding) -> Option<&'static str> {
    if matches!(finding.identity, Identity::Spin { .. }) {
        // each replay of one would wait until patience is at its end
        return Some("the schedule of a step that does not end");
    }
    needs_a_runtime(finding).then_some("a mistake in the set-up of the test, which each run shows")
}

/// The text of a file with the schedules of these findings in it, if some are not there yet.
fn with_schedules(old: &str, findings: &[&Finding]) -> Option<String> {
    let mut text = old.to_owned();
    for finding in findings {
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
    (text != old).then_some(text)
}

/// The schedules of a file, the first first.
///
/// # Panics
///
/// If the file cannot be read.
#[track_caller]
fn entries_of(path: &Path, name: &str, is_shared: bool) -> Vec<Entry> {
    let text = match read(path) {
        Ok(text) => text.unwrap_or_default(),
        Err(error) => panic!("the regressions in {} cannot be read: {error}", shown(path)),
    };
    let lines = text.lines().zip(1..);
    let lines = lines.map(|(text, line)| (text.trim(), line));
    lines
        .filter(|(text, _)| !text.is_empty() && !text.starts_with('#'))
        .map(|(text, line)| Entry {
            schedule: text.to_owned(),
            name: name.to_owned(),
            place: format!("{}:{line}", shown(path)),
            is_shared,
        })
        .collect()
}

impl Entry {
    /// Where it stands.
    pub(in crate::explore) fn place(&self) -> &str {
        &self.place
    }
}

/// Says which schedules do not fit, and why: the first ones, and how many there are.
pub(in crate::explore) fn tell_stale(stale: &[(&Entry, String)]) {
    let (shared, own): (Vec<_>, Vec<_>) = stale.iter().partition(|(entry, _)| entry.is_shared);
    for (entry, why) in own.iter().take(MOST_TOLD) {
        tell(&format!(
            "{}: stale regression: {why}; delete the line once the code is as it is to be",
            entry.place
        ));
    }
    if let Some((entry, _)) = own.get(MOST_TOLD) {
        let more = own.len() - MOST_TOLD;
        tell(&format!(
            "{}: {more} more stale regressions from here on",
            entry.place
        ));
    }
    if let [(entry, _), ..] = shared[..] {
        tell(&format!(
            "{}: {} of the schedules from here on are not of this test: the file is of an older \
             version, in which tests that share `{}` shared a file; delete it once the tests have \
             passed",
            entry.place,
            shared.len(),
            entry.name
        ));
    }
}

/// Says something past what captures the output of tests, since nobody looks at that of a test that
/// passes.
fn tell(line: &str) {
    // nobody hears that nobody can be told
    let _ = writeln!(io::stderr().lock(), "{line}");
}
