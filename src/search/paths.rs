//! From sightings to schedules: the way that the search went, as choices of a real run.
//!
//! Where instances stand for each other, the worker that a node calls by one name is another one
//! of its class in the run that leads there; who is who is followed along the way.

use std::collections::{BTreeMap, BTreeSet};

use super::exhaustive::{Search, Sighting, Witnessed};
use super::space::{Notes, Scratch};
use crate::property::{Fact, Judge, told_in_full};
use crate::run::{Choice, WorkerId};

/// A schedule for each fact: the cheapest where it is known, else that of its sighting.
pub(super) fn witnesses(
    search: &Search<'_>,
    exact: &BTreeMap<Fact, Witnessed>,
) -> BTreeMap<Fact, Witnessed> {
    let mut scratch = Scratch::default();
    let mut witnesses: BTreeMap<Fact, Witnessed> = BTreeMap::new();
    let in_full = told_in_full(search.sightings.keys());
    for (fact, sighting) in &search.sightings {
        let witnessed = exact.get(fact).cloned().unwrap_or_else(|| {
            if let Fact::Ordered { from, to, .. } = *fact
                && !in_full.contains(&(from, to))
            {
                return Witnessed {
                    choices: Vec::new(),
                    faults: 0,
                    exact: false,
                };
            }
            let mut choices = path(search, sighting, &mut scratch);
            if let Fact::Ordered { from, to, worker } = *fact {
                relabel(search, &mut choices, from, to, worker);
            }
            Witnessed {
                choices,
                faults: sighting.faults,
                exact: false,
            }
        });
        witnesses.insert(fact.clone(), witnessed);
    }
    for_all_alike(search, &mut witnesses);
    witnesses
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

/// The choices from the initial state to where a fact was sighted.
fn path(search: &Search<'_>, sighting: &Sighting, scratch: &mut Scratch) -> Vec<Choice> {
    let (space, visited) = (search.space, &search.visited);
    let mut nodes = Vec::new();
    let mut at = sighting.node;
    while at != 0 {
        nodes.push(at);
        at = visited.parent(at);
    }
    nodes.push(0);
    nodes.reverse();
    // the worker of the run that a node calls by each name
    let mut real: Vec<WorkerId> = (0..space.machine.worker_count() as u32)
        .map(WorkerId)
        .collect();
    let mut choices: Vec<Choice> = Vec::new();
    let rename = |step: Vec<Choice>, real: &[WorkerId]| {
        step.into_iter()
            .map(|choice| Choice {
                worker: real[choice.worker.index()],
                ..choice
            })
            .collect::<Vec<Choice>>()
    };
    let mut node = space.root(&mut Notes::default());
    for &next in &nodes[1..] {
        let (mut went, mut target) = (Vec::new(), Vec::new());
        let step = space.choices_to(&node, scratch, |child| {
            if let Some(symmetry) = &space.symmetry {
                symmetry.sort(space.machine, child.words, Some(&mut went));
            }
            target.clear();
            target.extend_from_slice(child.words);
            visited.is(next, child.words)
        });
        node = target;
        choices.extend(rename(step, &real));
        let before = real.clone();
        for (from, to) in went.iter().enumerate() {
            real[to.index()] = before[from];
        }
    }
    if let Some(last) = sighting.step {
        let mut step = space.choices_to(&node, scratch, |child| child.choices[0] == last.choice);
        step.truncate(last.choices as usize);
        choices.extend(rename(step, &real));
    }
    choices
}
