//! Nodes: a state, and what its run has spent; and which choices are followed from a node.

use std::cell::Cell;
use std::ops::ControlFlow;

use super::reduction::{Chosen, Reducer};
use super::symmetry::Symmetry;
use crate::machine::{Field, Layout, Machine, Offer, Sink, goes_on};
use crate::property::{Fact, Judge, Situation, StepBound};
use crate::report::Reduction;
use crate::run::{Budget, Choice, Event, Resource, Spent, WorkerId};

/// The nodes of a machine under a budget.
pub(super) struct Space<'a> {
    pub(super) machine: &'a Machine,
    pub(super) judge: Judge,
    budget: Budget,
    bound: StepBound,
    /// Faults of all kinds together.
    most_faults: u32,
    layout: Layout,
    drawn: [Field; 3],
    preemptions: Field,
    last: Field,
    depth: Option<Field>,
    reducer: Option<Reducer>,
    pub(super) symmetry: Option<Symmetry>,
    /// Whether there is no time any more: what is expanded then has only part of its successors.
    hurry: Cell<&'a dyn Fn() -> bool>,
}

/// What a step told.
#[derive(Default)]
pub(super) struct Notes {
    /// Those that a property judges.
    pub(super) events: Vec<Event>,
    pub(super) moved: Vec<WorkerId>,
}

impl Sink for Notes {
    #[inline]
    fn event(&mut self, event: Event) {
        if Judge::event(&event).is_some() {
            self.events.push(event);
        }
    }

    #[inline]
    fn moved(&mut self, worker: WorkerId) {
        self.moved.push(worker);
    }
}

impl Notes {
    pub(super) fn clear(&mut self) {
        self.events.clear();
        self.moved.clear();
    }
}

/// Memory that expanding a node needs, kept from node to node.
#[derive(Default)]
pub(super) struct Scratch {
    offers: Vec<Offer>,
    more: Vec<Offer>,
    chosen: Chosen,
    child: Vec<u64>,
    choices: Vec<Choice>,
    facts: Vec<(Fact, u32)>,
    notes: Notes,
}

/// One successor of a node.
pub(super) struct Child<'s> {
    /// The choices that lead to it, at least one.
    pub(super) choices: &'s [Choice],
    pub(super) words: &'s mut [u64],
    pub(super) spent: Spent,
    /// What the last choice made happen, if there was but one.
    pub(super) notes: &'s Notes,
    /// What was judged already, each with the number of choices that show it; if there were
    /// several choices, that is everything.
    pub(super) facts: &'s [(Fact, u32)],
}

impl<'a> Space<'a> {
    pub(super) fn new(
        machine: &'a Machine,
        budget: Budget,
        bound: StepBound,
        reduction: Reduction,
    ) -> Space<'a> {
        let points = machine.fault_points();
        let mut layout = machine.layout().clone();
        let room = [points.panics, points.timers, points.waits];
        let drawn = Resource::ALL.map(|r| {
            let most = if room[r as usize] { budget.limit(r) } else { 0 };
            layout.field(u64::from(most))
        });
        let workers = machine.worker_count() as u64;
        let preemptions = layout.field(u64::from(budget.preemptions.unwrap_or(0)));
        let last = layout.field(if budget.preemptions.is_some() {
            workers
        } else {
            0
        });
        // a stuck state at the bound can be cancelled out of, so a few steps come on top
        let deepest = bound.0.saturating_add(1 + u64::from(budget.cancels));
        let depth = (machine.longest_run() > bound.0).then(|| layout.field(deepest));
        let reduction = effective(machine, &budget, bound, reduction);
        let reducer = (reduction == Reduction::Sound).then(|| Reducer::new(machine, &budget));
        let symmetry = (reduction != Reduction::None)
            .then(|| Symmetry::new(machine))
            .filter(|symmetry| !symmetry.is_trivial());
        let start = vec![0; layout.words()];
        Space {
            machine,
            judge: Judge::new(&machine.view_words(&start)),
            budget,
            bound,
            most_faults: u32::MAX,
            layout,
            drawn,
            preemptions,
            last,
            depth,
            reducer,
            symmetry,
            hurry: Cell::new(&|| false),
        }
    }

    /// The same nodes, of which no more are made once `hurry` says so.
    pub(super) fn until(self, hurry: &'a dyn Fn() -> bool) -> Space<'a> {
        self.hurry.set(hurry);
        self
    }

    /// From now on nodes are made until `hurry` says so.
    pub(super) fn go_on_until(&self, hurry: &'a dyn Fn() -> bool) {
        self.hurry.set(hurry);
    }

    #[inline]
    pub(super) fn is_hurried(&self) -> bool {
        (self.hurry.get())()
    }

    /// The same nodes, but for those that take more faults.
    pub(super) fn with_most_faults(self, most_faults: u32) -> Space<'a> {
        Space {
            most_faults,
            ..self
        }
    }

    /// Whether a node can stand for several, so that facts are judged on the way to it.
    pub(super) fn is_reduced(&self) -> bool {
        self.reducer.is_some() || self.symmetry.is_some()
    }

    /// Whether nothing is left out and a node is a state alone.
    pub(super) fn is_bare(&self) -> bool {
        !self.is_reduced()
            && self.drawn.iter().all(|field| field.is_empty())
            && self.budget.preemptions.is_none()
            && self.depth.is_none()
    }

    pub(super) fn words(&self) -> usize {
        self.layout.words()
    }

    pub(super) fn root(&self, notes: &mut Notes) -> Vec<u64> {
        let mut words = vec![0; self.words()];
        self.machine.reset(&mut words, notes);
        words
    }

    pub(super) fn spent(&self, node: &[u64]) -> Spent {
        Spent {
            drawn: self.drawn.map(|field| field.get(node) as u32),
            preemptions: self.preemptions.get(node) as u32,
            last: match self.last.get(node) {
                0 => None,
                w => Some(WorkerId(w as u32 - 1)),
            },
        }
    }

    fn spend(&self, node: &mut [u64], spent: Spent) {
        for (field, drawn) in self.drawn.into_iter().zip(spent.drawn) {
            if !field.is_empty() {
                field.set(node, u64::from(drawn));
            }
        }
        if self.budget.preemptions.is_some() {
            self.preemptions.set(node, u64::from(spent.preemptions));
            let last = spent.last.map_or(0, |w| u64::from(w.0) + 1);
            self.last.set(node, last);
        }
    }

    /// Leaves the offers that the budgets allow.
    #[inline]
    fn afford(&self, spent: &Spent, held_up: bool, offers: &mut Vec<Offer>) {
        let broke = spent.faults() >= self.most_faults;
        offers.retain(|o| {
            spent.allows(o.choice, o.draws, held_up, &self.budget) && !(broke && o.draws.is_some())
        });
    }

    /// Calls `visit` with every successor of a node that is followed, as long as that goes on; what
    /// comes after the node.
    #[inline]
    pub(super) fn expand(
        &self,
        node: &[u64],
        scratch: &mut Scratch,
        visit: impl FnMut(Child<'_>) -> ControlFlow<()>,
    ) -> Situation {
        self.expand_those(node, scratch, |_| true, visit)
    }

    /// The same for the successors whose first choice is `wanted`.
    #[inline]
    fn expand_those(
        &self,
        node: &[u64],
        scratch: &mut Scratch,
        wanted: impl Fn(Choice) -> bool,
        mut visit: impl FnMut(Child<'_>) -> ControlFlow<()>,
    ) -> Situation {
        let mut offers = std::mem::take(&mut scratch.offers);
        self.machine.offers(node, &mut offers);
        let depth = self.depth.map_or(0, |field| field.get(node));
        let bounded = self.depth.is_some() && depth >= self.bound.0;
        let situation = self.machine.situation(node, &offers, bounded);
        if matches!(situation, Situation::Finished | Situation::StepBound) {
            scratch.offers = offers;
            return situation;
        }
        let spent = self.spent(node);
        let held_up = match self.budget.preemptions {
            Some(_) => goes_on(&offers, spent.last),
            None => false,
        };
        self.afford(&spent, held_up, &mut offers);
        let double = |id| match &self.symmetry {
            Some(symmetry) => symmetry.is_double(self.machine, node, id),
            None => false,
        };
        if let Some(reducer) = &self.reducer {
            reducer.choose(self.machine, node, &mut offers, &mut scratch.chosen);
        }
        for &Offer { choice, draws } in &offers {
            if double(choice.worker) || !wanted(choice) {
                continue;
            }
            if self.is_hurried() {
                break;
            }
            scratch.child.clear();
            scratch.child.extend_from_slice(node);
            scratch.notes.clear();
            scratch.facts.clear();
            scratch.choices.clear();
            scratch.choices.push(choice);
            self.machine
                .apply(&mut scratch.child, choice, &mut scratch.notes);
            let after = spent.after(choice, draws, held_up);
            self.spend(&mut scratch.child, after);
            if let Some(field) = self.depth {
                field.set(&mut scratch.child, depth + 1);
            }
            if self.is_reduced() {
                self.note(scratch);
                if let Some(reducer) = &self.reducer {
                    self.run_on(reducer, &after, scratch);
                }
            }
            let goes_on = visit(Child {
                choices: &scratch.choices,
                words: &mut scratch.child,
                spent: after,
                notes: &scratch.notes,
                facts: &scratch.facts,
            });
            if goes_on.is_break() {
                break;
            }
        }
        scratch.offers = offers;
        situation
    }

    /// Judges the step that was made last.
    fn note(&self, scratch: &mut Scratch) {
        let view = self.machine.view_words(&scratch.child);
        let (facts, steps) = (&mut scratch.facts, scratch.choices.len() as u32);
        self.judge.step(
            &view,
            Situation::Going,
            &scratch.notes.events,
            &scratch.notes.moved,
            |fact| facts.push((self.representative(fact), steps)),
        );
    }

    /// Takes the steps that everything can be continued by.
    fn run_on(&self, reducer: &Reducer, spent: &Spent, scratch: &mut Scratch) {
        while !self.is_hurried() {
            self.machine.offers(&scratch.child, &mut scratch.more);
            self.afford(spent, false, &mut scratch.more);
            let state = &scratch.child;
            if !reducer.choose(self.machine, state, &mut scratch.more, &mut scratch.chosen) {
                return;
            }
            let choice = scratch.more[0].choice;
            scratch.notes.clear();
            self.machine
                .apply(&mut scratch.child, choice, &mut scratch.notes);
            scratch.choices.push(choice);
            self.note(scratch);
        }
    }

    /// A fact of a worker as one of the first of its class.
    fn representative(&self, fact: Fact) -> Fact {
        match (fact, &self.symmetry) {
            (Fact::Ordered { from, to, worker }, Some(symmetry)) => Fact::Ordered {
                from,
                to,
                worker: symmetry.representative(worker),
            },
            (fact, _) => fact,
        }
    }

    /// The choices that lead from a node to a successor that `is` the one, and whose first choice
    /// `may_be` it; none if there is no time to find it.
    pub(super) fn choices_to(
        &self,
        node: &[u64],
        scratch: &mut Scratch,
        may_be: impl Fn(Choice) -> bool,
        mut is: impl FnMut(&mut Child<'_>) -> bool,
    ) -> Vec<Choice> {
        let mut found = Vec::new();
        self.expand_those(node, scratch, may_be, |mut child| {
            if is(&mut child) {
                found.extend_from_slice(child.choices);
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        });
        found
    }
}

/// What may be left out of a search under these bounds. Under a bound on preemptions the order of
/// steps itself is what is bounded, so that no order stands for another (Coons, Musuvathi and
/// McKinley: Bounded partial-order reduction, OOPSLA 2013, is what it would take); and where a run
/// can reach the step bound, a run that is cut there does not show what another order shows before.
pub(super) fn effective(
    machine: &Machine,
    budget: &Budget,
    bound: StepBound,
    reduction: Reduction,
) -> Reduction {
    let reduction = match reduction {
        Reduction::QueueOrder | Reduction::Awu => Reduction::Sound,
        other => other,
    };
    if budget.preemptions.is_some() {
        Reduction::None
    } else if machine.longest_run() > bound.0 && reduction == Reduction::Sound {
        Reduction::Symmetry
    } else {
        reduction
    }
}
