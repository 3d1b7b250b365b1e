//! Explores a closure, and compares what was found with what had to be.

use std::future::Future;
use std::sync::Arc;

use selvedge::Semaphore;
use selvedge::explore::Explorer;
use selvedge::report::{Report, Style, text};
use selvedge::strategy::StrategyName;

/// Runs that the portfolio makes.
const RUNS: u64 = 2_000;

/// Runs that the depth-first search makes at most.
const DEPTH_FIRST_RUNS: u64 = 20_000;

/// A shared semaphore with a name.
pub(crate) fn semaphore(name: &'static str, permits: usize) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(permits).named(name))
}

/// The portfolio, as a closure is explored unless somebody says otherwise, but with fewer runs.
pub(crate) fn portfolio() -> Explorer {
    Explorer {
        runs: Some(RUNS),
        ..Explorer::closures()
    }
}

/// All runs, one after the other.
pub(crate) fn depth_first() -> Explorer {
    Explorer {
        strategy: StrategyName::DepthFirst,
        runs: Some(DEPTH_FIRST_RUNS),
        ..Explorer::closures()
    }
}

/// The same with nothing injected.
pub(crate) fn faultless(explorer: Explorer) -> Explorer {
    with_faults(explorer, [0, 0, 0])
}

/// The same with so many panics, timeouts and cancellations.
pub(crate) fn with_faults(explorer: Explorer, faults: [u32; 3]) -> Explorer {
    let mut explorer = explorer;
    explorer.budget.panics = Some(faults[0]);
    explorer.budget.timeouts = Some(faults[1]);
    explorer.budget.cancels = Some(faults[2]);
    explorer
}

/// What is printed of a report; nothing in it depends on the machine.
pub(crate) fn shown(report: &Report) -> String {
    let style = Style {
        figures: false,
        ..Style::default()
    };
    text(report, &style)
}

/// Which semaphore is met first differs from strategy to strategy.
fn sorted(semaphores: &[String]) -> String {
    let mut sorted = semaphores.to_vec();
    sorted.sort();
    sorted.join(" ")
}

/// The findings: the property and the semaphores, or for an assertion what it says.
pub(crate) fn found(report: &Report) -> Vec<String> {
    let finding = |f: &selvedge::report::Finding| match f.property.as_str() {
        "assertion" | "divergence" => format!("{}: {}", f.property, f.detail),
        "lock-order" => format!(
            "lock-order {} {}",
            sorted(&f.semaphores),
            f.danger.map_or("", |danger| danger.as_str())
        ),
        property => format!("{property} {}", sorted(&f.semaphores))
            .trim_end()
            .to_owned(),
    };
    let mut all: Vec<String> = report.findings.iter().map(finding).collect();
    all.sort();
    all.dedup();
    all
}

/// Explores, and compares the findings with the expected ones.
#[track_caller]
pub(crate) fn finds<F, Fut>(explorer: &Explorer, closure: F, expected: &[&str]) -> Report
where
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output = ()> + 'static,
{
    let report = explorer.explore_async("subject", closure);
    compare(explorer, &report, expected);
    report
}

/// The findings are the expected ones; of an assertion or a divergence what is expected is a part.
#[track_caller]
pub(crate) fn compare(explorer: &Explorer, report: &Report, expected: &[&str]) {
    let all = found(report);
    let fits = |(one, expected): (&String, &&str)| {
        let part = one.starts_with("assertion") || one.starts_with("divergence");
        if part {
            one.contains(*expected)
        } else {
            one == expected
        }
    };
    let same = all.len() == expected.len() && all.iter().zip(expected).all(fits);
    assert!(
        same,
        "{}: expected {expected:?}, found {all:?}\n{}",
        explorer.strategy.as_str(),
        shown(report)
    );
}

/// The portfolio and the depth-first search find just this, in any order of the runs; each finding
/// replays.
#[track_caller]
pub(crate) fn check<F, Fut>(closure: F, expected: &[&str])
where
    F: Fn() -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = ()> + 'static,
{
    check_with(|explorer| explorer, closure, expected);
}

/// The same with other options.
#[track_caller]
pub(crate) fn check_with<F, Fut>(
    change: impl Fn(Explorer) -> Explorer,
    closure: F,
    expected: &[&str],
) where
    F: Fn() -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = ()> + 'static,
{
    for explorer in [change(portfolio()), change(depth_first())] {
        let report = finds(&explorer, closure.clone(), expected);
        for finding in &report.findings {
            if finding.property.as_str() == "lock-order" {
                // it is of many runs
                continue;
            }
            let replayed = explorer
                .replay_async("subject", &finding.schedule, closure.clone())
                .unwrap_or_else(|error| panic!("{error}: {}", finding.schedule));
            assert!(
                replayed.findings.iter().any(|f| f.id == finding.id),
                "{} is not in the replay\n{}",
                finding.id,
                shown(&replayed)
            );
        }
    }
}

/// Nothing is found.
#[track_caller]
pub(crate) fn clean<F, Fut>(closure: F)
where
    F: Fn() -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = ()> + 'static,
{
    check(closure, &[]);
}

/// Nothing is injected, and this is found.
#[track_caller]
pub(crate) fn plain<F, Fut>(closure: F, expected: &[&str])
where
    F: Fn() -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = ()> + 'static,
{
    check_with(faultless, closure, expected);
}
