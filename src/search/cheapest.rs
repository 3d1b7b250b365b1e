//! The cheapest schedules: fewest faults, fewest steps, fewest switches, first choices first.
//!
//! The search knows the fewest faults and steps of each fact. What remains is settled by dynamic
//! programming, layer by layer, over nodes together with the worker of the last choice: of all
//! ways to such a pair only the one with the fewest switches is kept and, among those, the one
//! whose choices come first. That is exact, since a cheapest way goes on from a cheapest way.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use super::exhaustive::{Exhaustive, Search, Sighting, Witnessed, judge_end};
use super::space::{Notes, Scratch, Space};
use super::visited::Keep;
use crate::property::{Fact, Judge, Situation, told_in_full};
use crate::report::Reduction;
use crate::run::{Choice, WorkerId, switches};

/// So many nodes are looked at before it counts as too dear to learn the fewest steps.
const MOST_NODES: usize = 300_000;

/// So many pairs are looked at before it counts as too dear.
const MOST_PAIRS: usize = 400_000;

/// Words of nodes that are kept at most, where nodes are large.
const MOST_WORDS: usize = 16_000_000;

/// So many nodes, or fewer where they are large.
fn affordable(nodes: usize, space: &Space<'_>) -> usize {
    nodes.min(MOST_WORDS / space.words())
}

/// A node, and the worker of the last choice.
type Pair = (Vec<u64>, Option<WorkerId>);

/// The best way to a pair.
struct Entry {
    /// The entry of the layer before.
    parent: u32,
    choice: Choice,
    switches: u32,
}

/// The way to something in the layer that is being made.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Way {
    switches: u32,
    /// The place of the parent's way among the ways to its layer, and so the parent itself.
    parent: u32,
    choice: Choice,
}

/// The cheapest schedules of the facts that a search has seen, as far as they are affordable.
///
/// A search that leaves nothing out knows the fewest steps already. One that does knows the fewest
/// faults, since what stands for a run has no more of them; the fewest steps are then learned from
/// a search in which nothing but identical instances stand for each other, which has no more
/// faults, and which ends when it has seen everything.
pub(super) fn schedules(
    exhaustive: &Exhaustive<'_>,
    search: &Search<'_>,
    complete: bool,
    hurry: &dyn Fn() -> bool,
) -> BTreeMap<Fact, Witnessed> {
    let in_full = told_in_full(search.sightings.keys());
    let mut sightings = search.sightings.clone();
    sightings.retain(|fact, _| match fact {
        Fact::Ordered { from, to, .. } => in_full.contains(&(*from, *to)),
        _ => true,
    });
    if sightings.is_empty() {
        return BTreeMap::new();
    }
    let found = if search.space.is_reduced() {
        let most_faults = sightings.values().map(|s| s.faults).max();
        let space = Space::new(
            exhaustive.machine,
            exhaustive.budget,
            exhaustive.bound,
            Reduction::Symmetry,
        )
        .with_most_faults(most_faults.unwrap_or(0))
        .until(hurry);
        let mut full = Search::new(&space, Keep::Whole);
        let is_seen = |full: &Search<'_>| {
            sightings.iter().all(|(fact, least)| {
                let seen = full.sightings.get(fact);
                seen.is_some_and(|s| s.faults <= least.faults)
            })
        };
        while !is_seen(&full)
            && full.visited.len() < affordable(MOST_NODES, &space)
            && !hurry()
            && full.advance()
        {}
        let mut learned = full.sightings;
        learned.retain(|fact, seen| {
            let least = sightings.get(fact);
            least.is_some_and(|least| seen.faults <= least.faults)
        });
        let space = Space::new(
            exhaustive.machine,
            exhaustive.budget,
            exhaustive.bound,
            Reduction::None,
        )
        .with_most_faults(most_faults.unwrap_or(0))
        .until(hurry);
        by_switches(&space, &learned, hurry)
    } else {
        by_switches(search.space, &sightings, hurry)
    };
    let witnessed = |(fact, (choices, faults)): (Fact, (Vec<Choice>, u32))| {
        let witnessed = Witnessed {
            choices,
            faults,
            exact: complete,
        };
        (fact, witnessed)
    };
    found.into_iter().map(witnessed).collect()
}

/// Of the schedules with the fewest faults and steps the one with the fewest switches, and of
/// those the first.
fn by_switches(
    space: &Space<'_>,
    sightings: &BTreeMap<Fact, Sighting>,
    hurry: &dyn Fn() -> bool,
) -> BTreeMap<Fact, (Vec<Choice>, u32)> {
    let judge = &space.judge;
    let most_pairs = affordable(MOST_PAIRS, space);
    let deepest = sightings.values().map(|s| s.steps).max().unwrap_or(0);
    let most_faults = sightings.values().map(|s| s.faults).max().unwrap_or(0);
    let mut found: BTreeMap<Fact, Vec<Choice>> = BTreeMap::new();
    let mut scratch = Scratch::default();
    let mut layers: Vec<Vec<Entry>> = Vec::new();
    let mut nodes: Vec<Pair> = vec![(space.root(&mut Notes::default()), None)];
    let mut pairs = 0;
    for (fact, sighting) in sightings {
        if sighting.steps == 0 {
            found.insert(fact.clone(), Vec::new());
        }
    }
    'layers: for depth in 0..=deepest {
        let wanted = |fact: &Fact, faults: u32, steps: u64| {
            sightings
                .get(fact)
                .is_some_and(|s| (s.faults, s.steps) == (faults, steps))
        };
        let mut next: BTreeMap<Pair, Way> = BTreeMap::new();
        let mut seen: BTreeMap<Fact, Way> = BTreeMap::new();
        for (at, (words, last)) in nodes.iter().enumerate() {
            // half a layer settles nothing
            if pairs + next.len() > most_pairs || hurry() {
                break 'layers;
            }
            let faults_here = space.spent(words).faults();
            let switches = layers.last().map_or(0, |layer| layer[at].switches);
            let situation = space.expand(words, &mut scratch, |child| {
                let faults = child.spent.faults();
                if depth == deepest || faults > most_faults {
                    return ControlFlow::Continue(());
                }
                let worker = child.choices[0].worker;
                let way = Way {
                    switches: switches + u32::from(last.is_some_and(|l| l != worker)),
                    parent: at as u32,
                    choice: child.choices[0],
                };
                let mut see = |fact: Fact| {
                    if wanted(&fact, faults, depth + 1) {
                        let best = seen.entry(fact).or_insert(way);
                        *best = way.min(*best);
                    }
                };
                let view = space.machine.view_words(child.words);
                child
                    .notes
                    .events
                    .iter()
                    .filter_map(Judge::event)
                    .for_each(&mut see);
                for &moved in &child.notes.moved {
                    Judge::moved(&view, moved, &mut see);
                }
                judge.state(&view, &mut see);
                let best = next
                    .entry((child.words.to_vec(), Some(worker)))
                    .or_insert(way);
                *best = way.min(*best);
                ControlFlow::Continue(())
            });
            if situation != Situation::Going {
                judge_end(space, words, situation, |fact| {
                    if wanted(&fact, faults_here, depth) {
                        // of several ways here the least counts, and it is known in full
                        let choices = choices_to(&layers, at);
                        let better = match found.get(&fact) {
                            None => true,
                            Some(old) => order_of(&choices) < order_of(old),
                        };
                        if better {
                            found.insert(fact, choices);
                        }
                    }
                });
            }
        }
        if hurry() {
            break;
        }
        for (fact, way) in seen {
            let mut choices = choices_to(&layers, way.parent as usize);
            choices.push(way.choice);
            let better = match found.get(&fact) {
                None => true,
                Some(old) => order_of(&choices) < order_of(old),
            };
            if better {
                found.insert(fact, choices);
            }
        }
        pairs += next.len();
        if pairs > most_pairs || depth == deepest {
            break;
        }
        // an entry's place in its layer is the place of its way: first choices first
        let mut sorted: Vec<(Pair, Way)> = next.into_iter().collect();
        sorted.sort_by_key(|(_, way)| (way.parent, way.choice));
        let mut layer = Vec::with_capacity(sorted.len());
        nodes = Vec::with_capacity(sorted.len());
        for (pair, way) in sorted {
            nodes.push(pair);
            layer.push(Entry {
                parent: way.parent,
                choice: way.choice,
                switches: way.switches,
            });
        }
        layers.push(layer);
    }
    found
        .into_iter()
        .map(|(fact, choices)| {
            let faults = sightings[&fact].faults;
            (fact, (choices, faults))
        })
        .collect()
}

/// The choices that lead to an entry of the last layer.
fn choices_to(layers: &[Vec<Entry>], mut at: usize) -> Vec<Choice> {
    let mut choices: Vec<Choice> = Vec::with_capacity(layers.len());
    for layer in layers.iter().rev() {
        choices.push(layer[at].choice);
        at = layer[at].parent as usize;
    }
    choices.reverse();
    choices
}

/// Among schedules of as many faults and steps: fewest switches, first choices first.
fn order_of(choices: &[Choice]) -> (usize, &[Choice]) {
    (switches(choices), choices)
}
