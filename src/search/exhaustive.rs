//! Breadth-first search of all nodes.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use super::cheapest;
use super::deltas::{Children, Deltas};
use super::paths;
use super::space::{Notes, Scratch, Space, effective};
use super::visited::{Keep, MOST_NODES, Visited, hash_of};
use crate::machine::Machine;
use crate::property::StepBound;
use crate::property::{Fact, Judge, Situation};
use crate::report::Reduction;
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
    /// Bytes that the visited nodes take, or will take with the next batch.
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
    /// What may be left out.
    pub reduction: Reduction,
    /// Whether nodes are kept whole.
    pub keep: Keep,
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
    /// How many findings there are besides, for whose schedules there was no time.
    pub without_schedule: u64,
}

/// How long a search may take.
#[derive(Clone, Copy)]
pub struct Patience<'a> {
    /// Whether no more nodes are to be looked at, and schedules not to be made cheaper. Then the probe
    /// says stop.
    pub hurry: &'a dyn Fn() -> bool,
    /// Whether no more schedules are to be made either.
    pub over: &'a dyn Fn() -> bool,
}

impl Patience<'_> {
    /// As long as it takes.
    pub const ENDLESS: Patience<'static> = Patience {
        hurry: &|| false,
        over: &|| false,
    };
}

impl std::fmt::Debug for Patience<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Patience")
            .field("hurry", &(self.hurry)())
            .field("over", &(self.over)())
            .finish()
    }
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
    /// Steps between nodes, which are steps of a run only if nothing is left out.
    pub(super) steps: u64,
    /// The node, and the step out of it, if it was a step that showed it.
    pub(super) node: usize,
    pub(super) step: Option<SightedStep>,
}

/// A step out of a node.
#[derive(Debug, Clone, Copy)]
pub(super) struct SightedStep {
    /// Its first choice.
    pub(super) choice: Choice,
    /// After how many of its choices the fact shows.
    pub(super) choices: u32,
}

struct Pending {
    parent: u32,
    choice: Choice,
    faults: u32,
    hash: u64,
    /// Ends of this child's part of the batch's notes.
    events: u32,
    moved: u32,
    facts: u32,
}

const BATCH: usize = 512;

impl Exhaustive<'_> {
    /// What is left out under these bounds: at most what `reduction` allows.
    pub fn effective_reduction(&self) -> Reduction {
        effective(self.machine, &self.budget, self.bound, self.reduction)
    }

    /// Searches until everything was seen or the probe says stop.
    pub fn search<Stop>(&self, probe: Probe<'_, Stop>, patience: Patience<'_>) -> Found<Stop> {
        let Patience { hurry, over } = patience;
        let space = Space::new(self.machine, self.budget, self.bound, self.reduction).until(hurry);
        let (search, stopped) = self.search_in(&space, probe, hurry);
        let exact = cheapest::schedules(self, &search, stopped.is_none(), hurry);
        space.go_on_until(over);
        let (facts, without_schedule) = paths::witnesses(&search, &exact);
        Found {
            facts,
            stopped,
            progress: search.progress(),
            without_schedule,
        }
    }

    /// What a search finds, without the schedules: for those who only compare.
    ///
    /// # Errors
    ///
    /// Why the probe said stop.
    pub fn facts<Stop>(&self, probe: Probe<'_, Stop>) -> Result<BTreeSet<Fact>, Stop> {
        let space = Space::new(self.machine, self.budget, self.bound, self.reduction);
        let (search, stopped) = self.search_in(&space, probe, &|| false);
        stopped.map_or_else(|| Ok(paths::facts(&search)), Err)
    }

    fn search_in<'s, Stop>(
        &self,
        space: &'s Space<'s>,
        probe: Probe<'_, Stop>,
        hurry: &dyn Fn() -> bool,
    ) -> (Search<'s>, Option<Stop>) {
        let mut search = Search::new(space, self.keep);
        let mut stopped = None;
        while stopped.is_none() && search.has_more() {
            stopped = probe(&search.progress());
            if stopped.is_none() {
                search.advance();
            }
        }
        if stopped.is_none() && hurry() {
            // the last node may lack some of its successors
            stopped = probe(&search.progress());
        }
        (search, stopped)
    }
}

/// A search under way.
pub(super) struct Search<'a> {
    pub(super) space: &'a Space<'a>,
    pub(super) visited: Visited,
    pub(super) sightings: BTreeMap<Fact, Sighting>,
    /// The next node to be expanded.
    cursor: usize,
    /// The first node of the next level.
    level_end: usize,
    depth: u64,
    transitions: u64,
    scratch: Scratch,
    batch: Batch,
    deltas: Option<Deltas>,
    children: Children,
    hashes: Vec<u64>,
    /// The node that is being expanded.
    node: Vec<u64>,
}

impl<'a> Search<'a> {
    pub(super) fn new(space: &'a Space<'a>, keep: Keep) -> Search<'a> {
        let mut notes = Notes::default();
        let root = space.root(&mut notes);
        let mut visited = Visited::new(space.words(), keep);
        visited.insert(&root, hash_of(&root), 0);
        let mut sightings = BTreeMap::new();
        let sighting = Sighting {
            faults: 0,
            steps: 0,
            node: 0,
            step: None,
        };
        space.judge.step(
            &space.machine.view_words(&root),
            Situation::Going,
            &notes.events,
            &notes.moved,
            |fact| sight(&mut sightings, fact, sighting),
        );
        Search {
            space,
            visited,
            sightings,
            cursor: 0,
            level_end: 1,
            depth: 0,
            transitions: 0,
            scratch: Scratch::default(),
            batch: Batch::default(),
            deltas: Deltas::new(space),
            children: Children::default(),
            hashes: Vec::new(),
            node: Vec::new(),
        }
    }

    pub(super) fn progress(&self) -> Progress {
        Progress {
            states: self.visited.len() as u64,
            frontier: (self.visited.len() - self.cursor) as u64,
            transitions: self.transitions,
            depth: self.depth,
            bytes: self.visited.bytes(2 * BATCH) as u64,
        }
    }

    /// Whether there are nodes that were not expanded.
    fn has_more(&self) -> bool {
        self.cursor < self.visited.len()
    }

    /// Expands some more nodes; whether there were any.
    pub(super) fn advance(&mut self) -> bool {
        if !self.has_more() {
            return false;
        }
        let first = self.cursor;
        assert!(
            self.visited.len() + BATCH * 1024 < MOST_NODES,
            "more states than can be numbered: bound the search with --states"
        );
        let mut batch = std::mem::take(&mut self.batch);
        let mut scratch = std::mem::take(&mut self.scratch);
        batch.clear();
        // a batch does not reach over a level, so that depths stay known
        while self.cursor < self.level_end
            && (self.cursor == first || !self.space.is_hurried())
            && self.cursor - first < BATCH
            && batch.pending.len() + self.children.parents.len() < BATCH
        {
            let mut node = std::mem::take(&mut self.node);
            self.visited.take(self.cursor, &mut node);
            if !self.add(self.cursor, &node) {
                self.expand(self.cursor, &node, &mut scratch, &mut batch);
            }
            self.node = node;
            self.cursor += 1;
        }
        self.transitions += (batch.pending.len() + self.children.parents.len()) as u64;
        self.insert(&batch);
        self.insert_children();
        self.batch = batch;
        self.scratch = scratch;
        if self.cursor == self.level_end {
            self.level_end = self.visited.len();
            if self.cursor < self.level_end {
                self.depth += 1;
            }
        }
        true
    }

    /// Expands a node by adding differences, if that can be done.
    #[inline]
    fn add(&mut self, node: usize, words: &[u64]) -> bool {
        let Some(deltas) = &mut self.deltas else {
            return false;
        };
        let (sightings, steps) = (&mut self.sightings, self.depth + 1);
        deltas.expand(
            self.space,
            words,
            node as u32,
            &mut self.children,
            |fact, choice| {
                let here = Sighting {
                    faults: 0,
                    steps,
                    node,
                    step: Some(SightedStep { choice, choices: 1 }),
                };
                sight(sightings, fact, here);
            },
        )
    }

    fn insert_children(&mut self) {
        let words = self.space.words();
        let children = std::mem::take(&mut self.children);
        self.hashes.clear();
        self.hashes
            .extend(children.words.chunks_exact(words).map(hash_of));
        let touched = self
            .hashes
            .iter()
            .fold(0, |t, &h| t ^ self.visited.touch(h));
        std::hint::black_box(touched);
        let nodes = children.words.chunks_exact(words);
        for ((node, &hash), &parent) in nodes.zip(&self.hashes).zip(&children.parents) {
            self.visited.insert(node, hash, parent as usize);
        }
        self.children = children;
        self.children.words.clear();
        self.children.parents.clear();
    }

    #[inline]
    fn expand(&mut self, node: usize, words: &[u64], scratch: &mut Scratch, batch: &mut Batch) {
        let space = self.space;
        let situation = space.expand(words, scratch, |child| {
            if let Some(symmetry) = &space.symmetry {
                symmetry.sort(space.machine, child.words, None);
            }
            batch.words.extend_from_slice(child.words);
            if space.is_reduced() {
                batch.facts.extend_from_slice(child.facts);
            } else {
                batch.events.extend_from_slice(&child.notes.events);
                batch.moved.extend_from_slice(&child.notes.moved);
            }
            batch.pending.push(Pending {
                parent: node as u32,
                choice: child.choices[0],
                faults: child.spent.faults(),
                hash: hash_of(child.words),
                events: batch.events.len() as u32,
                moved: batch.moved.len() as u32,
                facts: batch.facts.len() as u32,
            });
            ControlFlow::Continue(())
        });
        if situation != Situation::Going {
            let sighting = Sighting {
                faults: space.spent(words).faults(),
                steps: self.depth,
                node,
                step: None,
            };
            let sightings = &mut self.sightings;
            judge_end(space, words, situation, |fact| {
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
        let space = self.space;
        let reduced = space.is_reduced();
        let words = space.words();
        let (mut events, mut moved, mut facts) = (0, 0, 0);
        for (i, pending) in batch.pending.iter().enumerate() {
            let child = &batch.words[i * words..][..words];
            let events_end = pending.events as usize;
            let moved_end = pending.moved as usize;
            let facts_end = pending.facts as usize;
            let here = |choices| Sighting {
                faults: pending.faults,
                steps: self.depth + 1,
                node: pending.parent as usize,
                step: Some(SightedStep {
                    choice: pending.choice,
                    choices,
                }),
            };
            let sightings = &mut self.sightings;
            for (fact, choices) in &batch.facts[facts..facts_end] {
                sight(sightings, fact.clone(), here(*choices));
            }
            let shown = batch.events[events..events_end]
                .iter()
                .filter_map(Judge::event);
            for fact in shown {
                sight(sightings, fact, here(1));
            }
            let fresh = self
                .visited
                .insert(child, pending.hash, pending.parent as usize);
            if fresh && !reduced {
                let view = space.machine.view_words(child);
                let mut see = |fact| sight(sightings, fact, here(1));
                for &worker in &batch.moved[moved..moved_end] {
                    Judge::moved(&view, worker, &mut see);
                }
                space.judge.state(&view, &mut see);
            }
            (events, moved, facts) = (events_end, moved_end, facts_end);
        }
    }
}

#[derive(Default)]
struct Batch {
    words: Vec<u64>,
    events: Vec<crate::run::Event>,
    moved: Vec<crate::run::WorkerId>,
    facts: Vec<(Fact, u32)>,
    pending: Vec<Pending>,
}

impl Batch {
    fn clear(&mut self) {
        self.words.clear();
        self.events.clear();
        self.moved.clear();
        self.facts.clear();
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
