//! What is asked of each case.

use std::future::Future;

use selvedge::Explorer;
use selvedge::explore::Conformance;
use selvedge::program::PropertyName;
use selvedge::report::{Report, Style, text};
use selvedge::runtime::Counting;
use selvedge::schedule::ScheduleError;

fn explore<F: Future<Output = ()> + 'static>(name: &str, runs: u64, program: fn() -> F) -> Report {
    let explorer = Explorer {
        runs: Some(runs),
        ..Explorer::closures()
    };
    explorer.explore_async(name, program)
}

/// The runs that a check makes by default.
fn default_runs() -> u64 {
    let runs = Explorer::closures().runs;
    runs.expect("a check of a closure has an end")
}

/// The report without what differs from run to run of the process.
fn told(report: &Report) -> String {
    let style = Style {
        figures: false,
        ..Style::default()
    };
    text(report, &style)
}

/// Whether the environment has a schedule of this program; what it shows is printed.
fn replays<F: Future<Output = ()> + 'static>(name: &str, program: fn() -> F) -> bool {
    let Ok(schedule) = std::env::var("SELVEDGE_REPLAY") else {
        return false;
    };
    match Explorer::closures().replay_async(name, &schedule, program) {
        Ok(report) => println!("{}", told(&report)),
        // it is of another one
        Err(ScheduleError::Foreign { .. }) => return false,
        Err(error) => panic!("SELVEDGE_REPLAY: {error}"),
    }
    true
}

/// A check finds that, of which this is said, and nothing else; and the same when it is made again.
///
/// The report and how many runs it takes, as the smallest power of two that finds it, are printed.
pub(crate) fn finds<F: Future<Output = ()> + 'static>(
    property: PropertyName,
    says: &str,
    name: &str,
    program: fn() -> F,
) {
    if replays(name, program) {
        return;
    }
    let report = explore(name, default_runs(), program);
    let first = told(&report);
    let found: Vec<_> = report.findings.iter().map(|f| f.property).collect();
    assert_eq!(found, [property], "\n{first}");
    let detail = &report.findings[0].detail;
    assert!(detail.contains(says), "it is told otherwise:\n{first}");
    assert_eq!(first, told(&explore(name, default_runs(), program)));
    let needed = (0..14).map(|n| 1 << n);
    let needed = needed.map(|runs| explore(name, runs, program));
    let mut needed = needed.filter(|report| !report.findings.is_empty());
    let needed = needed.next().map_or(default_runs(), |r| r.stats.runs);
    println!("{first}\n{name}: {property} within {needed} runs");
}

/// A check finds nothing.
pub(crate) fn finds_nothing<F: Future<Output = ()> + 'static>(name: &str, program: fn() -> F) {
    if replays(name, program) {
        return;
    }
    let report = explore(name, default_runs(), program);
    assert!(report.findings.is_empty(), "\n{}", told(&report));
}

/// Held against the model it differs, and this is said of how.
pub(crate) fn differs<S: Counting>(says: &str) {
    let differs = Conformance::default().check::<S>();
    let told = differs.expect_err("nothing differs").to_string();
    assert!(told.contains(says), "it is told otherwise:\n{told}");
}
