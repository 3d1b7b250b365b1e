//! What is wrong with a state, and with the order of all acquires.

use std::collections::{BTreeMap, BTreeSet};

use selvedge::program::{Order, PropertyName};

use super::code::{Code, Instance, Ordinal, Sem};
use super::explore::Finding;
use super::state::{Awaited, Choice, Life, State, Wait};
use super::step::judge_leaks;

/// Judges a state between two steps.
pub(super) fn judge(
    code: &Code,
    state: &State,
    lock_order: &mut LockOrder,
    findings: &mut BTreeSet<Finding>,
) {
    over_admission(code, state, findings);
    lock_order.observe(code, state);
    let mut choices = state.choices(code).into_iter();
    if choices.any(|choice| !matches!(choice, Choice::Cancel(_))) {
        return;
    }
    // The run has ended or is stuck.
    for w in 0..code.instances.len() {
        for semaphore in 0..code.semaphores.len() {
            judge_leaks(code, state, w, semaphore, findings);
        }
    }
    if !unfinished(state).is_empty() {
        stuck(code, state, lock_order, findings);
    }
}

/// The workers that have started and not ended.
fn unfinished(state: &State) -> Vec<Instance> {
    let all = 0..state.workers.len();
    all.filter(|&w| state.workers[w].life == Life::Running)
        .collect()
}

fn over_admission(code: &Code, state: &State, findings: &mut BTreeSet<Finding>) {
    for (s, semaphore) in code.semaphores.iter().enumerate() {
        let holders = unfinished(state).into_iter();
        let held: u64 = holders.map(|w| state.held(w, s) + state.taken(w, s)).sum();
        let tray = &state.trays[s];
        if !code.is_signal(s) && held > tray.capacity + tray.debt {
            findings.insert(Finding {
                property: PropertyName::OverAdmission,
                semaphores: [semaphore.name.clone()].into(),
                identity: String::new(),
            });
        }
    }
}

fn stuck(code: &Code, state: &State, lock_order: &mut LockOrder, findings: &mut BTreeSet<Finding>) {
    let waits: BTreeMap<Instance, Wait> = unfinished(state)
        .into_iter()
        .map(|w| (w, state.wait(code, w).expect("stuck: all wait")))
        .collect();
    // The semaphores with a ledger, each with the ordinals and the sizes of its waiters' requests.
    let mut waiters: BTreeMap<Sem, Vec<(Ordinal, u64)>> = BTreeMap::new();
    for wait in waits.values() {
        if let Awaited::Permits {
            semaphore, permits, ..
        } = wait.what
            && !code.is_signal(semaphore)
        {
            let waiters = waiters.entry(semaphore).or_default();
            waiters.push((wait.ordinal, permits));
        }
    }
    let mut on_semaphores = |property, semaphores: &[Sem]| {
        for s in semaphores {
            let ordinals = waiters[s].iter().map(|(ordinal, _)| *ordinal).collect();
            findings.insert(Finding {
                property,
                semaphores: [code.semaphores[*s].name.clone()].into(),
                identity: format!("waiters={}", list(ordinals)),
            });
        }
    };

    let impossible = |s: &Sem| {
        let capacity = state.trays[*s].capacity;
        waiters[s].iter().any(|(_, wanted)| *wanted > capacity)
    };
    let impossible: Vec<Sem> = waiters.keys().copied().filter(impossible).collect();
    if !impossible.is_empty() {
        return on_semaphores(PropertyName::ImpossibleRequest, &impossible);
    }

    let exhausted = |s: &Sem| leaks_would_grant(code, state, *s, &waiters[s]);
    let exhausted: Vec<Sem> = waiters.keys().copied().filter(exhausted).collect();
    if !exhausted.is_empty() {
        return on_semaphores(PropertyName::Exhaustion, &exhausted);
    }

    lock_order.observe_deadlock(code, state);
    lock_order.observe_circles(code, state, &waits);
    findings.insert(deadlock(code, state, &waits));
}

/// Whether the permits in the ledgers of ended workers, put back, would grant a waiter.
fn leaks_would_grant(code: &Code, state: &State, s: Sem, waiters: &[(Ordinal, u64)]) -> bool {
    let ended = |w: &Instance| matches!(state.workers[*w].life, Life::Ended(_));
    let ended = (0..state.workers.len()).filter(ended);
    let leaked: u64 = ended.map(|w| state.held(w, s)).sum();
    let tray = &state.trays[s];
    let available = tray.available + leaked.saturating_sub(tray.debt);
    match code.semaphores[s].order {
        Order::Barging => waiters.iter().any(|(_, wanted)| *wanted <= available),
        Order::Fifo | Order::FifoPartial => {
            let head = tray.queue.first().expect("somebody waits");
            head.wanted - head.taken <= available
        }
    }
}

fn deadlock(code: &Code, state: &State, waits: &BTreeMap<Instance, Wait>) -> Finding {
    let workers =
        circular_wait(code, state, waits).unwrap_or_else(|| waits.keys().copied().collect());
    let mut semaphores = BTreeSet::new();
    for w in &workers {
        if let Awaited::Permits { semaphore, .. } = waits[w].what {
            semaphores.insert(code.semaphores[semaphore].name.clone());
        }
    }
    let ordinals = workers.iter().map(|w| waits[w].ordinal).collect();
    Finding {
        property: PropertyName::Deadlock,
        semaphores,
        identity: format!("waiters={}", list(ordinals)),
    }
}

/// The cycle of the wait-for graph with the fewest workers; of those, the one whose sorted list of
/// statements comes first.
fn circular_wait(
    code: &Code,
    state: &State,
    waits: &BTreeMap<Instance, Wait>,
) -> Option<Vec<Instance>> {
    circles(code, state, waits).into_iter().min_by_key(|cycle| {
        let mut ordinals: Vec<Ordinal> = cycle.iter().map(|w| waits[w].ordinal).collect();
        ordinals.sort();
        (cycle.len(), ordinals)
    })
}

/// All cycles of the wait-for graph.
fn circles(code: &Code, state: &State, waits: &BTreeMap<Instance, Wait>) -> Vec<Vec<Instance>> {
    let mut graph: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for (w, wait) in waits {
        graph.insert(*w, waits_for(code, state, *w, &wait.what));
    }
    simple_cycles(&graph)
}

/// The workers that could end this wait.
fn waits_for(code: &Code, state: &State, w: Instance, what: &Awaited) -> BTreeSet<Instance> {
    let unfinished = unfinished(state).into_iter();
    match what {
        Awaited::Join(worker) => unfinished
            .filter(|&other| code.instances[other].worker == *worker)
            .collect(),
        Awaited::Permits { semaphore, .. } if code.is_signal(*semaphore) => BTreeSet::new(),
        Awaited::Permits {
            semaphore, permits, ..
        } => {
            let s = *semaphore;
            let has = |o: Instance| state.held(o, s) + state.taken(o, s);
            let others = unfinished.clone().filter(|&o| o != w).map(has).sum::<u64>();
            let could_come = state.trays[s].available + others + state.taken(w, s);
            let needs_its_own = could_come.saturating_sub(state.trays[s].debt) < *permits;
            let holders = unfinished.filter(|&o| {
                if o == w {
                    state.held(o, s) > 0 && needs_its_own
                } else {
                    has(o) > 0
                }
            });
            let queue = state.trays[s].queue.iter().map(|request| request.worker);
            // Nobody is ahead in barging order: its queue is empty.
            let ahead = queue.take_while(|&other| other != w);
            holders.chain(ahead).collect()
        }
    }
}

/// Who took which semaphore while holding which, over all states.
#[derive(Default)]
pub(super) struct LockOrder {
    /// For each edge, the instances that it was seen from.
    edges: BTreeMap<(Sem, Sem), BTreeSet<Instance>>,
    /// For each deadlock, the edges that its waiting workers are in.
    deadlocks: BTreeSet<BTreeSet<(Sem, Sem)>>,
    /// The statements of all who are in a smallest circle of a deadlock; its finding has one circle.
    pub(super) in_circles: BTreeSet<Ordinal>,
}

impl LockOrder {
    fn observe(&mut self, code: &Code, state: &State) {
        for w in unfinished(state) {
            for edge in edges_of(code, state, w) {
                self.edges.entry(edge).or_default().insert(w);
            }
        }
    }

    fn observe_deadlock(&mut self, code: &Code, state: &State) {
        let workers = unfinished(state).into_iter();
        let edges = workers.flat_map(|w| edges_of(code, state, w)).collect();
        self.deadlocks.insert(edges);
    }

    fn observe_circles(&mut self, code: &Code, state: &State, waits: &BTreeMap<Instance, Wait>) {
        let circles = circles(code, state, waits);
        let smallest = circles.iter().map(Vec::len).min();
        let smallest = circles.iter().filter(|c| Some(c.len()) == smallest);
        let ordinals = smallest.flatten().map(|w| waits[w].ordinal);
        self.in_circles.extend(ordinals);
    }

    /// One finding for each cycle that counts.
    pub(super) fn judge(&self, code: &Code, findings: &mut BTreeSet<Finding>) {
        let mut graph: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for (from, to) in self.edges.keys() {
            graph.entry(*from).or_default().insert(*to);
            graph.entry(*to).or_default();
        }
        for cycle in simple_cycles(&graph) {
            let successors = cycle.iter().cycle().skip(1);
            let edges: Vec<(Sem, Sem)> = cycle.iter().copied().zip(successors.copied()).collect();
            if !self.has_distinct_instances(&edges, &mut Vec::new()) {
                continue;
            }
            let uses = |deadlock: &BTreeSet<_>| edges.iter().all(|edge| deadlock.contains(edge));
            let danger = if self.deadlocks.iter().any(uses) {
                "reachable"
            } else {
                "unreachable"
            };
            let mut names: Vec<&str> = cycle
                .iter()
                .map(|s| code.semaphores[*s].name.as_str())
                .collect();
            let smallest = *names.iter().min().expect("a cycle is not empty");
            while names[0] != smallest {
                names.rotate_left(1);
            }
            findings.insert(Finding {
                property: PropertyName::LockOrder,
                semaphores: names.iter().map(|name| name.to_string()).collect(),
                identity: format!("cycle={} danger={danger}", names.join(">")),
            });
        }
    }

    /// Whether each edge can be taken from an instance of its own, none of those in `used`.
    fn has_distinct_instances(&self, edges: &[(Sem, Sem)], used: &mut Vec<Instance>) -> bool {
        let Some((edge, rest)) = edges.split_first() else {
            return true;
        };
        for w in &self.edges[edge] {
            if !used.contains(w) {
                used.push(*w);
                let found = self.has_distinct_instances(rest, used);
                used.pop();
                if found {
                    return true;
                }
            }
        }
        false
    }
}

/// The edges that a worker makes in this state: from what it holds to what it acquires.
fn edges_of(code: &Code, state: &State, w: Instance) -> Vec<(Sem, Sem)> {
    let Some(to) = state.acquires(code, w) else {
        return Vec::new();
    };
    if code.is_signal(to) {
        return Vec::new();
    }
    // A semaphore to itself is no edge: a cycle visits two or more.
    let held = |from: &Sem| *from != to && state.held(w, *from) > 0;
    let from = (0..code.semaphores.len()).filter(held);
    from.map(|from| (from, to)).collect()
}

/// All cycles that visit no node twice, each once, beginning at its smallest node.
fn simple_cycles(graph: &BTreeMap<usize, BTreeSet<usize>>) -> Vec<Vec<usize>> {
    fn extend(
        graph: &BTreeMap<usize, BTreeSet<usize>>,
        path: &mut Vec<usize>,
        cycles: &mut Vec<Vec<usize>>,
    ) {
        let last = *path.last().expect("a path has a beginning");
        for next in &graph[&last] {
            if *next == path[0] {
                cycles.push(path.clone());
            } else if *next > path[0] && !path.contains(next) {
                path.push(*next);
                extend(graph, path, cycles);
                path.pop();
            }
        }
    }
    let mut cycles = Vec::new();
    for start in graph.keys() {
        extend(graph, &mut vec![*start], &mut cycles);
    }
    cycles
}

/// `[3,7]`, each once.
fn list(mut ordinals: Vec<Ordinal>) -> String {
    ordinals.sort();
    ordinals.dedup();
    let ordinals: Vec<String> = ordinals.iter().map(Ordinal::to_string).collect();
    format!("[{}]", ordinals.join(","))
}
