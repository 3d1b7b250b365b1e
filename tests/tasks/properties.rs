//! What is found on closures over semaphores, ours and others.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use selvedge::{Explorer, Semaphore, fault, probe, task, time};

use super::drive::{check, check_with, clean, faultless, finds, plain, portfolio, semaphore};

#[test]
fn a_guard_that_is_forgotten_leaks() {
    plain(
        || async { std::mem::forget(semaphore("pool", 2).acquire_owned().await) },
        &["leak pool"],
    );
}

#[test]
fn a_permit_without_a_guard_leaks() {
    plain(
        || async {
            let pool = semaphore("pool", 2);
            pool.acquire().await.unwrap().into_raw();
        },
        &["leak pool"],
    );
}

#[test]
fn a_guard_in_a_circle_leaks() {
    #[derive(Default)]
    struct Node {
        next: RefCell<Option<Rc<Node>>>,
        permit: RefCell<Option<selvedge::OwnedSemaphorePermit>>,
    }
    plain(
        || async {
            let node = Rc::new(Node::default());
            *node.next.borrow_mut() = Some(Rc::clone(&node));
            let permit = semaphore("pool", 1).acquire_owned().await.unwrap();
            *node.permit.borrow_mut() = Some(permit);
        },
        &["leak pool"],
    );
}

#[test]
fn a_result_that_nobody_takes_is_no_leak() {
    clean(|| async {
        let pool = semaphore("pool", 1);
        let task = task::spawn(pool.acquire_owned());
        task::yield_now().await;
        drop(task);
    });
}

#[test]
fn a_panic_leaks_what_has_no_guard() {
    check(
        || async {
            let pool = semaphore("pool", 1);
            pool.acquire_raw().await.unwrap();
            fault::point("work");
            pool.release(1).unwrap();
        },
        &["leak pool"],
    );
}

#[test]
fn what_is_released_twice_is_an_over_release() {
    plain(
        || async {
            let pool = semaphore("pool", 1);
            drop(pool.acquire().await);
            let _ = pool.release(1);
        },
        &["over-release pool"],
    );
}

#[test]
fn permits_that_are_moved_are_no_leak() {
    plain(
        || async {
            let pool = semaphore("pool", 1);
            for _ in 0..2 {
                let permit = pool.clone().acquire_owned().await.unwrap();
                task::spawn(async move {
                    task::yield_now().await;
                    drop(permit);
                });
            }
        },
        &[],
    );
}

/// The dispatcher has handed the permit of `a` over when it takes `b`.
#[test]
fn permits_that_are_moved_make_no_order() {
    plain(
        || async {
            let (a, b) = (semaphore("a", 1), semaphore("b", 1));
            let (a2, b2) = (a.clone(), b.clone());
            let other = task::spawn(async move {
                let _b = b2.acquire().await;
                let _a = a2.acquire().await;
            });
            let permit = a.acquire_owned().await.unwrap();
            let holder = task::spawn(async move {
                task::yield_now().await;
                drop(permit);
            });
            drop(b.acquire().await);
            holder.await.unwrap();
            other.await.unwrap();
        },
        &[],
    );
}

#[test]
fn a_deadlock_names_who_holds() {
    let report = finds(
        &faultless(portfolio()),
        || async {
            let pool = semaphore("pool", 1);
            let permit = pool.clone().acquire_owned().await.unwrap();
            let holder = task::spawn(async move {
                let _permit = permit;
                std::future::pending::<()>().await;
            });
            let waiter = task::spawn(async move { drop(pool.acquire().await) });
            waiter.await.unwrap();
            holder.await.unwrap();
        },
        &["deadlock pool"],
    );
    let shown = super::drive::shown(&report);
    assert!(shown.contains("main.1"), "{shown}");
}

/// Two tasks that take two semaphores in opposite orders; `guarded` says how they hold them.
async fn opposite(guarded: bool) {
    let (a, b) = (semaphore("a", 1), semaphore("b", 1));
    let take = |first: &std::sync::Arc<Semaphore>, second: &std::sync::Arc<Semaphore>| {
        let (first, second) = (first.clone(), second.clone());
        task::spawn(async move {
            if guarded {
                let _first = first.acquire().await;
                let _second = second.acquire().await;
            } else {
                first.acquire_raw().await.unwrap();
                second.acquire_raw().await.unwrap();
                second.release(1).unwrap();
                first.release(1).unwrap();
            }
        })
    };
    let tasks = [take(&a, &b), take(&b, &a)];
    for task in tasks {
        let _ = task.await;
    }
}

#[test]
fn opposite_orders_are_a_deadlock() {
    plain(
        || opposite(true),
        &["deadlock a b", "lock-order a b reachable"],
    );
}

#[test]
fn opposite_orders_without_guards_are_a_deadlock() {
    plain(
        || opposite(false),
        &["deadlock a b", "lock-order a b reachable"],
    );
}

#[test]
fn opposite_orders_behind_a_gate_are_no_cycle() {
    let closure = |raw: bool| {
        move || async move {
            let (a, b, gate) = (semaphore("a", 1), semaphore("b", 1), semaphore("gate", 1));
            let take = |first: &std::sync::Arc<Semaphore>, second: &std::sync::Arc<Semaphore>| {
                let (first, second, gate) = (first.clone(), second.clone(), gate.clone());
                task::spawn(async move {
                    let _gate = gate.acquire().await;
                    if raw {
                        first.acquire_raw().await.unwrap();
                        drop(second.acquire().await);
                        first.release(1).unwrap();
                    } else {
                        let _first = first.acquire().await;
                        let _second = second.acquire().await;
                    }
                })
            };
            let tasks = [take(&a, &b), take(&b, &a)];
            for task in tasks {
                let _ = task.await;
            }
        }
    };
    let explorer = faultless(super::drive::depth_first());
    for raw in [false, true] {
        let report = finds(&explorer, closure(raw), &[]);
        assert!(report.complete);
    }
}

#[test]
fn a_timeout_takes_an_edge_out_of_the_order() {
    plain(
        || async {
            let (a, b) = (semaphore("a", 1), semaphore("b", 1));
            let (a2, b2) = (a.clone(), b.clone());
            let task = task::spawn(async move {
                let _b = b2.acquire().await;
                let _ = time::timeout(Duration::from_secs(1), a2.acquire()).await;
            });
            {
                let _a = a.acquire().await;
                let _b = b.acquire().await;
            }
            task.await.unwrap();
        },
        &[],
    );
}

#[test]
fn tasks_that_join_each_other_are_a_deadlock() {
    plain(
        || async {
            let other = Rc::new(RefCell::new(None));
            let there = Rc::clone(&other);
            let first = task::spawn(async move {
                task::yield_now().await;
                let second: task::JoinHandle<()> = there.borrow_mut().take().unwrap();
                let _ = second.await;
            });
            let second = task::spawn(async move { first.await.unwrap() });
            *other.borrow_mut() = Some(second);
        },
        &["deadlock"],
    );
}

#[test]
fn permits_that_were_lost_exhaust_the_pool() {
    plain(
        || async {
            let pool = semaphore("pool", 1);
            let there = pool.clone();
            let task = task::spawn(async move { std::mem::forget(there.acquire().await) });
            task.await.unwrap();
            drop(pool.acquire().await);
        },
        &["exhaustion pool", "leak pool"],
    );
}

#[test]
fn more_than_there_is_is_impossible() {
    plain(
        || async { drop(semaphore("pool", 2).acquire_many_owned(3).await) },
        &["impossible-request pool"],
    );
}

#[test]
fn who_yields_for_ever_does_not_end() {
    plain(
        || async {
            loop {
                task::yield_now().await;
            }
        },
        &["livelock"],
    );
}

#[test]
fn who_chooses_for_ever_does_not_end() {
    plain(
        || async {
            loop {
                fault::choose(1);
            }
        },
        &["livelock"],
    );
}

#[test]
fn who_yields_until_a_timer_fires_would_end() {
    let few = Explorer {
        runs: Some(20),
        ..faultless(portfolio())
    };
    let subject = || async {
        let done = Rc::new(Cell::new(false));
        let set = Rc::clone(&done);
        task::spawn(async move {
            time::sleep(Duration::from_secs(1)).await;
            set.set(true);
        });
        while !done.get() {
            task::yield_now().await;
        }
    };
    finds(&few, subject, &[]);
}

#[test]
fn who_tries_for_ever_spins() {
    plain(
        || async {
            let pool = semaphore("pool", 1);
            let _permit = pool.acquire().await;
            while pool.try_acquire().is_err() {}
        },
        &["livelock"],
    );
}

#[test]
fn an_invariant_is_watched() {
    check_with(
        |e| faultless(e).invariant("one is free", |now| now.available("pool") != Some(0)),
        || async {
            let pool = semaphore("pool", 1);
            let _permit = pool.acquire().await;
            task::yield_now().await;
        },
        &["invariant `one is free` does not hold"],
    );
}

#[test]
fn an_invariant_that_holds_is_nothing() {
    check_with(
        |e| {
            faultless(e).invariant("all there", |now| {
                now.available("pool")
                    .zip(now.held("pool"))
                    .is_none_or(|(a, h)| a + h == 2)
            })
        },
        || async { drop(semaphore("pool", 2).acquire_owned().await) },
        &[],
    );
}

#[test]
fn notes_are_in_the_timeline() {
    let report = finds(
        &portfolio(),
        || async {
            selvedge::note!("about to {}", "fail");
            panic!("failed");
        },
        &["failed"],
    );
    let shown = super::drive::shown(&report);
    assert!(shown.contains("about to fail"), "{shown}");
}

/// A semaphore of tokio's of which nothing is known but what is free.
fn probed(permits: usize) -> Rc<tokio::sync::Semaphore> {
    let semaphore = Rc::new(tokio::sync::Semaphore::new(permits));
    let there = Rc::clone(&semaphore);
    probe("pool", permits, move || there.available_permits());
    semaphore
}

#[test]
fn a_probed_semaphore_is_clean() {
    clean(|| async {
        let pool = probed(1);
        let there = pool.clone();
        let task = task::spawn(async move {
            let _permit = there.acquire().await;
            task::yield_now().await;
        });
        drop(pool.acquire().await);
        let _ = task.await;
    });
}

#[test]
fn a_probed_semaphore_leaks() {
    plain(
        || async { probed(1).acquire().await.unwrap().forget() },
        &["leak pool"],
    );
}

#[test]
fn a_probed_semaphore_has_too_many() {
    plain(
        || async {
            let pool = probed(1);
            pool.add_permits(1);
            task::yield_now().await;
            pool.forget_permits(1);
        },
        &["conservation pool"],
    );
}

/// In the last step of a run too.
#[test]
fn a_probed_semaphore_has_too_many_at_the_end() {
    plain(
        || async { probed(1).add_permits(1) },
        &["conservation pool"],
    );
}

#[test]
fn a_probe_that_panics_is_told() {
    check(
        || async {
            probe("pool", 1, || panic!("cannot say"));
            task::yield_now().await;
        },
        &["a probe panicked: cannot say"],
    );
    // and nothing is left behind
    a_probed_semaphore_is_clean();
}

/// Lets in whoever asks, whatever is free.
struct Turnstile(RefCell<VecDeque<()>>);

struct Passed<'a>(&'a Turnstile);

impl Drop for Passed<'_> {
    fn drop(&mut self) {
        self.0.0.borrow_mut().push_back(());
    }
}

impl selvedge::runtime::Counting for Turnstile {
    const ORDER: selvedge::program::Order = selvedge::program::Order::Barging;
    type Permit<'a> = Passed<'a>;
    fn with_permits(permits: u32) -> Self {
        Turnstile(RefCell::new((0..permits).map(|_| ()).collect()))
    }
    async fn acquire(&self, _: u32) -> Result<Passed<'_>, selvedge::runtime::Refused> {
        self.0.borrow_mut().pop_front();
        Ok(Passed(self))
    }
    fn try_acquire(&self, _: u32) -> Result<Passed<'_>, selvedge::runtime::Refused> {
        self.0.borrow_mut().pop_front();
        Ok(Passed(self))
    }
    fn available(&self) -> Option<usize> {
        Some(self.0.borrow().len())
    }
}

#[test]
fn a_turnstile_admits_too_many() {
    plain(
        || async {
            let gate = Rc::new(<Turnstile as selvedge::runtime::Counting>::with_permits(1));
            for _ in 0..2 {
                let gate = gate.clone();
                task::spawn(async move {
                    let _permit = selvedge::tracked(&*gate).named("gate").acquire().await;
                    task::yield_now().await;
                });
            }
        },
        &["conservation gate", "over-admission gate"],
    );
}

#[cfg(feature = "tokio")]
mod tracked {
    use super::*;
    use selvedge::tracked;

    /// Two tasks wait for each other, seen by probes as well: what the probes say when all has been
    /// dropped is no part of the deadlock.
    #[test]
    fn a_deadlock_that_is_probed_is_no_lost_wake_up() {
        plain(
            || async {
                let pool = probed(1);
                let there = pool.clone();
                let task = task::spawn(async move {
                    let _first = tracked(&*there).named("pool").acquire().await;
                    let _second = tracked(&*there).named("pool").acquire().await;
                });
                let _ = task.await;
            },
            &["deadlock pool"],
        );
    }

    /// The permit that the stuck task holds is put back when it is dropped, and makes up for none of
    /// those that are lost.
    #[test]
    fn a_leak_beside_a_permit_that_is_held_is_told() {
        plain(
            || async {
                let pool = probed(3);
                let there = pool.clone();
                task::spawn(async move {
                    let _held = tracked(&*there).named("pool").acquire().await;
                    std::future::pending::<()>().await;
                });
                pool.acquire().await.unwrap().forget();
            },
            &["exhaustion pool", "leak pool"],
        );
    }

    #[test]
    fn a_leak_is_told_with_its_holder() {
        plain(
            || async {
                let pool = tokio::sync::Semaphore::new(1);
                std::mem::forget(tracked(&pool).named("pool").acquire().await);
            },
            &["leak pool"],
        );
    }

    #[test]
    fn what_is_forgotten_on_purpose_is_no_leak() {
        plain(
            || async {
                let pool = tokio::sync::Semaphore::new(2);
                tracked(&pool)
                    .named("pool")
                    .acquire()
                    .await
                    .unwrap()
                    .forget()
                    .unwrap();
                drop(tracked(&pool).named("pool").acquire().await);
            },
            &[],
        );
    }
}

#[test]
fn a_permit_that_cannot_be_forgotten_is_released() {
    plain(
        || async {
            let pool = <crate::zoo::a5::Fixed as selvedge::runtime::Counting>::with_permits(1);
            let permit = selvedge::tracked(&pool)
                .named("pool")
                .acquire()
                .await
                .unwrap();
            let _ = permit.forget();
            drop(selvedge::tracked(&pool).named("pool").acquire().await);
        },
        &[],
    );
}
