//! Programs that failed a property test.
//!
//! A file is a program that can be pasted into a corpus as it stands: comments that say what was
//! found and by which schedule, the program, and what it expects.

use std::fs;
use std::path::{Path, PathBuf};

use super::store::{self, NotWritten};
use crate::explore::{Explorer, Reduced, replay, verdict};
use crate::machine::Machine;
use crate::program::Program;
use crate::report::{Report, StrategyName};
use crate::schedule::{Digest, Schedule};

/// A regression that cannot be tried any more, or does not show any more what it was kept for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("stale regression {}: {why}; delete the file, or mend it", path.display())]
pub struct Stale {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub why: String,
}

/// Where the schedule stands in a file.
const SCHEDULE: &str = "// schedule: ";

/// States that are searched of a program that was kept.
const STATES: u64 = 300_000;

/// The text under which a program is kept.
pub fn program_text(test: &str, reduced: &Reduced) -> String {
    let finding = &reduced.finding;
    format!(
        "// Found by {test}: {}.\n{SCHEDULE}{}\n{}",
        finding.detail.replace('\n', " "),
        finding.schedule,
        reduced.program,
    )
}

/// Keeps a program that failed; the file.
///
/// # Errors
///
/// If it cannot be written.
pub fn keep_program(folder: &Path, test: &str, reduced: &Reduced) -> Result<PathBuf, NotWritten> {
    let digest = Digest::of(&reduced.program.digest_text()).to_string();
    let name = format!("{}-{}", reduced.finding.property, &digest[..8]);
    store::keep(folder, &name, "sem", &program_text(test, reduced))
}

/// A program that was kept.
#[derive(Debug, Clone)]
pub struct KeptProgram {
    /// Its file.
    pub path: PathBuf,
    /// The program.
    pub program: Program,
    schedule: String,
}

/// The files of a folder with that extension, in order; none where there is no folder.
pub(super) fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|e| e == extension))
        .filter(|path| {
            !path
                .file_name()
                .is_some_and(|n| n.to_string_lossy().starts_with('.'))
        })
        .collect();
    files.sort();
    files
}

/// The programs that were kept in a folder, and what is there and cannot be read.
pub fn kept_programs(folder: &Path) -> Vec<Result<KeptProgram, Stale>> {
    files(folder, "sem").into_iter().map(read).collect()
}

fn read(path: PathBuf) -> Result<KeptProgram, Stale> {
    let stale = |why: String| Stale {
        path: path.clone(),
        why,
    };
    let text = fs::read_to_string(&path).map_err(|e| stale(format!("it cannot be read: {e}")))?;
    let program = Program::parse(&text).map_err(|e| {
        let problem = e
            .problems()
            .first()
            .map_or(String::new(), |p| p.to_string());
        stale(format!("it is no program any more: {problem}"))
    })?;
    let schedule = text.lines().find_map(|line| line.strip_prefix(SCHEDULE));
    let schedule = schedule.ok_or_else(|| stale(format!("it has no line `{SCHEDULE}…`")))?;
    Ok(KeptProgram {
        schedule: schedule.trim().to_owned(),
        program,
        path,
    })
}

impl KeptProgram {
    /// What is found in it, if its schedule can still be followed and it is as it expects.
    ///
    /// # Errors
    ///
    /// If the schedule is not of this program or cannot be followed to its end, or if the program
    /// does not show what it expects.
    pub fn report(&self, explorer: &Explorer) -> Result<Report, Stale> {
        let stale = |why: String| Stale {
            path: self.path.clone(),
            why,
        };
        let machine = Machine::new(&self.program);
        let digest = Digest::of(&self.program.digest_text());
        let names = self.program.instance_names();
        let schedule = Schedule::decode(&self.schedule, digest, &names)
            .map_err(|e| stale(format!("its schedule cannot be used: {e}")))?;
        let replayed = replay(
            &self.program,
            &machine,
            &schedule.choices,
            explorer.step_bound,
        );
        if let Some(divergence) = replayed.divergence {
            return Err(stale(divergence.to_string()));
        }
        let explorer = Explorer {
            strategy: StrategyName::Exhaustive,
            states: Some(STATES),
            ..explorer.clone()
        };
        let report = explorer.explore(&self.program, &self.path.display().to_string(), &());
        let missing = verdict(&self.program, &report).missing.len();
        if missing > 0 && report.complete {
            return Err(stale(
                "it does not show any more what it expects".to_owned(),
            ));
        }
        Ok(report)
    }
}
