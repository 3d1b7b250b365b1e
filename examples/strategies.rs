//! How often the random strategies find what is wrong with programs: for each program and strategy
//! the finding that it hits least often, in hits per 10,000 runs.
//!
//!     cargo run --release --features check --example strategies -- corpus/*.sem
//!
//! Ten programs on which they differ come first. The figures behind the portfolio
//! (`src/strategy/portfolio.rs`) come from here.

#[path = "../tests/strategies/subjects.rs"]
mod subjects;

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

use selvedge::explore::budget_of;
use selvedge::machine::{Machine, Run};
use selvedge::program::{BudgetDecl, Program};
use selvedge::property::{Fact, Situation, Step, StepBound, Witness};
use selvedge::run::View;
use selvedge::strategy::{Settings, StrategyName, make};
use subjects::{Noise, late_inversion, nested, philosophers, piecemeal, reversed, signalled};

/// Runs of each strategy.
const RUNS: u64 = 10_000;

/// Enough for every program of the corpus, and short enough for those that spin.
const STEPS: StepBound = StepBound(2000);

const STRATEGIES: [(StrategyName, u32); 8] = [
    (StrategyName::Random, 0),
    (StrategyName::Urw, 0),
    (StrategyName::Pos, 0),
    (StrategyName::Surw, 0),
    (StrategyName::Pct, 2),
    (StrategyName::Pct, 3),
    (StrategyName::Pct, 5),
    (StrategyName::Portfolio, 0),
];

fn main() -> ExitCode {
    println!("{:30} {}", "", heading());
    for n in [3, 5, 7] {
        compare(&format!("philosophers {n}"), &philosophers(n));
    }
    compare("one reversed pair among 8", &reversed());
    for noise in [Noise::Work, Noise::Own, Noise::Shared] {
        let name = format!("late inversion, {noise:?}");
        compare(&name.to_lowercase(), &late_inversion(noise, 4));
    }
    compare("nested tasks", &nested());
    compare("piecemeal", &piecemeal());
    compare("signalled inversion", &signalled());
    for path in std::env::args().skip(1) {
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) => {
                eprintln!("{path}: {error}");
                return ExitCode::from(2);
            }
        };
        match Program::parse(&text) {
            Ok(program) => compare(&path, &program),
            Err(error) => {
                eprintln!("{path}: {error}");
                return ExitCode::from(2);
            }
        }
    }
    ExitCode::SUCCESS
}

fn heading() -> String {
    let name = |(name, depth): (StrategyName, u32)| match depth {
        0 => format!("{:>9}", name.as_str()),
        _ => format!("{:>9}", format!("{name} {depth}")),
    };
    STRATEGIES.map(name).join(" ")
}

/// A line for a program on which anything fails.
fn compare(path: &str, program: &Program) {
    let hits = STRATEGIES.map(|(name, depth)| hits(program, name, depth));
    let facts: BTreeSet<&Fact> = hits.iter().flat_map(BTreeMap::keys).collect();
    if facts.is_empty() {
        return;
    }
    let rarest = |hits: &BTreeMap<Fact, u64>| {
        let counts = facts.iter().map(|&fact| hits.get(fact).copied());
        counts.map(Option::unwrap_or_default).min().unwrap_or(0)
    };
    let cells = hits.each_ref().map(|hits| format!("{:>9}", rarest(hits)));
    println!("{path:30} {}", cells.join(" "));
}

/// In how many runs a strategy sees each failure.
fn hits(program: &Program, name: StrategyName, depth: u32) -> BTreeMap<Fact, u64> {
    let machine = Machine::new(program);
    let budget = budget_of(program, &BudgetDecl::default());
    let settings = Settings {
        seed: 1,
        budget,
        depth,
    };
    let mut strategy = make(name, &settings).expect("a strategy that makes runs");
    let mut run = Run::new(&machine, budget, STEPS);
    while strategy.pilot() {
        run.execute(&mut *strategy, &mut Seen::default());
    }
    let mut hits = BTreeMap::new();
    for number in 0..RUNS {
        let mut seen = Seen::default();
        strategy.begin(number);
        run.execute(&mut *strategy, &mut seen);
        for fact in seen.facts {
            *hits.entry(fact).or_insert(0) += 1;
        }
    }
    hits
}

/// The failures of one run.
#[derive(Default)]
struct Seen {
    facts: BTreeSet<Fact>,
}

impl Witness for Seen {
    fn state(&mut self, _: &dyn View, _: Situation, step: &Step<'_>) {
        let failed = step.facts.iter().filter(|f| matches!(f, Fact::Failed(_)));
        self.facts.extend(failed.cloned());
    }
}
