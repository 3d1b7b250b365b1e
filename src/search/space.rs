//! Nodes: a state, and what its run has spent.

use crate::machine::{Field, Layout, Machine, Offer, Sink, StepBound, goes_on};
use crate::property::Situation;
use crate::run::{Budget, Choice, Event, Resource, Spent, WorkerId};

/// The nodes of a machine under a budget.
pub(super) struct Space<'a> {
    pub(super) machine: &'a Machine,
    pub(super) budget: Budget,
    bound: StepBound,
    layout: Layout,
    drawn: [Field; 3],
    preemptions: Field,
    last: Field,
    depth: Option<Field>,
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
        if matches!(event, Event::Leaked { .. } | Event::OverReleased { .. }) {
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
    pub(super) offers: Vec<Offer>,
    child: Vec<u64>,
    pub(super) notes: Notes,
}

/// One successor of a node.
pub(super) struct Child<'s> {
    pub(super) choice: Choice,
    pub(super) words: &'s [u64],
    pub(super) spent: Spent,
    pub(super) notes: &'s Notes,
}

impl<'a> Space<'a> {
    pub(super) fn new(machine: &'a Machine, budget: Budget, bound: StepBound) -> Space<'a> {
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
        let depth = (machine.longest_run() > bound.0).then(|| layout.field(bound.0));
        Space {
            machine,
            budget,
            bound,
            layout,
            drawn,
            preemptions,
            last,
            depth,
        }
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

    /// Calls `visit` with every successor of a node; what comes after the node.
    #[inline]
    pub(super) fn expand(
        &self,
        node: &[u64],
        scratch: &mut Scratch,
        mut visit: impl FnMut(Child<'_>),
    ) -> Situation {
        self.machine.offers(node, &mut scratch.offers);
        let depth = self.depth.map_or(0, |field| field.get(node));
        let bounded = self.depth.is_some() && depth >= self.bound.0;
        let situation = self.machine.situation(node, &scratch.offers, bounded);
        if matches!(situation, Situation::Finished | Situation::StepBound) {
            return situation;
        }
        let spent = self.spent(node);
        let held_up = match self.budget.preemptions {
            Some(_) => goes_on(&scratch.offers, spent.last),
            None => false,
        };
        for i in 0..scratch.offers.len() {
            let Offer { choice, draws } = scratch.offers[i];
            if !spent.allows(choice, draws, held_up, &self.budget) {
                continue;
            }
            scratch.child.clear();
            scratch.child.extend_from_slice(node);
            scratch.notes.clear();
            self.machine
                .apply(&mut scratch.child, choice, &mut scratch.notes);
            let after = spent.after(choice, draws, held_up);
            self.spend(&mut scratch.child, after);
            if let Some(field) = self.depth {
                field.set(&mut scratch.child, depth + 1);
            }
            visit(Child {
                choice,
                words: &scratch.child,
                spent: after,
                notes: &scratch.notes,
            });
        }
        situation
    }

    /// The choice that leads from a node to a successor of it.
    pub(super) fn choice_to(
        &self,
        node: &[u64],
        child: &[u64],
        scratch: &mut Scratch,
    ) -> Option<Choice> {
        let mut found = None;
        self.expand(node, scratch, |c| {
            if found.is_none() && c.words == child {
                found = Some(c.choice);
            }
        });
        found
    }
}
