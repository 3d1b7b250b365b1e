//! Programs are reduced together with their schedules, and show the same finding still.
#![cfg(feature = "check")]

#[path = "reduce/failing.rs"]
mod failing;

use crate::brute_force::{Budget, Outcome, findings};
use failing::{explorer, failing, instances, statements};
use selvedge::explore::{Explorer, Reduced, verdict};
use selvedge::program::Program;
use selvedge::report::{Severity, text};

/// Programs of 40 statements; the example `reduction` takes 100 of them, and `TEST_PROGRAMS` says how
/// many for a campaign.
const PROGRAMS: usize = 30;

fn programs() -> usize {
    match std::env::var("TEST_PROGRAMS") {
        Ok(text) => text.parse().expect("TEST_PROGRAMS is a number"),
        Err(_) => PROGRAMS,
    }
}

fn reduce(program: &str, finding: usize) -> Reduced {
    let program = Program::parse(program).expect("a valid program");
    let explorer = Explorer::default();
    let report = explorer.explore(&program, "a.sem", &());
    explorer.reduce(&program, "a.sem", &report.findings[finding])
}

/// The finding of that place is reduced to this text, and to this schedule without its digest.
#[track_caller]
fn check(program: &str, finding: usize, expected: &str, schedule: &str) {
    let reduced = reduce(program, finding);
    assert_eq!(reduced.program.source(), expected);
    let choices = reduced.finding.schedule.split(':').nth(3);
    assert_eq!(choices, Some(schedule));
    assert!(reduced.finding.cheapest);
}

#[test]
fn a_leak_keeps_how_it_came_about() {
    check(
        "semaphore pool permits=4
         semaphore log permits=1
         worker idler count=2 { with log { work tidy } }
         worker handler count=6 {
             with log { work parse panics=never }
             repeat 3 { acquire pool permits=2; either { work query } or { work other }; release pool permits=2 }
         }",
        0,
        "semaphore pool permits=1\n\nworker handler {\n    acquire pool\n    work query\n}\n\nexpect leak on=pool\n",
        "handler.1,handler.1@panic",
    );
}

#[test]
fn a_circle_stays_whole() {
    check(
        "semaphore a permits=2
         semaphore b permits=3
         semaphore c permits=1
         worker one { with c { work x }; acquire a permits=2; acquire b permits=3; release b permits=3; release a permits=2 }
         worker two { try { acquire b permits=3; acquire a permits=2; release a permits=2 } finally { release b permits=3 } }
         worker three count=3 { with c { work y } }",
        0,
        "semaphore a permits=1\nsemaphore b permits=1\n\nworker one {\n    acquire a\n    acquire b\n}\n\nworker two {\n    acquire b\n    acquire a\n}\n\nexpect deadlock on=a\nexpect leak on=a\nexpect leak on=b\nexpect lock-order on=a\nexpect exhaustion on=a\nexpect exhaustion on=b\n",
        "one.1,two.1*2,one.1",
    );
}

#[test]
fn budgets_that_it_takes_are_kept() {
    check(
        "semaphore s permits=0
         semaphore t permits=3
         budget panics=0 timeouts=1 cancels=2
         worker w { repeat 2 { acquire t permits=2; acquire s; release t permits=2 } }
         worker v { release s; with t { work x } }",
        0,
        "semaphore t permits=1\n\nbudget cancels=1\n\nworker w {\n    repeat 2 {\n        acquire t\n    }\n}\n\nexpect leak on=t\nexpect deadlock on=t\n",
        "w.1*2,w.1@cancel",
    );
}

#[test]
fn nothing_smaller_is_made_of_the_smallest() {
    let smallest = "semaphore pool permits=1\n\nworker handler {\n    acquire pool\n}\n\nexpect leak on=pool\n";
    check(smallest, 0, smallest, "handler.1");
}

#[test]
fn random_programs_become_small_and_show_the_same() {
    let (mut sizes, mut workers) = (Vec::new(), Vec::new());
    for one in failing(40).take(programs()) {
        let reduced = explorer().reduce(&one.program, "random.sem", &one.finding);
        let told = format!("seed {}:\n{}", one.seed, reduced.program);
        let (of, now) = (&one.finding, &reduced.finding);
        assert_eq!(now.property, of.property, "{told}");
        assert!(
            now.semaphores.iter().all(|s| of.semaphores.contains(s)),
            "{told}"
        );
        judged_by_itself(&reduced, &told);
        judged_by_brute_force(&reduced, &told);
        let again = explorer().reduce(&one.program, "random.sem", &one.finding);
        assert_eq!(again.program.source(), reduced.program.source());
        assert_eq!(again.finding.schedule, now.schedule);
        sizes.push(statements(&reduced.program));
        workers.push(instances(&reduced.program));
    }
    sizes.sort_unstable();
    workers.sort_unstable();
    assert!(sizes[sizes.len() / 2] <= 6, "{sizes:?}");
    assert!(workers[workers.len() / 2] <= 2, "{workers:?}");
}

/// As `selvedge test` would: what it expects is what is found in it.
fn judged_by_itself(reduced: &Reduced, told: &str) {
    let report = Explorer::default().explore(&reduced.program, "reduced.sem", &());
    let verdict = verdict(&reduced.program, &report);
    assert!(
        verdict.passes(),
        "{told}\n{}",
        text(&report, &Default::default())
    );
    let shown = report.findings.iter().find(|f| f.id == reduced.finding.id);
    assert_eq!(
        shown.map(|f| &f.schedule),
        Some(&reduced.finding.schedule),
        "{told}"
    );
}

/// The interpreter that shares no code with the machine finds it too.
fn judged_by_brute_force(reduced: &Reduced, told: &str) {
    let budget = Budget::of(&reduced.program);
    let Outcome::Complete(found) = findings(&reduced.program, budget, 100_000) else {
        panic!("too large for brute force: {told}");
    };
    let finding = &reduced.finding;
    let same = found.iter().any(|f| {
        f.property == finding.property
            && f.semaphores == finding.semaphores.iter().cloned().collect()
    });
    assert!(same || finding.severity == Severity::Warning, "{told}");
}
