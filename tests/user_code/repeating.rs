//! Whether a schedule shows its finding again is found out before it is said.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use selvedge::explore::Explorer;
use selvedge::report::{Finding, Report, Style, text};
use selvedge::{task, thread};

fn shown(report: &Report) -> String {
    text(report, &Style::default())
}

fn explorer() -> Explorer {
    Explorer {
        runs: Some(500),
        ..Explorer::closures()
    }
}

/// The assertion among the findings, with its own words, though replays differ.
#[track_caller]
fn assertion<'a>(report: &'a Report, words: &str) -> &'a Finding {
    let found = report
        .findings
        .iter()
        .find(|f| f.property.as_str() == "assertion");
    let found = found.unwrap_or_else(|| panic!("no assertion\n{}", shown(report)));
    assert!(found.detail.contains(words), "{}", shown(report));
    assert!(!found.replays.are_alike(), "{}", shown(report));
    let told = shown(report);
    let count = format!(
        "found in {} of {} replays",
        found.replays.shown, found.replays.made
    );
    assert!(told.contains(&count), "{told}");
    assert!(
        !told.contains("· replayed") && !told.contains("leads to it each time"),
        "{told}"
    );
    found
}

/// Which branch an unbiased `select!` looks at first no schedule decides.
#[test]
fn an_unbiased_select_is_told_as_what_it_is() {
    let report = explorer().explore_async("subject", || async {
        let (sender, mut jobs) = tokio::sync::mpsc::channel(1);
        let (stop, mut stopped) = tokio::sync::oneshot::channel();
        task::spawn(async move {
            let _ = sender.send(1).await;
            let _ = stop.send(());
        });
        task::yield_now().await;
        task::yield_now().await;
        let job = tokio::select! {
            job = jobs.recv() => job,
            _ = &mut stopped => None,
        };
        assert!(job.is_some(), "a job that was sent is lost");
    });
    assertion(&report, "a job that was sent is lost");
    let told = shown(&report);
    let causes = told.find("not deterministic").expect("it is told");
    let (select, clock) = (told[causes..].find("select!"), told[causes..].find("clock"));
    assert!(select.is_some() && select < clock, "{told}");
}

/// With `biased;` it is what the schedule says.
#[test]
fn a_biased_select_is_replayed() {
    let report = explorer().explore_async("subject", || async {
        let (sender, mut jobs) = tokio::sync::mpsc::channel(1);
        let (stop, mut stopped) = tokio::sync::oneshot::channel();
        task::spawn(async move {
            let _ = sender.send(1).await;
            let _ = stop.send(());
        });
        task::yield_now().await;
        task::yield_now().await;
        let job = tokio::select! {
            biased;
            _ = &mut stopped => None,
            job = jobs.recv() => job,
        };
        assert!(job.is_some(), "a job that was sent is lost");
    });
    assert_eq!(report.findings.len(), 1, "{}", shown(&report));
    let finding = &report.findings[0];
    assert_eq!((finding.replays.made, finding.replays.shown), (8, 8));
    assert!(shown(&report).contains("· replayed"));
}

/// What fails in every third run only fails in some replays, over threads too.
#[test]
fn what_depends_on_a_static_is_no_replay() {
    let runs = Arc::new(AtomicU32::new(0));
    let report = explorer().explore_threads("subject", move || {
        thread::yield_now();
        let run = runs.fetch_add(1, Ordering::Relaxed);
        assert!(!run.is_multiple_of(3), "the third one");
    });
    let found = assertion(&report, "the third one");
    assert!(found.replays.shown > 0 && found.replays.shown < found.replays.made);
}

/// What no replay shows keeps its words, beside what is said of that.
#[test]
fn what_no_replay_shows_keeps_its_words() {
    let runs = Arc::new(AtomicU32::new(0));
    let report = explorer().explore_threads("subject", move || {
        thread::yield_now();
        let run = runs.fetch_add(1, Ordering::Relaxed);
        assert!(run != 100, "only once, in run {run}");
    });
    let found = assertion(&report, "only once, in run 100");
    assert_eq!(found.replays.shown, 0);
    let properties: Vec<&str> = report
        .findings
        .iter()
        .map(|f| f.property.as_str())
        .collect();
    assert!(properties.contains(&"divergence"), "{properties:?}");
}
