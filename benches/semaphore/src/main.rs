//! `selvedge::Semaphore` beside tokio's, async-lock's, and a mutex with a condition variable, in one
//! run. Every row is the same work for all who can do it; where a peer has no such operation it is
//! absent.
//!
//! ```text
//! cargo run --release --manifest-path benches/semaphore/Cargo.toml -- --bench
//! cargo run --release --manifest-path benches/semaphore/Cargo.toml --features check -- --bench
//! ```
//!
//! Rows with contention again, as ratios of runs that alternate, and how those are spread:
//!
//! ```text
//! cargo run --release --manifest-path benches/semaphore/Cargo.toml -- --paired 40
//! ```
//!
//! A filter comes last, as in `-- --bench try`. With `check` the rows of selvedge alone change: the
//! hook costs a thread-local read for each op outside of an exploration.
//!
//! tokio's and selvedge's semaphores are fair: who waits first is served first. The other two let
//! whoever runs take what is free, which saves switches of threads where there is contention, and
//! lets others starve. tokio has no blocking acquire: there it is driven by the `block_on` of
//! `waiting.rs`, and so is a second row of selvedge.

// a benchmark is about time, and nothing of it reaches a finding
#![allow(clippy::disallowed_methods)]

mod condvar;
mod paired;
mod waiting;

use std::hint::black_box;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use criterion::Criterion;
use waiting::{at_once, block_on, crowd, run_two};

type Ours = selvedge::Semaphore;
type Tokio = tokio::sync::Semaphore;
type AsyncLock = async_lock::Semaphore;
type Condvar = condvar::Semaphore;

fn uncontended_try(c: &mut Criterion) {
    let mut group = c.benchmark_group("try");
    let s = Ours::new(4);
    group.bench_function("selvedge", |b| {
        b.iter(|| drop(black_box(&s).try_acquire().unwrap()))
    });
    let s = Tokio::new(4);
    group.bench_function("tokio", |b| {
        b.iter(|| drop(black_box(&s).try_acquire().unwrap()))
    });
    let s = AsyncLock::new(4);
    group.bench_function("async-lock", |b| {
        b.iter(|| drop(black_box(&s).try_acquire().unwrap()))
    });
    let s = Condvar::new(4);
    group.bench_function("condvar", |b| {
        b.iter(|| drop(black_box(&s).try_acquire().unwrap()))
    });
}

fn uncontended_async(c: &mut Criterion) {
    let mut group = c.benchmark_group("acquire-async");
    let s = Ours::new(4);
    group.bench_function("selvedge", |b| {
        b.iter(|| drop(at_once(black_box(&s).acquire()).unwrap()))
    });
    let s = Tokio::new(4);
    group.bench_function("tokio", |b| {
        b.iter(|| drop(at_once(black_box(&s).acquire()).unwrap()))
    });
    let s = AsyncLock::new(4);
    group.bench_function("async-lock", |b| {
        b.iter(|| drop(at_once(black_box(&s).acquire())))
    });
}

fn uncontended_blocking(c: &mut Criterion) {
    let mut group = c.benchmark_group("acquire-blocking");
    let s = Ours::new(4);
    group.bench_function("selvedge", |b| {
        b.iter(|| drop(black_box(&s).acquire_blocking().unwrap()))
    });
    group.bench_function("selvedge-block-on", |b| {
        b.iter(|| drop(block_on(black_box(&s).acquire()).unwrap()))
    });
    let s = Tokio::new(4);
    group.bench_function("tokio", |b| {
        b.iter(|| drop(block_on(black_box(&s).acquire()).unwrap()))
    });
    let s = AsyncLock::new(4);
    group.bench_function("async-lock", |b| {
        b.iter(|| drop(black_box(&s).acquire_blocking()))
    });
    let s = Condvar::new(4);
    group.bench_function("condvar", |b| b.iter(|| drop(black_box(&s).acquire())));
}

/// What somebody does with a permit: about a microsecond, so that others come meanwhile.
fn work() {
    for i in 0..2000 {
        black_box(i);
    }
}

/// Threads that each do their share of the rounds; half of them can be inside at once.
fn share(threads: usize, rounds: u64, round: impl Fn() + Sync) -> Duration {
    let start = Barrier::new(threads + 1);
    let each = rounds.div_ceil(threads as u64);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                start.wait();
                for _ in 0..each {
                    round();
                }
            });
        }
        start.wait();
        Instant::now()
    })
    .elapsed()
}

fn contended(c: &mut Criterion, threads: usize) {
    let mut group = c.benchmark_group(format!("contended-{threads}"));
    group
        .measurement_time(Duration::from_secs(5))
        .sample_size(30);
    let permits = threads / 2;
    let s = Ours::new(permits);
    group.bench_function("selvedge", |b| {
        b.iter_custom(|n| {
            share(threads, n, || {
                let _permit = s.acquire_blocking().unwrap();
                work();
            })
        })
    });
    group.bench_function("selvedge-block-on", |b| {
        b.iter_custom(|n| {
            share(threads, n, || {
                let _permit = block_on(s.acquire()).unwrap();
                work();
            })
        })
    });
    let s = Tokio::new(permits);
    group.bench_function("tokio", |b| {
        b.iter_custom(|n| {
            share(threads, n, || {
                let _permit = block_on(s.acquire()).unwrap();
                work();
            })
        })
    });
    let s = AsyncLock::new(permits);
    group.bench_function("async-lock", |b| {
        b.iter_custom(|n| {
            share(threads, n, || {
                let _permit = s.acquire_blocking();
                work();
            })
        })
    });
    let s = Condvar::new(permits);
    group.bench_function("condvar", |b| {
        b.iter_custom(|n| {
            share(threads, n, || {
                let _permit = s.acquire();
                work();
            })
        })
    });
}

/// A task that takes from one semaphore and puts into another, and its opposite: each op waits.
macro_rules! ping_pong {
    ($rounds:expr, $a:expr, $b:expr, $take:ident, $put:ident) => {{
        let (a, b) = ($a, $b);
        let start = Instant::now();
        run_two(
            async {
                for _ in 0..$rounds {
                    $put(&a);
                    $take(&b).await;
                }
            },
            async {
                for _ in 0..$rounds {
                    $take(&a).await;
                    $put(&b);
                }
            },
        );
        start.elapsed()
    }};
}

async fn take_ours(s: &Ours) {
    s.acquire_raw().await.unwrap();
}

async fn take_tokio(s: &Tokio) {
    s.acquire().await.unwrap().forget();
}

async fn take_async_lock(s: &AsyncLock) {
    s.acquire().await.forget();
}

fn put_ours(s: &Ours) {
    s.release(1).unwrap();
}

fn put_tokio(s: &Tokio) {
    s.add_permits(1);
}

fn put_async_lock(s: &AsyncLock) {
    s.add_permits(1);
}

fn hand_back_and_forth(c: &mut Criterion) {
    let mut group = c.benchmark_group("ping-pong");
    group.bench_function("selvedge", |b| {
        b.iter_custom(|n| {
            ping_pong!(
                n,
                Ours::unbounded(0),
                Ours::unbounded(0),
                take_ours,
                put_ours
            )
        })
    });
    group.bench_function("tokio", |b| {
        b.iter_custom(|n| ping_pong!(n, Tokio::new(0), Tokio::new(0), take_tokio, put_tokio))
    });
    group.bench_function("async-lock", |b| {
        b.iter_custom(|n| {
            let (x, y) = (AsyncLock::new(0), AsyncLock::new(0));
            ping_pong!(n, x, y, take_async_lock, put_async_lock)
        })
    });
}

/// A thousand acquires that wait, one release for all of them, and each taking what it was granted.
macro_rules! thousand {
    ($group:ident, $name:literal, $s:expr, $take:ident, $put:expr) => {
        let s = $s;
        let mut all: Vec<_> = (0..WAITERS).map(|_| Box::pin($take(&s))).collect();
        $group.bench_function($name, |b| {
            b.iter(|| {
                for future in &mut all {
                    future.set($take(&s));
                }
                crowd(&mut all, || $put(&s));
            })
        });
    };
}

const WAITERS: usize = 1000;

fn thousand(c: &mut Criterion) {
    let mut group = c.benchmark_group("thousand-waiters");
    let put = |s: &Ours| s.release(WAITERS).unwrap();
    thousand!(group, "selvedge", Ours::unbounded(0), take_ours, put);
    let put = |s: &Tokio| s.add_permits(WAITERS);
    thousand!(group, "tokio", Tokio::new(0), take_tokio, put);
    let put = |s: &AsyncLock| s.add_permits(WAITERS);
    thousand!(group, "async-lock", AsyncLock::new(0), take_async_lock, put);
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().is_some_and(|first| first == "--paired") {
        let pairs = arguments.next().and_then(|pairs| pairs.parse().ok());
        return paired::compare(pairs.unwrap_or(40));
    }
    let mut criterion = Criterion::default().configure_from_args();
    uncontended_try(&mut criterion);
    uncontended_async(&mut criterion);
    uncontended_blocking(&mut criterion);
    contended(&mut criterion, 2);
    contended(&mut criterion, 8);
    hand_back_and_forth(&mut criterion);
    thousand(&mut criterion);
    criterion.final_summary();
}
