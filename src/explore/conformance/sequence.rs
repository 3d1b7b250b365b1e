//! One sequence from its first op to its last, or to the op at which the sides part.

use std::mem;

use super::op::{Abilities, Op};
use super::reference::Models;
use super::subject::guarded;
use super::trial::{Parting, Trial};
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

/// Whether anybody will read what happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// Which ops were performed, and a row for each.
    Rows,
    /// Only whether the sides part.
    Nothing,
}

/// Performs the ops that `next` gives until it has no more; those that make no sense when they come
/// are left out.
pub(super) fn perform<S: Counting>(
    models: &Models,
    abilities: Abilities,
    permits: u32,
    next: &mut dyn FnMut(&Trial<'_, S>) -> Option<Op>,
) -> Performed {
    perform_told(models, abilities, permits, Told::Rows, next)
}

/// The same, told or not.
pub(super) fn perform_told<S: Counting>(
    models: &Models,
    abilities: Abilities,
    permits: u32,
    told: Told,
    next: &mut dyn FnMut(&Trial<'_, S>) -> Option<Op>,
) -> Performed {
    let mut performed = Performed {
        permits,
        ops: Vec::new(),
        rows: Vec::new(),
        parting: None,
    };
    let semaphore = match guarded(|| S::with_permits(permits)) {
        Ok(semaphore) => semaphore,
        Err(panicked) => {
            performed.parting = Some(panicked.into());
            return performed;
        }
    };
    let mut trial = Trial::new(models.start(permits), &semaphore, abilities);
    if told == Told::Nothing {
        trial = trial.unread();
    }
    while let Some(op) = next(&trial) {
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
    let panicked = performed.parting.as_ref().is_some_and(|p| p.panicked);
    let (rows, in_order) = trial.end(panicked);
    performed.rows = rows;
    if in_order {
        // a panic here is told by nobody: everything was let go before, in steps that are compared
        let _ = guarded(|| drop(semaphore));
    } else {
        mem::forget(semaphore);
    }
    performed
}
