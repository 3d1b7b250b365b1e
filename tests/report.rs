//! Reports: what they say and how they are laid out.
#![cfg(feature = "check")]

use selvedge::explore::Explorer;
use selvedge::machine::StepBound;
use selvedge::program::Program;
use selvedge::report::Report;

#[path = "report/programs.rs"]
mod programs;
#[path = "report/texts.rs"]
mod texts;

/// Where snapshots live, seen from the files of this test.
const SNAPSHOTS: &str = "../../snapshots";

/// The report of a program; fifty steps are too many for it.
fn explore((name, text): programs::Source) -> Report {
    let program = match Program::parse(text) {
        Ok(program) => program,
        Err(error) => panic!("{}", error.render(name, false)),
    };
    let explorer = Explorer {
        step_bound: StepBound(50),
        ..Explorer::default()
    };
    explorer.explore(&program, name, &())
}
