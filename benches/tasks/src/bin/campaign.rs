//! Ten million random runs over tokio's semaphore and over ours, a task cancelled in half of them:
//! nothing may be found, and memory must stay as it is.
//!
//! `cargo run --release --manifest-path benches/tasks/Cargo.toml --bin campaign` prints a line for
//! each tenth; it exits with 1 if anything is found.

use std::sync::Arc;

use selvedge::report::{Report, Shard, Style, text};
use selvedge::strategy::StrategyName;
use selvedge::{Explorer, task, tracked};

const RUNS: u64 = 10_000_000;
const PARTS: u64 = 10;

/// Resident memory of this process in MiB.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = status.split(' ').nth(1).and_then(|n| n.parse::<f64>().ok());
    pages.unwrap_or(f64::NAN) * 4096.0 / f64::from(1 << 20)
}

async fn over_tokio() {
    let semaphore = Arc::new(tokio::sync::Semaphore::new(2));
    let free = Arc::clone(&semaphore);
    selvedge::probe("semaphore", 2, move || free.available_permits());
    let tasks: [_; 3] = std::array::from_fn(|i| {
        let semaphore = Arc::clone(&semaphore);
        task::spawn(async move {
            let semaphore = tracked(&*semaphore).named("semaphore");
            let permit = semaphore.acquire_many(1 + i as u32 % 2).await;
            task::yield_now().await;
            drop(permit);
        })
    });
    for task in tasks {
        let _ = task.await;
    }
}

async fn over_ours() {
    let semaphore = Arc::new(selvedge::Semaphore::new(2).named("semaphore"));
    let tasks: [_; 3] = std::array::from_fn(|i| {
        let semaphore = Arc::clone(&semaphore);
        task::spawn(async move {
            let permit = semaphore.acquire_many(1 + i as u32 % 2).await;
            task::yield_now().await;
            drop(permit);
        })
    });
    for task in tasks {
        let _ = task.await;
    }
}

fn campaign(name: &str, explore: impl Fn(&Explorer) -> Report) -> bool {
    let mut clean = true;
    for index in 1..=PARTS {
        let part = Explorer {
            strategy: StrategyName::Random,
            runs: Some(RUNS),
            shard: Some(Shard {
                index,
                count: PARTS,
            }),
            ..Explorer::closures()
        };
        let report = explore(&part);
        println!(
            "{name}: part {index}, {} runs, {} steps, {} findings, {:.1} s, {:.1} MiB resident",
            report.stats.runs,
            report.stats.transitions,
            report.findings.len(),
            report.stats.seconds,
            resident()
        );
        if !report.findings.is_empty() {
            clean = false;
            println!("{}", text(&report, &Style::default()));
        }
    }
    clean
}

fn main() {
    let tokio = campaign("tokio 1.54", |part| part.explore_async("tokio", over_tokio));
    let ours = campaign("selvedge", |part| part.explore_async("ours", over_ours));
    std::process::exit(i32::from(!(tokio && ours)));
}
