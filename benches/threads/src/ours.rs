//! Explorations, with all properties: of threads, and of futures that do the same.

use std::sync::Arc;

use selvedge::report::Report;
use selvedge::strategy::StrategyName;
use selvedge::{Explorer, Semaphore, task, thread};

use crate::shape::{SWITCHES, Shape};

fn explorer(strategy: StrategyName, runs: Option<u64>) -> Explorer {
    Explorer {
        strategy,
        runs,
        ..Explorer::closures()
    }
}

/// Makes so many runs of threads.
pub fn threads<const COUNT: bool>(
    strategy: StrategyName,
    runs: Option<u64>,
    shape: Shape,
) -> Report {
    explorer(strategy, runs).explore_threads("bench", move || {
        let semaphore = Arc::new(Semaphore::new(1));
        let workers: Vec<thread::JoinHandle<()>> = (1..=shape.workers)
            .map(|me| {
                let semaphore = Arc::clone(&semaphore);
                thread::spawn(move || {
                    for _ in 0..shape.rounds {
                        let permit = semaphore.acquire_blocking().expect("it is open");
                        if COUNT {
                            SWITCHES.goes_on(me);
                        }
                        drop(permit);
                        if COUNT {
                            SWITCHES.goes_on(me);
                        }
                    }
                })
            })
            .collect();
        for worker in workers {
            worker.join().expect("it does not panic");
            if COUNT {
                SWITCHES.goes_on(0);
            }
        }
    })
}

/// Makes so many runs of futures: the same steps and checks, without a stack.
pub fn futures(runs: u64, shape: Shape) -> Report {
    let mut explorer = explorer(StrategyName::Random, Some(runs));
    // in a run of threads nobody is cancelled by choice
    explorer.budget.cancels = Some(0);
    explorer.explore_async("bench", move || async move {
        let semaphore = Arc::new(Semaphore::new(1));
        let workers: Vec<task::JoinHandle<()>> = (1..=shape.workers)
            .map(|_| {
                let semaphore = Arc::clone(&semaphore);
                task::spawn(async move {
                    for _ in 0..shape.rounds {
                        drop(semaphore.acquire().await.expect("it is open"));
                    }
                })
            })
            .collect();
        for worker in workers {
            worker.await.expect("it does not panic");
        }
    })
}
