//! The report as annotations of GitHub's workflow commands, a line each.
//!
//! <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>

use std::fmt::Write;

use super::model::{Report, Severity};
use super::remedy::remedy;
use super::text::replays;

/// A report as annotations: `::error` and `::warning` for findings, `::notice` for a search that
/// found nothing and did not see all.
pub fn github(report: &Report) -> String {
    let mut text = String::new();
    for finding in &report.findings {
        let file = finding.place.and_then(|place| place.file);
        let file = property(file.unwrap_or(&report.program));
        let command = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let place = finding.place.map_or(String::new(), |place| {
            format!(",line={},col={}", place.line, place.column)
        });
        let mut message = format!("{}\nremedy: {}", finding.detail, remedy(finding));
        if !finding.identity.is_of_no_run() {
            message += &format!("\nreplay: {}", replays(report, finding));
        }
        let _ = writeln!(
            text,
            "::{command} file={file}{place},title={}::{}",
            property(&format!("{} ({})", finding.property, finding.id)),
            data(&message),
        );
    }
    if report.findings.is_empty() && !report.complete {
        let file = property(&report.program);
        let _ = writeln!(
            text,
            "::notice file={file},title=not complete::nothing was found, and not everything was \
             seen",
        );
    }
    text
}

/// What comes after the `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// The value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_a_command_is_escaped() {
        assert_eq!(data("100%\r\na:b,c"), "100%25%0D%0Aa:b,c");
        assert_eq!(property("a:b,c%"), "a%3Ab%2Cc%25");
    }
}
