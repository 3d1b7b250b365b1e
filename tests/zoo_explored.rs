//! The zoo under exploration: each bug is found as what it is, within the runs that a check makes
//! by default, and nothing is found on the fixed twin.
#![cfg(feature = "check")]

use selvedge::Explorer;
use selvedge::program::PropertyName;
use selvedge::report::{Report, Style, text};

use crate::zoo::programs::{behind_a_large_request, in_parts, one_permit, two_at_once};

/// The properties that are found, each once.
fn properties(report: &Report) -> Vec<PropertyName> {
    let mut found: Vec<_> = report.findings.iter().map(|f| f.property).collect();
    found.dedup();
    found
}

/// Explores with so many runs; two explorations say the same.
fn explore<F: Future<Output = ()> + 'static>(runs: u64, program: fn() -> F) -> Report {
    let explorer = Explorer {
        runs: Some(runs),
        ..Explorer::closures()
    };
    explorer.explore_async("zoo", program)
}

/// A check finds these properties and no others, and the same when it is made again.
fn finds<F: Future<Output = ()> + 'static>(expected: &[PropertyName], program: fn() -> F) {
    let style = Style {
        figures: false,
        ..Style::default()
    };
    let [first, again] = [(); 2].map(|()| Explorer::closures().explore_async("zoo", program));
    let told = text(&first, &style);
    assert_eq!(properties(&first), expected, "\n{told}");
    assert_eq!(told, text(&again, &style));
    let needed = (0..).map(|n| 1 << n);
    let needed = needed.map(|runs| explore(runs, program));
    let needed = needed.take(15).find(|report| !report.findings.is_empty());
    let needed = needed.expect("it was found above").stats.runs;
    println!("{expected:?} within {needed} runs");
}

/// A check finds nothing.
fn finds_nothing<F: Future<Output = ()> + 'static>(program: fn() -> F) {
    let report = Explorer::closures().explore_async("zoo", program);
    assert!(
        report.findings.is_empty(),
        "\n{}",
        text(&report, &Style::default())
    );
}

/// What is found on each bug, and nothing on its twin, under the same program.
macro_rules! twins {
    ($($name:ident: [$($property:ident)+] by $program:ident $(of $waiters:literal)?;)*) => {$(
        #[test]
        fn $name() {
            finds(
                &[$(PropertyName::$property),+],
                $program::<crate::zoo::$name::Buggy $(, $waiters)?>,
            );
            finds_nothing($program::<crate::zoo::$name::Fixed $(, $waiters)?>);
        }
    )*};
}

twins! {
    a5: [LostWakeup] by one_permit of 2;
    a8: [Leak] by one_permit of 1;
    a10: [LostWakeup] by behind_a_large_request;
    a11: [LostWakeup] by two_at_once;
    a12: [Leak Exhaustion] by one_permit of 2;
    a20: [Leak] by in_parts;
}
