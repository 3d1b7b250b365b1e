//! Worker programs as futures and as threads over the real semaphore, against the machine: the same choices are on
//! offer at each point, and the same choice brings the same events, the same state and the same
//! findings.
//!
//! `TEST_PROGRAMS=20000 cargo test --release --features check --test programs lowering`
//! makes a campaign of it.
#![cfg(feature = "check")]

#[path = "lowering/record.rs"]
mod record;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use record::{Record, replay, runs};
use selvedge::explore::{Explorer, budget_of};
use selvedge::machine::{Machine, Run};
use selvedge::program::{BudgetDecl, Program, Size, generate};
use selvedge::property::{Fact, StepBound};
use selvedge::report::{Report, Style, text};
use selvedge::run::{Budget, Cause, Event};
use selvedge::runtime::{Lowered, NotLowered};
use selvedge::strategy::{DepthFirst, Settings, StrategyName, make};

/// Programs of chance that are compared.
const PROGRAMS: u64 = 2000;
/// Runs of each program under each strategy.
const RUNS: u64 = 6;
const BOUND: StepBound = StepBound(400);

fn programs() -> u64 {
    match std::env::var("TEST_PROGRAMS") {
        Ok(text) => text.parse().expect("TEST_PROGRAMS is a number"),
        Err(_) => PROGRAMS,
    }
}

/// The budget of a program, with cancellations whatever it says.
fn generous(program: &Program) -> Budget {
    let cancels = program.budget().cancels.unwrap_or(0).max(1);
    let overrides = BudgetDecl {
        cancels: Some(cancels),
        ..BudgetDecl::default()
    };
    budget_of(program, &overrides)
}

/// The engines that perform a program on the real semaphore.
fn lowered(program: &Program, budget: Budget) -> Vec<(&'static str, Lowered)> {
    let futures = Lowered::new(program, budget, BOUND).expect("it is eligible");
    #[cfg(not(feature = "threads"))]
    return vec![("futures", futures)];
    #[cfg(feature = "threads")]
    {
        let threads = Lowered::new(program, budget, BOUND).expect("it is eligible");
        vec![("futures", futures), ("threads", threads.on_threads())]
    }
}

/// Makes runs on all engines, and again on each what was chosen.
fn compare(what: &str, program: &Program, strategy: StrategyName, number: u64) -> Vec<Record> {
    let budget = generous(program);
    let machine = Machine::new(program);
    let mut model = Run::new(&machine, budget, BOUND);
    let settings = Settings {
        seed: number,
        budget,
        ..Settings::default()
    };
    let chosen = || make(strategy, &settings).expect("it makes runs");
    let expected = runs(&mut model, chosen(), RUNS);
    for (engine, mut real) in lowered(program, budget) {
        let what = format!("{what}, {engine}");
        let found = runs(&mut real, chosen(), RUNS);
        same(&what, program, &expected, &found);
        for record in &expected {
            let again = replay(&mut real, &record.choices);
            let expected = replay(&mut model, &record.choices);
            same(&what, program, &[expected], &[again]);
        }
    }
    expected
}

fn same(what: &str, program: &Program, expected: &[Record], found: &[Record]) {
    assert_eq!(expected.len(), found.len(), "{what}: runs\n{program}");
    for (run, (expected, found)) in expected.iter().zip(found).enumerate() {
        if let Some(difference) = expected.difference(found) {
            panic!(
                "{what}, run {run}: after {:?} the machine has at {difference}\n{program}",
                expected.choices
            );
        }
    }
}

/// A program of chance in which all semaphores are ours.
fn eligible(seed: u64, size: &Size) -> Program {
    let mut text = generate(seed, size).to_string();
    for word in [" order=fifo-partial", " order=barging", " plain"] {
        text = text.replace(word, "");
    }
    Program::parse(&text).expect("what is left is valid")
}

fn files(folder: &str) -> Vec<(PathBuf, Program)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("it is there") {
        let path = entry.expect("it can be read").path();
        let text = std::fs::read_to_string(&path).expect("it can be read");
        found.push((path, Program::parse(&text).expect("it is valid")));
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

/// One seed finds the same, and shows it by the same schedules, made cheaper and replayed.
fn reports_are_the_same(program: &Program, strategy: StrategyName) {
    let explorer = Explorer {
        strategy,
        runs: Some(RUNS),
        step_bound: BOUND,
        ..Explorer::default()
    };
    let style = Style {
        figures: false,
        ..Style::default()
    };
    let model = text(&explorer.explore(program, "lowered", &()), &style);
    let same = |real: Result<Report, NotLowered>| {
        let real = text(&real.expect("it is eligible"), &style);
        assert_eq!(model, real, "by {strategy} in\n{program}");
    };
    same(explorer.explore_lowered(program, "lowered", &()));
    #[cfg(feature = "threads")]
    same(explorer.explore_lowered_to_threads(program, "lowered", &()));
}

/// The programs of a folder that can be lowered are so many, and run the same.
fn folder_runs_the_same(folder: &str, least: usize) {
    let mut eligible = 0;
    for (path, program) in files(folder) {
        if Lowered::new(&program, Budget::default(), BOUND).is_err() {
            continue;
        }
        eligible += 1;
        for (number, strategy) in (0..).zip(StrategyName::ALL) {
            if strategy.is_random() {
                compare(&path.display().to_string(), &program, strategy, number);
                reports_are_the_same(&program, strategy);
            }
        }
    }
    assert!(
        eligible >= least,
        "only {eligible} of {folder} are eligible"
    );
}

#[test]
fn the_corpus_runs_the_same() {
    folder_runs_the_same("corpus", 54);
}

#[test]
fn the_semantics_by_example_run_the_same() {
    folder_runs_the_same("tests/conformance", 79);
}

#[test]
fn programs_of_chance_run_the_same() {
    let mut happened = BTreeSet::new();
    for seed in 0..programs() {
        let program = eligible(seed, &Size::default());
        let what = format!("seed {seed}");
        let records = compare(&what, &program, StrategyName::Portfolio, seed);
        happened.extend(records.iter().flat_map(Record::events).map(kind));
    }
    assert_eq!(happened, BTreeSet::from(KINDS), "it is not all compared");
}

/// What happens in programs of chance, a cause or an indebted shrink told from others.
const KINDS: [&str; 21] = [
    "asked too much",
    "cancelled",
    "closed",
    "closes",
    "ended",
    "forgot",
    "gave",
    "granted",
    "grew",
    "indebted",
    "leaked",
    "over-release",
    "over-released",
    "panicked",
    "queued",
    "released",
    "returned",
    "shrank",
    "spawned",
    "timed out",
    "try failed",
];

fn kind(event: &Event) -> &'static str {
    match event {
        Event::Raised { cause, .. } => match cause {
            Cause::Return => "returned",
            Cause::Panic => "panicked",
            Cause::Cancelled => "cancelled",
            Cause::Closed => "closed",
            Cause::OverRelease => "over-release",
        },
        Event::Granted { .. } => "granted",
        Event::Queued { .. } => "queued",
        Event::AskedTooMuch { .. } => "asked too much",
        Event::TimedOut { .. } => "timed out",
        Event::TryFailed { .. } => "try failed",
        Event::Released { .. } => "released",
        Event::OverReleased { .. } => "over-released",
        Event::Grew { .. } => "grew",
        Event::Shrank { debt: 0, .. } => "shrank",
        Event::Shrank { .. } => "indebted",
        Event::Forgot { .. } => "forgot",
        Event::Gave { .. } => "gave",
        Event::Closed { .. } => "closes",
        Event::Spawned { .. } => "spawned",
        Event::Ended { .. } => "ended",
        Event::Leaked { .. } => "leaked",
        other => panic!("not an event of a program: {other:?}"),
    }
}

#[test]
fn other_semaphores_are_refused() {
    let refused = |word: &str| {
        let text =
            format!("semaphore a permits=1\nsemaphore pool permits=1 {word}\nworker w {{ }}\n");
        let program = Program::parse(&text).expect("it is valid");
        let error = Lowered::new(&program, Budget::default(), BOUND).expect_err(word);
        assert!(
            error
                .to_string()
                .starts_with(&format!("semaphore pool is `{word}`"))
        );
    };
    refused("plain");
    refused("order=fifo-partial");
    refused("order=barging");
}

/// Depth first sees the same runs in the same order.
#[test]
fn all_runs_are_the_same() {
    const MOST: u64 = 300;
    let size = Size {
        instances: 3,
        statements: 5,
        plots: 1,
        ..Size::default()
    };
    let mut complete = 0;
    for seed in 0..programs() / 10 {
        let program = eligible(seed, &size);
        let budget = generous(&program);
        let machine = Machine::new(&program);
        let mut model = Run::new(&machine, budget, BOUND);
        let expected = runs(&mut model, DepthFirst::new(), MOST);
        let facts = |records: &[Record]| -> BTreeSet<Fact> {
            records.iter().flat_map(Record::facts).cloned().collect()
        };
        for (engine, mut real) in lowered(&program, budget) {
            let found = runs(&mut real, DepthFirst::new(), MOST);
            let what = format!("seed {seed}, {engine}");
            assert_eq!(facts(&expected), facts(&found), "{what}\n{program}");
            same(&what, &program, &expected, &found);
        }
        complete += u64::from((expected.len() as u64) < MOST);
    }
    assert!(complete > 20, "only {complete} programs were small");
}
