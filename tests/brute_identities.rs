//! What the brute-force interpreter finds in small programs, identities included.
#![cfg(feature = "check")]

use crate::brute_force::{Budget, Outcome, findings};
use selvedge::program::{Program, Size, generate};

/// The findings of a program, one a line: property, semaphores, identity.
fn check(text: &str, expected: &[&str]) {
    let program = Program::parse(text).expect("a valid program");
    let Outcome::Complete(found) = findings(&program, Budget::of(&program), 100_000) else {
        panic!("these programs are small\n{text}");
    };
    let found: Vec<String> = found
        .iter()
        .map(|finding| {
            let semaphores: Vec<&str> = finding.semaphores.iter().map(String::as_str).collect();
            let words = [
                finding.property.as_str(),
                &semaphores.join(","),
                &finding.identity,
            ];
            words.join(" ").trim_end().to_string()
        })
        .collect();
    assert_eq!(found, expected, "{text}");
}

#[test]
fn a_leak_names_the_acquire_and_the_end() {
    check(
        "semaphore a permits=1\nworker p { acquire a; work w; release a }",
        &["leak a acq=0 end=panicked"],
    );
    check(
        "semaphore a permits=3\nworker p { acquire a; drain a; release a; return }",
        &["leak a acq=0 end=returned", "leak a acq=1 end=returned"],
    );
    check(
        "semaphore a permits=1\nworker p { acquire a; close a; acquire a }",
        &["leak a acq=0 end=closed"],
    );
    check(
        "semaphore a permits=1\nworker p { acquire a; acquire a }\nbudget cancels=1",
        &["leak a acq=0 end=cancelled", "deadlock a waiters=[1]"],
    );
}

#[test]
fn a_guard_takes_its_own_permit_back() {
    check(
        "semaphore a permits=2\nworker p { with a { acquire a } }",
        &["leak a acq=1 end=returned"],
    );
    // A plain release takes the other's first; then the guard has what it took.
    check(
        "semaphore a permits=2\nworker p { acquire a; with a { release a } }",
        &[],
    );
    check(
        "semaphore a permits=1\nworker p { with a { release a } }",
        &["over-release a stmt=0"],
    );
}

#[test]
fn a_permit_given_keeps_the_statement_that_took_it() {
    check(
        "semaphore a permits=1\nworker p { acquire a; give a to=q }\nworker q { }",
        &["leak a acq=0 end=returned"],
    );
}

#[test]
fn a_leak_that_another_may_put_back_is_judged_late() {
    check(
        "semaphore a permits=1\nworker p { acquire a }\nworker q { join p; release a from=p }",
        &[],
    );
    check(
        "semaphore a permits=1\nworker p { acquire a }\nworker q { release a from=p }",
        &["leak a acq=0 end=returned", "over-release a stmt=1"],
    );
}

#[test]
fn an_over_release_is_refused_or_inflates() {
    check(
        "semaphore a permits=1\nworker p { release a; acquire a }",
        &["over-release a stmt=0"],
    );
    check(
        "semaphore a permits=1 plain\nworker p { release a; with a permits=2 { } }",
        &["over-release a stmt=0", "over-admission a"],
    );
}

#[test]
fn a_deadlock_is_its_smallest_circular_wait() {
    check(
        "semaphore a permits=1\nsemaphore b permits=1\n\
         worker p { with a { with b { } } }\nworker q { with b { with a { } } }",
        &[
            "deadlock a,b waiters=[1,3]",
            "lock-order a,b cycle=a>b danger=reachable",
        ],
    );
    check(
        "semaphore a permits=2\nworker p count=2 { acquire a; with a { }; release a }",
        // Each could go on if the other put its permit back.
        &["deadlock a waiters=[1]"],
    );
    check(
        "semaphore a permits=1\nworker p { with a { with a { } } }",
        &["deadlock a waiters=[1]"],
    );
    check(
        "semaphore a permits=1\nworker p { with a { join q } }\nworker q { with a { } }",
        &["deadlock a waiters=[1,2]"],
    );
    check(
        "semaphore a permits=0 signal\nworker p count=2 { acquire a }",
        &["deadlock a waiters=[0]"],
    );
}

#[test]
fn a_gate_makes_a_cycle_harmless() {
    check(
        "semaphore g permits=1\nsemaphore a permits=1\nsemaphore b permits=1\n\
         worker p { with g { with a { with b { } } } }\n\
         worker q { with g { with b { with a { } } } }",
        &["lock-order a,b cycle=a>b danger=unreachable"],
    );
}

#[test]
fn a_worker_alone_makes_no_cycle() {
    check(
        "semaphore a permits=1\nsemaphore b permits=1\n\
         worker p { with a { with b { } }; with b { with a { } } }",
        &[],
    );
}

#[test]
fn a_stuck_state_has_one_name() {
    check(
        "semaphore a permits=1\nworker p { acquire a }\nworker q { acquire a; release a }",
        &["leak a acq=0 end=returned", "exhaustion a waiters=[1]"],
    );
    // However many of them wait.
    check(
        "semaphore a permits=1\nworker p count=4 { acquire a; return }",
        &["leak a acq=0 end=returned", "exhaustion a waiters=[0]"],
    );
    check(
        "semaphore a permits=1\nworker p count=2 { acquire a permits=2; release a permits=2 }",
        &["impossible-request a waiters=[0]"],
    );
}

#[test]
fn timers_fire_free_only_when_nothing_else_is_left() {
    let text = |timeouts| {
        format!(
            "semaphore a permits=1\nworker p {{ with a {{ work w panics=never }} }}\n\
             worker q {{ acquire-within a {{ release a }} else {{ release a }} }}\n\
             budget timeouts={timeouts}"
        )
    };
    check(&text(0), &[]);
    check(&text(1), &["over-release a stmt=4"]);
}

#[test]
fn generated_programs_are_mostly_small() {
    let seeds = 200;
    let large = (0..seeds).filter(|&seed| {
        let program = generate(seed, &Size::default());
        findings(&program, Budget::of(&program), 20_000) == Outcome::TooLarge
    });
    let large = large.count();
    assert!(large <= seeds as usize / 10, "{large} of {seeds}");
}
