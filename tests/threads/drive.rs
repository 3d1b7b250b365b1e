//! Explores a closure over threads, and compares what was found with what had to be.

use std::collections::BTreeSet;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use selvedge::explore::Explorer;
use selvedge::report::Report;

use crate::tasks::drive::compare;
pub(crate) use crate::tasks::drive::{
    depth_first, faultless, found, portfolio, semaphore, shown, with_faults,
};

/// Explores, and compares the findings with the expected ones.
#[track_caller]
pub(crate) fn finds(
    explorer: &Explorer,
    closure: impl Fn() + Send + Sync + 'static,
    expected: &[&str],
) -> Report {
    let report = explorer.explore_threads("subject", closure);
    compare(explorer, &report, expected);
    report
}

/// The portfolio and the depth-first search find just this with so many panics and timeouts, and each
/// finding replays.
#[track_caller]
pub(crate) fn check(faults: [u32; 2], closure: fn(), expected: &[&str]) {
    for explorer in [portfolio(), depth_first()] {
        let explorer = with_faults(explorer, [faults[0], faults[1], 0]);
        let report = finds(&explorer, closure, expected);
        replays(&explorer, &report, closure);
    }
}

/// Each finding of one run is in the replay of its schedule.
#[track_caller]
pub(crate) fn replays(explorer: &Explorer, report: &Report, closure: fn()) {
    let of_one_run = |f: &&selvedge::report::Finding| f.property.as_str() != "lock-order";
    for finding in report.findings.iter().filter(of_one_run) {
        let replayed = explorer
            .replay_threads("subject", &finding.schedule, closure)
            .unwrap_or_else(|error| panic!("{error}: {}", finding.schedule));
        assert!(
            replayed.findings.iter().any(|f| f.id == finding.id),
            "{} is not in the replay\n{}",
            finding.id,
            shown(&replayed)
        );
    }
}

/// Nothing is found with faults, nor without.
#[track_caller]
pub(crate) fn clean(closure: fn()) {
    check([0, 0], closure, &[]);
    check([1, 2], closure, &[]);
}

/// All that was told in the runs of an exploration.
#[derive(Clone, Default)]
pub(crate) struct Told(Arc<Mutex<BTreeSet<String>>>);

impl Told {
    pub(crate) fn tell(&self, what: impl ToString) {
        self.0.lock().unwrap().insert(what.to_string());
    }
}

/// All runs with so many panics and timeouts tell just this, and nothing is found in them.
#[track_caller]
pub(crate) fn tells(
    faults: [u32; 2],
    closure: impl Fn(&Told) + Send + Sync + 'static,
    expected: &[&str],
) {
    let told = Told::default();
    let there = told.clone();
    let explorer = with_faults(depth_first(), [faults[0], faults[1], 0]);
    let report = finds(&explorer, move || closure(&there), &[]);
    // all runs are made; where a panic unwinds among shuttle's types that is not all there is
    assert_eq!(report.stopped, None);
    let told: Vec<String> = told.0.lock().unwrap().iter().cloned().collect();
    assert_eq!(told, expected);
}

/// What says that this process is started by a test.
const CHILD: &str = "THREADS_CHILD";

/// Runs one test of this program in a process of its own, where `body` is run: whether it passed, and
/// all that it printed. Here `body` is not run.
pub(crate) fn in_a_child(test: &str, body: impl FnOnce()) -> Option<(bool, String)> {
    if std::env::var_os(CHILD).is_some() {
        body();
        return None;
    }
    let program = std::env::current_exe().unwrap();
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(program)
        .args(["--exact", &format!("threads::{test}"), "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    let text = [stdout, stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    Some((status.success(), text))
}
