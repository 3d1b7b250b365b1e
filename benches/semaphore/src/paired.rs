//! Contended rows pair by pair: a short run of selvedge's, one of tokio's, and their ratio, again and
//! again, each first every other time. Hand-offs between threads are bimodal, and others use the
//! machine too: what lasts longer than a pair is in both of its runs, and leaves the ratio alone.

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

/// One run: nanoseconds a round.
fn run(row: &Row, acquire_and: impl Fn(&dyn Fn()) + Sync) -> f64 {
    let start = Barrier::new(row.threads + 1);
    let (stop, rounds) = (AtomicBool::new(false), AtomicU64::new(0));
    let inside = || spend(row.inside);
    let began = thread::scope(|scope| {
        for _ in 0..row.threads {
            scope.spawn(|| {
                let mut done = 0;
                start.wait();
                while !stop.load(Ordering::Relaxed) {
                    acquire_and(&inside);
                    spend(row.outside);
                    done += 1;
                }
                rounds.fetch_add(done, Ordering::Relaxed);
            });
        }
        start.wait();
        let began = Instant::now();
        thread::sleep(RUN);
        stop.store(true, Ordering::Relaxed);
        began
    });
    began.elapsed().as_secs_f64() * 1e9 / rounds.into_inner() as f64
}

fn blocking(row: &Row, s: &Ours) -> f64 {
    run(row, |inside| {
        let _permit = s.acquire_blocking().unwrap();
        inside();
    })
}

fn blocked_on(row: &Row, s: &Ours) -> f64 {
    run(row, |inside| {
        let _permit = block_on(s.acquire()).unwrap();
        inside();
    })
}

fn tokio(row: &Row, s: &Tokio) -> f64 {
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

/// Runs that many pairs of each row, and prints medians, and how ratios are spread.
pub fn compare(pairs: usize) {
    println!("ns a round, medians; ratio: ours / tokio's of each pair, at 10, 25, 50, 75, 90 %");
    let ours: [(&str, fn(&Row, &Ours) -> f64); 2] =
        [("selvedge", blocking), ("selvedge-block-on", blocked_on)];
    for row in &ROWS {
        let Row {
            threads,
            permits,
            inside,
            outside,
        } = row;
        println!("{threads} threads, {permits} permits, work {inside} inside, {outside} outside");
        for (name, own) in ours {
            let (mut a, mut b, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
            for pair in 0..pairs {
                let (x, y) = (Ours::new(*permits), Tokio::new(*permits));
                let (mine, theirs) = if pair % 2 == 0 {
                    let mine = own(row, &x);
                    (mine, tokio(row, &y))
                } else {
                    let theirs = tokio(row, &y);
                    (own(row, &x), theirs)
                };
                a.push(mine);
                b.push(theirs);
                ratios.push(mine / theirs);
            }
            let ahead = ratios.iter().filter(|&&ratio| ratio < 1.0).count();
            let [tenth, quarter, half, three, nine] = spread(ratios);
            println!(
                "  {name:18} {:9.0}  tokio {:9.0}  ratio {tenth:.2} {quarter:.2} [{half:.2}] {three:.2} {nine:.2}  ahead in {ahead} of {pairs}",
                spread(a)[2],
                spread(b)[2],
            );
        }
    }
}
