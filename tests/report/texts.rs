//! Reports and runs for people.

use selvedge::explore::Explorer;
use selvedge::program::{BudgetDecl, Program};
use selvedge::report::{
    Report, Shard, StrategyName, Style, order_text, text, timeline, waits_text,
};
use unicode_width::UnicodeWidthStr;

use super::programs::*;
use super::{check_snapshot, explore, explored};

const PLAIN: Style = Style {
    color: false,
    figures: false,
};

/// The report, and the state at the end of the first finding's run.
fn check(snapshot: &str, source: Source) {
    let report = explore(source);
    let mut all = text(&report, &PLAIN);
    narrow(&report);
    if let Some(finding) = report.findings.first() {
        let run = timeline(&finding.trace, source.0, &PLAIN);
        let state = run.rsplit("\n\n").next().unwrap_or("");
        all += &format!("\n=== at the end of the first:\n\n{state}");
    }
    check_snapshot(&format!("report-text-{snapshot}"), source.1, &all);
}

/// No line but the commands is wider than 80 columns, and paint changes nothing else.
fn narrow(report: &Report) {
    let mut texts = vec![text(report, &Style::default())];
    texts.push(order_text(report, &PLAIN));
    for finding in &report.findings {
        texts.push(timeline(&finding.trace, &report.program, &PLAIN));
        texts.push(waits_text(&finding.trace, &PLAIN));
    }
    for line in texts.iter().flat_map(|text| text.lines()) {
        let command = line.starts_with("  replay ");
        assert!(
            command || line.width() <= 80,
            "{} columns in {}: {line}",
            line.width(),
            report.program
        );
        assert_eq!(line, line.trim_end(), "spaces at the end of a line");
    }
    let painted = Style {
        color: true,
        figures: false,
    };
    let painted = text(report, &painted);
    let mut bare = String::new();
    for (i, part) in painted.split("\x1b[").enumerate() {
        bare += if i == 0 {
            part
        } else {
            part.split_once('m').map_or("", |(_, rest)| rest)
        };
    }
    assert_eq!(bare, text(report, &PLAIN));
}

macro_rules! checks {
    ($($name:ident: $source:ident,)*) => {
        $(
            #[test]
            fn $name() {
                check(stringify!($name), $source);
            }
        )*
    };
}

checks! {
    leak_by_panic: LEAK_PANIC,
    leak_of_a_missing_release: LEAK_MISSING,
    leak_of_a_gift: LEAK_GIVEN,
    leak_by_cancellation: LEAK_CANCELLED,
    over_release_refused: REFUSED,
    over_release_inflates: INFLATED,
    over_release_from_another: FROM,
    over_admission: OVER_ADMISSION,
    deadlock_of_two: TWO,
    deadlock_with_itself: SELF,
    deadlock_of_signals: SIGNALS,
    deadlock_of_joins: JOINS,
    deadlock_in_barging_order: BARGING,
    deadlock_of_partial_grants: PARTIAL,
    exhaustion: EXHAUSTION,
    impossible_request: IMPOSSIBLE,
    impossible_after_shrink: SHRUNK,
    lock_order_behind_a_gate: GATE,
    lock_order_of_three: PHILOSOPHERS,
    livelock: LIVELOCK,
    livelock_of_a_spin: SPIN,
    leak_of_two_acquires: LEAK_TWICE,
    deadlock_of_a_held_mutex: HELD_SIGNAL,
    over_admission_of_one: STRAY,
    timeouts: TIMEOUTS,
    cancels: CANCELS,
    closed: CLOSED,
    debt: DEBT,
    crowd: CROWD,
    not_begun: NOT_BEGUN,
    long_names: LONG_NAMES,
    unicode: UNICODE,
    clean: CLEAN,
}

/// What a report must say somewhere, however its lines are broken.
#[test]
fn wordings() {
    let says = |source: Source, expected: &str| {
        let all = text(&explore(source), &PLAIN);
        let flat = all.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(expected), "{expected}: {all}");
    };
    says(LEAK_TWICE, "w.1 took a at 2:12, ended in step 2: leaked");
    says(
        LEAK_TWICE,
        "w.1 took 2 of a at 2:23, ended in step 2: leaked",
    );
    says(STRAY, "client.1 holds 1 permit of limit");
    says(OVER_ADMISSION, "guest.1 and guest.2 hold 2 permits of room");
    says(LIVELOCK, "raise --steps");
    says(
        LIVELOCK,
        "selvedge replay endless.sem --steps 50 'selvedge:1:",
    );
    says(GATE, "no run within these bounds deadlocks on it");
    says(HELD_SIGNAL, "put mutex back before waiting for full");
    says(SIGNALS, "release ready on every way");
    says(SPIN, "… the same 49 times, to step 50");
}

#[test]
fn the_last_line_says_how_far_it_looked() {
    let program = Program::parse(CLEAN.1).expect("a program");
    let summary = |explorer: Explorer| {
        let report = explorer.explore(&program, CLEAN.0, &());
        narrow(&report);
        text(&report, &PLAIN)
    };
    let few = summary(Explorer {
        states: Some(1),
        ..Explorer::default()
    });
    let random = summary(Explorer {
        strategy: StrategyName::Random,
        runs: Some(3),
        seed: 7,
        shard: Some(Shard { index: 2, count: 4 }),
        ..Explorer::default()
    });
    let faultless = summary(Explorer {
        budget: BudgetDecl {
            panics: Some(0),
            timeouts: Some(0),
            cancels: Some(0),
            preemptions: None,
        },
        ..Explorer::default()
    });
    check_snapshot(
        "report-text-summary",
        CLEAN.1,
        &(few + &random + &faultless),
    );
}

#[test]
fn whatever_the_program_the_page_is_wide_enough() {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/conformance");
    let entries = std::fs::read_dir(dir).expect("the conformance programs");
    let mut paths: Vec<_> = entries.map(|e| e.expect("an entry").path()).collect();
    paths.sort();
    for path in paths.iter().step_by(10) {
        let source = std::fs::read_to_string(path).expect("a text");
        narrow(&explored("conformance.sem", &source));
    }
}
