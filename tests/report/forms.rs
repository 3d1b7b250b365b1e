//! Reports for programs, and graphs.

use std::fmt::Write;

use selvedge::report::{Style, github, order_dot, order_text, waits_dot, waits_text};

use super::programs::*;
use super::{check_snapshot, explore};

const SOME: &[Source] = &[LEAK_PANIC, TWO, GATE, NOT_BEGUN, UNICODE, CLEAN];

#[test]
#[cfg(feature = "serde")]
fn json_in_one_line() {
    let mut all = String::new();
    for &source in SOME {
        let mut report = explore(source);
        // these differ from machine to machine, or from release to release
        report.stats = selvedge::report::Stats::default();
        let line = selvedge::report::json(&report);
        assert!(!line.contains('\n'));
        let _ = writeln!(all, "{line}");
    }
    let _ = writeln!(
        all,
        "{}",
        selvedge::report::json_error("no\"ne.sem", "it is\nnot there")
    );
    check_snapshot("report-json", "", &all);
}

#[test]
fn annotations() {
    let lines = SOME.iter().map(|&source| github(&explore(source)));
    check_snapshot("report-github", "", &lines.collect::<String>());
}

#[test]
fn graphs_of_order() {
    let mut all = String::new();
    for source in [TWO, GATE, PHILOSOPHERS, CLEAN] {
        let report = explore(source);
        let text = order_text(&report, &Style::default());
        let _ = writeln!(all, "=== {}\n{text}\n{}", source.0, order_dot(&report));
    }
    check_snapshot("report-order", "", &all);
}

#[test]
fn graphs_of_waiting() {
    let mut all = String::new();
    for source in [TWO, JOINS, PARTIAL, SIGNALS, IMPOSSIBLE, LEAK_PANIC] {
        let report = explore(source);
        let trace = &report.findings[0].trace;
        let text = waits_text(trace, &Style::default());
        let _ = writeln!(all, "=== {}\n{text}\n{}", source.0, waits_dot(trace));
    }
    check_snapshot("report-waits", "", &all);
}
