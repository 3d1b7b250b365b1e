//! Looks for a shorter sequence that shows a difference.
//!
//! A greedy descent: ever smaller pieces are left out, then numbers are made smaller, until nothing
//! helps. What makes no sense without what was left out is left out with it.

use super::op::{Abilities, Op};
use super::reference::Models;
use super::sequence::{Performed, perform};
use crate::runtime::Counting;

/// The smallest sequence that was found, from one at whose last op the sides part.
pub(super) fn shrink<S: Counting>(
    models: &Models,
    abilities: Abilities,
    found: Performed,
) -> Performed {
    let mut best = found;
    loop {
        let better = neighbours(&best).find_map(|(permits, ops)| {
            let mut ops = ops.into_iter();
            let performed = perform::<S>(models, abilities, permits, |_| ops.next());
            let better = performed.parting.is_some() && size(&performed) < size(&best);
            better.then_some(performed)
        });
        match better {
            Some(performed) => best = performed,
            None => return best,
        }
    }
}

/// Fewer steps first, then smaller numbers.
fn size(performed: &Performed) -> (usize, u64) {
    let numbers = performed.ops.iter().map(|&op| {
        let mut op = op;
        op.permits().map_or(0, |permits| u64::from(*permits))
    });
    let numbers: u64 = numbers.sum();
    (performed.ops.len(), numbers + u64::from(performed.permits))
}

/// The sequences that are tried in place of one, those that save most first.
fn neighbours(of: &Performed) -> impl Iterator<Item = (u32, Vec<Op>)> {
    let (permits, ops) = (of.permits, &of.ops);
    let without = move |at: usize, n: usize| {
        let mut rest = ops.clone();
        rest.drain(at..at + n);
        rest
    };
    let lengths = std::iter::successors(Some(ops.len() / 2), |&n| Some(n / 2));
    let pieces = lengths
        .take_while(|&n| n > 0)
        .flat_map(move |n| (0..=ops.len() - n).rev().map(move |at| (at, n)))
        .map(move |(at, n)| (permits, without(at, n)));
    // a request that only takes permits away can be left out if they are not there
    let never_there =
        (0..ops.len()).flat_map(move |at| (0..permits).map(move |fewer| (fewer, without(at, 1))));
    let fewer = (0..permits).map(move |fewer| (fewer, ops.clone()));
    // a smaller number, and perhaps as many fewer permits at the start
    let smaller = (0..ops.len()).flat_map(move |at| {
        let mut op = ops[at];
        let most = op.permits().map_or(1, |permits| *permits);
        (1..most).flat_map(move |number| {
            let mut changed = ops.clone();
            if let Some(permits) = changed[at].permits() {
                *permits = number;
            }
            let less = permits.checked_sub(most - number);
            let both = less.map(|less| (less, changed.clone()));
            both.into_iter().chain([(permits, changed)])
        })
    });
    pieces.chain(never_there).chain(fewer).chain(smaller)
}
