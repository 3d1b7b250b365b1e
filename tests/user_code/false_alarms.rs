//! Right code, of which nothing may be found.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use selvedge::explore::Explorer;
use selvedge::report::{Report, Style, text};
use selvedge::{Semaphore, fault, thread};
use shuttle::sync::mpsc::channel;
use shuttle::sync::{Condvar, Mutex, RwLock};

fn shown(report: &Report) -> String {
    text(report, &Style::default())
}

fn explorer(runs: u64) -> Explorer {
    Explorer {
        runs: Some(runs),
        ..Explorer::closures()
    }
}

/// Nothing is found; how many runs were not judged.
#[track_caller]
fn is_clean(runs: u64, closure: impl Fn() + Send + Sync + 'static) -> u64 {
    let report = explorer(runs).explore_threads("subject", closure);
    assert!(report.findings.is_empty(), "{}", shown(&report));
    report.stats.unjudged
}

/// Does something when it is dropped.
struct Finally<F: FnMut()>(F);

impl<F: FnMut()> Drop for Finally<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// Three workers, each of which may panic while `work` is done; whether some panic was injected.
fn three(work: impl Fn() + Send + Sync + 'static) -> bool {
    let work = Arc::new(work);
    let threads = [(); 3].map(|()| {
        let work = Arc::clone(&work);
        thread::spawn(move || work())
    });
    let joined = threads.map(|thread| thread.join().is_err());
    joined.contains(&true)
}

#[test]
fn a_destructor_locks_while_its_thread_unwinds() {
    static STRUCK: AtomicU64 = AtomicU64::new(0);
    let unjudged = is_clean(10_000, || {
        let free = Arc::new(Mutex::new(3));
        let there = Arc::clone(&free);
        let struck = three(move || {
            *there.lock().unwrap() -= 1;
            let _back = Finally(|| *there.lock().unwrap_or_else(|e| e.into_inner()) += 1);
            fault::point("work");
        });
        STRUCK.fetch_add(u64::from(struck), Ordering::Relaxed);
        assert_eq!(*free.lock().unwrap(), 3);
    });
    assert!(unjudged < 500, "{unjudged} runs were not judged");
    // that nothing is found does not come of it that nothing is injected
    let struck = STRUCK.load(Ordering::Relaxed);
    assert!(struck > 2000, "{struck} runs had a panic");
}

/// On real threads no lock is ever poisoned here, so the destructor may count on that.
#[test]
fn a_destructor_unwraps_a_lock_that_is_never_poisoned() {
    is_clean(2_000, || {
        let free = Arc::new(Mutex::new(3));
        let there = Arc::clone(&free);
        three(move || {
            *there.lock().unwrap() -= 1;
            let _back = Finally(|| *there.lock().unwrap() += 1);
            fault::point("work");
        });
        assert_eq!(*free.lock().unwrap(), 3);
    });
}

#[test]
fn a_destructor_uses_other_types_of_shuttles() {
    is_clean(2_000, || {
        let free = Arc::new(RwLock::new(3));
        let there = Arc::clone(&free);
        three(move || {
            assert!(*there.read().unwrap() > 0);
            *there.write().unwrap() -= 1;
            let _back = Finally(|| *there.write().unwrap_or_else(|e| e.into_inner()) += 1);
            fault::point("work");
        });
        assert_eq!(*free.read().unwrap(), 3);
    });
    is_clean(2_000, || {
        let gate = Arc::new((Mutex::new(0), Condvar::new()));
        let there = Arc::clone(&gate);
        let threads = [(); 2].map(|()| {
            let there = Arc::clone(&there);
            thread::spawn(move || {
                let _done = Finally(|| {
                    *there.0.lock().unwrap_or_else(|e| e.into_inner()) += 1;
                    there.1.notify_all();
                });
                fault::point("work");
            })
        });
        let done = gate.1.wait_while(gate.0.lock().unwrap(), |done| *done < 2);
        assert_eq!(*done.unwrap(), 2);
        for thread in threads {
            let _ = thread.join();
        }
    });
    is_clean(2_000, || {
        let (sender, receiver) = channel();
        let threads = [1, 2].map(|item| {
            let sender = sender.clone();
            thread::spawn(move || {
                let _sent = Finally(|| sender.send(item).unwrap());
                fault::point("work");
            })
        });
        drop(sender);
        assert_eq!(receiver.iter().sum::<i32>(), 3);
        for thread in threads {
            let _ = thread.join();
        }
    });
}

/// It waits for permits, or for a thread: others have to go on meanwhile.
#[test]
fn a_destructor_waits_while_its_thread_unwinds() {
    let unjudged = is_clean(2_000, || {
        let pool = Arc::new(Semaphore::new(1).named("pool"));
        three(move || {
            let _last = Finally(|| drop(pool.acquire_blocking()));
            fault::point("work");
            drop(pool.acquire_blocking());
        });
    });
    assert!(unjudged > 0);
    let unjudged = is_clean(2_000, || {
        let (pool, mutex) = (Arc::new(Semaphore::new(1)), Arc::new(Mutex::new(0)));
        three(move || {
            let (pool, mutex) = (Arc::clone(&pool), Arc::clone(&mutex));
            let helper = thread::spawn(move || {
                let _permit = pool.acquire_blocking().unwrap();
                *mutex.lock().unwrap() += 1;
            });
            let mut helper = Some(helper);
            let _joined = Finally(|| helper.take().unwrap().join().unwrap());
            fault::point("work");
        });
    });
    assert!(unjudged > 0);
}

/// Who panics while it holds a lock does poison it.
#[test]
fn a_lock_that_is_held_by_who_panics_is_poisoned() {
    let report = explorer(2_000).explore_threads("subject", || {
        let count = Arc::new(Mutex::new(0));
        let there = Arc::clone(&count);
        let thread = thread::spawn(move || {
            let mut count = there.lock().unwrap();
            fault::point("work");
            *count += 1;
        });
        let _ = thread.join();
        assert!(count.lock().is_ok(), "somebody panicked with it");
    });
    assert_eq!(report.findings.len(), 1, "{}", shown(&report));
    assert!(
        report.findings[0]
            .detail
            .contains("somebody panicked with it")
    );
}

/// Numbers that are the same in each process.
struct Random(u64);

impl Random {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}

/// What a worker of a random program does.
#[derive(Debug, Clone, Copy)]
enum Does {
    /// Takes of a mutex's count what a guard puts back.
    Takes {
        mutex: usize,
        unwraps: bool,
    },
    /// Changes a count there and back, with a step in between.
    Moves {
        mutex: usize,
    },
    /// Holds a permit to the end of its block.
    Holds,
    MayPanic,
    Yields,
    /// Drops the guards that it has.
    Drops,
}

fn random_worker(random: &mut Random, mutexes: usize) -> Vec<Does> {
    let length = 2 + random.below(5);
    let mut does: Vec<Does> = (0..length)
        .map(|_| match random.below(10) {
            0..3 => Does::Takes {
                mutex: random.below(mutexes as u64) as usize,
                unwraps: random.below(2) == 0,
            },
            3 | 4 => Does::Moves {
                mutex: random.below(mutexes as u64) as usize,
            },
            5 => Does::Holds,
            6 | 7 => Does::MayPanic,
            8 => Does::Yields,
            _ => Does::Drops,
        })
        .collect();
    let at = random.below(does.len() as u64 + 1) as usize;
    does.insert(
        at,
        Does::Takes {
            mutex: 0,
            unwraps: false,
        },
    );
    does.push(Does::MayPanic);
    does
}

fn perform(does: &[Does], counts: &[Arc<Mutex<i64>>], pool: &Semaphore) {
    let mut guards: Vec<Box<dyn std::any::Any>> = Vec::new();
    // one permit at a time: no worker waits for what it holds
    let mut permit = None;
    for one in does {
        match *one {
            Does::Takes { mutex, unwraps } => {
                let count = Arc::clone(&counts[mutex]);
                *count.lock().unwrap() -= 1;
                guards.push(Box::new(Finally(move || match count.lock() {
                    Ok(mut count) => *count += 1,
                    Err(poisoned) if !unwraps => *poisoned.into_inner() += 1,
                    Err(_) => panic!("nobody panics with a lock"),
                })));
            }
            Does::Moves { mutex } => {
                *counts[mutex].lock().unwrap() += 5;
                thread::yield_now();
                *counts[mutex].lock().unwrap() -= 5;
            }
            Does::Holds if permit.is_none() => permit = Some(pool.acquire_blocking().unwrap()),
            Does::Holds => permit = None,
            Does::MayPanic => fault::point("work"),
            Does::Yields => thread::yield_now(),
            Does::Drops => guards.clear(),
        }
    }
}

fn size(variable: &str, usual: u64) -> u64 {
    match std::env::var(variable) {
        Ok(text) => text.parse().expect("a number"),
        Err(_) => usual,
    }
}

/// Programs that chance made, and that are right by construction: nothing is found in them, and few
/// runs are not judged. The full size is
/// `UNWINDING_SHAPES=200 UNWINDING_RUNS=10000 cargo test --release --features threads --test closures
/// right_programs_of_chance -- --nocapture`.
#[test]
fn right_programs_of_chance_are_clean() {
    let (shapes, runs) = (size("UNWINDING_SHAPES", 20), size("UNWINDING_RUNS", 300));
    let mut unjudged: Vec<u64> = Vec::new();
    let struck = Arc::new(AtomicU64::new(0));
    for shape in 0..shapes {
        let mut random = Random(shape);
        let mutexes = 1 + random.below(3) as usize;
        let workers: Vec<Vec<Does>> = (0..2 + random.below(3))
            .map(|_| random_worker(&mut random, mutexes))
            .collect();
        let permits = 1 + random.below(2) as usize;
        let told = format!("shape {shape}: {mutexes} mutexes, {permits} permits, {workers:?}");
        let there = Arc::clone(&struck);
        let report = explorer(runs).explore_threads("subject", move || {
            let counts: Vec<_> = (0..mutexes).map(|_| Arc::new(Mutex::new(10))).collect();
            let pool = Arc::new(Semaphore::new(permits).named("pool"));
            let threads: Vec<_> = workers
                .iter()
                .map(|does| {
                    let (does, counts, pool) = (does.clone(), counts.clone(), Arc::clone(&pool));
                    thread::spawn(move || perform(&does, &counts, &pool))
                })
                .collect();
            let joined: Vec<_> = threads
                .into_iter()
                .map(|thread| thread.join().is_err())
                .collect();
            there.fetch_add(u64::from(joined.contains(&true)), Ordering::Relaxed);
            for count in &counts {
                assert_eq!(*count.lock().unwrap(), 10);
            }
        });
        assert!(report.findings.is_empty(), "{told}\n{}", shown(&report));
        unjudged.push(report.stats.unjudged);
    }
    unjudged.sort_unstable();
    let (median, most) = (unjudged[unjudged.len() / 2], unjudged[unjudged.len() - 1]);
    let struck = struck.load(Ordering::Relaxed);
    println!(
        "{shapes} shapes of {runs} runs, a panic struck in {struck}; runs not judged: median {median}, \
         most {most}, in all {}",
        unjudged.iter().sum::<u64>()
    );
    assert!(
        median * 20 < runs,
        "{median} of {runs} runs were not judged"
    );
    assert!(
        struck * 4 > shapes * runs,
        "a panic struck in {struck} runs only"
    );
}
