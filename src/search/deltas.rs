//! Steps as differences between packed states.
//!
//! A simple step (see `Machine::simple`) changes the block of its worker and one available count,
//! each by an amount that the block alone settles. So it is made once for each block, by the
//! machine, and written down as what it adds to the words of a state; from then on it is an
//! addition. What the step shows of the order graph is told when a state first allows it, which in a
//! breadth-first search is where it is cheapest; and as it adds to what a semaphore accounts for
//! as much as it takes away, a state is conserved if the one before it was.
//!
//! **Invariants**
//!
//! 1. An addition never carries over from one field to the next: fields hold what the machine can
//!    bring about, and the step is one that the machine would make.

use super::space::{Notes, Space};
use crate::machine::{Field, Simple};
use crate::property::{Fact, Judge};
use crate::run::{Action, Choice, WorkerId};

/// What is known of a worker's block.
#[derive(Debug, Clone, Copy, Default)]
enum Known {
    #[default]
    Nothing,
    /// The worker has ended.
    Ended,
    /// Its step is not simple.
    Involved,
    /// Its step is simple, and no state has allowed it yet.
    Untaken(Simple),
    Simple(Delta),
}

#[derive(Debug, Clone, Copy)]
struct Delta {
    available: Field,
    least: u64,
    /// Word and what is added to it; the second may be the first again, with nothing added.
    first: (u32, u64),
    second: (u32, u64),
}

struct Table {
    worker: WorkerId,
    block: Field,
    known: Vec<Known>,
}

/// The differences that were learned.
pub(super) struct Deltas {
    tables: Vec<Table>,
    learned: Notes,
}

/// Blocks of more bits are not tabulated.
const MOST_BITS: u32 = 12;

/// Children that were made by addition.
#[derive(Default)]
pub(super) struct Children {
    pub(super) words: Vec<u64>,
    /// For each child, its parent.
    pub(super) parents: Vec<u32>,
}

impl Deltas {
    /// For a space in which nothing is left out and no budget matters; else `None`.
    pub(super) fn new(space: &Space<'_>) -> Option<Deltas> {
        if !space.is_bare() || space.judge.watches_plain() {
            return None;
        }
        let machine = space.machine;
        let tables: Option<Vec<Table>> = (0..machine.worker_count() as u32)
            .map(WorkerId)
            .map(|worker| {
                let block = machine.whole_block(worker)?;
                let bits = 64 - block.most().leading_zeros();
                (bits <= MOST_BITS).then(|| Table {
                    worker,
                    block,
                    known: vec![Known::Nothing; 1 << bits],
                })
            })
            .collect();
        Some(Deltas {
            tables: tables?,
            learned: Notes::default(),
        })
    }

    /// Adds the children of a node, if all of its steps are simple and there are any; else adds
    /// nothing. Facts that show for the first time are told with the choice that shows them.
    #[inline]
    pub(super) fn expand(
        &mut self,
        space: &Space<'_>,
        node: &[u64],
        parent: u32,
        children: &mut Children,
        mut tell: impl FnMut(Fact, Choice),
    ) -> bool {
        let before = (children.words.len(), children.parents.len());
        for table in &mut self.tables {
            let block = table.block.get(node) as usize;
            if let Known::Nothing = table.known[block] {
                table.known[block] = look(space, node, table.worker);
            }
            if let Known::Untaken(simple) = table.known[block]
                && simple.available.unwrap_or_default().get(node) >= simple.least
            {
                table.known[block] = learn(
                    space,
                    node,
                    table.worker,
                    simple,
                    &mut self.learned,
                    &mut tell,
                );
            }
            match &table.known[block] {
                Known::Untaken(_) => {}
                Known::Simple(delta) => {
                    if delta.available.get(node) >= delta.least {
                        let at = children.words.len();
                        children.words.extend_from_slice(node);
                        let child = &mut children.words[at..];
                        let (word, add) = delta.first;
                        child[word as usize] = child[word as usize].wrapping_add(add);
                        let (word, add) = delta.second;
                        child[word as usize] = child[word as usize].wrapping_add(add);
                        children.parents.push(parent);
                    }
                }
                Known::Ended => {}
                Known::Involved | Known::Nothing => {
                    children.words.truncate(before.0);
                    children.parents.truncate(before.1);
                    return false;
                }
            }
        }
        children.parents.len() > before.1
    }
}

/// What is known of a worker's block before its step is made.
#[cold]
fn look(space: &Space<'_>, node: &[u64], worker: WorkerId) -> Known {
    let machine = space.machine;
    if machine.at(node, worker).is_none() {
        return match machine.alive(node).any(|id| id == worker) {
            true => Known::Involved,
            false => Known::Ended,
        };
    }
    machine
        .simple(node, worker)
        .map_or(Known::Involved, Known::Untaken)
}

/// Makes the step of a worker once, from a node that allows it.
#[cold]
fn learn(
    space: &Space<'_>,
    node: &[u64],
    worker: WorkerId,
    simple: Simple,
    notes: &mut Notes,
    tell: &mut impl FnMut(Fact, Choice),
) -> Known {
    let machine = space.machine;
    let mut state = node.to_vec();
    let choice = Choice {
        worker,
        action: Action::Proceed,
    };
    notes.clear();
    machine.apply(&mut state, choice, notes);
    let alone = notes.moved.iter().all(|&moved| moved == worker);
    if !notes.events.is_empty() || !alone || machine.accounted(node) != machine.accounted(&state) {
        return Known::Involved;
    }
    let changed: Vec<(u32, u64)> = (0..)
        .zip(node.iter().zip(&state))
        .filter(|(_, (old, new))| old != new)
        .map(|(word, (old, new))| (word, new.wrapping_sub(*old)))
        .collect();
    let (first, second) = match changed[..] {
        [first] => (first, (first.0, 0)),
        [first, second] => (first, second),
        _ => return Known::Involved,
    };
    let view = machine.view_words(&state);
    Judge::moved(&view, worker, |fact| tell(fact, choice));
    Known::Simple(Delta {
        available: simple.available.unwrap_or_default(),
        least: simple.least,
        first,
        second,
    })
}
