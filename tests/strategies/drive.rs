//! Makes runs of a program under a strategy.

use selvedge::machine::{Machine, Run};
use selvedge::program::Program;
use selvedge::property::{Situation, Step, StepBound, Witness};
use selvedge::run::{Budget, Choice, Outcome, Strategy, View};
use selvedge::strategy::{Settings, StrategyName, make};

/// No faults.
pub(crate) const FAULTLESS: Budget = Budget {
    panics: 0,
    timeouts: 0,
    cancels: 0,
    preemptions: None,
};

/// The strategies that make runs at random.
pub(crate) fn random() -> impl Iterator<Item = StrategyName> {
    let all = StrategyName::ALL.into_iter();
    all.filter(|name| name.is_random())
}

/// What one run did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Trail {
    pub(crate) choices: Vec<Choice>,
    pub(crate) stuck: bool,
}

impl Witness for Trail {
    fn state(&mut self, _: &dyn View, situation: Situation, step: &Step<'_>) {
        self.choices.extend(step.choice());
        self.stuck |= situation == Situation::Stuck;
    }
}

/// A strategy and the program that it runs.
pub(crate) struct Driver<'a> {
    strategy: Box<dyn Strategy + Send>,
    run: Run<'a>,
}

impl<'a> Driver<'a> {
    /// Pilots are made.
    pub(crate) fn new(machine: &'a Machine, name: StrategyName, settings: &Settings) -> Driver<'a> {
        let mut driver = Driver::without_pilots(machine, name, settings);
        while driver.strategy.pilot() {
            let strategy = &mut *driver.strategy;
            driver.run.execute(strategy, &mut Trail::default());
        }
        driver
    }

    /// Nothing is known of the program.
    pub(crate) fn without_pilots(
        machine: &'a Machine,
        name: StrategyName,
        settings: &Settings,
    ) -> Driver<'a> {
        Driver {
            strategy: make(name, settings).expect("a strategy that makes runs"),
            run: Run::new(machine, settings.budget, StepBound::default()),
        }
    }

    /// The run of that number.
    pub(crate) fn make(&mut self, number: u64) -> (Trail, Outcome) {
        assert!(self.strategy.begin(number));
        let mut trail = Trail::default();
        let outcome = self.run.execute(&mut *self.strategy, &mut trail);
        (trail, outcome)
    }
}

/// How many of so many runs without faults get stuck.
pub(crate) fn stuck(program: &Program, name: StrategyName, depth: u32, runs: u64) -> u64 {
    let machine = Machine::new(program);
    let settings = Settings {
        seed: 1,
        budget: FAULTLESS,
        depth,
    };
    let mut driver = Driver::new(&machine, name, &settings);
    (0..runs).filter(|&i| driver.make(i).0.stuck).count() as u64
}

/// A rate, and its variance when it is estimated from so many runs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    pub(crate) rate: f64,
    variance: f64,
}

impl Rate {
    pub(crate) fn exact(rate: f64) -> Rate {
        Rate {
            rate,
            variance: 0.0,
        }
    }

    pub(crate) fn of(hits: u64, runs: u64) -> Rate {
        Rate::estimated(hits as f64 / runs as f64, runs as f64)
    }

    pub(crate) fn estimated(rate: f64, runs: f64) -> Rate {
        // that nothing was hit does not mean that there is no variance
        let likely = rate.max(1.0 / runs);
        Rate {
            rate,
            variance: likely * (1.0 - rate) / runs,
        }
    }

    /// Within four standard deviations, one of the two being an estimate.
    pub(crate) fn agrees(self, other: Rate) -> bool {
        let variance = self.variance + other.variance;
        (self.rate - other.rate).abs() <= 4.0 * variance.sqrt()
    }
}
