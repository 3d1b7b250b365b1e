//! A pool of 3 permits in strict queue order, for 8 workers of two rounds of acquire and release.
//!
//! Three bits a worker say where it stands: about to acquire, waiting, holding, the same again for
//! the second round, and done. Above them are the waiting workers in queue order, three bits each,
//! the head lowest; unused places are zero.

use stateright::{Checker, Model, Property};

/// The pool; its sizes are constants.
pub(crate) struct Pool;

const WORKERS: u32 = 8;
const PERMITS: usize = 3;
const BITS: u32 = 3;
const QUEUE: u32 = BITS * WORKERS;
const DONE: u64 = 6;

/// What a worker does at a position.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Acquires,
    Waits,
    Holds,
}

fn stage(position: u64) -> Option<Stage> {
    match position {
        0 | 3 => Some(Stage::Acquires),
        1 | 4 => Some(Stage::Waits),
        2 | 5 => Some(Stage::Holds),
        _ => None,
    }
}

fn position(state: u64, worker: u32) -> u64 {
    state >> (BITS * worker) & 7
}

fn count(state: u64, wanted: Stage) -> usize {
    (0..WORKERS)
        .filter(|&worker| stage(position(state, worker)) == Some(wanted))
        .count()
}

/// One for each set of states that differ in the names of workers only.
///
/// A name is seen in the queue alone, so those who do not wait are sorted, and those who wait
/// follow in the order in which they wait.
fn representative(state: &u64) -> u64 {
    let mut apart: Vec<u64> = Vec::with_capacity(WORKERS as usize);
    for worker in 0..WORKERS {
        let position = position(*state, worker);
        if stage(position) != Some(Stage::Waits) {
            apart.push(position);
        }
    }
    apart.sort_unstable();
    let settled = apart.len() as u32;
    let mut renamed = 0;
    for (worker, position) in (0..).zip(&apart) {
        renamed |= position << (BITS * worker);
    }
    for place in 0..WORKERS - settled {
        let waiter = (state >> (QUEUE + BITS * place) & 7) as u32;
        let name = settled + place;
        renamed |= position(*state, waiter) << (BITS * name);
        renamed |= u64::from(name) << (QUEUE + BITS * place);
    }
    renamed
}

/// How many states there are when workers have no names; only the depth-first search can do it.
pub(crate) fn under_symmetry() -> usize {
    Pool.checker()
        .symmetry_fn(representative)
        .spawn_dfs()
        .join()
        .unique_state_count()
}

impl Model for Pool {
    type State = u64;
    type Action = u32;

    fn init_states(&self) -> Vec<u64> {
        vec![0]
    }

    fn actions(&self, state: &u64, actions: &mut Vec<u32>) {
        actions.extend((0..WORKERS).filter(|&worker| {
            let position = position(*state, worker);
            position < DONE && stage(position) != Some(Stage::Waits)
        }));
    }

    fn next_state(&self, state: &u64, worker: u32) -> Option<u64> {
        let waiting = count(*state, Stage::Waits) as u32;
        let step = 1 << (BITS * worker);
        Some(match stage(position(*state, worker))? {
            Stage::Acquires if waiting == 0 && count(*state, Stage::Holds) < PERMITS => {
                state + 2 * step
            }
            Stage::Acquires => state + step + (u64::from(worker) << (QUEUE + BITS * waiting)),
            Stage::Waits => return None,
            Stage::Holds if waiting == 0 => state + step,
            // The permit goes to the head, and those behind it move up.
            Stage::Holds => {
                let positions = state & ((1 << QUEUE) - 1);
                let queue = state >> QUEUE;
                let head = (queue & 7) as u32;
                positions + step + (1 << (BITS * head)) + (queue >> BITS << QUEUE)
            }
        })
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always("counts", |_, _| true)]
    }
}
