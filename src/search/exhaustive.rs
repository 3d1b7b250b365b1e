//! Breadth-first search of all nodes.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::cheapest;
use super::space::{Notes, Scratch, Space};
use super::visited::{MOST_NODES, Visited, hash_of};
use crate::machine::{Machine, StepBound};
use crate::property::{Fact, Judge, Situation};
use crate::run::{Budget, Choice};

/// How far a search is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Nodes found.
    pub states: u64,
    /// Nodes found but not expanded yet.
    pub frontier: u64,
    /// Steps that led to a node, new or not.
    pub transitions: u64,
    /// Steps from the initial state to the nodes expanded now.
    pub depth: u64,
    /// Bytes that the visited nodes take.
    pub bytes: u64,
}

/// Asked between batches of nodes; ends the search by answering `Some`.
pub type Probe<'p, Stop> = &'p mut dyn FnMut(&Progress) -> Option<Stop>;

/// A search to be run.
#[derive(Debug, Clone, Copy)]
pub struct Exhaustive<'a> {
    /// What is searched.
    pub machine: &'a Machine,
    /// Bounds of each run.
    pub budget: Budget,
    /// Steps of a run that count as a livelock.
    pub bound: StepBound,
}

/// What a search found.
#[derive(Debug, Clone)]
pub struct Found<Stop> {
    /// Each fact with the cheapest schedule that shows it.
    pub facts: BTreeMap<Fact, Witnessed>,
    /// Why it stopped early; `None` if it is complete.
    pub stopped: Option<Stop>,
    /// Where it stopped, or ended.
    pub progress: Progress,
}

/// A schedule that shows a fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witnessed {
    /// The choices from the initial state on.
    pub choices: Vec<Choice>,
    /// How many of them draw on a budget.
    pub faults: u32,
    /// Whether there is none that comes before it in the order of fewest faults, fewest steps,
    /// fewest switches, first choices first; if not, that is so for faults and steps alone.
    pub exact: bool,
}

/// Where a fact was first seen with that many faults.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sighting {
    pub(super) faults: u32,
    pub(super) steps: u64,
    /// The node, and the choice out of it, if it was the step that showed it.
    node: usize,
    choice: Option<Choice>,
}

struct Pending {
    parent: u32,
    choice: Choice,
    faults: u32,
    hash: u64,
    /// Ends of this child's part of the batch's notes.
    events: u32,
    moved: u32,
}

const BATCH: usize = 512;

impl Exhaustive<'_> {
    /// Searches until everything was seen or the probe says stop.
    pub fn search<Stop>(&self, probe: Probe<'_, Stop>) -> Found<Stop> {
        let space = Space::new(self.machine, self.budget, self.bound);
        let mut search = Search::new(&space);
        let stopped = search.run(probe);
        let progress = search.progress();
        let facts = search.witnesses();
        Found {
            facts,
            stopped,
            progress,
        }
    }
}

struct Search<'a> {
    space: &'a Space<'a>,
    judge: Judge,
    visited: Visited,
    sightings: BTreeMap<Fact, Sighting>,
    /// The next node to be expanded.
    cursor: usize,
    /// The first node of the next level.
    level_end: usize,
    depth: u64,
    transitions: u64,
}

impl<'a> Search<'a> {
    fn new(space: &'a Space<'a>) -> Search<'a> {
        let mut notes = Notes::default();
        let root = space.root(&mut notes);
        let mut visited = Visited::new(space.words());
        visited.insert(&root, hash_of(&root), 0);
        let view = space.machine.view_words(&root);
        let judge = Judge::new(&view);
        let mut sightings = BTreeMap::new();
        let sighting = Sighting {
            faults: 0,
            steps: 0,
            node: 0,
            choice: None,
        };
        let mut see = |fact| sight(&mut sightings, fact, sighting);
        notes
            .events
            .iter()
            .filter_map(Judge::event)
            .for_each(&mut see);
        for &worker in &notes.moved {
            Judge::moved(&view, worker, &mut see);
        }
        judge.state(&view, &mut see);
        Search {
            space,
            judge,
            visited,
            sightings,
            cursor: 0,
            level_end: 1,
            depth: 0,
            transitions: 0,
        }
    }

    fn progress(&self) -> Progress {
        Progress {
            states: self.visited.len() as u64,
            frontier: (self.visited.len() - self.cursor) as u64,
            transitions: self.transitions,
            depth: self.depth,
            bytes: self.visited.bytes() as u64,
        }
    }

    fn run<Stop>(&mut self, probe: Probe<'_, Stop>) -> Option<Stop> {
        let mut scratch = Scratch::default();
        let mut batch = Batch::default();
        while self.cursor < self.visited.len() {
            if let Some(stop) = probe(&self.progress()) {
                return Some(stop);
            }
            assert!(
                self.visited.len() + BATCH * 1024 < MOST_NODES,
                "more states than can be numbered: bound the search with --states"
            );
            batch.clear();
            // a batch does not reach over a level, so that depths stay known
            while self.cursor < self.level_end && batch.pending.len() < BATCH {
                self.expand(self.cursor, &mut scratch, &mut batch);
                self.cursor += 1;
            }
            self.transitions += batch.pending.len() as u64;
            self.insert(&batch);
            if self.cursor == self.level_end {
                self.level_end = self.visited.len();
                if self.cursor < self.level_end {
                    self.depth += 1;
                }
            }
        }
        None
    }

    #[inline]
    fn expand(&mut self, node: usize, scratch: &mut Scratch, batch: &mut Batch) {
        let words = self.visited.node(node);
        let situation = self.space.expand(words, scratch, |child| {
            batch.words.extend_from_slice(child.words);
            batch.events.extend_from_slice(&child.notes.events);
            batch.moved.extend_from_slice(&child.notes.moved);
            batch.pending.push(Pending {
                parent: node as u32,
                choice: child.choice,
                faults: child.spent.faults(),
                hash: hash_of(child.words),
                events: batch.events.len() as u32,
                moved: batch.moved.len() as u32,
            });
        });
        if situation != Situation::Going {
            let sighting = Sighting {
                faults: self.space.spent(words).faults(),
                steps: self.depth,
                node,
                choice: None,
            };
            let sightings = &mut self.sightings;
            judge_end(self.space, words, situation, |fact| {
                sight(sightings, fact, sighting);
            });
        }
    }

    fn insert(&mut self, batch: &Batch) {
        let touched = batch
            .pending
            .iter()
            .fold(0, |all, p| all ^ self.visited.touch(p.hash));
        std::hint::black_box(touched);
        let words = self.space.words();
        let (mut events, mut moved) = (0, 0);
        for (i, pending) in batch.pending.iter().enumerate() {
            let child = &batch.words[i * words..][..words];
            let events_end = pending.events as usize;
            let moved_end = pending.moved as usize;
            let here = Sighting {
                faults: pending.faults,
                steps: self.depth + 1,
                node: pending.parent as usize,
                choice: Some(pending.choice),
            };
            for fact in batch.events[events..events_end]
                .iter()
                .filter_map(Judge::event)
            {
                sight(&mut self.sightings, fact, here);
            }
            if self
                .visited
                .insert(child, pending.hash, pending.parent as usize)
            {
                let sightings = &mut self.sightings;
                let view = self.space.machine.view_words(child);
                let mut see = |fact| sight(sightings, fact, here);
                for &worker in &batch.moved[moved..moved_end] {
                    Judge::moved(&view, worker, &mut see);
                }
                self.judge.state(&view, &mut see);
            }
            (events, moved) = (events_end, moved_end);
        }
    }

    /// The choices from the root to a node.
    fn path(&self, node: usize, scratch: &mut Scratch) -> Vec<Choice> {
        let mut choices = Vec::new();
        let mut at = node;
        while at != 0 {
            let parent = self.visited.parent(at);
            let choice =
                self.space
                    .choice_to(self.visited.node(parent), self.visited.node(at), scratch);
            choices.extend(choice);
            at = parent;
        }
        choices.reverse();
        choices
    }

    /// The cheapest schedule of each fact.
    fn witnesses(&self) -> BTreeMap<Fact, Witnessed> {
        let exact = cheapest::schedules(self.space, &self.judge, &self.sightings);
        let mut scratch = Scratch::default();
        self.sightings
            .iter()
            .map(|(fact, sighting)| {
                let witnessed = match exact.get(fact) {
                    Some(choices) => Witnessed {
                        choices: choices.clone(),
                        faults: sighting.faults,
                        exact: true,
                    },
                    None => {
                        let mut choices = self.path(sighting.node, &mut scratch);
                        choices.extend(sighting.choice);
                        Witnessed {
                            choices,
                            faults: sighting.faults,
                            exact: false,
                        }
                    }
                };
                (fact.clone(), witnessed)
            })
            .collect()
    }
}

#[derive(Default)]
struct Batch {
    words: Vec<u64>,
    events: Vec<crate::run::Event>,
    moved: Vec<crate::run::WorkerId>,
    pending: Vec<Pending>,
}

impl Batch {
    fn clear(&mut self) {
        self.words.clear();
        self.events.clear();
        self.moved.clear();
        self.pending.clear();
    }
}

/// What a node shows after which nothing comes but cancellations.
pub(super) fn judge_end(
    space: &Space<'_>,
    node: &[u64],
    situation: Situation,
    mut report: impl FnMut(Fact),
) {
    if matches!(situation, Situation::Finished | Situation::Stuck) {
        let mut notes = Notes::default();
        space.machine.judge_deferred(node, &mut notes);
        notes
            .events
            .iter()
            .filter_map(Judge::event)
            .for_each(&mut report);
    }
    Judge::situation(&space.machine.view_words(node), situation, report);
}

/// Keeps a sighting if it is the first with so few faults: later ones have no fewer steps.
fn sight(sightings: &mut BTreeMap<Fact, Sighting>, fact: Fact, sighting: Sighting) {
    match sightings.entry(fact) {
        Entry::Vacant(entry) => {
            entry.insert(sighting);
        }
        Entry::Occupied(mut entry) => {
            let old = entry.get();
            if (sighting.faults, sighting.steps) < (old.faults, old.steps) {
                entry.insert(sighting);
            }
        }
    }
}
