//! From sightings to schedules: the way that the search went, as choices of a real run.
//!
//! Where instances stand for each other, the worker that a node calls by one name is another one
//! of its class in the run that leads there; who is who is followed along the way.

use std::collections::{BTreeMap, BTreeSet};

use super::exhaustive::{Search, Sighting, Witnessed};
use super::space::{Notes, Scratch};
use crate::property::{Fact, Judge, told_in_full};
use crate::run::{Choice, WorkerId};

/// A schedule for each fact: the cheapest where it is known, else that of its sighting; and how many
/// failures there are besides, for whose schedules there was no time.
pub(super) fn witnesses(
    search: &Search<'_>,
    exact: &BTreeMap<Fact, Witnessed>,
) -> (BTreeMap<Fact, Witnessed>, u64) {
    let mut ways = Ways::default();
    let mut witnesses: BTreeMap<Fact, Witnessed> = BTreeMap::new();
    let mut without_schedule = 0;
    let in_full = told_in_full(search.sightings.keys());
    // those that count first, where there may be no time for all
    let is_failure = |fact: &Fact| matches!(fact, Fact::Failed(_));
    let (failures, others): (Vec<_>, Vec<_>) = search
        .sightings
        .iter()
        .partition(|(fact, _)| is_failure(fact));
    for (fact, sighting) in failures.into_iter().chain(others) {
        if let Some(witnessed) = exact.get(fact) {
            witnesses.insert(fact.clone(), witnessed.clone());
            continue;
        }
        let mut witnessed = Witnessed {
            choices: Vec::new(),
            faults: 0,
            exact: false,
        };
        let ordered = match *fact {
            Fact::Ordered { from, to, worker } => Some((from, to, worker)),
            _ => None,
        };
        if ordered.is_none_or(|(from, to, _)| in_full.contains(&(from, to))) {
            let way = ways.to(search, sighting);
            if way.is_none() && ordered.is_none() {
                without_schedule += u64::from(is_failure(fact));
                continue;
            }
            if let Some(mut choices) = way {
                if let Some((from, to, worker)) = ordered {
                    relabel(search, &mut choices, from, to, worker);
                }
                witnessed.choices = choices;
                witnessed.faults = sighting.faults;
            }
        }
        witnesses.insert(fact.clone(), witnessed);
    }
    for_all_alike(search, &mut witnesses);
    (witnesses, without_schedule)
}

/// All facts of a search, those of instances that others stand for among them.
pub(super) fn facts(search: &Search<'_>) -> BTreeSet<Fact> {
    let seen = search.sightings.keys();
    let alike = seen.clone().flat_map(|fact| of_all_alike(search, fact));
    let alike = alike.map(|(_, fact)| fact);
    seen.cloned().chain(alike).collect()
}

/// What one instance can show, all of its class can.
fn for_all_alike(search: &Search<'_>, witnesses: &mut BTreeMap<Fact, Witnessed>) {
    let mut more = Vec::new();
    for (fact, witnessed) in witnesses.iter() {
        for ((worker, alike), fact) in of_all_alike(search, fact) {
            let mut witnessed = witnessed.clone();
            swap(&mut witnessed.choices, worker, alike);
            more.push((fact, witnessed));
        }
    }
    for (fact, witnessed) in more {
        witnesses.entry(fact).or_insert(witnessed);
    }
}

/// The fact for each instance of the class whose first instance shows it, with both instances.
fn of_all_alike(
    search: &Search<'_>,
    fact: &Fact,
) -> impl Iterator<Item = ((WorkerId, WorkerId), Fact)> {
    let ordered = match *fact {
        Fact::Ordered { from, to, worker } => Some((from, to, worker)),
        _ => None,
    };
    let symmetry = search.space.symmetry.as_ref();
    let class = ordered.zip(symmetry).and_then(|(ordered, symmetry)| {
        let (_, _, worker) = ordered;
        let class = symmetry.classes().iter().find(|class| class[0] == worker)?;
        Some((ordered, class))
    });
    class.into_iter().flat_map(|((from, to, worker), class)| {
        class.iter().map(move |&alike| {
            let fact = Fact::Ordered {
                from,
                to,
                worker: alike,
            };
            ((worker, alike), fact)
        })
    })
}

fn swap(choices: &mut [Choice], a: WorkerId, b: WorkerId) {
    for choice in choices {
        if choice.worker == a {
            choice.worker = b;
        } else if choice.worker == b {
            choice.worker = a;
        }
    }
}

/// Makes `worker` the one that takes `to` while it holds `from`, in place of one of its class.
fn relabel(
    search: &Search<'_>,
    choices: &mut [Choice],
    from: crate::run::SemaphoreId,
    to: crate::run::SemaphoreId,
    worker: WorkerId,
) {
    let Some(symmetry) = &search.space.symmetry else {
        return;
    };
    let machine = search.space.machine;
    let mut notes = Notes::default();
    let mut state = search.space.root(&mut notes);
    let mut shown = None;
    for &choice in choices.iter() {
        notes.moved.clear();
        machine.apply(&mut state, choice, &mut notes);
        let view = machine.view_words(&state);
        for &moved in &notes.moved {
            Judge::moved(&view, moved, |fact| {
                if let Fact::Ordered {
                    from: f,
                    to: t,
                    worker: w,
                } = fact
                    && (f, t) == (from, to)
                    && symmetry.representative(w) == worker
                {
                    shown = Some(w);
                }
            });
        }
    }
    if let Some(shown) = shown {
        swap(choices, shown, worker);
    }
}

/// The ways to nodes, kept since many facts are sighted close together.
#[derive(Default)]
struct Ways {
    known: BTreeMap<usize, Way>,
    scratch: Scratch,
}

/// The way to a node.
#[derive(Clone)]
struct Way {
    words: Vec<u64>,
    choices: Vec<Choice>,
    /// The worker of the run that the node calls by each name.
    real: Vec<WorkerId>,
}

impl Way {
    fn add(&mut self, step: Vec<Choice>) {
        let real = &self.real;
        let named = step.into_iter().map(|choice| Choice {
            worker: real[choice.worker.index()],
            ..choice
        });
        self.choices.extend(named);
    }
}

impl Ways {
    /// The choices from the initial state to where a fact was sighted; `None` if there is no time.
    fn to(&mut self, search: &Search<'_>, sighting: &Sighting) -> Option<Vec<Choice>> {
        let mut way = self.way_to(search, sighting.node)?;
        if let Some(last) = sighting.step {
            let is = |choice: Choice| choice == last.choice;
            let scratch = &mut self.scratch;
            let mut step = search.space.choices_to(&way.words, scratch, is, |_| true);
            if step.len() < last.choices as usize {
                return None;
            }
            step.truncate(last.choices as usize);
            way.add(step);
        }
        Some(way.choices)
    }

    fn way_to(&mut self, search: &Search<'_>, node: usize) -> Option<Way> {
        let (space, visited) = (search.space, &search.visited);
        let mut nodes = Vec::new();
        let mut at = node;
        while at != 0 && !self.known.contains_key(&at) {
            nodes.push(at);
            at = visited.parent(at);
        }
        let mut way = match self.known.get(&at) {
            Some(way) => way.clone(),
            None => Way {
                words: space.root(&mut Notes::default()),
                choices: Vec::new(),
                real: (0..space.machine.worker_count() as u32)
                    .map(WorkerId)
                    .collect(),
            },
        };
        for &next in nodes.iter().rev() {
            let (mut went, mut target) = (Vec::new(), Vec::new());
            let any = |_| true;
            let step = space.choices_to(&way.words, &mut self.scratch, any, |child| {
                if let Some(symmetry) = &space.symmetry {
                    symmetry.sort(space.machine, child.words, Some(&mut went));
                }
                target.clear();
                target.extend_from_slice(child.words);
                visited.is(next, child.words)
            });
            if step.is_empty() {
                return None;
            }
            way.words = target;
            way.add(step);
            let before = way.real.clone();
            for (from, to) in went.iter().enumerate() {
                way.real[to.index()] = before[from];
            }
        }
        // what is on the way is cheap to find again; each node kept takes room for a whole run
        if self.known.len() < MOST_WAYS {
            self.known.insert(node, way.clone());
        }
        Some(way)
    }
}

/// So many ways are kept.
const MOST_WAYS: usize = 1000;
