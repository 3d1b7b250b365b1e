//! Worker programs as seeds of the fuzz targets, and what was found as a worker program.
//!
//! ```text
//! cargo run --features threads,arbitrary --example fuzz_corpus -- seeds corpus fuzz/corpus
//! cargo run --features threads,arbitrary --example fuzz_corpus -- name fuzz/artifacts/program/crash-… a-name
//! ```
//!
//! `seeds` writes each program of a folder as an input of the targets `program`, `lowering` and
//! `text`. `name` writes the program of an input of `program` or `lowering` as `corpus/a-name.sem`,
//! with the `expect` lines of what a search finds in it today: look at them before you commit it.
//! `tests/fuzz_corpus.rs` runs both.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use selvedge::Explorer;
use selvedge::explore::regressions::write;
use selvedge::integration::fuzz::{Input, program_of, seed_of};
use selvedge::program::Program;
use selvedge::report::{Report, Severity};

const USAGE: &str = "usage: fuzz_corpus seeds FOLDER FUZZ_CORPUS | fuzz_corpus name ARTIFACT NAME";

/// States after which a program that was found is not searched on.
const MOST_STATES: u64 = 1_000_000;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match args[..] {
        ["seeds", from, to] => seeds(Path::new(from), Path::new(to)),
        ["name", artifact, name] => name_it(Path::new(artifact), name),
        _ => Err(USAGE.to_owned()),
    };
    match done {
        Ok(told) => {
            println!("{told}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

fn seeds(from: &Path, to: &Path) -> Result<String, String> {
    let mut written = 0;
    for file in programs(from)? {
        let source = read(&file)?;
        let source = String::from_utf8_lossy(&source);
        let program = Program::parse(&source)
            .map_err(|error| error.render(&file.display().to_string(), false))?;
        let stem = file.file_stem().unwrap_or_default();
        let seed = Input {
            given: &seed_of(&program),
            decisions: &[],
        };
        for (target, bytes) in [
            ("program", seed.join()),
            ("lowering", seed.join()),
            ("text", source.as_bytes().to_vec()),
        ] {
            write(&to.join(target).join(stem), bytes).map_err(|error| error.to_string())?;
        }
        written += 1;
    }
    Ok(format!("{written} programs are seeds in {}", to.display()))
}

fn programs(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let refused = |error| format!("{} cannot be read: {error}", folder.display());
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(refused)? {
        let path = entry.map_err(refused)?.path();
        if path.extension().is_some_and(|e| e == "sem") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn read(file: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(file).map_err(|error| format!("{} cannot be read: {error}", file.display()))
}

fn name_it(artifact: &Path, name: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() || !name.chars().all(plain) {
        return Err(format!(
            "`{name}` is no name: letters, digits, `-` and `_` make one"
        ));
    }
    let folder = Path::new("corpus");
    if !folder.is_dir() {
        return Err("there is no folder corpus here: run this where it is".to_owned());
    }
    let file = folder.join(name).with_extension("sem");
    if file.exists() {
        return Err(format!(
            "{} is there already: choose another name",
            file.display()
        ));
    }
    let program = given(&read(artifact)?)
        .map_err(|why| format!("{} holds no program: {why}", artifact.display()))?;
    let explorer = Explorer {
        states: Some(MOST_STATES),
        ..Explorer::default()
    };
    let report = explorer.explore(&program, &file.display().to_string(), &());
    let text = format!("// Found by fuzzing.\n{program}\n{}", expects(&report));
    let named = match Program::parse(&text) {
        Ok(program) => program.format(),
        Err(error) => return Err(format!("the program cannot be read again: {error}\n{text}")),
    };
    write(&file, &named).map_err(|error| error.to_string())?;
    let sure = if report.complete {
        ""
    } else {
        ", but the search was cut short"
    };
    Ok(format!("{} is written{sure}:\n\n{named}", file.display()))
}

/// The program of an input of `program` or `lowering`. Nearly all bytes are one, so what is refused is
/// what somebody took for such an input.
fn given(bytes: &[u8]) -> Result<Program, String> {
    if std::str::from_utf8(bytes).is_ok_and(|text| Program::parse(text).is_ok()) {
        return Err("it is the text of one, so it can be copied as it is".to_owned());
    }
    if bytes.starts_with(b"selvedge:") {
        return Err("it is the text of a schedule".to_owned());
    }
    match Input::split(bytes).given {
        [] => Err("after the two bytes of the length nothing is given".to_owned()),
        given => {
            // a seed said what is expected of it, which the changed program need not do any more
            let mut draft = program_of(given).draft();
            draft.expects.clear();
            draft.build().map_err(|error| error.to_string())
        }
    }
}

/// The lines that a report makes true.
fn expects(report: &Report) -> String {
    let mut lines: Vec<String> = Vec::new();
    for finding in &report.findings {
        if finding.severity == Severity::Error {
            let on = match finding.semaphores.first() {
                Some(semaphore) if finding.semaphores.len() == 1 => format!(" on={semaphore}"),
                _ => String::new(),
            };
            lines.push(format!("expect {}{on}\n", finding.property));
        }
    }
    if lines.is_empty() {
        return "expect clean\n".to_owned();
    }
    lines.sort();
    lines.dedup();
    lines.concat()
}
