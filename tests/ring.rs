//! The naive philosopher ring, whose number of states three independent tools agree on.
#![cfg(feature = "check")]

use selvedge::explore::Explorer;
use selvedge::program::Program;
use selvedge::report::Reduction;

/// Each takes the fork on the left, the one on the right, and puts both back, `rounds` times.
fn ring(n: usize, rounds: u32) -> Program {
    let mut text = String::new();
    for i in 0..n {
        text += &format!("semaphore fork{i} permits=1 order=barging\n");
    }
    for i in 0..n {
        let right = (i + 1) % n;
        text += &format!(
            "worker p{i} {{ repeat {rounds} {{ acquire fork{i}; acquire fork{right}\n\
             release fork{right}; release fork{i} }} }}\n"
        );
    }
    Program::parse(&text).expect("a valid program")
}

fn check(n: usize, states: u64) {
    let explorer = Explorer {
        reduction: Reduction::None,
        ..Explorer::default()
    };
    let report = explorer.explore(&ring(n, 3), "ring", &());
    assert!(report.complete);
    assert_eq!(report.stats.states, states);
    let properties: Vec<String> = report
        .findings
        .iter()
        .map(|f| f.property.to_string())
        .collect();
    assert_eq!(properties, ["deadlock", "lock-order"]);
    assert_eq!(report.findings[0].steps, n);
}

#[test]
fn ring_of_five() {
    check(5, 166_957);
}

/// The sixth is for a build with optimizations; `benches/ring.sh` counts it as well.
#[cfg(not(debug_assertions))]
#[test]
fn ring_of_six() {
    check(6, 1_852_327);
}
