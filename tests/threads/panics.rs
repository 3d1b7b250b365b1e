//! Panics: what they end and what they do not, and of which a finding is told.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use selvedge::{fault, thread};

use super::drive::{check, clean, faultless, finds, portfolio, semaphore, shown, tells};

#[test]
fn an_injected_panic_ends_its_thread_alone() {
    tells(
        [1, 0],
        |told| {
            let (struck, other) = (told.clone(), told.clone());
            let struck = thread::spawn(move || {
                fault::point("work");
                struck.tell("not struck");
            });
            let other = thread::spawn(move || {
                thread::yield_now();
                other.tell("other");
            });
            let result = struck.join().is_ok();
            told.tell(if result { "joined" } else { "joined a panic" });
            other.join().unwrap();
        },
        &["joined", "joined a panic", "not struck", "other"],
    );
}

#[test]
fn an_injected_panic_drops_what_it_passes() {
    clean(|| {
        let pool = semaphore("pool", 1);
        let there = pool.clone();
        let thread = thread::spawn(move || {
            let _permit = there.acquire_blocking();
            fault::point("work");
        });
        drop(pool.acquire_blocking().unwrap());
        let _ = thread.join();
        assert_eq!(pool.available_permits(), 1);
    });
}

#[test]
fn an_injected_panic_leaks_what_has_no_guard() {
    check(
        [1, 0],
        || {
            let pool = semaphore("pool", 1);
            let thread = thread::spawn(move || {
                pool.acquire_raw_blocking().unwrap();
                fault::point("work");
                pool.release(1).unwrap();
            });
            let _ = thread.join();
        },
        &["leak pool"],
    );
}

#[test]
fn an_injected_panic_may_be_caught() {
    tells(
        [1, 0],
        |told| {
            let caught = std::panic::catch_unwind(|| fault::point("work")).is_err();
            thread::yield_now();
            told.tell(if caught { "caught" } else { "none" });
        },
        &["caught", "none"],
    );
}

#[test]
fn who_unwraps_an_injected_panic_is_no_finding() {
    clean(|| thread::spawn(|| fault::point("work")).join().unwrap());
}

/// Message and place are those of the thread that failed, once, though main unwraps the join.
#[test]
fn a_panic_is_told_once() {
    let report = finds(
        &faultless(portfolio()),
        || thread::spawn(|| panic!("of its own")).join().unwrap(),
        &["of its own"],
    );
    assert_eq!(report.findings.len(), 1, "{}", shown(&report));
    let place = report.findings[0].place.unwrap();
    assert_eq!((place.file, place.line), (Some(file!()), line!() - 5));
}

#[test]
fn who_asserts_about_a_panic_of_another_fails_too() {
    check(
        [0, 0],
        || {
            let joined = thread::spawn(|| panic!("of its own")).join();
            assert!(joined.is_ok(), "somebody panicked");
        },
        &["somebody panicked", "of its own"],
    );
}

#[test]
fn a_panic_of_main_ends_main_alone() {
    tells(
        [1, 0],
        |told| {
            let there = told.clone();
            drop(thread::spawn(move || {
                thread::yield_now();
                there.tell("the other");
            }));
            fault::point("work");
            told.tell("main");
        },
        &["main", "the other"],
    );
}

#[test]
fn an_assertion_of_main_is_a_finding() {
    check(
        [0, 0],
        || {
            let pool = semaphore("pool", 1);
            assert_eq!(pool.available_permits(), 1, "before anybody");
            let there = pool.clone();
            drop(thread::spawn(move || {
                let _permit = there.acquire_blocking();
                thread::yield_now();
            }));
            thread::yield_now();
            assert_eq!(pool.available_permits(), 1, "somebody is there");
        },
        &["somebody is there"],
    );
}

/// A panic poisons a mutex of the standard library that its thread holds, and no other.
#[test]
fn a_panic_poisons_what_its_thread_holds() {
    tells(
        [1, 0],
        |told| {
            let held = Arc::new((Mutex::new(()), Mutex::new(())));
            let there = Arc::clone(&held);
            let thread = thread::spawn(move || {
                drop(there.1.lock());
                let _held = there.0.lock();
                // nobody else wants it before this thread has ended
                fault::point("work");
            });
            let panicked = thread.join().is_err();
            assert_eq!(held.0.is_poisoned(), panicked);
            assert!(!held.1.is_poisoned());
            told.tell(if panicked { "poisoned" } else { "not" });
        },
        &["not", "poisoned"],
    );
}

/// Somebody who holds a mutex of the standard library while another one unwinds does not poison it, and
/// sees no panic of its own.
#[test]
fn a_panic_is_seen_by_its_thread_alone() {
    clean(|| {
        struct Drops(Arc<selvedge::Semaphore>);
        impl Drop for Drops {
            fn drop(&mut self) {
                // puts a permit back while its thread unwinds
                drop(self.0.try_acquire());
            }
        }
        let pool = semaphore("pool", 1);
        let there = pool.clone();
        let thread = thread::spawn(move || {
            let _drops = Drops(there.clone());
            let _permit = there.acquire_blocking();
            fault::point("work");
        });
        let shared = Mutex::new(0);
        for _ in 0..2 {
            let permit = pool.acquire_blocking();
            *shared.lock().unwrap() += 1;
            assert!(!std::thread::panicking());
            drop(permit);
        }
        assert!(!shared.is_poisoned());
        let _ = thread.join();
    });
}

#[test]
fn a_payload_is_handed_on() {
    check(
        [0, 0],
        || {
            let thread = thread::spawn(|| std::panic::panic_any(7u32));
            let payload = thread.join().unwrap_err();
            assert_eq!(payload.downcast_ref::<u32>(), Some(&7));
        },
        &["a panic without a message"],
    );
}

/// What was injected says so, to whoever looks at it.
#[test]
fn an_injected_payload_says_so() {
    tells(
        [1, 0],
        |told| match thread::spawn(|| fault::point("work")).join() {
            Ok(()) => told.tell("none"),
            Err(payload) => told.tell(payload.downcast_ref::<String>().unwrap()),
        },
        &["a panic, injected by selvedge", "none"],
    );
}

/// Who passes it on has not failed by itself.
#[test]
fn an_injected_panic_is_passed_on() {
    clean(|| {
        let joined = thread::spawn(|| fault::point("work")).join();
        if let Err(payload) = joined {
            std::panic::resume_unwind(payload);
        }
    });
}

/// Before main has come to anything.
#[test]
fn a_panic_at_once_has_its_message() {
    let report = finds(
        &faultless(portfolio()),
        || panic!("at once"),
        &["main panicked: at once"],
    );
    let place = report.findings[0].place.unwrap();
    assert_eq!((place.file, place.line), (Some(file!()), line!() - 4));
}

/// Nobody waits for the result, so its thread drops it, and fails.
#[test]
fn a_result_that_panics_when_it_is_dropped_is_a_finding() {
    struct Fails;
    impl Drop for Fails {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }
    check(
        [0, 0],
        || drop(thread::spawn(|| Fails)),
        &["main.1 panicked: dropped"],
    );
}

/// Who catches a panic sees that it has put back what it passed, and so do all others.
#[test]
fn what_a_caught_panic_passes_is_back_when_it_is_looked_at() {
    clean(|| {
        let pool = semaphore("pool", 1);
        let _ = catch_unwind(AssertUnwindSafe(|| {
            let _permit = pool.acquire_blocking();
            fault::point("work");
        }));
        assert_eq!(pool.available_permits(), 1);
    });
}

#[test]
fn what_a_caught_panic_passes_is_back_before_its_thread_blocks() {
    clean(|| {
        let (pool, mutex) = (
            semaphore("pool", 1),
            Arc::new(shuttle::sync::Mutex::new(())),
        );
        let (pool2, mutex2) = (pool.clone(), Arc::clone(&mutex));
        let thread = thread::spawn(move || {
            let _mutex = mutex2.lock().unwrap();
            drop(pool2.acquire_blocking().unwrap());
        });
        let _ = catch_unwind(AssertUnwindSafe(|| {
            let _permit = pool.acquire_blocking();
            fault::point("work");
        }));
        drop(mutex.lock().unwrap());
        thread.join().unwrap();
    });
}

/// And what it owns is put back all the same.
#[test]
fn a_result_that_panics_when_it_is_dropped_puts_back() {
    struct Fails(#[allow(dead_code)] selvedge::OwnedSemaphorePermit);
    impl Drop for Fails {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }
    check(
        [0, 0],
        || {
            let pool = semaphore("pool", 1);
            let there = pool.clone();
            drop(thread::spawn(move || {
                Fails(there.acquire_owned().wait().unwrap())
            }));
            drop(pool.acquire_blocking().unwrap());
        },
        &["main.1 panicked: dropped"],
    );
}

/// A message of a panic that was caught is not that of the next one.
#[test]
fn a_panic_that_was_caught_is_not_told() {
    check(
        [0, 0],
        || {
            let _ = catch_unwind(|| panic!("caught"));
            std::panic::resume_unwind(Box::new("of its own".to_owned()));
        },
        &["main panicked: of its own"],
    );
}
