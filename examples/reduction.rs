//! Reduces random failing programs of 40 statements, and says how small they become and how long
//! that takes.
//!
//!     cargo run --release --features check --example reduction [PROGRAMS]

#[path = "../tests/reduce/failing.rs"]
mod failing;

use std::time::Instant;

use failing::{explorer, failing, instances, statements};

#[allow(clippy::disallowed_methods)] // how long it takes is printed, and decides nothing
fn main() {
    let count = std::env::args()
        .nth(1)
        .map_or(100, |n| n.parse().expect("a number"));
    let (mut sizes, mut workers, mut seconds) = (Vec::new(), Vec::new(), Vec::new());
    println!("     seed  property            statements  workers  candidates  seconds");
    for one in failing(40).take(count) {
        let start = Instant::now();
        let reduced = explorer().reduce(&one.program, "random.sem", &one.finding);
        let took = start.elapsed().as_secs_f64();
        println!(
            "{:>9}  {:<20}{:>10}{:>9}{:>12}{:>9.3}",
            one.seed,
            one.finding.property.as_str(),
            statements(&reduced.program),
            instances(&reduced.program),
            reduced.candidates,
            took,
        );
        sizes.push(f64::from(statements(&reduced.program)));
        workers.push(f64::from(instances(&reduced.program)));
        seconds.push(took);
    }
    for (name, figures) in [
        ("statements", &mut sizes),
        ("workers", &mut workers),
        ("seconds", &mut seconds),
    ] {
        figures.sort_by(f64::total_cmp);
        let at = |part: f64| figures[((figures.len() - 1) as f64 * part) as usize];
        println!(
            "{name}: median {:.3}, 9 of 10 {:.3}, most {:.3}",
            at(0.5),
            at(0.9),
            at(1.0)
        );
    }
}
