//! Counts the classes of runs of programs whose numbers are known, and says how long it takes.
//!
//!     cargo run --release --features check --example classes

#[path = "../tests/classes/known.rs"]
mod known;

use std::process::ExitCode;
use std::time::Instant;

use selvedge::machine::Machine;
use selvedge::property::StepBound;
use selvedge::run::Budget;
use selvedge::search::{Classes, Straight, Tally, WaitClasses};

#[allow(clippy::disallowed_methods)] // how long it takes is printed, and decides nothing
fn main() -> ExitCode {
    println!(
        "{:<34} {:>11} {:>11} {:>9} {:>8}   {:>7} {:>7} {:>7} {:>8}",
        "", "waits", "expected", "blocked", "", "queues", "expect.", "blocked", ""
    );
    let mut wrong = 0;
    for known in known::known() {
        let straight = Straight::new(&known.program).expect("a program without branches");
        let start = Instant::now();
        let (waits, _) = WaitClasses { program: &straight }.count(&mut never);
        let waits_took = start.elapsed();
        let machine = Machine::new(&known.program);
        let classes = Classes {
            machine: &machine,
            budget: Budget::default(),
            bound: StepBound::default(),
        };
        let start = Instant::now();
        let queues = classes
            .count(&mut never)
            .expect("an eligible program")
            .tally;
        let queues_took = start.elapsed();
        println!(
            "{:<34} {:>11} {:>11} {:>9} {:>6.3} s   {:>7} {:>7} {:>7} {:>6.3} s",
            known.name,
            waits.classes,
            known.waits,
            waits.blocked,
            waits_took.as_secs_f64(),
            queues.classes,
            known.queue_order,
            queues.blocked,
            queues_took.as_secs_f64(),
        );
        let counted = (
            waits.classes,
            queues.classes,
            waits.deadlocked,
            queues.deadlocked,
        );
        let expected = (
            known.waits,
            known.queue_order,
            known.deadlocked,
            known.deadlocked,
        );
        if counted != expected {
            println!("  counted {counted:?}, expected {expected:?}");
            wrong += 1;
        }
    }
    if wrong > 0 {
        println!("{wrong} rows differ");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn never(_: &Tally) -> Option<()> {
    None
}
