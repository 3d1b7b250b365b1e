//! Over programs of chance no worker is blamed that is not guilty: by the second interpreter where a
//! program is lowered with its ledgers, and by ledgers of its own where it is plain code.
//!
//! `TEST_PROGRAMS=20000 cargo test --release --all-features --test closures blame_programs`
//! makes a campaign of it.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};

use selvedge::explore::{Explorer, budget_of};
use selvedge::program::{BudgetDecl, Program, PropertyName, Size, generate};
use selvedge::property::StepBound;
use selvedge::report::{Finding, Report, Style, text};

use super::plain::{SharedTruth, Truth, as_tasks, as_threads, instances, plain_program};
use crate::brute_force;

/// Programs that are explored.
const PROGRAMS: u64 = 40;
/// Runs of each on each engine.
const RUNS: u64 = 40;
/// Larger ones are passed over by the second interpreter.
const MOST_STATES: usize = 20_000;

fn programs() -> u64 {
    match std::env::var("TEST_PROGRAMS") {
        Ok(text) => text.parse().expect("TEST_PROGRAMS is a number"),
        Err(_) => PROGRAMS,
    }
}

/// A program of chance in which all semaphores are ours.
fn eligible(seed: u64) -> Program {
    let mut text = generate(seed, &Size::default()).to_string();
    for word in [" order=fifo-partial", " order=barging", " plain"] {
        text = text.replace(word, "");
    }
    Program::parse(&text).expect("what is left is valid")
}

fn explorer(program: &Program, cancels: Option<u32>) -> Explorer {
    let budget = budget_of(program, &BudgetDecl::default());
    Explorer {
        runs: Some(RUNS),
        step_bound: StepBound(400),
        budget: BudgetDecl {
            panics: Some(budget.panics),
            timeouts: Some(budget.timeouts),
            cancels: cancels.or(Some(budget.cancels)),
            preemptions: None,
        },
        ..Explorer::closures()
    }
}

/// A worker, as it is declared, that is named for a property of a semaphore.
type Blamed = (&'static str, String, String);

/// Whom the second interpreter blames; `None` where there are too many states.
fn guilty(program: &Program, budget: brute_force::Budget) -> Option<BTreeSet<Blamed>> {
    let (found, in_circles) = brute_force::findings_and_circles(program, budget, MOST_STATES)?;
    let statements = program.statements();
    let declared = |ordinal: &str| {
        let ordinal: usize = ordinal.parse().expect("it is an ordinal");
        let worker = statements[ordinal].worker;
        program.workers()[worker].name.as_str().to_owned()
    };
    let text = program.to_string();
    // what was given is leaked by whom it was given to, and has the statement of who took it
    let given = text
        .lines()
        .filter(|line| line.trim_start().starts_with("give "));
    let given_to: Vec<String> = given
        .filter_map(|line| {
            Some(
                line.split_once(" to=")?
                    .1
                    .split(['.', ' '])
                    .next()?
                    .to_owned(),
            )
        })
        .collect();
    let mut guilty = BTreeSet::new();
    for finding in found {
        let Some(kind) = kind(finding.property) else {
            continue;
        };
        // `acq=3 end=returned`, `stmt=3`, `waiters=[3,7]`
        let (_, numbers) = finding.identity.split_once('=').expect("it says which");
        let numbers = numbers.split(' ').next().expect("there is a first word");
        let numbers = numbers.trim_matches(['[', ']']).split(',');
        for ordinal in numbers.filter(|n| !n.is_empty()) {
            let semaphores: Vec<String> = match kind {
                WAITS => vec![String::new()],
                _ => finding.semaphores.iter().cloned().collect(),
            };
            for semaphore in semaphores {
                if kind == "leak" {
                    let receivers = given_to.iter().cloned();
                    guilty.extend(receivers.map(|to| (kind, semaphore.clone(), to)));
                }
                guilty.insert((kind, semaphore, declared(ordinal)));
            }
        }
    }
    for ordinal in in_circles {
        guilty.insert((WAITS, String::new(), declared(&ordinal.to_string())));
    }
    Some(guilty)
}

/// Who waits for ever: which of the findings it is in is not compared.
const WAITS: &str = "waits";

fn kind(property: PropertyName) -> Option<&'static str> {
    match property {
        PropertyName::Leak => Some("leak"),
        PropertyName::OverRelease => Some("over-release"),
        PropertyName::Deadlock | PropertyName::Exhaustion | PropertyName::ImpossibleRequest => {
            Some(WAITS)
        }
        _ => None,
    }
}

/// Whom a report blames, by its names for workers.
fn blamed(report: &Report, declared: impl Fn(&str) -> Option<String>) -> BTreeSet<Blamed> {
    let of = |finding: &Finding| {
        let kind = kind(finding.property)?;
        let semaphore = match kind {
            WAITS => String::new(),
            _ => finding.semaphores[0].clone(),
        };
        let workers = finding.workers.iter().filter_map(|w| declared(w));
        let blamed = workers.map(|worker| (kind, semaphore.clone(), worker));
        Some(blamed.collect::<Vec<Blamed>>())
    };
    report.findings.iter().filter_map(of).flatten().collect()
}

#[track_caller]
fn no_more(
    what: &str,
    blamed: &BTreeSet<Blamed>,
    guilty: &BTreeSet<Blamed>,
    told: &Report,
    program: &Program,
) {
    let innocent: Vec<&Blamed> = blamed.difference(guilty).collect();
    assert!(
        innocent.is_empty(),
        "{what}: {innocent:?} are innocent\n{program}\n{}",
        text(told, &Style::default())
    );
}

#[test]
fn nobody_is_blamed_in_a_lowered_program_but_by_the_second_interpreter_too() {
    let (mut compared, mut named) = (0, 0);
    for seed in 0..programs() {
        let program = eligible(seed);
        let Some(guilty) = guilty(&program, brute_force::Budget::of(&program)) else {
            continue;
        };
        compared += 1;
        let explorer = explorer(&program, None);
        let declared = |name: &str| Some(name.split('.').next()?.to_owned());
        for report in [
            explorer.explore_lowered(&program, "lowered", &()),
            explorer.explore_lowered_to_threads(&program, "lowered", &()),
        ] {
            let report = report.expect("it is eligible");
            let blamed = blamed(&report, declared);
            named += blamed.len();
            no_more(&format!("seed {seed}"), &blamed, &guilty, &report, &program);
        }
    }
    println!("{compared} programs compared, {named} times a worker was named, all of them guilty");
    assert!(named as u64 > compared / 2, "{named} of {compared}");
}

#[test]
fn nobody_is_blamed_in_plain_code_whose_own_ledger_does_not_show_it() {
    let (mut compared, mut named) = (0, 0);
    for seed in 0..programs() {
        let program = Arc::new(plain_program(&generate(seed, &Size::default())));
        // whom a cancellation struck cannot be told from whom the end of a run did
        let explorer = explorer(&program, Some(0));
        let budget = brute_force::Budget {
            cancels: 0,
            preemptions: None,
            ..brute_force::Budget::of(&program)
        };
        let by_the_book = guilty(&program, budget);
        for engine in ["threads", "tasks"] {
            let truth: SharedTruth = Arc::default();
            let (of, there) = (Arc::clone(&program), Arc::clone(&truth));
            let report = match engine {
                "threads" => explorer.explore_threads("plain", move || as_threads(&of, &there)),
                _ => explorer.explore_async("plain", move || {
                    as_tasks(Arc::clone(&of), Arc::clone(&there))
                }),
            };
            let declared = |name: &str| worker_of(&program, name);
            let blamed = blamed(&report, declared);
            let what = format!("seed {seed}, {engine}");
            let truth = truth.lock().unwrap_or_else(PoisonError::into_inner);
            let (ledgers, judged) = by_ledgers(&program, &truth, &blamed);
            named += judged.len();
            no_more(&what, &judged, &ledgers, &report, &program);
            compared += 1;
            // an over-release is refused by the language, and done by a semaphore that cannot know
            let Some(guilty) = by_the_book
                .as_ref()
                .filter(|guilty| guilty.iter().all(|(kind, ..)| *kind != "over-release"))
            else {
                continue;
            };
            no_more(&what, &blamed, guilty, &report, &program);
        }
    }
    println!("{compared} explorations, {named} times a worker was named, all of them guilty");
    assert!(named > compared / 4, "{named} of {compared}");
}

/// The worker that an instance is of, by the name that a closure gives it.
fn worker_of(program: &Program, name: &str) -> Option<String> {
    let number: usize = name.strip_prefix("main.")?.parse().ok()?;
    let worker = instances(program)[number - 1];
    Some(program.workers()[worker].name.as_str().to_owned())
}

/// Who is guilty by its own ledger, and who is blamed for what ledgers show.
fn by_ledgers(
    program: &Program,
    truth: &Truth,
    blamed: &BTreeSet<Blamed>,
) -> (BTreeSet<Blamed>, BTreeSet<Blamed>) {
    let workers = instances(program);
    let name = |kind, &(me, semaphore): &(usize, usize)| {
        let worker = &program.workers()[workers[me]].name;
        let semaphore = &program.semaphores()[semaphore].name;
        (
            kind,
            semaphore.as_str().to_owned(),
            worker.as_str().to_owned(),
        )
    };
    let leaked = truth.leaked.iter().map(|of| name("leak", of));
    let over_released = truth
        .over_released
        .iter()
        .map(|of| name("over-release", of));
    let judged = blamed.iter().filter(|(kind, ..)| *kind != WAITS).cloned();
    (leaked.chain(over_released).collect(), judged.collect())
}
