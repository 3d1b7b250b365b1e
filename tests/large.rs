//! Programs at the limits of size compile soon.
#![cfg(feature = "check")]
#![allow(clippy::disallowed_methods)] // how long it takes is told by a clock

use std::time::{Duration, Instant};

use selvedge::machine::Machine;
use selvedge::program::Program;

/// Compiles a program.
#[track_caller]
fn check(text: &str) {
    let program = Program::parse(text).expect("a valid program");
    let start = Instant::now();
    let machine = Machine::new(&program);
    let took = start.elapsed();
    // Generous, for a busy machine: what is quadratic takes minutes.
    assert!(took < Duration::from_secs(10), "compiled in {took:?}");
    assert_eq!(machine.worker_count(), program.instance_names().len());
}

fn semaphores(count: usize) -> String {
    let line = |i| format!("semaphore s{i} permits=1\n");
    (0..count).map(line).collect()
}

#[test]
fn many_gifts() {
    check(&format!(
        "semaphore p permits=1\nworker w count=256 {{ {}{} }}",
        "acquire p\n".repeat(4990),
        "give p to=w.1\n".repeat(4990)
    ));
}

#[test]
fn many_acquires_by_many() {
    check(&format!(
        "semaphore p permits=1\nworker w count=256 {{ {} }}",
        "acquire p\n".repeat(9999)
    ));
}

#[test]
fn many_semaphores() {
    let acquires = |range: std::ops::Range<usize>| -> String {
        range.map(|i| format!("acquire s{i}\n")).collect()
    };
    check(&format!(
        "{}worker w count=256 {{ {} }}",
        semaphores(5000),
        acquires(0..5000)
    ));
    let one = |i: usize| {
        let some = acquires(i * 19..i * 19 + 19);
        format!("worker w{i} {{ {some} }}\n")
    };
    check(&format!(
        "{}{}",
        semaphores(5000),
        (0..256).map(one).collect::<String>()
    ));
}

#[test]
fn many_joins() {
    check(&format!(
        "semaphore p permits=1\nworker w count=250 {{ {} }}\nworker v count=6 {{ {} }}",
        "acquire p\n".repeat(4900),
        "join w\n".repeat(4900)
    ));
}
