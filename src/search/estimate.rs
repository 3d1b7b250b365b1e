//! How large is the tree of runs? Knuth's estimator (Estimating the efficiency of backtrack programs,
//! 1975): go down at random, multiply the numbers of ways at each node, and take the mean over
//! many descents. Each descent is an unbiased estimate.
//!
//! The tree is that of the runs within the bounds, after the reduction. A search that keeps states
//! meets each of them once, however many runs lead there: the tree's nodes are the most that it
//! can have to look at, and often far more than there are.

use std::ops::ControlFlow;

use super::exhaustive::Exhaustive;
use super::space::{Notes, Scratch, Space};
use crate::run::Rng;

/// Estimated sizes of the tree of runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Runs, which are the leaves.
    pub runs: f64,
    /// The standard error of that.
    pub runs_error: f64,
    /// Nodes.
    pub nodes: f64,
    /// Descents that were made.
    pub descents: u32,
}

/// The estimate from so many descents; a seed gives the same one always. Once `hurry` says so, from
/// those that were made; `None` if that is none.
pub fn estimate(
    of: &Exhaustive<'_>,
    descents: u32,
    seed: u64,
    hurry: &dyn Fn() -> bool,
) -> Option<Estimate> {
    let space = Space::new(of.machine, of.budget, of.bound, of.reduction).until(hurry);
    let root = space.root(&mut Notes::default());
    let mut scratch = Scratch::default();
    let (mut runs, mut squares, mut nodes) = (0.0, 0.0, 0.0);
    let mut made = 0;
    'descents: for descent in 0..descents.max(1) {
        let mut rng = Rng::for_run(seed, u64::from(descent));
        let mut node = root.clone();
        let (mut weight, mut seen) = (1.0f64, 1.0f64);
        loop {
            let mut ways: u64 = 0;
            let mut next = Vec::new();
            space.expand(&node, &mut scratch, |child| {
                ways += 1;
                // each of them ends up chosen with the same probability
                if rng.below(ways) == 0 {
                    next.clear();
                    next.extend_from_slice(child.words);
                    if let Some(symmetry) = &space.symmetry {
                        symmetry.sort(space.machine, &mut next, None);
                    }
                }
                ControlFlow::Continue(())
            });
            if hurry() {
                break 'descents;
            }
            if ways == 0 {
                break;
            }
            weight *= ways as f64;
            seen += weight;
            node = next;
        }
        made += 1;
        runs += weight;
        squares += weight * weight;
        nodes += seen;
    }
    if made == 0 {
        return None;
    }
    let count = f64::from(made);
    let mean = runs / count;
    let variance = (squares / count - mean * mean).max(0.0);
    Some(Estimate {
        runs: mean,
        runs_error: (variance / count).sqrt(),
        nodes: nodes / count,
        descents: made,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::Machine;
    use crate::program::Program;
    use crate::property::StepBound;
    use crate::report::Reduction;
    use crate::run::Budget;
    use crate::search::Keep;

    fn check(text: &str, runs: f64) {
        let program = Program::parse(text).expect("a valid program");
        let machine = Machine::new(&program);
        let of = Exhaustive {
            machine: &machine,
            budget: Budget::default(),
            bound: StepBound::default(),
            reduction: Reduction::None,
            keep: Keep::Whole,
        };
        let estimate = estimate(&of, 20_000, 1, &|| false).expect("there is time");
        let off = (estimate.runs - runs).abs();
        assert!(
            off <= 5.0 * estimate.runs_error + 1e-9,
            "{estimate:?}, exactly {runs}"
        );
    }

    #[test]
    fn the_estimate_is_near_the_number_of_runs() {
        // interleavings of two workers of two steps each, and of three
        let two = "worker a count=2 { work x panics=never; work y panics=never }";
        check(two, 6.0);
        let three = "worker a count=3 { work x panics=never; work y panics=never }";
        check(three, 90.0);
        let branches = "worker a { either { work x panics=never } or { } or { } }";
        check(branches, 3.0);
    }
}
