//! Explores by runs: a strategy picks, the machine performs, nothing is remembered but what was
//! found.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::machine::{Machine, Run, StateView, Step, StepBound, Witness};
use crate::property::{Fact, Judge, Situation};
use crate::run::{Budget, Choice, Strategy, switches};

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
/// the strategy has no more or `stop` says so.
/// Whether the strategy had no more.
pub(super) fn make_runs(
    machine: &Machine,
    budget: Budget,
    bound: StepBound,
    strategy: &mut dyn Strategy,
    (first, stride): (u64, u64),
    mut stop: impl FnMut(u64, &Ran) -> bool,
) -> (Ran, bool) {
    let mut run = Run::new(machine, budget, bound);
    let mut collector = Collector::default();
    let mut number = first;
    while strategy.pilot() {
        run.execute(strategy, &mut Deaf);
    }
    loop {
        if stop(number, &collector.ran) {
            return (collector.ran, false);
        }
        if !strategy.begin(number) {
            return (collector.ran, true);
        }
        collector.choices.clear();
        run.execute(strategy, &mut collector);
        collector.ran.runs += 1;
        collector.ran.steps += collector.choices.len() as u64;
        collector.ran.depth = collector.ran.depth.max(collector.choices.len() as u64);
        number = number.saturating_add(stride);
    }
}

/// Hears nothing: what happens in a pilot run is not reported.
struct Deaf;

impl Witness for Deaf {
    fn state(&mut self, _: &StateView<'_>, _: Situation, _: &Step<'_>) {}
}

#[derive(Default)]
struct Collector {
    judge: Option<Judge>,
    choices: Vec<Choice>,
    ran: Ran,
}

impl Witness for Collector {
    fn state(&mut self, view: &StateView<'_>, situation: Situation, step: &Step<'_>) {
        self.choices.extend(step.choice);
        let judge = self.judge.get_or_insert_with(|| Judge::new(view));
        let choices = &self.choices;
        let facts = &mut self.ran.facts;
        let faults = step.spent.faults();
        let see = |fact: Fact| {
            // counting switches and copying is for what may be kept only
            let dearer = facts
                .get(&fact)
                .is_some_and(|old| (old.faults, old.steps) < (faults, choices.len()));
            if !dearer {
                let costed = Costed {
                    faults,
                    steps: choices.len(),
                    switches: switches(choices),
                    choices: choices.clone(),
                };
                keep(facts, fact, costed);
            }
        };
        judge.step(view, situation, step.events, step.moved, see);
    }
}
