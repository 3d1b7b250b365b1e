//! Explores by runs: a strategy picks, the engine performs, nothing is remembered but what was
//! found.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::rc::Rc;

use crate::property::{Engine, Fact, SharedStrategy, SharedWitness, Situation, Step, Witness};
use crate::run::{Choice, Covering, Outcome, RunKind, StopFlag, View, switches};

/// A schedule that shows a fact, with its costs in the order in which they count.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Costed {
    pub(super) faults: u32,
    pub(super) steps: usize,
    pub(super) switches: usize,
    pub(super) choices: Vec<Choice>,
}

/// Keeps the cheapest schedule of each fact.
pub(super) type Facts = BTreeMap<Fact, Costed>;

/// What runs found.
#[derive(Debug, Default)]
pub(super) struct Ran {
    pub(super) facts: Facts,
    pub(super) runs: u64,
    pub(super) steps: u64,
    pub(super) depth: u64,
    /// Runs that were not judged to their end.
    pub(super) unjudged: u64,
    /// Whether some run was not offered all that a real one could do.
    pub(super) left_out: bool,
    pub(super) covering: Covering,
}

pub(super) fn keep(facts: &mut Facts, fact: Fact, costed: Costed) {
    match facts.entry(fact) {
        Entry::Vacant(entry) => {
            entry.insert(costed);
        }
        Entry::Occupied(mut entry) => {
            if costed < *entry.get() {
                entry.insert(costed);
            }
        }
    }
}

/// Makes the pilot runs that the strategy wants, then the runs `first`, `first + stride`, … until
/// the strategy has no more or `stop` says so, which is asked before each run, and told its number if it
/// has one; a run that is under way when it is `due` to end ends there, and is not counted. Whether the
/// strategy had no more.
///
/// Pilots are the same whatever the part of the runs: what they show is reported with run 0.
pub(super) fn make_runs(
    engine: &mut dyn Engine,
    strategy: &SharedStrategy,
    (first, stride): (u64, u64),
    due: &StopFlag,
    mut stop: impl FnMut(Option<u64>, &Ran) -> bool,
) -> (Ran, bool) {
    let collector = Rc::new(RefCell::new(Collector::default()));
    let witness: SharedWitness = collector.clone();
    let deaf: SharedWitness = Rc::new(RefCell::new(Deaf));
    engine.stop_by(due);
    let ran = || std::mem::take(&mut collector.borrow_mut().ran);
    let go_on = StopFlag::default();
    while !due.is_set() && strategy.borrow_mut().pilot() {
        if stop(None, &collector.borrow().ran) {
            engine.stop_by(&go_on);
            return (ran(), false);
        }
        if first == 0 {
            let outcome = engine.execute(strategy, &witness);
            let mut collector = collector.borrow_mut();
            engine.cover(&mut collector.ran.covering, RunKind::Pilot);
            collector.judged(outcome, engine);
        } else {
            engine.execute(strategy, &deaf);
        }
    }
    let mut number = first;
    let had_no_more = loop {
        if stop(Some(number), &collector.borrow().ran) {
            break false;
        }
        if !strategy.borrow_mut().begin(number) {
            break true;
        }
        let outcome = engine.execute(strategy, &witness);
        let mut collector = collector.borrow_mut();
        if outcome != Outcome::Abandoned || !due.is_set() {
            collector.ended(engine);
        }
        collector.judged(outcome, engine);
        drop(collector);
        number = number.saturating_add(stride);
    };
    engine.stop_by(&go_on);
    (ran(), had_no_more)
}

/// Hears nothing: another part of the runs reports what happens in a pilot run.
struct Deaf;

impl Witness for Deaf {
    fn hears_all(&self) -> bool {
        false
    }

    fn state(&mut self, _: &dyn View, _: Situation, _: &Step<'_>) {}
}

/// Keeps what steps show; of those that show nothing it need not hear.
#[derive(Default)]
struct Collector {
    ran: Ran,
}

impl Collector {
    /// Whether all of a run was judged, and all that can happen in it was on offer.
    fn judged(&mut self, outcome: Outcome, engine: &dyn Engine) {
        self.ran.unjudged += u64::from(outcome == Outcome::NotJudged);
        self.ran.left_out |= engine.left_out();
    }

    fn ended(&mut self, engine: &dyn Engine) {
        let steps = engine.steps();
        engine.cover(&mut self.ran.covering, RunKind::Numbered);
        self.ran.runs += 1;
        self.ran.steps += steps;
        self.ran.depth = self.ran.depth.max(steps);
    }
}

impl Witness for Collector {
    fn hears_all(&self) -> bool {
        false
    }

    fn state(&mut self, _view: &dyn View, _situation: Situation, step: &Step<'_>) {
        let choices = step.path;
        let facts = &mut self.ran.facts;
        let faults = step.spent.faults();
        for fact in step.facts {
            // counting switches and copying is for what may be kept only
            let dearer = facts
                .get(fact)
                .is_some_and(|old| (old.faults, old.steps) < (faults, choices.len()));
            if !dearer {
                let costed = Costed {
                    faults,
                    steps: choices.len(),
                    switches: switches(choices),
                    choices: choices.to_vec(),
                };
                keep(facts, fact.clone(), costed);
            }
        }
    }
}
