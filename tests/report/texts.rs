//! Reports and runs for people.

use selvedge::report::{Style, text, timeline};

use super::programs::*;
use super::{SNAPSHOTS, explore};

const PLAIN: Style = Style {
    color: false,
    figures: false,
};

/// The report, and the last state of the first finding's run.
fn check(source: Source) {
    let report = explore(source);
    let mut all = text(&report, &PLAIN);
    if let Some(finding) = report.findings.first() {
        let run = timeline(&finding.trace, source.0, &PLAIN);
        let state = run.rsplit("\n\n").next().unwrap_or("");
        all += &format!("\n=== at the end of the first ===\n\n{state}");
    }
    let name = source.0.split('.').next().unwrap_or("");
    let name: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(20)
        .collect();
    insta::with_settings!({
        snapshot_path => SNAPSHOTS,
        prepend_module_to_snapshot => false,
        description => source.1,
        omit_expression => true,
    }, {
        insta::assert_snapshot!(format!("report-text-{name}"), all);
    });
}

#[test]
fn each_property_in_words() {
    for &source in ALL {
        check(source);
    }
}
