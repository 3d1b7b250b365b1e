//! Programs of which each phase takes long.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use super::{Child, Command, Ran, Stdio, Write, file, selvedge};

/// So many instances that are each so long: a run takes long.
fn long() -> String {
    let mut text = String::from("semaphore pool permits=3\nworker w count=256 {\n");
    for _ in 0..3330 {
        text.push_str("acquire pool; work x; release pool\n");
    }
    file("large-long.sem", (text + "}\n").as_bytes())
}

/// So many workers, no two alike: whatever looks at pairs of them takes long.
fn wide() -> String {
    let (semaphores, workers) = (64, 256);
    let mut text = String::new();
    for i in 0..semaphores {
        writeln!(text, "semaphore s{i} permits=1").expect("a text takes all");
    }
    for w in 0..workers {
        let (a, b) = (w % semaphores, (w * 7 + 1) % semaphores);
        let inner = match a == b {
            true => "work x".to_owned(),
            false => format!("with s{b} {{ work x }}"),
        };
        writeln!(text, "worker w{w} {{ with s{a} {{ {inner} }} }}").expect("a text takes all");
    }
    file("large-wide.sem", text.as_bytes())
}

/// Less than these take without a look at the clock (22 s to minutes on an idle machine), and enough
/// for one with ten times more to do than it can.
const MOST: Duration = Duration::from_secs(60);

#[allow(clippy::disallowed_methods)] // real time is what is tested
fn in_time(args: &[&str]) -> Ran {
    let started = Instant::now();
    let mut ran = selvedge(args, "");
    let took = started.elapsed();
    assert!(took < MOST, "{args:?}: {took:?}");
    ran.out = unwrapped(&ran.out);
    ran
}

/// A text without its line ends.
fn unwrapped(text: &str) -> String {
    text.split_whitespace().collect::<Vec<&str>>().join(" ")
}

#[test]
fn runs_end_in_time() {
    let long = long();
    for strategy in ["random", "portfolio", "depth-first"] {
        let ran = in_time(&["check", "--time", "300ms", "--strategy", strategy, &long]);
        assert!(ran.status < 2, "{}", ran.err);
        assert!(ran.out.contains("the time is over"), "{}", ran.out);
    }
}

#[test]
fn runs_of_other_engines_end_in_time() {
    let args = [
        "check",
        "--time",
        "300ms",
        "--strategy",
        "random",
        "--engine",
        "futures",
    ];
    let ran = in_time(&[&args[..], &[&long()]].concat());
    assert!(ran.status < 2, "{}", ran.err);
    assert!(ran.out.contains("the time is over"), "{}", ran.out);
}

#[test]
fn searches_end_in_time() {
    for reduction in ["sound", "none", "awu"] {
        let wide = wide();
        let ran = in_time(&["check", "--time", "300ms", "--reduction", reduction, &wide]);
        assert!(ran.status < 2, "{}", ran.err);
        assert!(ran.out.contains("the time is over"), "{}", ran.out);
    }
}

#[test]
fn estimates_end_in_time() {
    for program in [long(), wide()] {
        let ran = in_time(&["check", "--time", "300ms", "--estimate", &program]);
        let told = ran.out.contains("random descents") || ran.err.contains("--time");
        assert!(told, "{}{}", ran.out, ran.err);
    }
}

#[test]
fn graphs_and_tests_end_in_time() {
    let wide = wide();
    let ran = in_time(&["graph", "--time", "300ms", &wide]);
    assert_eq!(ran.status, 0, "{}", ran.err);
    assert!(ran.err.contains("not complete"), "{}", ran.err);
    let ran = in_time(&["test", "--time", "300ms", &wide]);
    assert_eq!(ran.status, 1, "{}", ran.err);
    assert!(ran.out.contains("stopped by time"), "{}", ran.out);
}

/// A pipe that is never closed.
fn unclosed(args: &[&str]) -> Child {
    let mut child = Command::new(env!("CARGO_BIN_EXE_selvedge"))
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let input = child.stdin.as_mut().expect("a pipe");
    input.write_all(b"worker w {").expect("it is read");
    child
}

#[test]
fn reading_ends_in_time() {
    let mut child = unclosed(&["check", "--time", "200ms", "-"]);
    // waiting closes the pipe
    let input = child.stdin.take();
    let output = child.wait_with_output().expect("it ends");
    drop(input);
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("when the time was over"), "{told}");
}

#[cfg(unix)]
#[allow(clippy::disallowed_methods)] // nothing tells from outside how far it is
fn interrupted(mut child: Child) -> (Option<i32>, String) {
    let input = child.stdin.take();
    std::thread::sleep(Duration::from_millis(500));
    let killed = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .expect("kill runs");
    assert!(killed.success());
    let started = Instant::now();
    let output = child.wait_with_output().expect("it ends");
    assert!(started.elapsed() < MOST);
    drop(input);
    let told = [output.stdout, output.stderr].concat();
    (
        output.status.code(),
        String::from_utf8_lossy(&told).into_owned(),
    )
}

#[cfg(unix)]
#[test]
fn reading_can_be_interrupted() {
    let (status, told) = interrupted(unclosed(&["check", "-"]));
    assert_eq!(status, Some(2), "{told}");
    assert!(told.contains("interrupted before it was read"), "{told}");
}

#[cfg(unix)]
#[test]
fn a_long_run_can_be_interrupted() {
    let child = Command::new(env!("CARGO_BIN_EXE_selvedge"))
        .args(["check", "--strategy", "random", &long()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let (status, told) = interrupted(child);
    assert!(status.is_some_and(|status| status < 2), "{told}");
    assert!(told.contains("interrupted"), "{told}");
}
