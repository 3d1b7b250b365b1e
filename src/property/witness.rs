//! What is told of a run, whatever the engine; and what an engine is to those who explore.

use std::cell::RefCell;
use std::rc::Rc;

use super::{Fact, Situation};
use crate::run::{
    Choice, Covering, Enabled, Event, Op, Outcome, RunKind, Spent, StopFlag, Strategy, View,
};

/// Hears the steps of a run.
pub trait Witness {
    /// Whether it wants to hear of steps too that show nothing. Asked at the beginning of each run;
    /// an engine may tell more than is wanted.
    fn hears_all(&self) -> bool {
        true
    }
    /// The state that `step` led to, or the initial one.
    fn state(&mut self, view: &dyn View, situation: Situation, step: &Step<'_>);
}

/// One step of a run.
#[derive(Debug, Clone, Copy)]
pub struct Step<'a> {
    /// The choice, among those that were offered; `None` for the initial state.
    pub taken: Option<&'a Enabled>,
    /// All choices of the run, that of this step last.
    pub path: &'a [Choice],
    /// What happened.
    pub events: &'a [Event],
    /// What the properties say of it.
    pub facts: &'a [Fact],
    /// What the run has spent.
    pub spent: &'a Spent,
}

impl Step<'_> {
    /// The choice; `None` for the initial state.
    pub fn choice(&self) -> Option<Choice> {
        self.taken.map(|taken| taken.choice)
    }

    /// What the worker was about to do.
    pub fn op(&self) -> Option<Op> {
        self.taken.map(|taken| taken.op)
    }
}

/// Steps that a run may take before it counts as a livelock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct StepBound(pub u64);

impl Default for StepBound {
    fn default() -> StepBound {
        StepBound(100_000)
    }
}

/// What picks the choices of an engine's runs, shared with who made it and wants to ask it later.
pub type SharedStrategy = Rc<RefCell<dyn Strategy>>;

/// Who hears of an engine's runs.
pub type SharedWitness = Rc<RefCell<dyn Witness>>;

/// Makes runs of one subject. The strategy and the witness are shared, since an engine that runs
/// user code asks them from inside of it.
pub trait Engine {
    /// One run from the initial state.
    fn execute(&mut self, strategy: &SharedStrategy, witness: &SharedWitness) -> Outcome;
    /// A run that is under way ends, abandoned, at its next choice once this flag is set.
    fn stop_by(&mut self, flag: &StopFlag);
    /// How many choices the last run had.
    fn steps(&self) -> u64;
    /// Whether some choice was not offered in the last run that a real run could make.
    fn left_out(&self) -> bool {
        false
    }
    /// Adds what the last run exercised. A program shows what it has in it: nothing is counted of one.
    fn cover(&self, _all: &mut Covering, _kind: RunKind) {}
}
