//! A search for one thing: it ends as soon as that was seen.

use std::collections::BTreeMap;

use super::exhaustive::{Exhaustive, Search, Witnessed};
use super::paths;
use super::space::Space;
use crate::property::Fact;

/// What a search for one thing came to.
#[derive(Debug, Clone)]
pub struct Sought {
    /// The facts that were seen until then, each with a schedule that shows it; `None` if they were
    /// not enough.
    pub facts: Option<BTreeMap<Fact, Witnessed>>,
    /// Whether all states were seen.
    pub complete: bool,
    /// States seen.
    pub states: u64,
}

/// How much was seen when facts are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// A part.
    Part,
    /// All states.
    All,
}

impl Exhaustive<'_> {
    /// Searches until the facts are enough, all was seen, or so many states were.
    ///
    /// `enough` is asked whenever there are new facts, and once more at the end. Schedules are those of the first sighting with the fewest
    /// faults until then: a short one each, and not always the cheapest.
    pub fn seek(
        &self,
        most: u64,
        enough: &mut dyn FnMut(&mut dyn Iterator<Item = &Fact>, Seen) -> bool,
    ) -> Sought {
        let space = Space::new(self.machine, self.budget, self.bound, self.reduction);
        let mut search = Search::new(&space, self.keep);
        let mut known = 0;
        let (found, complete) = loop {
            if search.sightings.len() > known {
                known = search.sightings.len();
                if enough(&mut paths::facts(&search).iter(), Seen::Part) {
                    break (true, false);
                }
            }
            if search.progress().states >= most {
                break (false, false);
            }
            if !search.advance() {
                break (enough(&mut paths::facts(&search).iter(), Seen::All), true);
            }
        };
        Sought {
            facts: found.then(|| paths::witnesses(&search, &BTreeMap::new()).0),
            complete,
            states: search.progress().states,
        }
    }
}
