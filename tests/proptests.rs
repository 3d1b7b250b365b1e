//! Property tests whose cases are explored: strategies, the driver, and what is kept.
#![cfg(feature = "proptest")]

#[cfg(feature = "threads")]
#[path = "proptests/documented.rs"]
mod documented;
#[cfg(feature = "threads")]
#[path = "proptests/threads.rs"]
mod threads;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use selvedge::explore::{Explorer, Ops, verdict};
use selvedge::integration::proptest::{Checks, Failure, decisions, ops, programs};
use selvedge::program::{Program, PropertyName};
use selvedge::strategy::Decisions;
use selvedge::{Semaphore, task, try_check_async};

/// A test of this name that keeps its regressions in a folder of its own, empty at first.
fn checks(name: &str) -> Checks {
    let folder = std::env::temp_dir().join(format!("selvedge-proptests-{name}"));
    let _ = fs::remove_dir_all(&folder);
    let _ = fs::remove_file(&folder);
    let mut checks = Checks::new(name);
    checks.folder = Some(folder);
    checks.config.cases = 20;
    checks
}

fn failed<T: std::fmt::Debug>(result: Result<T, Box<Failure>>) -> Box<Failure> {
    result.expect_err("something is planted")
}

fn files(checks: &Checks) -> Vec<PathBuf> {
    let folder = checks.folder.as_ref().expect("a folder");
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    files.sort();
    files
}

/// Handlers of a pool, of which those of the second kind forget the release when work fails.
fn handlers() -> impl Strategy<Value = Program> {
    (1..5u32, 1..4u32, 0..3u32).prop_map(|(permits, count, leaky)| {
        let mut text = format!(
            "semaphore pool permits={permits}
             semaphore log permits=1
             worker good count={count} {{ with log {{ work note }}; with pool {{ work query }} }}
             worker idle {{ repeat 2 {{ with log {{ work tidy panics=never }} }} }}\n"
        );
        if leaky > 0 {
            text += &format!(
                "worker bad count={leaky} {{
                     with log {{ work note }}
                     acquire pool
                     work query
                     release pool
                     with log {{ work note }}
                 }}\n"
            );
        }
        text.parse().expect("a valid program")
    })
}

const LEAK: &str = "\
semaphore pool permits=1

worker bad {
    acquire pool
    work query
}

expect leak on=pool
";

#[test]
fn a_planted_leak_is_found_reduced_printed_once_and_kept() {
    let checks = checks("planted");
    let failure = failed(checks.try_programs(handlers()));
    let reduced = failure.reduced().expect("a new one");
    assert_eq!(reduced.program.source(), LEAK);
    let text = failure.to_string();
    assert_eq!(text.matches(LEAK).count(), 1, "{text}");
    assert_eq!(text.matches("leak: bad.1 panicked").count(), 1, "{text}");
    let kept = files(&checks);
    assert_eq!(kept.len(), 1, "{kept:?}");
    let kept = fs::read_to_string(&kept[0]).expect("it can be read");
    assert!(
        text.contains(&kept),
        "what is kept is what is printed:\n{kept}\n{text}"
    );
    let program = Program::parse(&kept).expect("it can be pasted into a corpus");
    assert_eq!(program.format(), program.source());
    let report = Explorer::default().explore(&program, "kept.sem", &());
    assert!(verdict(&program, &report).passes());
}

#[test]
fn what_was_kept_is_tried_first_whatever_the_strategy() {
    let checks = checks("first");
    failed(checks.try_programs(handlers()));
    let before = files(&checks);
    let nothing = Just("worker idle {}".parse::<Program>().expect("valid"));
    let failure = failed(checks.try_programs(nothing));
    assert_eq!(failure.file(), before.first());
    assert_eq!(
        failure.finding().map(|f| f.property),
        Some(PropertyName::Leak)
    );
    assert_eq!(files(&checks), before, "nothing is kept twice");
}

/// A file that was kept is changed so, and then is stale for that reason.
fn check_stale(name: &str, change: impl Fn(String) -> String, why: &str) {
    let checks = checks(name);
    failed(checks.try_programs(handlers()));
    let file = files(&checks).remove(0);
    let text = fs::read_to_string(&file).expect("it can be read");
    fs::write(&file, change(text)).expect("it can be written");
    let nothing = Just("worker idle {}".parse::<Program>().expect("valid"));
    let stale = checks
        .try_programs(nothing)
        .expect("nothing fails any more");
    assert_eq!(stale.len(), 1);
    assert_eq!(stale[0].path, file);
    let told = stale[0].to_string();
    assert!(told.contains(why), "{told}");
}

#[test]
fn what_cannot_be_tried_any_more_is_told() {
    check_stale(
        "no-program",
        |t| t.replace("acquire", "aquire"),
        "no program any more",
    );
    check_stale(
        "changed",
        |t| t.replace("permits=1", "permits=2"),
        "its schedule cannot be used",
    );
    check_stale(
        "damaged",
        |t| t.replace("@panic", ""),
        "its schedule cannot be used",
    );
    check_stale(
        "no-schedule",
        |t| t.replace("// schedule", "//"),
        "no line `// schedule",
    );
    check_stale(
        "other",
        |t| t.replace("expect leak", "expect exhaustion"),
        "does not show any more",
    );
}

#[test]
fn where_nothing_can_be_written_it_is_told_and_nothing_is_lost() {
    let checks = checks("unwritable");
    let folder = checks.folder.clone().expect("a folder");
    fs::write(&folder, "no folder").expect("it can be written");
    let text = failed(checks.try_programs(handlers())).to_string();
    assert!(text.contains("not kept: ") && text.contains(LEAK), "{text}");
    fs::remove_file(folder).expect("it is there");
}

/// Tasks that keep their permits, if there are enough of them; and one that releases too much.
async fn two_bugs(tasks: u32) {
    let pool = Arc::new(Semaphore::new(9).named("pool"));
    for _ in 0..tasks {
        let pool = Arc::clone(&pool);
        task::spawn(async move {
            if tasks >= 4 {
                pool.acquire_raw().await.unwrap();
            } else if tasks > 0 {
                assert!(pool.release(1).is_ok(), "more than there are");
            }
        });
    }
}

#[test]
fn a_value_is_made_smaller_for_as_long_as_it_fails_in_the_same_way() {
    let checks = checks("values");
    let failure = failed(checks.try_futures_of(5..40u32, |_| None, two_bugs));
    let leak = failure.finding().expect("a finding");
    assert_eq!(leak.property, PropertyName::Leak);
    let text = failure.to_string();
    assert!(text.contains("with\n\n5\n"), "{text}");

    let mut checks = checks;
    checks.explorer.seed = 3;
    checks.folder = None;
    let failure = failed(checks.try_futures_of(0..40u32, |_| None, two_bugs));
    let text = failure.to_string();
    let smallest = match failure.finding().expect("a finding").property {
        PropertyName::Leak => "with\n\n4\n",
        _ => "with\n\n1\n",
    };
    assert!(text.contains(smallest), "{text}");
}

#[test]
fn a_value_that_was_kept_is_tried_first_or_told() {
    let mut checks = checks("kept-values");
    // what is mended does nothing at all
    checks.explorer.allow_vacuous = true;
    let first = failed(checks.try_futures_of(5..40u32, |_| None, two_bugs));
    let read = |text: &str| text.parse().ok();
    let again = failed(checks.try_futures_of(Just(0u32), read, two_bugs));
    assert_eq!(again.file(), first.file());
    let stale = checks.try_futures_of(Just(0u32), |_| None, two_bugs);
    let stale = stale.expect("nothing fails without it");
    assert!(
        stale[0].to_string().contains("nothing reads `5`"),
        "{}",
        stale[0]
    );
    let mended = |_: u32| async {};
    let stale = checks
        .try_futures_of(Just(0u32), read, mended)
        .expect("it is mended");
    assert!(
        stale[0].to_string().contains("the schedule does not fit"),
        "{}",
        stale[0]
    );
}

#[test]
fn the_runs_are_divided_among_the_cases() {
    let runs = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&runs);
    let mut checks = checks("divided");
    checks.explorer.runs = Some(2_000);
    checks.folder = None;
    let closure = move |_: u32| {
        counter.fetch_add(1, Ordering::Relaxed);
        async { task::yield_now().await }
    };
    let passed = checks.try_futures_of(any::<u32>(), |_| None, closure);
    assert!(passed.is_ok());
    // 100 runs for each of 20 cases; pilot runs, and those that look for chance, come on top
    let made = runs.load(Ordering::Relaxed);
    assert!((2_000..4_000).contains(&made), "{made}");
}

#[test]
fn the_programs_are_interesting() {
    let mut runner = TestRunner::deterministic();
    let mut counts: BTreeMap<PropertyName, u32> = BTreeMap::new();
    let mut clean = 0;
    for _ in 0..300 {
        let tree = programs(20).new_tree(&mut runner).expect("a program");
        let program = tree.current();
        assert!(program.statements().len() <= 20, "{program}");
        let explorer = Explorer {
            states: Some(20_000),
            ..Explorer::default()
        };
        let report = explorer.explore(&program, "generated.sem", &());
        clean += u32::from(report.findings.is_empty());
        let mut properties: Vec<_> = report.findings.iter().map(|f| f.property).collect();
        properties.dedup();
        for property in properties {
            *counts.entry(property).or_default() += 1;
        }
    }
    let at_least = |property, least| {
        let count = counts.get(&property).copied().unwrap_or(0);
        assert!(
            count >= least,
            "{property}: {count} of 300; all: {counts:?}, clean: {clean}"
        );
    };
    at_least(PropertyName::Leak, 60);
    at_least(PropertyName::OverRelease, 30);
    at_least(PropertyName::OverAdmission, 3);
    at_least(PropertyName::Deadlock, 20);
    at_least(PropertyName::Exhaustion, 20);
    at_least(PropertyName::ImpossibleRequest, 10);
    at_least(PropertyName::LockOrder, 3);
    assert!(clean >= 20, "{counts:?}, clean: {clean}");
}

proptest! {
    #![proptest_config(Config { failure_persistence: None, ..Config::with_cases(40) })]

    #[test]
    fn trees_end_with_what_is_needed(seed in any::<[u8; 32]>()) {
        let rng = proptest::test_runner::TestRng::from_seed(Default::default(), &seed);
        let config = Config { failure_persistence: None, ..Config::default() };
        let mut runner = TestRunner::new_with_rng(config, rng);
        let gives = |p: &Program| p.statements().iter().any(|s| s.statement.word() == "give");
        let result = runner.run(&programs(20), |p| {
            prop_assert!(!gives(&p));
            Ok(())
        });
        if let Err(proptest::test_runner::TestError::Fail(_, program)) = result {
            prop_assert!(gives(&program));
            prop_assert_eq!(program.statements().len(), 1);
            prop_assert!(program.semaphores().len() == 1, "{}", program);
        }
    }

    #[test]
    fn sequences_and_decisions_have_their_lengths(ops in ops(12), decisions in decisions(9)) {
        prop_assert!(ops.len() <= 12);
        prop_assert!(decisions.0.len() <= 9);
    }

    #[test]
    fn public_types_have_strategies(
        program: Program,
        ops: Ops,
        _decisions: Decisions,
        order: selvedge::program::Order,
        budget: selvedge::program::BudgetDecl,
        property: PropertyName,
        kind: selvedge::program::Kind,
    ) {
        prop_assert!(program.statements().len() <= 20);
        ops.check::<Semaphore>()?;
        prop_assert_eq!(property.as_str().parse(), Ok(property));
        let mut draft = program.draft();
        draft.budget = budget;
        draft.semaphores[0].order = order;
        // nobody may need a ledger that is not there
        if kind != selvedge::program::Kind::Signal {
            draft.semaphores[0].kind = kind;
        }
        let built = draft.build();
        prop_assert!(built.is_ok() || draft.semaphores[0].kind == selvedge::program::Kind::Signal);
    }

    #[test]
    fn a_finding_is_an_error_of_a_case(permits in 1..4usize) {
        let found = (|| -> Result<(), TestCaseError> {
            try_check_async(move || async move {
                let pool = Arc::new(Semaphore::new(permits).named("pool"));
                task::spawn(async move { pool.acquire_raw().await.unwrap() });
            })?;
            Ok(())
        })();
        let reason = found.expect_err("it leaks").to_string();
        prop_assert!(reason.contains("lost for good: "), "{}", reason);
    }
}
