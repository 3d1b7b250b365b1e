//! What tells random strategies apart: which of the workers that can go on does.

use super::profile::Profile;
use super::ready::Able;
use crate::run::{Enabled, Rng, WorkerId};

/// Picks workers. Faults, branches and the length of a run are not its matter.
pub trait Order: Send {
    /// Whether it is of use to know how large the subject is.
    fn learns(&self) -> bool {
        false
    }

    /// Whether that run is one of an order that does.
    fn learns_in(&self, _run: u64) -> bool {
        self.learns()
    }

    /// A run begins.
    fn begin(&mut self, _run: u64, _rng: &mut Rng, _profile: &Profile) {}

    /// The place in `able` of the worker that goes on. `able` has one worker at least, in their
    /// order; `enabled` are all choices.
    fn pick(&mut self, rng: &mut Rng, able: &[Able], enabled: &[Enabled]) -> usize;

    /// The same where each of so many choices is the only one of its worker, if nothing else of them
    /// matters; as `pick` would.
    #[inline]
    fn pick_of(&mut self, _rng: &mut Rng, _choices: usize) -> Option<usize> {
        None
    }

    /// Whether workers stop in this run where they start others.
    fn stops_at_spawns(&self) -> bool {
        false
    }

    /// A fault strikes this worker: it makes a step that was not picked.
    fn struck(&mut self, _rng: &mut Rng, _worker: WorkerId) {}

    /// A worker was started by another one.
    fn started(&mut self, _rng: &mut Rng, _worker: WorkerId, _by: WorkerId) {}

    /// A worker has ended.
    fn ended(&mut self, _rng: &mut Rng, _worker: WorkerId) {}
}

/// Each as likely as the next.
#[derive(Debug, Clone, Copy, Default)]
pub struct Walk;

impl Order for Walk {
    #[inline]
    fn pick(&mut self, rng: &mut Rng, able: &[Able], _enabled: &[Enabled]) -> usize {
        any(rng, able.len())
    }

    #[inline]
    fn pick_of(&mut self, rng: &mut Rng, choices: usize) -> Option<usize> {
        Some(any(rng, choices))
    }
}

/// One of so many, each as likely as the next.
#[inline]
fn any(rng: &mut Rng, count: usize) -> usize {
    match count {
        1 => 0,
        _ => rng.below(count as u64) as usize,
    }
}
