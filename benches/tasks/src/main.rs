//! Runs a second of an exploration of tokio's semaphore, beside a bare poll loop that makes the same
//! choices and checks nothing: three tasks on one permit, one round each. The bare loop is measured
//! twice: with the very strategy of the exploration, and with dice that cost next to nothing.
//!
//! `cargo run --release --manifest-path benches/tasks/Cargo.toml` prints a line for each pair of
//! measurements, and the medians. The two take turns in one process, since machines drift.

mod bare;
mod same;

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

/// Runs a second of a bare loop, and its steps a run.
fn bare(picks: &mut impl bare::Pick) -> (f64, f64) {
    let start = Instant::now();
    let steps = bare::runs(RUNS, picks, bare_subject);
    let seconds = start.elapsed().as_secs_f64();
    (RUNS as f64 / seconds, steps as f64 / RUNS as f64)
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

fn main() {
    let (mut to_same, mut to_dice) = (Vec::new(), Vec::new());
    println!("three tasks, one permit of tokio's, one round; runs a second (steps a run)");
    for _ in 0..ROUNDS {
        let (dice, dice_steps) = bare(&mut bare::Dice::new());
        let (same, same_steps) = bare(&mut same::Same::new());
        let walk = explorer(StrategyName::Random, Some(RUNS));
        let start = Instant::now();
        let report = walk.explore_async("bench", watched_subject);
        let explored = RUNS as f64 / start.elapsed().as_secs_f64();
        assert!(report.findings.is_empty(), "tokio's semaphore is right");
        let steps = report.stats.transitions as f64 / RUNS as f64;
        to_same.push(explored / same);
        to_dice.push(explored / dice);
        println!(
            "bare, same strategy {same:>9.0} ({same_steps:.2})   bare, dice {dice:>9.0} \
             ({dice_steps:.2})   explored {explored:>9.0} ({steps:.2})"
        );
    }
    println!(
        "explored to bare, medians of {ROUNDS}: {:.2} with the same strategy, {:.2} with dice",
        median(to_same),
        median(to_dice)
    );
    let start = Instant::now();
    let report = explorer(StrategyName::Exhaustive, None).explore_async("bench", watched_subject);
    println!(
        "exhaustive, one cancellation, one panic: {} runs, complete {}, {:.3} s",
        report.stats.runs,
        report.complete,
        start.elapsed().as_secs_f64()
    );
}
