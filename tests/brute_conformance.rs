//! The brute-force interpreter against the conformance programs: what it finds in each is what
//! the program expects, no more and no less.
#![cfg(feature = "check")]

use std::collections::BTreeSet;
use std::path::Path;

use crate::brute_force::{Budget, Finding, Outcome, findings};
use selvedge::program::{Expect, Program, PropertyName};

/// The largest of the programs has fewer states than this.
const MAX_STATES: usize = 1_000_000;

#[test]
fn every_conformance_program_has_what_it_expects() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance");
    let mut programs: Vec<_> = std::fs::read_dir(&folder)
        .expect("the conformance programs are there")
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "sem"))
        .collect();
    programs.sort();
    assert!(programs.len() >= 300, "{} programs", programs.len());

    let disagreements: Vec<String> = programs.iter().filter_map(|path| judge(path)).collect();
    assert!(
        disagreements.is_empty(),
        "{} programs disagree:\n{}",
        disagreements.len(),
        disagreements.join("\n")
    );
}

/// What is wrong with the interpreter's judgement of a program, if anything is.
fn judge(path: &Path) -> Option<String> {
    let name = path.file_stem()?.to_string_lossy();
    let text = std::fs::read_to_string(path).expect("a readable program");
    let program = match Program::parse(&text) {
        Ok(program) => program,
        Err(error) => return Some(format!("{name}: {error}")),
    };
    let expected: BTreeSet<PropertyName> = program
        .expects()
        .iter()
        .filter_map(|expect| match expect {
            Expect::Clean => None,
            Expect::Fails { property, .. } => Some(*property),
        })
        .collect();
    let mut found = match findings(&program, Budget::of(&program), MAX_STATES) {
        Outcome::Complete(found) => found,
        Outcome::TooLarge => return Some(format!("{name}: more than {MAX_STATES} states")),
    };
    // a request that only its timer ends is a warning, and need not be expected
    let is_warning = |f: &Finding| f.identity.starts_with("timed=");
    found.retain(|f| !is_warning(f) || expected.contains(&f.property));
    let names: BTreeSet<PropertyName> = found.iter().map(|finding| finding.property).collect();
    if names == expected {
        return None;
    }
    let mut report = format!("{name}:");
    for missing in expected.difference(&names) {
        report += &format!(" missing {missing}");
    }
    for extra in found.iter().filter(|f| !expected.contains(&f.property)) {
        let (property, identity) = (extra.property, &extra.identity);
        report += &format!(" extra {property} {:?} {identity}", extra.semaphores);
    }
    Some(report)
}
