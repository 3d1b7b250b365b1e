//! `selvedge check`: explore and report.

use selvedge::explore::Explorer;
use selvedge::report::{Report, Style, github, json, json_error, text};

use crate::args::{CheckArgs, Engine, Format};
use crate::input::{self, Source};
use crate::output::{Output, Status};
use crate::progress::{Line, catch_interrupts, is_interrupted};

/// Random descents of an estimate.
const DESCENTS: u32 = 2000;

pub(crate) fn run(args: &CheckArgs, output: &mut Output) -> Status {
    let explorer = match args.explorer() {
        Ok(explorer) => explorer,
        Err(problem) => {
            output.error(&problem);
            return Status::Unusable;
        }
    };
    catch_interrupts();
    let mut worst = Status::Clean;
    let mut first = true;
    for file in &args.files {
        if is_interrupted() {
            output.error(&format!(
                "{}: interrupted before it was checked",
                input::name_of(file)
            ));
            worst = worst.max(Status::Findings);
            continue;
        }
        let status = match input::read(file, explorer.time, output) {
            Ok(source) if args.estimate => estimate(&explorer, &source, output),
            Ok(source) => {
                let line = Line::new(&source.name).with_estimate(&explorer, &source.program);
                let explored = explore(&explorer, args.engine, &source, &line);
                line.clear();
                match explored {
                    Ok(report) => {
                        show(&report, args.format, first, output);
                        first = false;
                        status_of(&report, args.require_complete)
                    }
                    Err(problem) => {
                        output.error(&format!("{}: {problem}", source.name));
                        if args.format == Format::Json {
                            output.print(&format!("{}\n", json_error(&source.name, &problem)));
                        }
                        Status::Unusable
                    }
                }
            }
            Err(problem) => {
                if args.format == Format::Json {
                    output.print(&format!(
                        "{}\n",
                        json_error(&input::name_of(file), &problem)
                    ));
                }
                Status::Unusable
            }
        };
        worst = worst.max(status);
    }
    worst
}

fn estimate(explorer: &Explorer, source: &Source, output: &mut Output) -> Status {
    let line = Line::new(&source.name);
    let estimate = explorer.estimate(&source.program, DESCENTS, &line);
    line.clear();
    let Some(estimate) = estimate else {
        output.error(&format!(
            "{}: no random descent came to its end in time: give it more by --time",
            source.name
        ));
        return Status::Findings;
    };
    output.print(&format!(
        "{}: about {:.3e} runs (standard error {:.1e}), at most about {:.3e} states; Knuth's \
         estimate from {} random descents\n",
        source.name, estimate.runs, estimate.runs_error, estimate.nodes, estimate.descents
    ));
    Status::Clean
}

/// # Errors
///
/// If the engine cannot perform the program.
fn explore(
    explorer: &Explorer,
    engine: Engine,
    source: &Source,
    line: &Line,
) -> Result<Report, String> {
    let (program, name) = (&source.program, &source.name);
    match engine {
        Engine::Machine => Ok(explorer.explore(program, name, line)),
        Engine::Futures => explorer
            .explore_lowered(program, name, line)
            .map_err(|refused| refused.to_string()),
        #[cfg(feature = "threads")]
        Engine::Threads => explorer
            .explore_lowered_to_threads(program, name, line)
            .map_err(|refused| refused.to_string()),
    }
}

fn show(report: &Report, format: Format, first: bool, output: &mut Output) {
    match format {
        Format::Text => {
            let style = Style {
                color: output.color,
                figures: true,
            };
            let gap = if first { "" } else { "\n" };
            output.print(&format!("{gap}{}", text(report, &style)));
        }
        Format::Json => output.print(&format!("{}\n", json(report))),
        Format::Github => output.print(&github(report)),
    }
}

fn status_of(report: &Report, require_complete: bool) -> Status {
    if report.has_errors() || require_complete && !report.complete {
        Status::Findings
    } else {
        Status::Clean
    }
}
