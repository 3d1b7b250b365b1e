//! What the runs of a closure exercised, as people read it.

use super::model::{Coverage, Range, Report};
use super::style::{Page, Paint};
use super::words::count;

/// The line that says how much there was to decide, and what has to be known to read it right.
pub(super) fn covered(page: &mut Page, report: &Report) {
    let Some(coverage) = &report.coverage else {
        return;
    };
    page.labelled("covered", &line(coverage), Paint::Plain);
    for note in notes(report, coverage) {
        page.labelled("note", note, Paint::Plain);
    }
}

fn line(coverage: &Coverage) -> String {
    let Coverage {
        runs,
        pilots,
        different,
        workers,
        faults,
        fault_points,
        ..
    } = *coverage;
    let made = match (runs, pilots) {
        (runs, 0) => counted(runs, "run"),
        (0, pilots) => counted(pilots, "pilot run"),
        (runs, pilots) => format!("{} and {}", counted(runs, "run"), counted(pilots, "pilot")),
    };
    let at_least = if coverage.at_least { "at least " } else { "" };
    let mut parts = vec![
        format!("{made}, {at_least}{} different", grouped(different)),
        format!("{} a run", of_each(coverage.choices, "choice")),
        counted(workers, "worker"),
        format!("{} a run", of_each(coverage.ops, "op")),
    ];
    if fault_points > 0 || faults > 0 {
        parts.push(format!("{} injected", counted(faults, "fault")));
    }
    if !coverage.reached.is_empty() {
        let reached = coverage.reached.iter();
        let reached: Vec<String> = reached
            .map(|(place, &runs)| format!("`{place}` in {}", counted(runs, "run")))
            .collect();
        parts.push(format!("reached {}", reached.join(", ")));
    }
    parts.join(" · ")
}

impl Report {
    /// Whether there is something to know about what was explored, though nothing need be wrong.
    pub(crate) fn has_notes(&self) -> bool {
        let coverage = self.coverage.iter();
        let mut notes = coverage.flat_map(|coverage| notes(self, coverage));
        notes.next().is_some()
    }
}

/// What a reader would not expect.
fn notes(report: &Report, coverage: &Coverage) -> Vec<&'static str> {
    let mut notes = Vec::new();
    // an error says more, and may have come before anything else could
    let judged = coverage.runs > 0 && !report.has_errors();
    if judged && coverage.workers <= 1 {
        notes.push("only `main` ran: there was nothing to interleave");
    } else if judged && coverage.contested == 0 {
        notes.push("at no point could more than one worker go on: there was nothing to interleave");
    }
    if coverage.blocked_in_shuttle {
        notes.push(
            "a thread was blocked in a primitive of shuttle's, of which nothing is known here but that; \
             its timed waits (`Condvar::wait_timeout`, `recv_timeout`, `park_timeout`) never time out, so \
             what a timeout leads to was not explored",
        );
    }
    notes
}

/// `3 choices`, `3 to 17 choices`.
fn of_each(range: Range, what: &str) -> String {
    if range.least == range.most {
        return counted(range.most, what);
    }
    format!("{} to {}", grouped(range.least), counted(range.most, what))
}

/// `1 run`, `10,000 runs`.
fn counted(n: u64, what: &str) -> String {
    count(n, what).replacen(&n.to_string(), &grouped(n), 1)
}

/// Digits in groups of three.
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        let texts = [0, 999, 1000, 12_345, 1_234_567].map(grouped);
        assert_eq!(texts, ["0", "999", "1,000", "12,345", "1,234,567"]);
        assert_eq!(counted(1, "run"), "1 run");
        let range = |least, most| of_each(Range { least, most }, "choice");
        assert_eq!(range(3, 3), "3 choices");
        assert_eq!(range(0, 1200), "0 to 1,200 choices");
    }
}
