//! `selvedge test`: every program against its `expect` lines.

use std::path::{Path, PathBuf};
use std::time::Duration;

use selvedge::explore::{Explorer, verdict};
use selvedge::program::{Expect, Program};
use selvedge::report::{Finding, Report, shell_quoted};

use crate::args::TestArgs;
use crate::input::{self, Source};
use crate::output::{Output, Status};
use crate::progress::{Line, catch_interrupts, is_interrupted};

pub(crate) fn run(args: &TestArgs, output: &mut Output) -> Status {
    catch_interrupts();
    let mut worst = Status::Clean;
    let mut files = Vec::new();
    for path in &args.paths {
        let before = files.len();
        if let Err(problem) = collect(path, &mut files) {
            output.error(&format!("{}: {problem}", path.display()));
            worst = Status::Unusable;
        } else if files.len() == before {
            output.error(&format!("{}: no program (*.sem) under it", path.display()));
            worst = Status::Unusable;
        }
    }
    let explorer = Explorer {
        time: (args.time > Duration::ZERO).then_some(args.time),
        ..Explorer::default()
    };
    let (mut passed, mut failed) = (0u64, 0u64);
    for file in &files {
        if is_interrupted() {
            output.error("interrupted: the remaining programs were not tested");
            worst = worst.max(Status::Findings);
            break;
        }
        match input::read(file, explorer.time, output) {
            Ok(source) => {
                if test(&source, &explorer, output) {
                    passed += 1;
                } else {
                    failed += 1;
                    worst = worst.max(Status::Findings);
                }
            }
            Err(_) => {
                failed += 1;
                output.print(&format!(
                    "FAILED {}: cannot be read\n",
                    input::name_of(file)
                ));
                worst = worst.max(Status::Unusable);
            }
        }
    }
    output.print(&format!("{passed} passed, {failed} failed\n"));
    worst
}

/// The programs under a path, sorted.
fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), String> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let entries = std::fs::read_dir(path).map_err(|e| format!("cannot be read: {e}"))?;
    let mut inside = Vec::new();
    for entry in entries {
        inside.push(entry.map_err(|e| format!("cannot be read: {e}"))?.path());
    }
    inside.sort();
    for path in inside {
        let is_program = path.extension().is_some_and(|e| e == "sem");
        if path.is_dir() && !path.is_symlink() {
            collect(&path, files)?;
        } else if is_program && path.is_file() {
            files.push(path);
        }
    }
    Ok(())
}

/// Tests one program and prints its line; whether it passes.
fn test(source: &Source, explorer: &Explorer, output: &mut Output) -> bool {
    let line = Line::new(&source.name);
    let report = explorer.explore(&source.program, &source.name, &line);
    line.clear();
    let verdict = verdict(&source.program, &report);
    if verdict.passes() {
        let found = found(&source.program, &report);
        output.print(&format!("ok     {}: {found}\n", source.name));
        return true;
    }
    let mut text = format!("FAILED {}\n", source.name);
    for expect in &verdict.missing {
        if let Expect::Fails { property, on } = expect {
            let on = on.as_ref().map_or(String::new(), |on| format!(" on={on}"));
            text += &format!("       expected {property}{on}, and it was not found\n");
        }
    }
    for finding in &verdict.unexpected {
        let place = finding.place.map_or(String::new(), |p| format!(" at {p}"));
        text += &format!(
            "       found {}{place}, and it was not expected: {}\n",
            finding.property, finding.detail
        );
        text += &format!(
            "       selvedge replay {} {}\n",
            shell_quoted(&source.name),
            shell_quoted(&finding.schedule)
        );
    }
    if let Some(stopped) = report.stopped {
        text += &format!(
            "       the search was not complete (stopped by {} after {} states)\n",
            stopped.as_str(),
            report.stats.states
        );
    }
    output.print(&text);
    false
}

/// What was found in a program that passes, in a few words.
fn found(program: &Program, report: &Report) -> String {
    let named = |finding: &Finding| {
        program.expects().iter().any(|expect| match expect {
            Expect::Clean => false,
            Expect::Fails { property, on } => {
                let on = on.as_ref().map(|on| on.as_str());
                finding.property == *property
                    && on.is_none_or(|on| finding.semaphores.iter().any(|s| s == on))
            }
        })
    };
    let (expected, warnings): (Vec<&Finding>, Vec<&Finding>) =
        report.findings.iter().partition(|f| named(f));
    let names = |findings: &[&Finding]| {
        let mut names: Vec<String> = findings.iter().map(|f| f.property.to_string()).collect();
        names.dedup();
        names.join(", ")
    };
    let warned = match warnings.len() {
        0 => None,
        1 => Some(format!("a warning: {}", names(&warnings))),
        _ => Some(format!("warnings: {}", names(&warnings))),
    };
    match (expected.is_empty(), warned) {
        (true, None) => "clean".to_owned(),
        (true, Some(warned)) => format!("clean but for {warned}"),
        (false, None) => format!("{} as expected", names(&expected)),
        (false, Some(warned)) => format!("{} as expected, and {warned}", names(&expected)),
    }
}
