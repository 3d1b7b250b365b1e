//! Every program of corpus/ is judged as its `expect` lines say, and is fit to be read.
#![cfg(feature = "check")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use selvedge::explore::{Explorer, verdict};
use selvedge::program::Program;

/// No program needs more states: the corpus is tested in a debug build too.
const MOST_STATES: u64 = 300_000;

/// All programs, by file name.
fn corpus() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut files: Vec<(String, String)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect();
    files.sort();
    files
}

fn report(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

#[test]
fn each_program_is_judged_as_it_expects() {
    let mut problems = Vec::new();
    for (name, text) in corpus() {
        let program = match Program::parse(&text) {
            Ok(program) => program,
            Err(error) => {
                problems.push(error.render(&name, false));
                continue;
            }
        };
        let explorer = Explorer {
            states: Some(MOST_STATES),
            ..Explorer::default()
        };
        let found = explorer.explore(&program, &name, &());
        if !found.complete {
            problems.push(format!("{name}: more than {MOST_STATES} states"));
        }
        let verdict = verdict(&program, &found);
        for missing in &verdict.missing {
            problems.push(format!("{name}: not found: {missing:?}"));
        }
        for finding in &verdict.unexpected {
            problems.push(format!("{name}: {}: {}", finding.property, finding.detail));
        }
        if program.expects().is_empty() {
            problems.push(format!("{name}: expects nothing, not even `clean`"));
        }
        for finding in &found.findings {
            let expected = program.expects().iter().any(|expect| {
                matches!(expect, selvedge::program::Expect::Fails { property, .. }
                    if *property == finding.property)
            });
            if !expected {
                problems.push(format!("{name}: the warning {} is not told", finding.id));
            }
            if !finding.cheapest {
                problems.push(format!("{name}: {} may not be the cheapest", finding.id));
            }
        }
    }
    report(&problems);
}

#[test]
fn each_program_is_formatted_and_says_what_it_teaches() {
    let mut problems = Vec::new();
    for (name, text) in corpus() {
        let stem = name.strip_suffix(".sem").unwrap_or_default();
        let kebab = |c: char| c.is_ascii_lowercase() || c == '-';
        if stem.is_empty() || !stem.chars().all(kebab) {
            problems.push(format!("{name}: not a kebab-case name"));
        }
        if Program::parse(&text).is_ok_and(|program| program.format() != text) {
            problems.push(format!("{name}: not formatted"));
        }
        let comment = text.lines().take_while(|line| line.starts_with("// "));
        let lines = comment.count();
        if !(2..=6).contains(&lines) {
            problems.push(format!("{name}: a comment of {lines} lines"));
        }
    }
    report(&problems);
}

#[test]
fn together_they_use_the_whole_language() {
    // what stands after comments are gone, in words
    let words: BTreeSet<String> = corpus()
        .iter()
        .flat_map(|(_, text)| text.lines())
        .flat_map(|line| {
            line.split("//")
                .next()
                .unwrap_or_default()
                .split_whitespace()
        })
        .map(str::to_owned)
        .collect();
    // `order=fifo` goes without saying: the formatter leaves it out
    let language = [
        "semaphore",
        "worker",
        "budget",
        "expect",
        "order=fifo-partial",
        "order=barging",
        "plain",
        "signal",
        "spawned",
        "acquire",
        "try-acquire",
        "acquire-within",
        "release",
        "with",
        "work",
        "panic",
        "return",
        "try",
        "catch",
        "finally",
        "repeat",
        "either",
        "or",
        "else",
        "grow",
        "shrink",
        "drain",
        "forget",
        "give",
        "close",
        "cancel",
        "spawn",
        "join",
        "panics=never",
        "permits=all",
        "from=server",
        "cancelled",
        "closed",
        "over-release",
        "leak",
        "over-admission",
        "deadlock",
        "exhaustion",
        "impossible-request",
        "lock-order",
        "livelock",
        "clean",
    ];
    let missing: Vec<&str> = language
        .into_iter()
        .filter(|w| !words.contains(*w))
        .collect();
    assert!(missing.is_empty(), "no program uses {missing:?}");
    for budget in ["panics=", "timeouts=", "cancels=", "preemptions="] {
        assert!(
            corpus().iter().any(|(_, text)| text
                .lines()
                .any(|l| l.starts_with("budget") && l.contains(budget))),
            "no program has a budget of {budget}"
        );
    }
}
