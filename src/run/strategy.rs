//! The interface at which engine and strategy meet.

use super::{Choice, Enabled, Event, View};

/// A point at which a choice has to be made.
pub struct Point<'a> {
    /// The choices within the budgets, at least one, sorted.
    pub enabled: &'a [Enabled],
    /// The state.
    pub view: &'a dyn View,
    /// The choice before, if this is not the first.
    pub last: Option<Choice>,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// All workers have ended.
    Finished,
    /// Somebody is unfinished and nothing can happen.
    Stuck,
    /// The step bound was reached.
    StepBound,
    /// The strategy ended it.
    Abandoned,
    /// It went on in a way that no real run does, and was not judged from there on.
    NotJudged,
}

/// Picks the next choice. Knows nothing of engines; the engine calls it.
///
/// A strategy may want to know roughly how large the subject is before the first run: how long runs
/// are, and who does how much. For that it asks for *pilot runs*. Whoever drives it makes them first:
///
/// ```text
/// while strategy.pilot() { execute one run under the strategy }
/// while strategy.begin(number) { execute one run under the strategy; take the next number }
/// ```
///
/// A pilot is like any other run, but has no number, and what is found in it is not reported. It
/// depends on the seed alone, so that what is learned from it is the same in each shard and each
/// thread. A strategy that is given no pilot makes do without.
pub trait Strategy {
    /// Begins a pilot run, if the strategy wants one more. Asked for before the first run only.
    fn pilot(&mut self) -> bool {
        false
    }
    /// Whether there is another run, the `run`th, counted from zero.
    fn begin(&mut self, run: u64) -> bool;
    /// One of the enabled choices, or `None` to end the run here.
    fn choose(&mut self, point: &Point<'_>) -> Option<Choice>;
    /// The same, as its place among the enabled ones. One that is not among them ends the run as well.
    fn choose_place(&mut self, point: &Point<'_>) -> Option<usize> {
        let choice = self.choose(point)?;
        point.enabled.iter().position(|e| e.choice == choice)
    }
    /// Whether the worker that was chosen last stops where it is, since it has just started another one;
    /// asked by engines that can stop it there. What it does next is then a choice of its own, and its
    /// last one becomes [`Action::ToSpawn`](super::Action::ToSpawn).
    fn stops_at_spawn(&mut self) -> bool {
        false
    }
    /// Something happened.
    fn observe(&mut self, _event: &Event) {}
    /// The run has ended.
    fn end(&mut self, _outcome: Outcome) {}
}

impl<S: Strategy + ?Sized> Strategy for Box<S> {
    fn pilot(&mut self) -> bool {
        (**self).pilot()
    }

    fn begin(&mut self, run: u64) -> bool {
        (**self).begin(run)
    }

    fn choose(&mut self, point: &Point<'_>) -> Option<Choice> {
        (**self).choose(point)
    }

    fn choose_place(&mut self, point: &Point<'_>) -> Option<usize> {
        (**self).choose_place(point)
    }

    fn stops_at_spawn(&mut self) -> bool {
        (**self).stops_at_spawn()
    }

    fn observe(&mut self, event: &Event) {
        (**self).observe(event);
    }

    fn end(&mut self, outcome: Outcome) {
        (**self).end(outcome);
    }
}
