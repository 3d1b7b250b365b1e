//! One sequence from its first op to its last, or to the op at which the sides part.

use std::mem::{self, ManuallyDrop};

use super::op::{Abilities, Op};
use super::parting::Parting;
use super::reference::Models;
use super::subject::guarded;
use super::trial::{Room, Told, Trial};
use super::words::Row;
use crate::runtime::Counting;

/// A sequence that was performed.
#[derive(Debug)]
pub(super) struct Performed {
    /// Permits at the start.
    pub(super) permits: u32,
    /// Those that made sense, if they are told.
    pub(super) ops: Vec<Op>,
    /// One for each op.
    pub(super) rows: Vec<Row>,
    /// How the sides part at the last op, if they do.
    pub(super) parting: Option<Parting>,
}

/// Performs the ops that `next` gives until it has no more; those that make no sense when they come
/// are left out.
pub(super) fn perform<S: Counting>(
    models: &Models,
    abilities: Abilities,
    permits: u32,
    next: impl FnMut(&Trial<'_, S>) -> Option<Op>,
) -> Performed {
    let room = &mut Room::default();
    perform_told(models, abilities, permits, Told::Rows, room, next)
}

/// The same, told or not, in a room that is used again.
pub(super) fn perform_told<S: Counting>(
    models: &Models,
    abilities: Abilities,
    permits: u32,
    told: Told,
    room: &mut Room,
    mut next: impl FnMut(&Trial<'_, S>) -> Option<Op>,
) -> Performed {
    let mut performed = Performed {
        permits,
        ops: Vec::new(),
        rows: Vec::new(),
        parting: None,
    };
    // it is dropped once all is given back, and not otherwise
    let mut made = ManuallyDrop::new(None);
    let semaphore = match guarded(|| made.insert(S::with_permits(permits))) {
        Ok(semaphore) => semaphore,
        Err(panicked) => {
            performed.parting = Some(panicked);
            return performed;
        }
    };
    let mut trial = Trial::new(models, permits, semaphore, abilities, told, room);
    while let Some(op) = next(&trial) {
        let op = trial.possible(op);
        if !trial.applies(op) {
            continue;
        }
        if told == Told::Rows {
            performed.ops.push(op);
        }
        if let Err(parting) = trial.step(op) {
            performed.parting = Some(parting);
            break;
        }
    }
    let panicked = performed.parting.as_ref().is_some_and(Parting::is_panic);
    performed.rows = mem::take(&mut trial.rows);
    if !panicked && trial.end() {
        // a panic here is told by nobody: everything was let go before, in steps that are compared
        let _ = guarded(|| drop(made.take()));
    }
    performed
}
