//! Runs a second of an exploration of tokio's semaphore, beside a bare poll loop that makes the same
//! choices and checks nothing: three tasks on one permit, one round each.
//!
//! `cargo run --release --manifest-path benches/tasks/Cargo.toml` prints a line for each pair of
//! measurements, and the medians. The two take turns in one process, since machines drift.

mod bare;

use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use selvedge::Explorer;
use selvedge::strategy::StrategyName;
use tokio::sync::Semaphore;

const RUNS: u64 = 300_000;
const ROUNDS: usize = 9;

/// Lets others go first, so that there is somebody to wait for.
async fn let_others_go() {
    let mut went = false;
    std::future::poll_fn(|cx| {
        if std::mem::replace(&mut went, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

async fn bare_subject() {
    let semaphore = Arc::new(Semaphore::new(1));
    let tasks: [bare::Join; 3] = std::array::from_fn(|_| {
        let semaphore = Arc::clone(&semaphore);
        bare::spawn(async move {
            let permit = semaphore.acquire().await;
            let_others_go().await;
            drop(permit);
        })
    });
    for task in tasks {
        let _ = task.await;
    }
}

async fn watched_subject() {
    let semaphore = Arc::new(Semaphore::new(1));
    let free = Arc::clone(&semaphore);
    selvedge::probe("semaphore", 1, move || free.available_permits());
    let tasks: [selvedge::task::JoinHandle<()>; 3] = std::array::from_fn(|_| {
        let semaphore = Arc::clone(&semaphore);
        selvedge::task::spawn(async move {
            let permit = semaphore.acquire().await;
            let_others_go().await;
            drop(permit);
        })
    });
    for task in tasks {
        let _ = task.await;
    }
}

fn explorer(strategy: StrategyName, runs: Option<u64>) -> Explorer {
    Explorer {
        strategy,
        runs,
        ..Explorer::closures()
    }
}

fn main() {
    let mut ratios = Vec::new();
    println!("three tasks, one permit of tokio's, one round; runs a second");
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let steps = bare::runs(RUNS, bare_subject);
        let bare = RUNS as f64 / start.elapsed().as_secs_f64();
        let walk = explorer(StrategyName::Random, Some(RUNS));
        let start = Instant::now();
        let report = walk.explore_async("bench", watched_subject);
        let watched = RUNS as f64 / start.elapsed().as_secs_f64();
        assert!(report.findings.is_empty(), "tokio's semaphore is right");
        ratios.push(watched / bare);
        println!(
            "bare {bare:>10.0}  ({:.2} steps a run)   explored {watched:>10.0}  ({:.2} steps a run)   ratio {:.2}",
            steps as f64 / RUNS as f64,
            report.stats.transitions as f64 / RUNS as f64,
            watched / bare,
        );
    }
    ratios.sort_by(f64::total_cmp);
    println!("ratio, median of {ROUNDS}: {:.2}", ratios[ROUNDS / 2]);
    let start = Instant::now();
    let report = explorer(StrategyName::Exhaustive, None).explore_async("bench", watched_subject);
    println!(
        "exhaustive, one cancellation, one panic: {} runs, complete {}, {:.3} s",
        report.stats.runs,
        report.complete,
        start.elapsed().as_secs_f64()
    );
}
