//! The search: every state that any choices lead to.

use std::collections::BTreeSet;

use selvedge::program::{Program, PropertyName};

use super::code::Code;
use super::judge::{LockOrder, judge};
use super::state::State;

/// What may be spent in one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Budget {
    /// Injected panics.
    pub(crate) panics: u32,
    /// Timeouts that fire while something else could happen.
    pub(crate) timeouts: u32,
    /// Injected cancellations.
    pub(crate) cancels: u32,
    /// Switches away from a worker that could have gone on; `None` for any number.
    pub(crate) preemptions: Option<u32>,
}

impl Default for Budget {
    fn default() -> Budget {
        Budget {
            panics: 1,
            timeouts: 2,
            cancels: 0,
            preemptions: None,
        }
    }
}

impl Budget {
    /// The default, but for what the program's `budget` lines say.
    pub(crate) fn of(program: &Program) -> Budget {
        let (default, file) = (Budget::default(), program.budget());
        Budget {
            panics: file.panics.unwrap_or(default.panics),
            timeouts: file.timeouts.unwrap_or(default.timeouts),
            cancels: file.cancels.unwrap_or(default.cancels),
            preemptions: file.preemptions.or(default.preemptions),
        }
    }
}

/// A property that failed; one for each identity.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    /// Which property.
    pub(crate) property: PropertyName,
    /// The semaphores that it speaks of.
    pub(crate) semaphores: BTreeSet<String>,
    /// What tells it from others of its property, in ordinals of statements.
    pub(crate) identity: String,
}

/// What a search came to.
#[allow(dead_code)] // of all tests but one
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All that there is to find.
    Complete(BTreeSet<Finding>),
    /// There are more states than the limit.
    TooLarge,
}

/// Explores a program under a budget: all of it, or nothing when it has more states than that.
#[allow(dead_code)] // of all tests but one
pub(crate) fn findings(program: &Program, budget: Budget, max_states: usize) -> Outcome {
    let complete = search(program, budget, max_states);
    complete.map_or(Outcome::TooLarge, |(found, _)| Outcome::Complete(found))
}

/// The same, with the ordinals of the statements of all who are in a smallest circle of a deadlock, where
/// a finding has one circle of those; `None` if there are more states than that.
#[allow(dead_code)] // of one test
pub(crate) fn findings_and_circles(
    program: &Program,
    budget: Budget,
    max_states: usize,
) -> Option<(BTreeSet<Finding>, BTreeSet<usize>)> {
    search(program, budget, max_states)
}

fn search(
    program: &Program,
    budget: Budget,
    max_states: usize,
) -> Option<(BTreeSet<Finding>, BTreeSet<usize>)> {
    let code = Code::of(program);
    let mut findings = BTreeSet::new();
    let mut lock_order = LockOrder::default();
    let initial = State::initial(&code, budget, &mut findings);
    #[allow(clippy::disallowed_types)] // asked what is in it, never iterated
    let mut seen = std::collections::HashSet::from([initial.clone()]);
    let mut open = vec![initial];
    while let Some(state) = open.pop() {
        judge(&code, &state, &mut lock_order, &mut findings);
        for choice in state.choices(&code) {
            let after = state.after(&code, choice, &mut findings);
            if seen.insert(after.clone()) {
                open.push(after);
            }
        }
        if seen.len() > max_states {
            return None;
        }
    }
    lock_order.judge(&code, &mut findings);
    Some((findings, lock_order.in_circles))
}
