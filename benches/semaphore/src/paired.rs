//! Contended rows pair by pair: a short run of selvedge's, one of tokio's, and their ratio, again and
//! again, each first every other time. Hand-offs between threads are bimodal, and others use the
//! machine too: what lasts longer than a pair is in both of its runs, and leaves the ratio alone.
//!
//! Where others keep the processors busy, what they leave decides how fast a row is; what it takes of
//! processor time is its own. Linux tells that of each thread; elsewhere it is shown as zero.

use std::fs;
use std::hint::black_box;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::waiting::block_on;
use crate::{Ours, Tokio};

/// How long a run is: many slices of the system's scheduler.
const RUN: Duration = Duration::from_millis(60);

struct Row {
    threads: usize,
    permits: usize,
    /// Steps of work with a permit, half a nanosecond or less each.
    inside: u32,
    /// The same without.
    outside: u32,
}

const ROWS: [Row; 6] = [
    row(2, 1, 2000, 0),
    row(8, 4, 2000, 0),
    row(2, 1, 200, 200),
    row(8, 1, 2000, 0),
    row(8, 4, 20_000, 20_000),
    row(2, 1, 200_000, 0),
];

const fn row(threads: usize, permits: usize, inside: u32, outside: u32) -> Row {
    Row {
        threads,
        permits,
        inside,
        outside,
    }
}

fn spend(steps: u32) {
    for i in 0..steps {
        black_box(i);
    }
}

/// Nanoseconds a round.
#[derive(Clone, Copy)]
struct Cost {
    elapsed: f64,
    processor: f64,
}

type Run = fn(&Row, &Ours) -> Cost;

/// Nanoseconds that this thread has run for.
fn processor_time() -> u64 {
    let stat = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let ran = stat.split(' ').next().and_then(|ran| ran.parse().ok());
    ran.unwrap_or(0)
}

/// One run.
fn run(row: &Row, acquire_and: impl Fn(&dyn Fn()) + Sync) -> Cost {
    let start = Barrier::new(row.threads + 1);
    let stop = AtomicBool::new(false);
    let [rounds, processor] = [const { AtomicU64::new(0) }; 2];
    let inside = || spend(row.inside);
    let began = thread::scope(|scope| {
        for _ in 0..row.threads {
            scope.spawn(|| {
                let mut done = 0;
                start.wait();
                let before = processor_time();
                while !stop.load(Ordering::Relaxed) {
                    acquire_and(&inside);
                    spend(row.outside);
                    done += 1;
                }
                processor.fetch_add(processor_time() - before, Ordering::Relaxed);
                rounds.fetch_add(done, Ordering::Relaxed);
            });
        }
        start.wait();
        let began = Instant::now();
        thread::sleep(RUN);
        stop.store(true, Ordering::Relaxed);
        began
    });
    let rounds = rounds.into_inner() as f64;
    Cost {
        elapsed: began.elapsed().as_secs_f64() * 1e9 / rounds,
        processor: processor.into_inner() as f64 / rounds,
    }
}

fn blocking(row: &Row, s: &Ours) -> Cost {
    run(row, |inside| {
        let _permit = s.acquire_blocking().unwrap();
        inside();
    })
}

fn blocked_on(row: &Row, s: &Ours) -> Cost {
    run(row, |inside| {
        let _permit = block_on(s.acquire()).unwrap();
        inside();
    })
}

fn tokio(row: &Row, s: &Tokio) -> Cost {
    run(row, |inside| {
        let _permit = block_on(s.acquire()).unwrap();
        inside();
    })
}

/// The values at a tenth, a quarter, a half, three quarters and nine tenths.
fn spread(mut of: Vec<f64>) -> [f64; 5] {
    of.sort_by(f64::total_cmp);
    [0.1, 0.25, 0.5, 0.75, 0.9].map(|at| of[((of.len() - 1) as f64 * at).round() as usize])
}

/// Prints medians, and how the ratios are spread.
fn show(what: &str, pairs: &[(Cost, Cost)], of: impl Fn(&Cost) -> f64) {
    let [mine, theirs] = [
        pairs.iter().map(|pair| of(&pair.0)).collect(),
        pairs.iter().map(|pair| of(&pair.1)).collect(),
    ]
    .map(|all| spread(all)[2]);
    let ratios: Vec<f64> = pairs.iter().map(|(a, b)| of(a) / of(b)).collect();
    let ahead = ratios.iter().filter(|&&ratio| ratio < 1.0).count();
    let [tenth, quarter, half, three, nine] = spread(ratios);
    println!(
        "    {what:9} {mine:8.0} ns, tokio {theirs:8.0} ns, ratio {tenth:.2} {quarter:.2} [{half:.2}] {three:.2} {nine:.2}, ahead in {ahead} of {}",
        pairs.len()
    );
}

/// Runs that many pairs of each row.
pub fn compare(pairs: usize) {
    println!(
        "time a round: medians; ratios of ours to tokio's at 10, 25, [50], 75, 90 % of the pairs"
    );
    let ours: [(&str, Run); 2] = [("selvedge", blocking), ("selvedge-block-on", blocked_on)];
    for row in &ROWS {
        let Row {
            threads,
            permits,
            inside,
            outside,
        } = row;
        println!("{threads} threads, {permits} permits, work {inside} inside, {outside} outside");
        for (name, own) in ours {
            let pair = |i: usize| {
                let (x, y) = (Ours::new(*permits), Tokio::new(*permits));
                if i.is_multiple_of(2) {
                    let mine = own(row, &x);
                    (mine, tokio(row, &y))
                } else {
                    let theirs = tokio(row, &y);
                    (own(row, &x), theirs)
                }
            };
            let all: Vec<(Cost, Cost)> = (0..pairs).map(pair).collect();
            println!("  {name}");
            show("elapsed", &all, |cost| cost.elapsed);
            show("processor", &all, |cost| cost.processor);
        }
    }
}
