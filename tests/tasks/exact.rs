//! How many runs there are, counted by hand; and that each random strategy finds what all runs show,
//! its run i being what it is whatever was made before.

use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use selvedge::explore::Explorer;
use selvedge::report::Shard;
use selvedge::strategy::StrategyName;
use selvedge::{fault, task, time};

use super::drive::{depth_first, found, portfolio, semaphore, with_faults};

/// There are so many runs with these faults, and nothing is found in them.
#[track_caller]
fn runs<Fut: Future<Output = ()> + 'static>(
    expected: u64,
    faults: [u32; 3],
    closure: impl Fn() -> Fut + Send + Sync + 'static,
) {
    let explorer = Explorer {
        allow_vacuous: true,
        ..with_faults(depth_first(), faults)
    };
    let report = explorer.explore_async("subject", closure);
    let all = (report.complete, found(&report), report.stats.runs);
    assert_eq!(all, (true, Vec::new(), expected));
}

async fn yields(times: usize) {
    for _ in 0..times {
        task::yield_now().await;
    }
}

fn spawn_each<Fut: Future<Output = ()> + 'static>(count: usize, make: impl Fn(usize) -> Fut) {
    (0..count).for_each(|i| drop(task::spawn(make(i))));
}

/// One order of one step.
#[test]
fn nothing_has_one_run() {
    runs(1, [0, 0, 0], || async {});
}

/// 3! orders.
#[test]
fn three_tasks_of_one_step() {
    runs(6, [0, 0, 0], || async { spawn_each(3, |_| yields(0)) });
}

/// 6! / (2! 2! 2!) orders of two steps each.
#[test]
fn three_tasks_of_two_steps() {
    runs(90, [0, 0, 0], || async { spawn_each(3, |_| yields(1)) });
}

/// The rest of main has two steps, and the task has two: 4! / (2! 2!).
#[test]
fn main_goes_on_beside_its_task() {
    runs(6, [0, 0, 0], || async {
        drop(task::spawn(yields(1)));
        yields(2).await;
    });
}

/// First, main, second, main; first, second, main; second, first, main.
#[test]
fn main_joins_two_tasks() {
    runs(3, [0, 0, 0], || async {
        let tasks = [task::spawn(yields(0)), task::spawn(yields(0))];
        for task in tasks {
            task.await.unwrap();
        }
    });
}

/// A permit that is taken and put back in one step is never waited for: 4! / (2! 2!).
#[test]
fn permits_that_are_not_held() {
    runs(6, [0, 0, 0], || async {
        let pool = semaphore("pool", 1);
        spawn_each(2, |_| {
            let pool = pool.clone();
            async move { drop(pool.acquire().await) }
        });
    });
}

/// Whoever is first has three steps: comes, takes, puts back. The other one comes and tries: after
/// all of them (4 places to come at) or between the last two, and then has to wait (3 places).
#[test]
fn a_permit_that_is_held() {
    runs(2 * (4 + 3), [0, 0, 0], || async {
        let pool = semaphore("pool", 1);
        spawn_each(2, |_| {
            let pool = pool.clone();
            async move {
                let _permit = pool.acquire().await;
                task::yield_now().await;
            }
        });
    });
}

/// It succeeds, panics or fails.
#[test]
fn io_has_three_outcomes() {
    runs(3, [1, 0, 0], || async {
        spawn_each(1, |_| async { drop(fault::io("query").await) });
    });
}

/// Not at all, before its first step, before its second.
#[test]
fn a_task_is_cancelled_at_two_places() {
    runs(3, [0, 0, 1], || async { spawn_each(1, |_| yields(1)) });
}

/// Two orders to come to the timers, two orders for them to fire in.
#[test]
fn timers_of_one_deadline_fire_in_any_order() {
    runs(4, [0, 0, 0], || async {
        spawn_each(2, |_| time::sleep(Duration::from_secs(1)));
    });
}

/// Two orders to come to the timers; they fire in one.
#[test]
fn timers_of_two_deadlines_fire_in_one_order() {
    runs(2, [0, 0, 0], || async {
        spawn_each(2, |i| time::sleep(Duration::from_secs(1 + i as u64)));
    });
}

#[test]
fn branches_multiply() {
    runs(6, [0, 0, 0], || async {
        fault::choose(2);
        fault::choose(3);
    });
}

/// The strategies that make runs at random.
fn random() -> impl Iterator<Item = StrategyName> {
    StrategyName::ALL.into_iter().filter(|s| s.is_random())
}

/// Three tasks, of which each takes two of three semaphores, and one forgets one.
async fn tangle() {
    let pools = [semaphore("a", 1), semaphore("b", 1), semaphore("c", 1)];
    spawn_each(3, |i| {
        let (first, second) = (pools[i].clone(), pools[(i + 1) % 3].clone());
        async move {
            let _first = first.acquire().await;
            let second = second.acquire().await;
            if i == 2 {
                fault::point("work");
                std::mem::forget(second);
            }
        }
    });
}

#[test]
fn random_strategies_find_what_all_runs_show() {
    let all = Explorer {
        runs: None,
        ..with_faults(depth_first(), [1, 0, 0])
    };
    let shown = all.explore_async("subject", tangle);
    assert!(shown.complete);
    let mut expected = found(&shown);
    assert!(expected.len() > 3, "{expected:?}");
    expected.retain(|one| !one.starts_with("lock-order"));
    for strategy in random() {
        let explorer = Explorer {
            strategy,
            ..with_faults(portfolio(), [1, 0, 0])
        };
        let mut all = found(&explorer.explore_async("subject", tangle));
        all.retain(|one| !one.starts_with("lock-order"));
        assert_eq!(all, expected, "{}", strategy.as_str());
    }
}

/// The runs of an exploration, each as the steps of its tasks.
type Runs = Arc<Mutex<Vec<Vec<String>>>>;

/// How tasks of tasks of tasks go on, where chance says how many there are.
fn runs_of(explorer: &Explorer) -> Vec<Vec<String>> {
    fn family(
        runs: Runs,
        name: String,
        depth: usize,
    ) -> std::pin::Pin<Box<dyn Future<Output = ()>>> {
        Box::pin(async move {
            let tell = || runs.lock().unwrap().last_mut().unwrap().push(name.clone());
            tell();
            if depth > 0 {
                for i in 0..1 + fault::choose(3) {
                    let child = family(Arc::clone(&runs), format!("{name}.{i}"), depth - 1);
                    drop(task::spawn(child));
                    if fault::choose(2) == 0 {
                        task::yield_now().await;
                        tell();
                    }
                }
            }
            let _ = fault::io("rest").await;
            tell();
        })
    }
    let runs = Runs::default();
    let there = Arc::clone(&runs);
    explorer.explore_async("subject", move || {
        there.lock().unwrap().push(Vec::new());
        family(Arc::clone(&there), "main".to_owned(), 2)
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
            ..with_faults(portfolio(), [1, 0, 1])
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
