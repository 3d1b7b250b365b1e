//! Two transfers that lock their accounts in opposite order, and two ways out.
//!
//!     cargo run --example opposite_order --features threads
//!
//! Each transfer takes the account that it draws on first. Most runs go well; in some both have their
//! first account and wait for the other's: a deadlock, with its circle, and a lock-order that is
//! circular in any run. Who waits for the second account for a limited time only, and lets go of the
//! first when the time is over, hangs nobody. Neither does who takes the accounts in one order, and
//! that one never has to try again.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use selvedge::explore::Explorer;
use selvedge::report::{Style, text};
use selvedge::{Semaphore, thread};

/// An account; whoever has its permit may change the balance.
struct Account {
    number: u32,
    balance: AtomicI64,
    lock: Semaphore,
}

impl Account {
    fn new(number: u32, name: &'static str) -> Account {
        Account {
            number,
            balance: AtomicI64::new(100),
            lock: Semaphore::new(1).named(name),
        }
    }
}

/// How a transfer takes its accounts; whether it got to the end.
type Transfer = fn(&Account, &Account) -> bool;

fn book(from: &Account, to: &Account) {
    from.balance.fetch_sub(10, Ordering::Relaxed);
    to.balance.fetch_add(10, Ordering::Relaxed);
}

/// First the one, then the other.
fn careless(from: &Account, to: &Account) -> bool {
    let _from = from.lock.acquire_blocking().expect("it is never closed");
    let _to = to.lock.acquire_blocking().expect("it is never closed");
    book(from, to);
    true
}

/// As before, but nobody waits for ever while holding something.
fn backing_off(from: &Account, to: &Account) -> bool {
    for _ in 0..3 {
        let _from = from.lock.acquire_blocking().expect("it is never closed");
        if let Ok(_to) = to.lock.acquire_timeout(Duration::from_millis(20)) {
            book(from, to);
            return true;
        }
    }
    false
}

/// The account with the smaller number first, whatever the direction.
fn ordered(from: &Account, to: &Account) -> bool {
    let (first, second) = if from.number < to.number {
        (from, to)
    } else {
        (to, from)
    };
    let _first = first.lock.acquire_blocking().expect("it is never closed");
    let _second = second.lock.acquire_blocking().expect("it is never closed");
    book(from, to);
    true
}

/// One transfer there and one back, at the same time.
fn exchange(transfer: Transfer) {
    let checking = Arc::new(Account::new(1, "checking"));
    let savings = Arc::new(Account::new(2, "savings"));
    let deposit = {
        let (checking, savings) = (Arc::clone(&checking), Arc::clone(&savings));
        thread::spawn(move || transfer(&checking, &savings))
    };
    let withdrawal = {
        let (checking, savings) = (Arc::clone(&checking), Arc::clone(&savings));
        thread::spawn(move || transfer(&savings, &checking))
    };
    let booked = [deposit, withdrawal].map(|thread| thread.join().expect("no panic is injected"));
    let balance = |account: &Account| account.balance.load(Ordering::Relaxed);
    assert_eq!(balance(&checking) + balance(&savings), 200);
    if booked == [true, true] {
        assert_eq!(balance(&checking), 100);
    }
}

/// What is printed.
pub(crate) fn output() -> String {
    let mut output = String::new();
    for (name, transfer) in [
        ("careless", careless as Transfer),
        ("backing-off", backing_off),
        ("ordered", ordered),
    ] {
        let report = Explorer::closures().explore_threads(name, move || exchange(transfer));
        writeln!(output, "{}", text(&report, &Style::default())).expect("a string takes all");
    }
    output
}

fn main() {
    print!("{}", output());
}
