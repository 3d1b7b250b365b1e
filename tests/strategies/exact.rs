//! Exact probabilities, computed over the machine's own states from the definitions of the
//! strategies; and POS once more, as slow as it is written in the paper.

use std::collections::BTreeMap;

use selvedge::machine::{Machine, State};
use selvedge::program::Program;
use selvedge::run::{Choice, Rng, View};

/// How likely each worker is to go on, among those that can, given what each has still to do.
pub(crate) type Weight = fn(left: u64) -> f64;

/// The probability that a run gets stuck in which each worker goes on with its weight; all
/// workers have `events` to perform.
pub(crate) fn weighted(program: &Program, events: &[u64], weight: Weight) -> f64 {
    let machine = Machine::new(program);
    let mut known = BTreeMap::new();
    from(
        &machine,
        &machine.initial(&mut ()),
        events,
        weight,
        &mut known,
    )
}

fn from(
    machine: &Machine,
    state: &State,
    left: &[u64],
    weight: Weight,
    known: &mut BTreeMap<State, f64>,
) -> f64 {
    // these programs are straight, so that a state says what everybody has done
    if let Some(&probability) = known.get(state) {
        return probability;
    }
    let successors = progress(machine, state);
    let probability = if successors.is_empty() {
        f64::from(u8::from(machine.is_stuck(state)))
    } else {
        let (mut sum, mut total) = (0.0, 0.0);
        for (choice, next) in successors {
            let worker = choice.worker.index();
            let weight_here = weight(left[worker]);
            let mut left = left.to_vec();
            left[worker] -= 1;
            sum += weight_here * from(machine, &next, &left, weight, known);
            total += weight_here;
        }
        sum / total
    };
    known.insert(state.clone(), probability);
    probability
}

fn workers_of(machine: &Machine) -> usize {
    let initial = machine.initial(&mut ());
    machine.view(&initial).workers() as usize
}

fn progress(machine: &Machine, state: &State) -> Vec<(Choice, State)> {
    let mut successors = machine.successors(state);
    successors.retain(|(choice, _)| choice.is_progress());
    successors
}

/// The probability that a run under PCT gets stuck: over all orders of the workers, and all steps
/// at which priorities can change in `length` steps.
pub(crate) fn pct(program: &Program, depth: u32, length: u64) -> f64 {
    let machine = Machine::new(program);
    let workers = workers_of(&machine);
    let changes = depth - 1;
    let (mut stuck, mut all) = (0u64, 0u64);
    for order in permutations(workers) {
        for mut code in 0..length.pow(changes) {
            let mut points = Vec::new();
            for low in 0..u64::from(changes) {
                points.push((1 + code % length, low));
                code /= length;
            }
            points.sort_unstable();
            let priorities = order.iter().map(|&rank| (rank + changes as usize) as u64);
            stuck += u64::from(pct_run(&machine, priorities.collect(), &points));
            all += 1;
        }
    }
    stuck as f64 / all as f64
}

fn pct_run(machine: &Machine, mut priorities: Vec<u64>, points: &[(u64, u64)]) -> bool {
    let mut state = machine.initial(&mut ());
    let mut points = points.iter().peekable();
    for step in 1.. {
        let mut successors = progress(machine, &state);
        if successors.is_empty() {
            break;
        }
        loop {
            successors.sort_by_key(|(choice, _)| priorities[choice.worker.index()]);
            let highest = successors.last().expect("one at least").0.worker;
            match points.next_if(|&&(at, _)| at == step) {
                Some(&(_, low)) => priorities[highest.index()] = low,
                None => break,
            }
        }
        state = successors.pop().expect("one at least").1;
    }
    machine.is_stuck(&state)
}

fn permutations(n: usize) -> Vec<Vec<usize>> {
    if n == 0 {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for shorter in permutations(n - 1) {
        for place in 0..n {
            let mut longer = shorter.clone();
            longer.insert(place, n - 1);
            all.push(longer);
        }
    }
    all
}

/// How many of so many runs under POS get stuck. Priorities are those of events, by worker and
/// place in its program, and are kept apart from workers.
pub(crate) fn pos(program: &Program, runs: u64) -> u64 {
    let machine = Machine::new(program);
    let run = |number| {
        let mut rng = Rng::for_run(99, number);
        let mut priorities: BTreeMap<(u32, u32), u64> = BTreeMap::new();
        let mut done = vec![0; workers_of(&machine)];
        let mut state = machine.initial(&mut ());
        loop {
            let mut choices = machine.choices(&state);
            choices.retain(|enabled| enabled.choice.is_progress());
            let event = |enabled: &selvedge::run::Enabled, done: &[u32]| {
                let worker = enabled.choice.worker;
                (worker.0, done[worker.index()])
            };
            for enabled in &choices {
                let new = rng.next_u64();
                priorities.entry(event(enabled, &done)).or_insert(new);
            }
            let highest = choices.iter().max_by_key(|e| priorities[&event(e, &done)]);
            let Some(&highest) = highest else {
                return machine.is_stuck(&state);
            };
            for other in choices.iter().filter(|e| e.choice != highest.choice) {
                let (here, there) = (highest.op.semaphore(), other.op.semaphore());
                if here.is_some() && here == there {
                    priorities.insert(event(other, &done), rng.next_u64());
                }
            }
            done[highest.choice.worker.index()] += 1;
            let mut successors = machine.successors(&state);
            successors.retain(|(choice, _)| *choice == highest.choice);
            state = successors.pop().expect("it was on offer").1;
        }
    };
    (0..runs).filter(|&number| run(number)).count() as u64
}
