//! `selvedge replay`: the timeline of one run.

use selvedge::explore::{Replayed, replay};
use selvedge::machine::Machine;
use selvedge::program::Program;
use selvedge::property::Fact;
use selvedge::property::StepBound;
use selvedge::report::{Style, timeline};
use selvedge::schedule::{Digest, Schedule, ScheduleError};

use crate::args::ReplayArgs;
use crate::input;
use crate::output::{Output, Status};

pub(crate) fn run(args: &ReplayArgs, output: &mut Output) -> Status {
    let Ok(source) = input::read(&args.file, None, output) else {
        return Status::Unusable;
    };
    let replayed = match follow(&source.program, &args.schedule, StepBound(args.steps)) {
        Ok(replayed) => replayed,
        Err(error) => {
            output.error(&format!("{}: {error}", source.name));
            return Status::Unusable;
        }
    };
    let style = Style {
        color: output.color,
        figures: true,
    };
    output.print(&timeline(&replayed.trace, &source.name, &style));
    let failed = replayed.facts.iter().any(|f| matches!(f, Fact::Failed(_)));
    if let Some(divergence) = &replayed.divergence {
        output.print(&format!("divergence: {divergence}\n"));
    }
    if failed || replayed.divergence.is_some() {
        Status::Findings
    } else {
        Status::Clean
    }
}

/// Reads a schedule of a program and replays it. A run that goes on after `bound` steps, and to
/// the end of its schedule, is a livelock.
pub(crate) fn follow(
    program: &Program,
    schedule: &str,
    bound: StepBound,
) -> Result<Replayed, ScheduleError> {
    let digest = Digest::of(&program.digest_text());
    let schedule = Schedule::decode(schedule, digest, &program.instance_names())?;
    // a schedule that was made under a larger bound is followed to its end
    let bound = bound.max(StepBound(schedule.choices.len() as u64));
    let machine = Machine::new(program);
    Ok(replay(program, &machine, &schedule.choices, bound))
}
