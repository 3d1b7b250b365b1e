//! How many runs a check of threads takes until it finds what is wrong, pilot runs counted: for each
//! program the median over the seeds, and the worst.
//!
//!     cargo run --release --features threads --example runs_to_find -- [STRATEGY] [SEEDS] [RUNS]
//!
//! The portfolio, 20 seeds and 5,000 runs unless said otherwise. No fault is injected.

use std::process::ExitCode;

use selvedge::strategy::StrategyName;
use subjects::runs_to_find;
use zoo::a1;
use zoo::blocking::hand_over;

#[path = "../tests/user_code/subjects.rs"]
mod subjects;
#[path = "../tests/zoo/mod.rs"]
mod zoo;

const JDK_6801020: subjects::Subject = ("JDK-6801020", hand_over::<a1::Buggy, 2>);

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or("portfolio".to_owned());
    let known = StrategyName::ALL.into_iter().find(|s| s.as_str() == name);
    let Some(strategy) = known else {
        eprintln!("{name} is no strategy");
        return ExitCode::from(2);
    };
    let mut number = |usual: u64| {
        let given = arguments.next().and_then(|text| text.parse().ok());
        given.unwrap_or(usual)
    };
    let (seeds, runs) = (number(20), number(5000));
    println!(
        "{:30} {:>7} {:>7} {:>7}",
        "program", "median", "worst", "missed"
    );
    let mut logs = Vec::new();
    for (name, program) in subjects::ALL.into_iter().chain([JDK_6801020]) {
        let mut needed: Vec<Option<u64>> = (0..seeds)
            .map(|seed| runs_to_find(program, strategy, seed, runs))
            .collect();
        needed.sort_by_key(|n| n.unwrap_or(u64::MAX));
        let told = |n: Option<u64>| n.map_or("-".to_owned(), |n| n.to_string());
        let median = needed[needed.len() / 2];
        let missed = needed.iter().filter(|n| n.is_none()).count();
        let worst = told(*needed.last().unwrap_or(&None));
        println!("{name:30} {:>7} {worst:>7} {missed:>7}", told(median));
        // what is not found counts as twice the runs
        logs.push((median.unwrap_or(2 * runs) as f64).ln());
    }
    let mean = (logs.iter().sum::<f64>() / logs.len() as f64).exp();
    println!("geometric mean of the medians: {mean:.1}");
    ExitCode::SUCCESS
}
