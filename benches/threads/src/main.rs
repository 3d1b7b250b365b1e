//! Runs a second of an exploration of threads, beside bare shuttle and beside a bare loop over stacks;
//! seconds of processor time.
//!
//! `cargo run --release --manifest-path benches/threads/Cargo.toml` prints a line for each round of
//! measurements, and the least, the median and the largest of each ratio. All take turns in one process,
//! in an order that changes from round to round, since machines drift.
//!
//! What is equal: one process and thread; a semaphore with one permit, fair; so many workers that each
//! acquire and release it so many times, started and joined by the first; each choice among all that can
//! go on is as likely as the next; stacks are kept from run to run; link-time optimization. All have a
//! choice before each acquire and release.
//!
//! What is not:
//!
//! - The exploration watches, judges and counts every step with all properties, has budgets and a step
//!   bound, can replay every run, and looks for a deadlock by itself.
//! - Bare shuttle checks nothing but that somebody can go on. It asks for a choice more often: also at the
//!   end of an acquire that has waited, at a spawn and when a worker ends; decisions and switches of a run
//!   are printed first. Its scheduler is the faster of its own random one and of one that only draws a
//!   number. Its stacks are smaller, as is its default; as little of them is touched.
//! - The bare loop makes the exploration's choices, and does nothing else: no name, trace or panic
//!   survives, and shuttle's `sync` types would not work in it. It is what is left of an engine of our own if
//!   checking cost nothing.
//! - The exploration of futures checks the same on the same core without any stack: what is left if
//!   switching cost nothing. It starts a task by a poll, and has polls where threads block.

mod bare;
mod ours;
mod peer;
mod shape;

use std::cell::Cell;
use std::rc::Rc;

use cpu_time::ProcessTime;
use selvedge::strategy::StrategyName;
use shape::{SWITCHES, Shape};
use shuttle_engine::runtime::thread::continuation::ContinuationPool;
use shuttle_schedulers::RandomScheduler;

const ROUNDS: usize = 11;

/// Runs in which decisions and switches are counted.
const COUNTED: u64 = 20_000;

/// Runs that are made of each in a round.
fn runs_of(shape: Shape) -> u64 {
    60_000 / (shape.workers * shape.rounds) as u64
}

/// All that are compared.
struct Bench {
    shape: Shape,
    pool: ContinuationPool,
    bare: bare::Loop,
}

const NAMES: [&str; 5] = [
    "threads",
    "shuttle, dice",
    "shuttle, own",
    "bare loop",
    "futures",
];

impl Bench {
    /// Makes so many runs of one of them; decisions a run, where they are known.
    fn runs<const COUNT: bool>(&mut self, which: usize, runs: u64) -> Option<f64> {
        let shape = self.shape;
        match which {
            0 => {
                let report = ours::threads::<COUNT>(StrategyName::Random, Some(runs), shape);
                assert!(report.findings.is_empty(), "the subject is right");
                Some(report.stats.transitions as f64 / runs as f64)
            }
            1 if COUNT => Some(self.counted(runs, peer::Dice::new())),
            2 if COUNT => {
                Some(self.counted(runs, RandomScheduler::new_from_seed(0, runs as usize)))
            }
            1 => {
                peer::runs::<COUNT>(runs, peer::Dice::new(), &self.pool, shape);
                None
            }
            2 => {
                let scheduler = RandomScheduler::new_from_seed(0, runs as usize);
                peer::runs::<COUNT>(runs, scheduler, &self.pool, shape);
                None
            }
            3 => Some(
                self.bare
                    .runs(runs, move |me| bare_subject::<COUNT>(me, shape)),
            ),
            _ => {
                let report = ours::futures(runs, shape);
                assert!(report.findings.is_empty(), "the subject is right");
                Some(report.stats.transitions as f64 / runs as f64)
            }
        }
    }

    fn counted(
        &self,
        runs: u64,
        inner: impl shuttle_engine::scheduler::Scheduler + 'static,
    ) -> f64 {
        let decisions = Rc::new(Cell::new(0));
        let scheduler = peer::Counted {
            inner,
            decisions: Rc::clone(&decisions),
        };
        peer::runs::<true>(runs, scheduler, &self.pool, self.shape);
        decisions.get() as f64 / runs as f64
    }

    /// Runs a second of processor time.
    fn rate(&mut self, which: usize) -> f64 {
        let runs = runs_of(self.shape);
        let start = ProcessTime::now();
        self.runs::<false>(which, runs);
        runs as f64 / start.elapsed().as_secs_f64()
    }
}

fn bare_subject<const COUNT: bool>(me: &bare::Me<'_>, shape: Shape) {
    let semaphore = Rc::new(bare::Semaphore::new(1));
    let workers: Vec<usize> = (1..=shape.workers)
        .map(|_| {
            let semaphore = Rc::clone(&semaphore);
            me.spawn(move |me| {
                for _ in 0..shape.rounds {
                    semaphore.acquire(me);
                    if COUNT {
                        SWITCHES.goes_on(me.number());
                    }
                    semaphore.release(me);
                    if COUNT {
                        SWITCHES.goes_on(me.number());
                    }
                }
            })
        })
        .collect();
    for worker in workers {
        me.join(worker);
        if COUNT {
            SWITCHES.goes_on(0);
        }
    }
}

/// The least, the median and the largest.
fn spread(mut figures: Vec<f64>) -> [f64; 3] {
    figures.sort_by(f64::total_cmp);
    [
        figures[0],
        figures[figures.len() / 2],
        figures[figures.len() - 1],
    ]
}

fn compare(shape: Shape) {
    let Shape { workers, rounds } = shape;
    println!("\n{workers} workers, {rounds} rounds, one permit: runs a second of processor time");
    let mut bench = Bench {
        shape,
        pool: ContinuationPool::new(),
        bare: bare::Loop::default(),
    };
    for (which, name) in NAMES.iter().enumerate() {
        SWITCHES.take(1);
        let decisions = bench.runs::<true>(which, COUNTED).unwrap_or(f64::NAN);
        let switches = SWITCHES.take(COUNTED);
        if which == 4 {
            println!("{name:>14}: {decisions:.2} decisions a run");
        } else {
            println!("{name:>14}: {decisions:.2} decisions, {switches:.2} switches a run");
        }
    }
    let mut rates: [Vec<f64>; NAMES.len()] = Default::default();
    for round in 0..ROUNDS {
        let mut line = [0.0; NAMES.len()];
        for at in 0..NAMES.len() {
            let which = (at + round) % NAMES.len();
            line[which] = bench.rate(which);
        }
        for (which, rate) in line.iter().enumerate() {
            rates[which].push(*rate);
            print!("{} {rate:.0}   ", NAMES[which]);
        }
        println!();
    }
    for (name, rates) in NAMES.iter().zip(&rates) {
        let [least, median, most] = spread(rates.clone());
        println!("{name:>14}: {least:>9.0} {median:>9.0} {most:>9.0}");
    }
    let peer: Vec<f64> = rates[1]
        .iter()
        .zip(&rates[2])
        .map(|(a, b)| a.max(*b))
        .collect();
    let others = [
        ("shuttle", &peer),
        ("bare loop", &rates[3]),
        ("futures", &rates[4]),
    ];
    for (name, other) in others {
        let ratios = rates[0]
            .iter()
            .zip(other)
            .map(|(ours, theirs)| ours / theirs);
        let [least, median, most] = spread(ratios.collect());
        println!("threads to {name}: {least:.3} {median:.3} {most:.3} (least, median, most)");
    }
}

fn main() {
    let shapes = [
        Shape {
            workers: 2,
            rounds: 1,
        },
        Shape {
            workers: 4,
            rounds: 4,
        },
    ];
    let mut arguments = std::env::args().skip(1);
    // `profile 0 50000 1`: runs of one of them alone, of one shape, for a profiler to look at
    if arguments.next().as_deref() == Some("profile") {
        let mut number = || arguments.next().and_then(|n| n.parse::<u64>().ok());
        let (which, runs) = (number().unwrap_or(0), number().unwrap_or(50_000));
        let shape = shapes[number().unwrap_or(1) as usize % shapes.len()];
        let mut bench = Bench {
            shape,
            pool: ContinuationPool::new(),
            bare: bare::Loop::default(),
        };
        bench.runs::<false>(which as usize, runs);
        return;
    }
    shapes.into_iter().for_each(compare);
    let report = ours::threads::<false>(StrategyName::Exhaustive, None, shapes[0]);
    println!(
        "\nexhaustive, 2 workers, 1 round: {} runs, complete {}",
        report.stats.runs, report.complete
    );
}
