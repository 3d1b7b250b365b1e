//! `selvedge graph`: the lock-order graph of a program, or who waits for whom in a state.

use std::sync::Arc;
use std::time::Duration;

use selvedge::program::PropertyName;
use selvedge::property::StepBound;
use selvedge::report::{Report, Style, Trace, order_dot, order_text, waits_dot, waits_text};

use crate::args::{GraphArgs, GraphFormat, GraphKind};
use crate::input::{self, Source};
use crate::output::{Output, Status};
use crate::progress::{Line, catch_interrupts};
use crate::replay::follow;

pub(crate) fn run(args: &GraphArgs, output: &mut Output) -> Status {
    if args.schedule.is_some() && args.kind == GraphKind::LockOrder {
        output.error("--schedule is for --kind wait-for: the lock-order graph is over all runs");
        return Status::Unusable;
    }
    catch_interrupts();
    let time = args.explore.time;
    let limit = (time > Duration::ZERO).then_some(time);
    let Ok(source) = input::read(&args.file, limit, output) else {
        return Status::Unusable;
    };
    match args.kind {
        GraphKind::LockOrder => lock_order(args, &source, output),
        GraphKind::WaitFor => wait_for(args, &source, output),
    }
}

fn explore(args: &GraphArgs, source: &Source, output: &mut Output) -> Result<Report, Status> {
    let explorer = args.explore.explorer().map_err(|problem| {
        output.error(&problem);
        Status::Unusable
    })?;
    let line = Line::new(&source.name);
    let report = explorer.explore(&source.program, &source.name, &line);
    line.clear();
    if !report.complete {
        output.diagnostics("warning: the search was not complete, so the graph may not be either");
    }
    Ok(report)
}

fn lock_order(args: &GraphArgs, source: &Source, output: &mut Output) -> Status {
    let report = match explore(args, source, output) {
        Ok(report) => report,
        Err(status) => return status,
    };
    output.print(&match args.format {
        GraphFormat::Dot => order_dot(&report),
        GraphFormat::Text => order_text(&report, &style(output)),
    });
    Status::Clean
}

fn wait_for(args: &GraphArgs, source: &Source, output: &mut Output) -> Status {
    let bound = StepBound(args.explore.steps);
    let trace: Arc<Trace> = match &args.schedule {
        Some(schedule) => match follow(&source.program, schedule, bound) {
            Ok(replayed) => replayed.trace,
            Err(error) => {
                output.error(&format!("{}: {error}", source.name));
                return Status::Unusable;
            }
        },
        None => {
            let report = match explore(args, source, output) {
                Ok(report) => report,
                Err(status) => return status,
            };
            let stuck = |property| {
                matches!(
                    property,
                    PropertyName::Deadlock
                        | PropertyName::Exhaustion
                        | PropertyName::ImpossibleRequest
                        | PropertyName::LostWakeup
                )
            };
            match report.findings.into_iter().find(|f| stuck(f.property)) {
                Some(finding) => finding.trace,
                None => {
                    output.print("no run gets stuck: nobody waits for ever\n");
                    return Status::Clean;
                }
            }
        }
    };
    output.print(&match args.format {
        GraphFormat::Dot => waits_dot(&trace),
        GraphFormat::Text => waits_text(&trace, &style(output)),
    });
    Status::Clean
}

fn style(output: &Output) -> Style {
    Style {
        color: output.color,
        figures: true,
    }
}
