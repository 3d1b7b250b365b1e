//! The ways to make a program smaller by one change.
//!
//! **Invariants**
//!
//! 1. Each edit makes the program smaller in an order that has no endless descent: fewer
//!    statements, instances, semaphores or workers, a smaller number, a plainer word. So changes
//!    that are kept come to an end.
//! 2. What an edit leaves behind may be no program; whoever applies it builds it and sees.

use std::collections::{BTreeMap, BTreeSet};

use super::target::Mark;
use crate::program::{Amount, Block, Draft, Kind, Order, Panics, Statement, StatementKind};

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// No worker of that place, and nothing that names it.
    Worker(usize),
    /// So many instances; who named one that is gone names the last that is there.
    Count(usize, u32),
    /// It is there from the start, and nobody spawns it.
    Unspawned(usize),
    /// No statements with these numbers, counted in the order of the text.
    Drop(usize, usize),
    /// Only statements with these marks, and those around them.
    Only(BTreeSet<Mark>),
    /// What stands in a block of the statement, in its place.
    Unwrap(usize, usize),
    /// The statement without that block of its, its first being the zeroth.
    Without(usize, usize),
    /// No semaphore of that place, and of what names it only what stands inside.
    Semaphore(usize),
    /// So many permits at the start.
    Permits(usize, u32),
    /// So many permits at the start, and nobody moves more than that at once.
    Narrow(usize, u32),
    /// Bounded, where it is something else.
    Bounded(usize),
    /// In the order `fifo`, where it is in another.
    Fifo(usize),
    /// A smaller number in a statement.
    Number(usize, u32),
    /// A statement in its plainest words.
    Plain(usize),
    /// The budget of that place (panics, timeouts, cancels, preemptions), as `None` or a number.
    Budget(usize, Option<u32>),
}

impl Edit {
    /// What becomes of a draft; `None` if nothing does.
    pub fn apply(&self, draft: &Draft) -> Option<Draft> {
        let mut draft = draft.clone();
        match *self {
            Edit::Worker(at) => {
                let name = draft.workers.get(at)?.name.clone();
                draft.workers.remove(at);
                draft.retain(|s| s.worker() != Some(&name));
            }
            Edit::Count(at, count) => {
                let worker = draft.workers.get_mut(at)?;
                worker.count = count;
                let name = worker.name.clone();
                draft.replace(|mut statement| {
                    if let Some(instance) = statement.instance_mut()
                        && instance.worker == name
                    {
                        instance.instance = instance.instance.map(|i| i.min(count));
                    }
                    vec![statement]
                });
            }
            Edit::Unspawned(at) => {
                let worker = draft.workers.get_mut(at)?;
                worker.spawned = false;
                let name = worker.name.clone();
                draft.retain(|s| match &s.kind {
                    StatementKind::Spawn { worker } => *worker != name,
                    _ => true,
                });
            }
            Edit::Drop(first, count) => {
                let number = Numbering::of(&draft);
                draft.retain(|s| !(first..first + count).contains(&number.of_statement(s)));
            }
            Edit::Only(ref marks) => draft.retain(|s| has_any(s, marks)),
            Edit::Unwrap(at, block) => {
                let number = Numbering::of(&draft);
                draft.replace(|statement| match number.of_statement(&statement) == at {
                    true => unwrapped(statement, block),
                    false => vec![statement],
                });
            }
            Edit::Without(at, block) => {
                let number = Numbering::of(&draft);
                draft.replace(|mut statement| {
                    if number.of_statement(&statement) == at {
                        leave_out(&mut statement, block);
                    }
                    vec![statement]
                });
            }
            Edit::Semaphore(at) => {
                let name = draft.semaphores.get(at)?.name.clone();
                draft.semaphores.remove(at);
                draft.replace(|statement| match statement.semaphore() == Some(&name) {
                    true => unwrapped(statement, 0),
                    false => vec![statement],
                });
            }
            Edit::Permits(at, permits) => draft.semaphores.get_mut(at)?.permits = permits,
            Edit::Narrow(at, permits) => {
                let semaphore = draft.semaphores.get_mut(at)?;
                semaphore.permits = permits;
                let name = semaphore.name.clone();
                draft.replace(|mut statement| {
                    if statement.semaphore() == Some(&name)
                        && let Some(number) = statement.number_mut()
                    {
                        *number = (*number).min(permits.max(1));
                    }
                    vec![statement]
                });
            }
            Edit::Bounded(at) => draft.semaphores.get_mut(at)?.kind = Kind::Bounded,
            Edit::Fifo(at) => draft.semaphores.get_mut(at)?.order = Order::Fifo,
            Edit::Number(at, n) => {
                let number = Numbering::of(&draft);
                draft.replace(|mut statement| {
                    if number.of_statement(&statement) == at
                        && let Some(of) = statement.number_mut()
                    {
                        *of = n;
                    }
                    vec![statement]
                });
            }
            Edit::Plain(at) => {
                let number = Numbering::of(&draft);
                draft.replace(|mut statement| {
                    if number.of_statement(&statement) == at {
                        plain(&mut statement);
                    }
                    vec![statement]
                });
            }
            Edit::Budget(at, to) => {
                let budget = &mut draft.budget;
                let of = [
                    &mut budget.panics,
                    &mut budget.timeouts,
                    &mut budget.cancels,
                    &mut budget.preemptions,
                ];
                *of.into_iter().nth(at)? = to;
            }
        }
        let declared =
            |name: &crate::program::Name| draft.semaphores.iter().any(|s| s.name == *name);
        draft.expects.retain(|expect| match expect {
            crate::program::Expect::Fails { on: Some(on), .. } => declared(on),
            _ => true,
        });
        Some(draft)
    }
}

/// The numbers of statements in the order of the text, by their marks.
struct Numbering(BTreeMap<Mark, usize>);

impl Numbering {
    fn of(draft: &Draft) -> Numbering {
        let marks = marks(draft).into_iter().enumerate();
        Numbering(marks.map(|(number, mark)| (mark, number)).collect())
    }

    fn of_statement(&self, statement: &Statement) -> usize {
        self.0[&statement.span.start]
    }
}

/// The marks of all statements, in the order of the text.
pub(super) fn marks(draft: &Draft) -> Vec<Mark> {
    let mut marks = Vec::new();
    each(draft, &mut |statement, _| marks.push(statement.span.start));
    marks
}

/// Calls `visit` with each statement, in the order of the text, and the place of its worker.
pub(super) fn each<'d>(draft: &'d Draft, visit: &mut dyn FnMut(&'d Statement, usize)) {
    fn walk<'d>(block: &'d Block, worker: usize, visit: &mut dyn FnMut(&'d Statement, usize)) {
        for statement in block {
            visit(statement, worker);
            for inner in statement.blocks() {
                walk(inner, worker, visit);
            }
        }
    }
    for (worker, decl) in draft.workers.iter().enumerate() {
        walk(&decl.body, worker, visit);
    }
}

fn has_any(statement: &Statement, marks: &BTreeSet<Mark>) -> bool {
    marks.contains(&statement.span.start)
        || statement
            .blocks()
            .into_iter()
            .flatten()
            .any(|inner| has_any(inner, marks))
}

/// What stands in a block of a statement.
fn unwrapped(mut statement: Statement, block: usize) -> Block {
    let blocks = statement.blocks_mut();
    blocks
        .into_iter()
        .nth(block)
        .map(std::mem::take)
        .unwrap_or_default()
}

/// Whether a statement is one still without a block of its.
pub(super) fn can_leave_out(statement: &Statement, block: usize) -> bool {
    match &statement.kind {
        StatementKind::TryAcquire { .. } | StatementKind::AcquireWithin { .. } => block == 1,
        StatementKind::Try { catch, finally, .. } => {
            block > 0 && catch.is_some() && finally.is_some()
        }
        StatementKind::Either { branches } => branches.len() > 2,
        _ => false,
    }
}

fn leave_out(statement: &mut Statement, block: usize) {
    match &mut statement.kind {
        StatementKind::TryAcquire { otherwise, .. }
        | StatementKind::AcquireWithin { otherwise, .. } => *otherwise = None,
        StatementKind::Try { catch, finally, .. } => match block {
            1 => *catch = None,
            _ => *finally = None,
        },
        StatementKind::Either { branches } if block < branches.len() => {
            branches.remove(block);
        }
        _ => {}
    }
}

/// Whether a statement could be said in plainer words.
pub(super) fn is_ornate(statement: &Statement) -> bool {
    let mut plainer = statement.clone();
    plain(&mut plainer);
    plainer != *statement
}

fn plain(statement: &mut Statement) {
    match &mut statement.kind {
        StatementKind::Work { panics, .. } => *panics = Panics::May,
        StatementKind::Try {
            catch: Some(catch), ..
        } => catch.kinds.clear(),
        StatementKind::Release { permits, .. }
        | StatementKind::Forget { permits, .. }
        | StatementKind::Give { permits, .. }
            if *permits == Amount::All =>
        {
            *permits = Amount::Exactly(1);
        }
        _ => {}
    }
}
