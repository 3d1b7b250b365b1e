//! The cycles of the order graph: those that can be taken by pairwise distinct workers.
//!
//! A walk stays inside of a strongly connected component (Tarjan 1972) and goes only where its
//! start can still be reached in time (after Johnson 1975), and only while its edges can be given
//! to distinct workers. The number of cycles is exponential all the same, so first each semaphore
//! is given a shortest cycle through it, with an effort of its own; then the rest is told, shortest
//! first, as far as the effort goes.
//!
//! **Invariants**
//!
//! 1. A cycle begins with its smallest semaphore.
//! 2. If a cycle may be missing, the answer is cut.

use std::collections::{BTreeMap, BTreeSet};

use super::lock_order::{MayMeet, WorkerEdge};
use crate::run::{SemaphoreId, WorkerId};

/// At most so many cycles are told: a tangle of many semaphores has too many to read.
pub(super) const MOST_CYCLES: usize = 64;

/// How many edges are tried for each of the two purposes.
const EFFORT: usize = 1_000_000;

/// How many pairs of edges are asked about for one cycle; one that takes more counts.
const MOST_PAIRS: usize = 100_000;

/// Who was seen to take what while holding what.
#[derive(Debug, Default)]
pub(super) struct OrderGraph {
    edges: BTreeMap<SemaphoreId, BTreeMap<SemaphoreId, BTreeSet<WorkerId>>>,
}

/// Cycles, the shortest first.
pub(super) struct Found {
    pub(super) cycles: Vec<Vec<SemaphoreId>>,
    /// Whether there may be more.
    pub(super) cut: bool,
}

impl OrderGraph {
    pub(super) fn add(&mut self, from: SemaphoreId, to: SemaphoreId, worker: WorkerId) {
        let targets = self.edges.entry(from).or_default();
        targets.entry(to).or_default().insert(worker);
    }

    /// The cycles that count, as many as can be read, every semaphore that is in one in at least
    /// one of them where the effort and the number allow it.
    pub(super) fn cycles(&self, may_meet: Option<MayMeet<'_>>) -> Found {
        let components = self.components(may_meet);
        let (mut told, mut cut) = cover(&components);
        cut |= told.len() > MOST_CYCLES;
        let (rest, rest_cut) = shortest_first(&components);
        cut |= rest_cut;
        for cycle in rest {
            if told.len() >= MOST_CYCLES {
                cut |= !told.contains(&cycle);
            } else {
                told.insert(cycle);
            }
        }
        let mut cycles: Vec<Vec<SemaphoreId>> = told.into_iter().map(|(_, c)| c).collect();
        cycles.truncate(MOST_CYCLES);
        Found { cycles, cut }
    }

    /// The strongly connected components of two semaphores or more (Tarjan 1972, with a stack of
    /// its own: a chain can be as long as a program).
    fn components<'a>(&'a self, may_meet: Option<MayMeet<'a>>) -> Vec<Component<'a>> {
        let nodes: BTreeSet<SemaphoreId> = self
            .edges
            .iter()
            .flat_map(|(&from, targets)| targets.keys().copied().chain([from]))
            .collect();
        let nodes: Vec<SemaphoreId> = nodes.into_iter().collect();
        let place: BTreeMap<SemaphoreId, usize> = nodes.iter().copied().zip(0..).collect();
        let next: Vec<Vec<usize>> = nodes
            .iter()
            .map(|from| self.edges.get(from).into_iter().flatten())
            .map(|targets| targets.map(|(to, _)| place[to]).collect())
            .collect();
        let mut all: Vec<Component<'a>> = strongly_connected(&next)
            .into_iter()
            .filter(|members| members.len() > 1)
            .map(|members| {
                let members = members.into_iter().map(|m| nodes[m]).collect();
                self.component(members, may_meet)
            })
            .collect();
        all.sort_by_key(|component| component.nodes[0]);
        all
    }

    fn component<'a>(
        &'a self,
        mut nodes: Vec<SemaphoreId>,
        may_meet: Option<MayMeet<'a>>,
    ) -> Component<'a> {
        nodes.sort_unstable();
        let place: BTreeMap<SemaphoreId, usize> = nodes.iter().copied().zip(0..).collect();
        let next: Vec<Vec<Hop<'_>>> = nodes
            .iter()
            .map(|from| {
                let targets = self.edges[from].iter();
                targets
                    .filter_map(|(to, workers)| Some((*place.get(to)?, workers)))
                    .filter(|&(to, _)| nodes[to] != *from)
                    .collect()
            })
            .collect();
        let mut before = vec![Vec::new(); nodes.len()];
        for (from, hops) in next.iter().enumerate() {
            for &(to, _) in hops {
                before[to].push(from);
            }
        }
        let workers: BTreeSet<WorkerId> = next
            .iter()
            .flatten()
            .flat_map(|(_, workers)| workers.iter().copied())
            .collect();
        Component {
            longest: nodes.len().min(workers.len()),
            nodes,
            next,
            before,
            may_meet,
        }
    }
}

/// An edge: where it leads, and who was seen to take it.
type Hop<'a> = (usize, &'a BTreeSet<WorkerId>);

/// A cycle with its length, to be sorted by.
type Told = (usize, Vec<SemaphoreId>);

/// A strongly connected part of the graph; nodes are indices into `nodes`, which is sorted.
struct Component<'a> {
    nodes: Vec<SemaphoreId>,
    next: Vec<Vec<Hop<'a>>>,
    before: Vec<Vec<usize>>,
    /// No cycle of distinct workers is longer.
    longest: usize,
    may_meet: Option<MayMeet<'a>>,
}

impl Component<'_> {
    /// How far it is to `start` from every node, through nodes from `least` on.
    fn distances(&self, start: usize, least: usize) -> Vec<usize> {
        let mut distances = vec![usize::MAX; self.nodes.len()];
        distances[start] = 0;
        let mut queue = vec![start];
        let mut done = 0;
        while let Some(&node) = queue.get(done) {
            done += 1;
            for &from in &self.before[node] {
                if from >= least && distances[from] == usize::MAX {
                    distances[from] = distances[node] + 1;
                    queue.push(from);
                }
            }
        }
        distances
    }

    fn told(&self, path: &[usize]) -> Told {
        let least = (0..path.len()).min_by_key(|&i| path[i]).unwrap_or(0);
        let around = path[least..].iter().chain(&path[..least]);
        (path.len(), around.map(|&node| self.nodes[node]).collect())
    }
}

/// For each semaphore that can be in a cycle, a shortest one; whether the effort ran out.
fn cover(components: &[Component<'_>]) -> (BTreeSet<Told>, bool) {
    let mut told = BTreeSet::new();
    let mut cut = false;
    let nodes: usize = components.iter().map(|c| c.nodes.len()).sum();
    for component in components {
        let mut covered = vec![false; component.nodes.len()];
        for start in 0..component.nodes.len() {
            if covered[start] {
                continue;
            }
            let distances = component.distances(start, 0);
            let mut walk = Walk::new(component, &distances, (EFFORT / nodes).max(1000));
            let mut found = None;
            for length in 2..=component.longest {
                walk.from(start, length, &mut |path| {
                    found = Some(path.to_vec());
                    false
                });
                if found.is_some() || walk.effort == 0 {
                    break;
                }
            }
            match found {
                Some(path) => {
                    path.iter().for_each(|&node| covered[node] = true);
                    told.insert(component.told(&path));
                }
                None => cut |= walk.effort == 0,
            }
        }
    }
    (told, cut)
}

/// The shortest cycles, one more than can be told; whether the effort ran out.
fn shortest_first(components: &[Component<'_>]) -> (Vec<Told>, bool) {
    let mut found: Vec<Told> = Vec::new();
    let mut effort = EFFORT;
    // each cycle is found from its smallest node, through greater ones
    let starts: Vec<(&Component<'_>, usize, Vec<usize>)> = components
        .iter()
        .flat_map(|c| (0..c.nodes.len()).map(move |start| (c, start, c.distances(start, start))))
        .collect();
    let longest = components.iter().map(|c| c.longest).max().unwrap_or(0);
    for length in 2..=longest {
        for (component, start, distances) in &starts {
            if length > component.longest {
                continue;
            }
            let mut walk = Walk::new(component, distances, effort);
            walk.from(*start, length, &mut |path| {
                found.push(component.told(path));
                found.len() <= MOST_CYCLES
            });
            effort = walk.effort;
            if found.len() > MOST_CYCLES {
                return (found, false);
            }
            if effort == 0 {
                return (found, true);
            }
        }
    }
    (found, false)
}

/// A walk for cycles of one length.
struct Walk<'a> {
    component: &'a Component<'a>,
    /// How far each node is from the start, at least.
    distances: &'a [usize],
    effort: usize,
    path: Vec<usize>,
    on_path: Vec<bool>,
    /// Who may take each edge of the path.
    choices: Vec<&'a BTreeSet<WorkerId>>,
    /// Which edge is given to whom.
    given: BTreeMap<WorkerId, usize>,
}

impl<'a> Walk<'a> {
    fn new(component: &'a Component<'a>, distances: &'a [usize], effort: usize) -> Walk<'a> {
        Walk {
            component,
            distances,
            effort,
            path: Vec::new(),
            on_path: vec![false; component.nodes.len()],
            choices: Vec::new(),
            given: BTreeMap::new(),
        }
    }

    /// Calls `found` with the cycles through `start` until it says that it has enough.
    fn from(&mut self, start: usize, length: usize, found: &mut impl FnMut(&[usize]) -> bool) {
        self.path.push(start);
        self.on_path[start] = true;
        self.on(length, found);
        self.path.pop();
        self.on_path[start] = false;
    }

    fn on(&mut self, length: usize, found: &mut impl FnMut(&[usize]) -> bool) -> bool {
        let component = self.component;
        let left = length - self.path.len();
        for &(to, workers) in &component.next[self.path[self.path.len() - 1]] {
            if self.effort == 0 {
                return false;
            }
            self.effort -= 1;
            let closes = left == 0 && to == self.path[0];
            let leads = left > 0 && !self.on_path[to] && self.distances[to] <= left;
            if !closes && !leads {
                continue;
            }
            let before = self.given.clone();
            self.choices.push(workers);
            let edge = self.choices.len() - 1;
            let mut more = true;
            if assign(&self.choices, edge, &mut self.given, &mut BTreeSet::new()) {
                if closes {
                    more = !self.can_be_waited_on() || found(&self.path);
                } else {
                    self.path.push(to);
                    self.on_path[to] = true;
                    more = self.on(length, found);
                    self.path.pop();
                    self.on_path[to] = false;
                }
            }
            self.choices.pop();
            self.given = before;
            if !more {
                return false;
            }
        }
        true
    }
}

impl Walk<'_> {
    /// Whether the edges of the path, which is a cycle, can be given to distinct workers so that each
    /// two of them may be waited on at once.
    fn can_be_waited_on(&self) -> bool {
        let Some(may_meet) = self.component.may_meet else {
            return true;
        };
        let mut given = Vec::with_capacity(self.path.len());
        let mut left = MOST_PAIRS;
        self.gives(may_meet, &mut given, &mut left) || left == 0
    }

    fn gives(&self, may_meet: MayMeet<'_>, given: &mut Vec<WorkerEdge>, left: &mut usize) -> bool {
        let at = given.len();
        if at == self.path.len() {
            return true;
        }
        let id = |at: usize| self.component.nodes[self.path[at % self.path.len()]];
        self.choices[at].iter().any(|&worker| {
            let edge = WorkerEdge {
                from: id(at),
                to: id(at + 1),
                worker,
            };
            let fits = given.iter().all(|&other| {
                *left = left.saturating_sub(1);
                other.worker != worker && may_meet(other, edge)
            });
            if !fits || *left == 0 {
                return false;
            }
            given.push(edge);
            let all = self.gives(may_meet, given, left);
            given.pop();
            all
        })
    }
}

/// Gives an edge to a worker, others moved to other workers for it where needed: an augmenting
/// path of the matching (Kuhn 1955). Where there is none, nothing changes.
fn assign(
    choices: &[&BTreeSet<WorkerId>],
    edge: usize,
    given: &mut BTreeMap<WorkerId, usize>,
    tried: &mut BTreeSet<WorkerId>,
) -> bool {
    for &worker in choices[edge] {
        if !tried.insert(worker) {
            continue;
        }
        let free = match given.get(&worker) {
            None => true,
            Some(&other) => assign(choices, other, given, tried),
        };
        if free {
            given.insert(worker, edge);
            return true;
        }
    }
    false
}

/// The strongly connected components of a graph.
fn strongly_connected(next: &[Vec<usize>]) -> Vec<Vec<usize>> {
    const NEW: usize = usize::MAX;
    let mut index = vec![NEW; next.len()];
    let mut low = vec![0; next.len()];
    let mut open = Vec::new();
    let mut is_open = vec![false; next.len()];
    let mut components = Vec::new();
    let mut count = 0;
    for root in 0..next.len() {
        if index[root] != NEW {
            continue;
        }
        // each node with the place of the edge that is next
        let mut calls = vec![(root, 0)];
        while let Some((node, place)) = calls.pop() {
            if place == 0 {
                (index[node], low[node]) = (count, count);
                count += 1;
                open.push(node);
                is_open[node] = true;
            }
            if let Some(&to) = next[node].get(place) {
                calls.push((node, place + 1));
                if index[to] == NEW {
                    calls.push((to, 0));
                } else if is_open[to] {
                    low[node] = low[node].min(index[to]);
                }
                continue;
            }
            if let Some(&(parent, _)) = calls.last() {
                low[parent] = low[parent].min(low[node]);
            }
            if low[node] == index[node] {
                let first = open.iter().rposition(|&n| n == node).unwrap_or(0);
                let component = open.split_off(first);
                component.iter().for_each(|&n| is_open[n] = false);
                components.push(component);
            }
        }
    }
    components
}
