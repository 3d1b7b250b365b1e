//! What a property test failed with.

use std::error::Error;
use std::fmt;
use std::path::PathBuf;

use crate::explore::Reduced;
use crate::explore::regressions::{NotWritten, Stale, program_text};
use crate::report::{Finding, remedy};

/// A failed property test: what fails, as small as it was made, and where that is kept.
#[derive(Debug)]
pub struct Failure {
    pub(super) test: String,
    pub(super) found: Found,
    /// Where it is kept; `None` where nothing is.
    pub(super) kept: Option<Result<PathBuf, NotWritten>>,
    pub(super) stale: Vec<Stale>,
}

#[derive(Debug)]
pub(super) enum Found {
    /// A program, reduced from so many statements and instances.
    Program {
        reduced: Box<Reduced>,
        case: u32,
        from: (u32, u32),
    },
    /// A value of another type.
    Value {
        value: String,
        finding: Box<Finding>,
        case: u32,
    },
    /// One that was kept, and fails still.
    Again {
        path: PathBuf,
        finding: Box<Finding>,
    },
    /// Not a case but all of them together.
    Whole(Box<Finding>),
    /// Not a case but the making of cases.
    Cases(String),
}

impl Failure {
    /// The finding, if one is the reason.
    pub fn finding(&self) -> Option<&Finding> {
        match &self.found {
            Found::Program { reduced, .. } => Some(&reduced.finding),
            Found::Value { finding, .. } | Found::Again { finding, .. } | Found::Whole(finding) => {
                Some(finding)
            }
            Found::Cases(_) => None,
        }
    }

    /// The reduced program, if programs were tested and a new one failed.
    pub fn reduced(&self) -> Option<&Reduced> {
        match &self.found {
            Found::Program { reduced, .. } => Some(reduced),
            _ => None,
        }
    }

    /// The file that has it, if it was written now or was there before.
    pub fn file(&self) -> Option<&PathBuf> {
        match (&self.found, &self.kept) {
            (Found::Again { path, .. }, _) | (_, Some(Ok(path))) => Some(path),
            _ => None,
        }
    }

    /// What was kept and cannot be tried any more.
    pub fn stale(&self) -> &[Stale] {
        &self.stale
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for stale in &self.stale {
            writeln!(f, "{stale}\n")?;
        }
        let test = &self.test;
        match &self.found {
            Found::Program {
                reduced,
                case,
                from: (statements, instances),
            } => {
                let draft = reduced.program.draft();
                writeln!(
                    f,
                    "{test} failed in case {case}; reduced from {statements} statements and \
                     {instances} workers to {} and {}:\n\n{}",
                    draft.size(),
                    draft.instances(),
                    program_text(test, reduced),
                )?;
                writeln!(f, "{}", reduced.finding)?;
            }
            Found::Value {
                value,
                finding,
                case,
            } => writeln!(
                f,
                "{test} failed in case {case}, with\n\n{value}\n{finding}"
            )?,
            Found::Again { path, finding } => {
                writeln!(
                    f,
                    "{test} fails as it did before: {}\n{finding}",
                    path.display()
                )?;
            }
            Found::Whole(finding) => {
                let remedy = remedy(finding);
                writeln!(f, "{test}: {finding}\n\nremedy: {remedy}")?;
            }
            Found::Cases(reason) => writeln!(f, "{test}: {reason}")?,
        }
        match &self.kept {
            Some(Ok(path)) => write!(
                f,
                "kept in {}, and tried first the next time",
                path.display()
            ),
            // what it would have been is printed above
            Some(Err(error)) => write!(f, "not kept: {}: {}", error.path.display(), error.problem),
            None => Ok(()),
        }
    }
}

impl Error for Failure {}
