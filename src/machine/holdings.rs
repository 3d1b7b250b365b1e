//! Whose permits a worker can hold: its own, and those of whoever can give it some.
//!
//! All that one declaration takes of a semaphore flows together, so what is followed is from which
//! declarations an instance can have permits, and that for named instances only: the others of a
//! declaration hold what they take themselves.

use std::collections::{BTreeMap, BTreeSet};

use super::code::{Code, Instr};
use super::compile::Names;
use crate::program::{Kind, Program, StatementKind};
use crate::run::{SemaphoreId, StatementId, WorkerId};

/// The ledger entries of an instance.
pub(super) struct Shape {
    /// For each semaphore of which it can hold permits the statements that took them, in the order
    /// of [`super::model::Ledger`].
    pub(super) sites: Vec<(SemaphoreId, Vec<StatementId>)>,
    /// For each instruction, the place among all entries that a grant there goes to.
    pub(super) entries: Vec<Option<usize>>,
}

/// The statements that take permits, and where these can come to.
pub(super) struct Holdings<'a> {
    codes: &'a [Code],
    guards: BTreeSet<StatementId>,
    /// For each declaration, what it takes itself.
    own: Vec<BTreeMap<SemaphoreId, Vec<StatementId>>>,
    /// For instances that are given permits, the declarations that took them.
    given: BTreeMap<WorkerId, BTreeMap<SemaphoreId, BTreeSet<usize>>>,
}

impl<'a> Holdings<'a> {
    pub(super) fn new(program: &Program, codes: &'a [Code], names: &Names<'_>) -> Holdings<'a> {
        let declared: Vec<usize> = (0..)
            .zip(program.workers())
            .flat_map(|(index, decl)| {
                std::iter::repeat_n(index, names.instances(decl.name.as_str()).count as usize)
            })
            .collect();
        // for each semaphore, which declaration gives to which instance
        let mut gifts: BTreeMap<SemaphoreId, BTreeSet<(usize, WorkerId)>> = BTreeMap::new();
        let mut own = Vec::new();
        for (giver, code) in codes.iter().enumerate() {
            let mut takes: BTreeMap<SemaphoreId, Vec<StatementId>> = BTreeMap::new();
            for (instr, &statement) in code.instrs.iter().zip(&code.statements) {
                match *instr {
                    Instr::Acquire { semaphore, .. } | Instr::Drain { semaphore, .. }
                        if program.semaphores()[semaphore.index()].kind != Kind::Signal =>
                    {
                        takes.entry(semaphore).or_default().push(statement);
                    }
                    Instr::Give { semaphore, to, .. } => {
                        gifts.entry(semaphore).or_default().insert((giver, to));
                    }
                    _ => {}
                }
            }
            own.push(takes);
        }
        let mut given: BTreeMap<WorkerId, BTreeMap<SemaphoreId, BTreeSet<usize>>> = BTreeMap::new();
        for (&semaphore, gifts) in &gifts {
            let mut givers: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
            for &(giver, to) in gifts {
                let to = declared[to.index()];
                givers.entry(to).or_default().insert(giver);
            }
            let mut sources: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
            for &(giver, to) in gifts {
                let all = sources
                    .entry(giver)
                    .or_insert_with(|| all_before(&givers, giver));
                let entry = given.entry(to).or_default().entry(semaphore).or_default();
                entry.insert(declared[to.index()]);
                entry.extend(all.iter());
            }
        }
        Holdings {
            codes,
            guards: guard_statements(program),
            own,
            given,
        }
    }

    /// The entries of an instance that is given nothing.
    pub(super) fn of_declaration(&self, index: usize) -> Shape {
        self.shape(index, self.own[index].clone())
    }

    /// The entries of an instance that is given something.
    pub(super) fn of_instance(&self, index: usize, id: WorkerId) -> Option<Shape> {
        let given = self.given.get(&id)?;
        let mut sites = self.own[index].clone();
        for (&semaphore, sources) in given {
            let taken = sources.iter().filter_map(|&d| self.own[d].get(&semaphore));
            let taken: Vec<StatementId> = taken.flatten().copied().collect();
            if !taken.is_empty() {
                sites.insert(semaphore, taken);
            }
        }
        Some(self.shape(index, sites))
    }

    fn shape(&self, index: usize, sites: BTreeMap<SemaphoreId, Vec<StatementId>>) -> Shape {
        let code = &self.codes[index];
        let mut sites: Vec<(SemaphoreId, Vec<StatementId>)> = sites.into_iter().collect();
        let mut places = BTreeMap::new();
        for (semaphore, statements) in &mut sites {
            statements.sort_by_cached_key(|s| (self.guards.contains(s), std::cmp::Reverse(*s)));
            for &statement in &*statements {
                let place = places.len();
                places.insert((*semaphore, statement), place);
            }
        }
        let entry = |(instr, &statement): (&Instr, &StatementId)| match *instr {
            Instr::Acquire { semaphore, .. }
            | Instr::Drain { semaphore, .. }
            | Instr::GuardRelease { semaphore, .. } => places.get(&(semaphore, statement)).copied(),
            _ => None,
        };
        let entries = code.instrs.iter().zip(&code.statements).map(entry);
        Shape {
            entries: entries.collect(),
            sites,
        }
    }
}

/// A declaration and all that give to it, by way of others too.
fn all_before(givers: &BTreeMap<usize, BTreeSet<usize>>, to: usize) -> BTreeSet<usize> {
    let mut all = BTreeSet::from([to]);
    let mut left = vec![to];
    while let Some(next) = left.pop() {
        for &giver in givers.get(&next).into_iter().flatten() {
            if all.insert(giver) {
                left.push(giver);
            }
        }
    }
    all
}

/// The `with` statements.
fn guard_statements(program: &Program) -> BTreeSet<StatementId> {
    (0..)
        .map(StatementId)
        .zip(program.statements())
        .filter(|(_, n)| matches!(n.statement.kind, StatementKind::With { .. }))
        .map(|(id, _)| id)
        .collect()
}
