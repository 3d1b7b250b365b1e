//! Run i depends on the seed and on i alone, and so runs can be divided.

use std::collections::BTreeSet;

use selvedge::explore::Explorer;
use selvedge::machine::Machine;
use selvedge::program::{BudgetDecl, Program, Size, generate};
use selvedge::report::{Report, Shard};
use selvedge::run::{Budget, Outcome, Rng};
use selvedge::strategy::{Settings, StrategyName};

use super::drive::{Driver, FAULTLESS, Trail, random};
use super::subjects::philosophers;

const FAULTY: Budget = Budget {
    panics: 2,
    timeouts: 2,
    cancels: 2,
    preemptions: None,
};

fn settings(seed: u64) -> Settings {
    Settings {
        seed,
        budget: FAULTY,
        ..Settings::default()
    }
}

/// The runs of these numbers, made in this order by a strategy of their own.
fn trails(machine: &Machine, name: StrategyName, numbers: &[u64]) -> Vec<Trail> {
    let mut driver = Driver::new(machine, name, &settings(3));
    numbers.iter().map(|&i| driver.make(i).0).collect()
}

fn check(program: &Program, name: StrategyName) -> usize {
    const RUNS: u64 = 30;
    let machine = Machine::new(program);
    let forward: Vec<u64> = (0..RUNS).collect();
    let runs = trails(&machine, name, &forward);
    let backward: Vec<u64> = (0..RUNS).rev().collect();
    let strided: Vec<u64> = (0..7).flat_map(|at| (at..RUNS).step_by(7)).collect();
    for order in [backward, strided] {
        for (number, trail) in order.iter().zip(trails(&machine, name, &order)) {
            assert_eq!(trail, runs[*number as usize], "{name} {number}\n{program}");
        }
    }
    let distinct: BTreeSet<_> = runs.iter().map(|trail| &trail.choices).collect();
    distinct.len()
}

#[test]
fn a_run_depends_on_its_number_alone() {
    for name in random() {
        let distinct = (0..40).map(|seed| check(&generate(seed, &Size::default()), name));
        let distinct: usize = distinct.sum();
        assert!(distinct > 400, "{name}: {distinct} runs of 1200 differ");
    }
}

/// Findings as they are told, in their order.
fn told(report: &Report) -> Vec<(String, String)> {
    let findings = report.findings.iter();
    findings
        .map(|f| (f.id.clone(), f.schedule.clone()))
        .collect()
}

fn explore(program: &Program, name: StrategyName, jobs: usize, shard: Option<Shard>) -> Report {
    let explorer = Explorer {
        strategy: name,
        runs: Some(300),
        seed: 4,
        budget: BudgetDecl {
            cancels: Some(1),
            ..BudgetDecl::default()
        },
        jobs,
        shard,
        ..Explorer::default()
    };
    explorer.explore(program, "program", &())
}

#[test]
fn jobs_and_shards_find_the_same() {
    let mut found = 0;
    for name in random() {
        for seed in [2, 5, 7, 11] {
            let program = generate(seed, &Size::default());
            let whole = explore(&program, name, 1, None);
            assert_eq!(told(&whole), told(&explore(&program, name, 3, None)));
            let shards = (1..=3).map(|index| Shard { index, count: 3 });
            let ids = |report: &Report| -> BTreeSet<String> {
                report.findings.iter().map(|f| f.id.clone()).collect()
            };
            let parts: Vec<Report> = shards
                .map(|shard| explore(&program, name, 1, Some(shard)))
                .collect();
            let union: BTreeSet<String> = parts.iter().flat_map(ids).collect();
            assert!(
                ids(&whole).is_subset(&union),
                "{name} {seed}: {:?} and {union:?}",
                ids(&whole)
            );
            assert_eq!(parts.iter().map(|part| part.stats.runs).sum::<u64>(), 300);
            found += whole.findings.len();
        }
    }
    assert!(found > 20, "{found}");
}

#[test]
fn the_portfolio_has_the_runs_of_its_members() {
    let program = generate(9, &Size::default());
    let machine = Machine::new(&program);
    let depths = Settings {
        depth: 5,
        ..settings(3)
    };
    let mut portfolio = Driver::new(&machine, StrategyName::Portfolio, &depths);
    let members = [
        StrategyName::Random,
        StrategyName::Pos,
        StrategyName::Surw,
        StrategyName::Urw,
        StrategyName::Pct,
        StrategyName::Surw,
    ];
    let mut drivers = members.map(|name| Driver::new(&machine, name, &depths));
    for number in 0..72 {
        let turn = (number % 6 + Rng::for_run(0, number / 6).below(6)) % 6;
        let member = &mut drivers[turn as usize];
        assert_eq!(portfolio.make(number).0, member.make(number).0, "{number}");
    }
}

/// A worker that spins until another one has acted.
const SPIN: &str = "semaphore s signal permits=0
                    worker spinner { repeat 50000 { try-acquire s { return } } }
                    worker other { work w panics=never; release s }";

#[test]
fn nobody_is_starved() {
    let program = Program::parse(SPIN).expect("a valid program");
    let machine = Machine::new(&program);
    let settings = Settings {
        budget: FAULTLESS,
        ..settings(1)
    };
    for name in random() {
        let mut driver = Driver::new(&machine, name, &settings);
        for number in 0..100 {
            let (trail, outcome) = driver.make(number);
            assert_eq!(outcome, Outcome::Finished);
            assert!(
                trail.choices.len() < 3000,
                "{name}: {}",
                trail.choices.len()
            );
        }
    }
}

#[test]
fn without_pilots_strategies_make_do() {
    let program = philosophers(3);
    let machine = Machine::new(&program);
    for name in random() {
        let mut driver = Driver::without_pilots(&machine, name, &settings(1));
        let stuck = (0..3000).filter(|&i| driver.make(i).0.stuck).count();
        assert!(stuck > 30, "{name}: stuck in {stuck} of 3000 runs");
    }
}
