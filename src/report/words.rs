//! Words and lists that sentences are made of.

use super::trace::{Snapshot, Trace, Written};
use crate::run::{Ending, Event, SemaphoreId, StatementId, Status, Wait, WorkerId};

/// `1 permit`, `2 permits`.
pub(super) fn permits(n: u64) -> String {
    count(n, "permit")
}

/// `pool is`, `2 of pool are`: what so many are.
pub(super) fn are(what: &str, n: u64) -> String {
    format!("{what} {}", if n == 1 { "is" } else { "are" })
}

/// `1 step`, `2 steps`.
pub(super) fn count(n: u64, what: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{n} {what}{plural}")
}

/// `pool`, `2 of pool`.
pub(super) fn some_of(n: u64, name: &str) -> String {
    if n == 1 {
        name.to_owned()
    } else {
        format!("{n} of {name}")
    }
}

/// `1st`, `2nd`, `11th`.
pub(super) fn ordinal(n: usize) -> String {
    let ending = match (n % 10, n % 100) {
        (1, rest) if rest != 11 => "st",
        (2, rest) if rest != 12 => "nd",
        (3, rest) if rest != 13 => "rd",
        _ => "th",
    };
    format!("{n}{ending}")
}

/// `a`, `a and b`, `a, b and c`, `a, b, c and 5 others`.
pub(super) fn list(names: &[String]) -> String {
    match names {
        [] => "nobody".to_owned(),
        [one] => one.clone(),
        [first @ .., last] if names.len() <= 4 => format!("{} and {last}", first.join(", ")),
        [a, b, c, rest @ ..] => format!("{a}, {b}, {c} and {} others", rest.len()),
        _ => names.join(" and "),
    }
}

/// `holds` after one name, `hold` after several.
pub(super) fn verb(names: usize, singular: &str) -> String {
    let plural = singular.strip_suffix('s').unwrap_or(singular);
    if names == 1 { singular } else { plural }.to_owned()
}

/// What a worker did when it ended so.
pub(super) fn ended(how: Ending) -> &'static str {
    match how {
        Ending::Returned => "ended",
        Ending::Panicked => "panicked",
        Ending::Cancelled => "was cancelled",
        Ending::Closed => "failed on a closed semaphore",
        Ending::OverReleased => "failed with an over-release",
    }
}

impl Trace {
    pub(super) fn semaphore(&self, id: SemaphoreId) -> &str {
        &self.semaphores[id.index()]
    }

    pub(super) fn worker(&self, id: WorkerId) -> &str {
        &self.workers[id.index()]
    }

    pub(super) fn names(&self, ids: &[WorkerId]) -> Vec<String> {
        ids.iter().map(|&w| self.worker(w).to_owned()).collect()
    }

    /// All events, each with the index of its step.
    pub(super) fn events(&self) -> impl DoubleEndedIterator<Item = (usize, &Event)> {
        let steps = self.steps.iter().enumerate();
        steps.flat_map(|(i, step)| step.events.iter().map(move |event| (i, event)))
    }

    /// The last event that `pick` finds something in.
    pub(super) fn find<T>(&self, mut pick: impl FnMut(&Event) -> Option<T>) -> Option<T> {
        self.events().rev().find_map(|(_, event)| pick(event))
    }

    /// How many permits of a semaphore are lost at the end: what those hold who have ended, and what
    /// nobody is known to hold.
    pub(super) fn lost(&self, semaphore: SemaphoreId) -> u64 {
        let held = self.last().held_by_all(semaphore, Status::Ended);
        held.max(self.leaked(semaphore)) + self.missing(semaphore)
    }

    /// Permits that workers which have ended took, and that nobody can put back any more.
    pub(super) fn leaked(&self, semaphore: SemaphoreId) -> u64 {
        let leaked = self.events().map(|(_, event)| match *event {
            Event::Leaked {
                semaphore: s,
                permits,
                ..
            } if s == semaphore => permits,
            _ => 0,
        });
        leaked.sum()
    }

    /// Permits that are not free at the end, and in no ledger.
    pub(super) fn missing(&self, semaphore: SemaphoreId) -> u64 {
        let missing = self.events().map(|(_, event)| match *event {
            Event::Missing {
                semaphore: s,
                permits,
                ..
            } if s == semaphore => permits,
            _ => 0,
        });
        missing.sum()
    }

    /// Who took permits by a statement, last of all.
    pub(super) fn taken_by(&self, statement: StatementId) -> Option<WorkerId> {
        self.find(|event| match *event {
            Event::Granted {
                worker,
                statement: at,
                ..
            } if at == statement => Some(worker),
            _ => None,
        })
    }

    /// Whether permits of a semaphore are missing that were handed over.
    pub(super) fn was_handed_over(&self, semaphore: SemaphoreId) -> bool {
        let missing = self.find(|event| match *event {
            Event::Missing {
                semaphore: s,
                statement,
                ..
            } if s == semaphore => Some(statement),
            _ => None,
        });
        missing.is_some_and(|statement| self.taken_by(statement).is_some())
    }

    /// Permits at the end that were taken by workers which have ended, and are not lost for good: what
    /// holds them lives on.
    pub(super) fn kept_alive(&self, semaphore: SemaphoreId) -> u64 {
        match self.written {
            Written::Program => 0,
            Written::Futures | Written::Threads => {
                let held = self.last().held_by_all(semaphore, Status::Ended);
                held.saturating_sub(self.leaked(semaphore))
            }
        }
    }

    /// Whether a worker leaked permits of a semaphore, as is known at the end of the run.
    pub(super) fn has_leaked(&self, worker: WorkerId, semaphore: SemaphoreId) -> bool {
        self.written == Written::Program
            || self.events().any(|(_, event)| {
                matches!(*event, Event::Leaked { worker: w, semaphore: s, .. }
                    if (w, s) == (worker, semaphore))
            })
    }

    /// The workers that have ended and whose permits live on at the end.
    pub(super) fn took_what_lives_on(&self, semaphore: SemaphoreId) -> Vec<WorkerId> {
        let mut took = self.last().holders(semaphore, Status::Ended);
        took.retain(|&w| !self.has_leaked(w, semaphore));
        took
    }

    /// How a worker ended, and in which step.
    pub(super) fn end_of(&self, id: WorkerId) -> Option<(usize, Ending)> {
        self.events().rev().find_map(|(step, event)| match *event {
            Event::Ended { worker, how } if worker == id => Some((step, how)),
            _ => None,
        })
    }

    /// The workers that wait at the end for something of which nothing is known.
    pub(super) fn wait_for_unknown(&self) -> Vec<WorkerId> {
        let mut waiters = self.waiters(None);
        waiters.retain(|w| self.last().workers[w.index()].wait == Some(Wait::Unknown));
        waiters
    }

    /// The workers that wait at the end for a semaphore, or for anything.
    pub(super) fn waiters(&self, on: Option<SemaphoreId>) -> Vec<WorkerId> {
        let waits = |wait: &Wait| match (wait, on) {
            (_, None) => true,
            (Wait::Permits { semaphore, .. }, Some(on)) => *semaphore == on,
            (Wait::Join { .. } | Wait::Unknown, Some(_)) => false,
        };
        let workers = (0..).map(WorkerId).zip(self.last().workers.iter());
        workers
            .filter(|(_, state)| state.wait.as_ref().is_some_and(waits))
            .map(|(id, _)| id)
            .collect()
    }
}

impl Snapshot {
    /// What a worker holds of a semaphore.
    pub(super) fn held(&self, worker: WorkerId, semaphore: SemaphoreId) -> u64 {
        let held = &self.workers[worker.index()].held;
        held.iter()
            .find(|(s, _)| *s == semaphore)
            .map_or(0, |&(_, n)| n)
    }

    /// What a waiter has taken already of what it asks for.
    pub(super) fn taken(&self, worker: WorkerId, semaphore: SemaphoreId) -> u64 {
        match self.workers[worker.index()].wait {
            Some(Wait::Permits {
                semaphore: s,
                taken,
                ..
            }) if s == semaphore => taken,
            _ => 0,
        }
    }

    /// What is held of a semaphore by nobody knows whom.
    pub(super) fn held_by_unknown(&self, semaphore: SemaphoreId) -> u64 {
        let all = (0..self.workers.len() as u32).map(WorkerId);
        let by_waiters: u64 = all.map(|w| self.taken(w, semaphore)).sum();
        let taken = self.semaphores[semaphore.index()].taken;
        taken.saturating_sub(by_waiters)
    }

    /// The workers of that status that hold something of a semaphore.
    pub(super) fn holders(&self, semaphore: SemaphoreId, status: Status) -> Vec<WorkerId> {
        let all = (0..self.workers.len() as u32).map(WorkerId);
        all.filter(|&w| self.workers[w.index()].status == status && self.held(w, semaphore) > 0)
            .collect()
    }

    /// What the workers of that status hold of a semaphore, all together.
    pub(super) fn held_by_all(&self, semaphore: SemaphoreId, status: Status) -> u64 {
        let holders = self.holders(semaphore, status).into_iter();
        holders.map(|w| self.held(w, semaphore)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_stay_short() {
        let names: Vec<String> = (1..=7).map(|i| format!("w.{i}")).collect();
        assert_eq!(list(&names[..0]), "nobody");
        assert_eq!(list(&names[..2]), "w.1 and w.2");
        assert_eq!(list(&names[..4]), "w.1, w.2, w.3 and w.4");
        assert_eq!(list(&names), "w.1, w.2, w.3 and 4 others");
    }

    #[test]
    fn ordinals() {
        let said: Vec<String> = [1, 2, 3, 4, 11, 12, 13, 21, 112].map(ordinal).to_vec();
        assert_eq!(said.join(" "), "1st 2nd 3rd 4th 11th 12th 13th 21st 112th");
    }
}
