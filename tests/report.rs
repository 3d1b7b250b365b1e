//! Reports: what they say and how they are laid out.
#![cfg(feature = "check")]

use selvedge::explore::Explorer;
use selvedge::program::Program;
use selvedge::property::StepBound;
use selvedge::report::Report;
use snapshot::check_snapshot;

#[path = "report/forms.rs"]
mod forms;
#[path = "report/programs.rs"]
mod programs;
#[path = "report/snapshot.rs"]
mod snapshot;
#[path = "report/texts.rs"]
mod texts;

fn explore((name, text): programs::Source) -> Report {
    explored(name, text)
}

/// The report of a program; fifty steps are too many for it.
fn explored(name: &str, text: &str) -> Report {
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
