//! Bare shuttle: its engine over a pool of stacks that is kept, its own semaphore, its own threads.

use std::cell::{Cell, RefCell};
use std::panic::Location;
use std::rc::Rc;
use std::sync::Arc;

use shuttle_engine::future::batch_semaphore::{BatchSemaphore, Fairness};
use shuttle_engine::runtime::execution::Execution;
use shuttle_engine::runtime::thread::continuation::{CONTINUATION_POOL, ContinuationPool};
use shuttle_engine::scheduler::{Schedule, Scheduler, Task, TaskId};
use shuttle_engine::{Config, FailurePersistence};
use shuttle_std::thread;

use crate::shape::{SWITCHES, Shape};

fn config() -> Config {
    let mut config = Config::new();
    config.failure_persistence = FailurePersistence::None;
    config.silence_warnings = true;
    config
}

/// Makes so many runs by a scheduler.
pub fn runs<const COUNT: bool>(
    runs: u64,
    scheduler: impl Scheduler + 'static,
    pool: &ContinuationPool,
    shape: Shape,
) {
    let config = config();
    let scheduler: Rc<RefCell<dyn Scheduler>> = Rc::new(RefCell::new(scheduler));
    CONTINUATION_POOL.set(pool, || {
        for _ in 0..runs {
            let Some(schedule) = scheduler.borrow_mut().new_execution() else {
                panic!("the scheduler has so many runs");
            };
            let execution = Execution::new(Rc::clone(&scheduler), schedule);
            execution.run(&config, move || subject::<COUNT>(shape), Location::caller());
        }
        // one that prints its seed when it is dropped does not now
        let _ = scheduler.borrow_mut().new_execution();
    });
}

fn subject<const COUNT: bool>(shape: Shape) {
    let semaphore = Arc::new(BatchSemaphore::new(1, Fairness::StrictlyFair));
    let workers: Vec<thread::JoinHandle<()>> = (1..=shape.workers)
        .map(|me| {
            let semaphore = Arc::clone(&semaphore);
            thread::spawn(move || {
                for _ in 0..shape.rounds {
                    semaphore.acquire_blocking(1).expect("it is open");
                    if COUNT {
                        SWITCHES.goes_on(me);
                    }
                    semaphore.release(1);
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
}

/// As little as a scheduler needs: a random number for each choice.
pub struct Dice {
    run: u64,
    random: u64,
}

impl Dice {
    pub fn new() -> Dice {
        Dice { run: 0, random: 0 }
    }
}

impl Scheduler for Dice {
    fn new_execution(&mut self) -> Option<Schedule> {
        self.run += 1;
        self.random = self.run;
        Some(Schedule::new(self.run))
    }

    fn next_task(&mut self, runnable: &[&Task], _: Option<TaskId>, _: bool) -> Option<TaskId> {
        let random = self.next_u64();
        let at = (u128::from(random) * runnable.len() as u128) >> 64;
        Some(runnable[at as usize].id())
    }

    /// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
    fn next_u64(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// Counts the decisions of another one.
pub struct Counted<S> {
    pub inner: S,
    pub decisions: Rc<Cell<u64>>,
}

impl<S: Scheduler> Scheduler for Counted<S> {
    fn new_execution(&mut self) -> Option<Schedule> {
        self.inner.new_execution()
    }

    fn next_task(
        &mut self,
        runnable: &[&Task],
        current: Option<TaskId>,
        is_yielding: bool,
    ) -> Option<TaskId> {
        self.decisions.set(self.decisions.get() + 1);
        self.inner.next_task(runnable, current, is_yielding)
    }

    fn next_u64(&mut self) -> u64 {
        self.inner.next_u64()
    }
}
