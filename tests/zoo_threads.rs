//! The zoo over threads: each bug is found as what it is, within the runs that a check makes by
//! default, and nothing is found on the fixed twin.
#![cfg(feature = "threads")]

use selvedge::Explorer;
use selvedge::program::PropertyName;
use selvedge::report::{Report, Style, text};

use crate::zoo::blocking::hand_over;
use crate::zoo::threaded::{b1, b3, b4, b5};
use crate::zoo::{a1, a2, a23};

fn style() -> Style {
    Style {
        figures: false,
        ..Style::default()
    }
}

/// A check finds this property and no other, and says the same when it is made again; how many runs
/// it takes is printed as the next power of two.
#[track_caller]
fn finds(expected: PropertyName, program: fn()) {
    let [first, again] = [(); 2].map(|()| explore(10_000, program));
    let told = text(&first, &style());
    let found: Vec<_> = first.findings.iter().map(|f| f.property).collect();
    assert!(
        !found.is_empty() && found.iter().all(|&f| f == expected),
        "{found:?}\n{told}"
    );
    assert_eq!(told, text(&again, &style()));
    let finding = &first.findings[0];
    let replayed = Explorer::closures()
        .replay_threads("zoo", &finding.schedule, program)
        .unwrap();
    assert!(replayed.findings.iter().any(|f| f.id == finding.id));
    let needed = (0..14).map(|n| 1 << n);
    let needed = needed.map(|runs| explore(runs, program));
    let needed = needed.into_iter().find(|r| !r.findings.is_empty());
    let needed = needed.map_or(10_000, |report| report.stats.runs);
    println!("{} within {needed} runs", expected.as_str());
}

fn explore(runs: u64, program: fn()) -> Report {
    let explorer = Explorer {
        runs: Some(runs),
        ..Explorer::closures()
    };
    explorer.explore_threads("zoo", program)
}

/// A check finds nothing.
#[track_caller]
fn finds_nothing(program: fn()) {
    let report = explore(10_000, program);
    assert!(report.findings.is_empty(), "{}", text(&report, &style()));
}

macro_rules! twins {
    ($($name:ident: $property:ident by $buggy:expr, not by $fixed:expr;)*) => {$(
        #[test]
        fn $name() {
            finds(PropertyName::$property, $buggy);
            finds_nothing($fixed);
        }
    )*};
}

twins! {
    a1_jdk_6801020: LostWakeup by hand_over::<a1::Buggy, 2>, not by hand_over::<a1::Fixed, 2>;
    a2_llvm_46357: LostWakeup by hand_over::<a2::Buggy, 2>, not by hand_over::<a2::Fixed, 2>;
    a23_bb8_122: LostWakeup by hand_over::<a23::Buggy, 1>, not by hand_over::<a23::Fixed, 1>;
    b1_elasticsearch_14908: OverRelease by b1::<false>, not by b1::<true>;
    b3_agave_10478: Leak by b3::<false>, not by b3::<true>;
    b4_mise_8967: Deadlock by b4::<false>, not by b4::<true>;
    b5_kirocrew_4159: Deadlock by b5::<false>, not by b5::<true>;
}
