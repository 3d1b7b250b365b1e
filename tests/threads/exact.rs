//! How many runs there are, counted by hand; and that run i is what it is whatever was made before.
//!
//! A thread that takes a permit and puts it back has three steps: it starts, takes or queues, and puts
//! back. Who queued is granted within the step that puts back, and has one step left.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use selvedge::explore::Explorer;
use selvedge::report::Shard;
use selvedge::strategy::StrategyName;
use selvedge::{Cancel, Semaphore, fault, thread};

use super::drive::{depth_first, found, portfolio, semaphore, with_faults};

/// There are so many runs with these panics and timeouts, and nothing is found in them.
#[track_caller]
fn runs(expected: u64, faults: [u32; 2], closure: impl Fn() + Send + Sync + 'static) {
    let explorer = Explorer {
        runs: None,
        allow_vacuous: true,
        ..with_faults(depth_first(), [faults[0], faults[1], 0])
    };
    let report = explorer.explore_threads("subject", closure);
    let all = (report.complete, found(&report), report.stats.runs);
    assert_eq!(all, (true, Vec::new(), expected));
}

fn spawn_each(count: usize, run: impl Fn(usize) + Clone + Send + 'static) {
    for i in 0..count {
        let run = run.clone();
        drop(thread::spawn(move || run(i)));
    }
}

fn spawn_on_one_permit(count: usize, run: fn(&Semaphore)) {
    let pool = semaphore("pool", 1);
    spawn_each(count, move |_| run(&pool));
}

fn yields(times: usize) {
    (0..times).for_each(|_| thread::yield_now());
}

#[test]
fn nothing_has_one_run() {
    runs(1, [0, 0], || ());
}

/// 3! orders.
#[test]
fn three_threads_of_one_step() {
    runs(6, [0, 0], || spawn_each(3, |_| yields(0)));
}

/// 6! / (2! 2! 2!) orders of two steps each.
#[test]
fn three_threads_of_two_steps() {
    runs(90, [0, 0], || spawn_each(3, |_| yields(1)));
}

/// First, join, second, join; first, second, join, join; second, first, join, join.
#[test]
fn main_joins_two_threads() {
    runs(3, [0, 0], || {
        let threads = [thread::spawn(|| ()), thread::spawn(|| ())];
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

/// First, join, second, join; and where both have ended before the first is joined there is nothing
/// to wait for after that.
#[test]
fn a_scope_joins_two_threads() {
    runs(3, [0, 0], || {
        thread::scope(|scope| {
            scope.spawn(|| ());
            scope.spawn(|| ());
        });
    });
}

/// The steps of the first, S A R, and of the second, S A R: the second's A comes after the first's A,
/// and its R after the first's R. With A before the first's R its S has 3 places, else 4. Either may
/// be the first.
#[test]
fn two_threads_on_one_permit() {
    runs(2 * (3 + 4), [0, 0], || {
        spawn_on_one_permit(2, |pool| drop(pool.acquire_blocking()));
    });
}

/// The As of three in the order of their Rs make five sequences, in which the second's A is the pth
/// and the third's is the qth: (2,3) (2,4) (2,5) (3,4) (3,5). The second's S has p + 1 places then,
/// and the third's q + 2.
#[test]
fn three_threads_on_one_permit() {
    let sequences = 3 * 5 + 3 * 6 + 3 * 7 + 4 * 6 + 4 * 7;
    runs(6 * sequences, [0, 0], || {
        spawn_on_one_permit(3, |pool| drop(pool.acquire_blocking()));
    });
}

/// Whoever comes while the permit is held ends with that step: its S has 3 places; else 4.
#[test]
fn two_threads_that_try() {
    runs(2 * (3 + 4), [0, 0], || {
        spawn_on_one_permit(2, |pool| drop(pool.try_acquire()));
    });
}

fn works_and_takes(pool: &Semaphore) {
    fault::point("work");
    drop(pool.acquire_blocking());
}

/// As `two_threads_on_one_permit`, with two steps before the A: (p + 2)(p + 3) / 2 places for both.
const TWO_THAT_WORK: u64 = 2 * (10 + 15);

#[test]
fn two_threads_that_work_first() {
    runs(TWO_THAT_WORK, [0, 0], || {
        spawn_on_one_permit(2, works_and_takes);
    });
}

/// Also one of them is struck, whose two steps go anywhere among the four of the other.
#[test]
fn two_threads_that_work_first_and_may_panic() {
    runs(TWO_THAT_WORK + 2 * 15, [1, 0], || {
        spawn_on_one_permit(2, works_and_takes);
    });
}

/// As `three_threads_on_one_permit`: the third's two steps have (q + 4)(q + 5) / 2 places.
const THREE_THAT_WORK: u64 = 6 * (10 * 28 + 10 * 36 + 10 * 45 + 15 * 36 + 15 * 45);

#[test]
fn three_threads_that_work_first() {
    runs(THREE_THAT_WORK, [0, 0], || {
        spawn_on_one_permit(3, works_and_takes);
    });
}

/// Also one of them is struck, whose two steps go anywhere among the eight of the others.
#[test]
fn three_threads_that_work_first_and_may_panic() {
    runs(THREE_THAT_WORK + 3 * 45 * TWO_THAT_WORK, [1, 0], || {
        spawn_on_one_permit(3, works_and_takes);
    });
}

/// The steps are S A W R, and the second's W comes after the first's R. The second's A is then the
/// second to the fourth of the As, W and R up to there, and its S has a place more than that.
const TWO_THAT_WORK_WITH_IT: u64 = 2 * (3 + 4 + 5);

fn takes_and_works(pool: &Semaphore) {
    let _permit = pool.acquire_blocking();
    fault::point("work");
}

#[test]
fn two_threads_that_work_with_a_permit() {
    runs(TWO_THAT_WORK_WITH_IT, [0, 0], || {
        spawn_on_one_permit(2, takes_and_works);
    });
}

/// A panic is a W, and what it put back is a step of its own after it: in each of these runs one of two
/// may be struck, or none.
#[test]
fn two_threads_that_may_panic_with_a_permit() {
    runs(3 * TWO_THAT_WORK_WITH_IT, [1, 0], || {
        spawn_on_one_permit(2, takes_and_works);
    });
}

/// The holder puts back before, between and after the waiter's two steps; and after them the timer may
/// fire first.
#[test]
fn a_timed_acquire() {
    fn closure() {
        let pool = semaphore("pool", 1);
        let permit = pool.acquire_blocking();
        let there = pool.clone();
        drop(thread::spawn(move || {
            drop(there.acquire_timeout(Duration::from_secs(1)));
        }));
        drop(permit);
    }
    runs(3, [0, 0], closure);
    runs(3 + 1, [0, 1], closure);
}

/// It fires when nothing else can happen, and draws on no budget.
#[test]
fn a_timed_acquire_alone() {
    runs(1, [0, 0], || {
        let pool = semaphore("pool", 1);
        let _permit = pool.acquire_blocking().unwrap();
        pool.acquire_timeout(Duration::from_secs(1)).unwrap_err();
    });
}

/// Fired before, between and after the waiter's two steps.
#[test]
fn an_acquire_that_is_cancelled() {
    runs(3, [0, 0], || {
        let (pool, cancel) = (semaphore("pool", 0), Cancel::new());
        let there = cancel.clone();
        drop(thread::spawn(move || {
            pool.acquire().or_cancelled(&there).wait().unwrap_err();
        }));
        cancel.fire();
    });
}

#[test]
fn branches_multiply() {
    runs(6, [0, 0], || {
        fault::choose(2);
        fault::choose(3);
    });
}

/// Where it branches: a step of its own for each.
#[test]
fn branches_of_two_threads() {
    // each has S and one of two branches
    runs(6 * 2 * 2, [0, 0], || {
        spawn_each(2, |_| assert!(fault::choose(2) < 2));
    });
}

/// The strategies that make runs at random.
fn random() -> impl Iterator<Item = StrategyName> {
    StrategyName::ALL.into_iter().filter(|s| s.is_random())
}

/// Three threads, of which each takes two of three semaphores, and one forgets one.
fn tangle() {
    let pools = [semaphore("a", 1), semaphore("b", 1), semaphore("c", 1)];
    spawn_each(3, move |i| {
        let _first = pools[i].acquire_blocking();
        let second = pools[(i + 1) % 3].acquire_blocking();
        if i == 2 {
            fault::point("work");
            std::mem::forget(second);
        }
    });
}

#[test]
fn random_strategies_find_what_all_runs_show() {
    let all = Explorer {
        runs: None,
        ..with_faults(depth_first(), [1, 0, 0])
    };
    let shown = all.explore_threads("subject", tangle);
    assert!(shown.complete);
    let mut expected = found(&shown);
    assert!(expected.len() > 3, "{expected:?}");
    expected.retain(|one| !one.starts_with("lock-order"));
    for strategy in random() {
        let explorer = Explorer {
            strategy,
            ..with_faults(portfolio(), [1, 0, 0])
        };
        let mut all = found(&explorer.explore_threads("subject", tangle));
        all.retain(|one| !one.starts_with("lock-order"));
        assert_eq!(all, expected, "{}", strategy.as_str());
    }
}

/// The runs of an exploration, each as the steps of its threads.
type Runs = Arc<Mutex<Vec<Vec<String>>>>;

/// Threads of threads of threads, where chance says how many there are.
fn family(runs: &Runs, name: &str, depth: usize) {
    let tell = || {
        let mut runs = runs.lock().unwrap();
        runs.last_mut().unwrap().push(name.to_owned());
    };
    tell();
    if depth > 0 {
        for i in 0..1 + fault::choose(3) {
            let (runs, name) = (Arc::clone(runs), format!("{name}.{i}"));
            drop(thread::spawn(move || family(&runs, &name, depth - 1)));
            if fault::choose(2) == 0 {
                thread::yield_now();
                tell();
            }
        }
    }
    fault::point("rest");
    tell();
}

fn runs_of(explorer: &Explorer) -> Vec<Vec<String>> {
    let runs = Runs::default();
    let there = Arc::clone(&runs);
    explorer.explore_threads("subject", move || {
        there.lock().unwrap().push(Vec::new());
        family(&there, "main", 2);
    });
    let mut runs = runs.lock().unwrap();
    // some more tell whether the closure changes from run to run, three for each that is replayed
    let replayed = (explorer.runs.unwrap() / 8).clamp(1, 16) as usize;
    let made = runs.len() - 3 * replayed;
    runs.truncate(made);
    std::mem::take(&mut *runs)
}

#[test]
fn a_run_depends_on_its_number_alone() {
    for strategy in random() {
        let explorer = |shard, runs| Explorer {
            strategy,
            shard,
            runs: Some(runs),
            ..with_faults(portfolio(), [1, 0, 0])
        };
        let pilots = runs_of(&explorer(None, 1)).len() - 1;
        let all = runs_of(&explorer(None, 300));
        assert_eq!(all.len(), pilots + 300);
        for number in [0u64, 1, 7, 50, 123, 299] {
            let shard = Shard {
                index: number + 1,
                count: 1000,
            };
            let alone = runs_of(&explorer(Some(shard), number + 1));
            assert_eq!(alone.len(), pilots + 1);
            let together = &all[pilots + number as usize];
            assert_eq!(&alone[pilots], together, "{} {number}", strategy.as_str());
        }
    }
}
