//! Steps that depend on the worker alone, and on nothing of others but one available count.

use super::code::{Instr, Waiting};
use super::layout::Field;
use super::model::Machine;
use crate::program::{Kind, Order};
use crate::run::{Permits, WorkerId};

/// When a simple step can be made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Simple {
    /// The available count that it looks at and changes, if any.
    pub(crate) available: Option<Field>,
    /// It has to be at least this.
    pub(crate) least: u64,
}

impl Machine {
    /// The field that all fields of a worker make up, if they lie in one word.
    pub(crate) fn whole_block(&self, id: WorkerId) -> Option<Field> {
        match self.worker(id).block[..] {
            [whole] => Some(whole),
            _ => None,
        }
    }

    /// For each semaphore that is held, what it accounts for: available, taken and held.
    pub(crate) fn accounted(&self, state: &[u64]) -> Vec<u64> {
        self.semaphore_ids()
            .filter(|&id| !self.is_signal(id))
            .map(|id| {
                let of = self.semaphore(id);
                let held: u64 = of.holders.iter().map(|&w| self.held_by(state, w, id)).sum();
                of.available.get(state) + of.taken.get(state) + held
            })
            .collect()
    }

    /// Whether the only step that a worker can make from where it stands is one whose effect is
    /// settled by what the state knows of the worker, but for one available count.
    ///
    /// That is so for steps without an op, and for acquires and releases in barging order, which
    /// has no queue: nobody else moves.
    pub(crate) fn simple(&self, state: &[u64], id: WorkerId) -> Option<Simple> {
        let pc = self.at(state, id)?;
        let nothing = Simple {
            available: None,
            least: 0,
        };
        match *self.instr(id, pc) {
            Instr::Work {
                fallible: false, ..
            }
            | Instr::Panic
            | Instr::Return => Some(nothing),
            Instr::Acquire {
                semaphore,
                permits,
                waiting: Waiting::Forever,
                ..
            } => {
                let of = self.semaphore(semaphore);
                let simple = of.order == Order::Barging && of.closed.is_empty();
                simple.then_some(Simple {
                    available: Some(of.available),
                    least: u64::from(permits),
                })
            }
            Instr::Release {
                semaphore,
                permits: Permits::Exactly(permits),
                from: None,
                ..
            }
            | Instr::GuardRelease {
                semaphore, permits, ..
            } => {
                let of = self.semaphore(semaphore);
                let enough = match of.kind {
                    Kind::Bounded => self.held_by(state, id, semaphore) >= u64::from(permits),
                    Kind::Signal => true,
                    Kind::Plain => false,
                };
                let simple = of.order == Order::Barging && of.debt.is_empty() && enough;
                simple.then_some(Simple {
                    available: Some(of.available),
                    least: 0,
                })
            }
            _ => None,
        }
    }
}
