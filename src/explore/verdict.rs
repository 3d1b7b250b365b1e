//! Whether a program is as its `expect` lines say.

use crate::program::{Expect, Program};
use crate::report::{Finding, Report, Severity};

/// What `selvedge test` says of one program.
#[derive(Debug, Clone)]
pub struct Verdict<'a> {
    /// Expectations that nothing met.
    pub missing: Vec<&'a Expect>,
    /// Errors that nobody expected.
    pub unexpected: Vec<&'a Finding>,
    /// Whether everything within the bounds was seen.
    pub complete: bool,
}

impl Verdict<'_> {
    /// Whether the program passes.
    pub fn passes(&self) -> bool {
        self.complete && self.missing.is_empty() && self.unexpected.is_empty()
    }
}

/// Compares what was found with what is expected: the errors exactly; a warning breaks nothing and
/// may be expected.
pub fn verdict<'a>(program: &'a Program, report: &'a Report) -> Verdict<'a> {
    let meets = |finding: &Finding, expect: &Expect| match expect {
        Expect::Clean => false,
        Expect::Fails { property, on } => {
            finding.property == *property
                && on
                    .as_ref()
                    .is_none_or(|on| finding.semaphores.iter().any(|s| s == on.as_str()))
        }
    };
    let missing = program
        .expects()
        .iter()
        .filter(|e| **e != Expect::Clean && !report.findings.iter().any(|f| meets(f, e)))
        .collect();
    let unexpected = report
        .findings
        .iter()
        .filter(|f| f.severity == Severity::Error)
        .filter(|f| !program.expects().iter().any(|e| meets(f, e)))
        .collect();
    Verdict {
        missing,
        unexpected,
        complete: report.complete,
    }
}
