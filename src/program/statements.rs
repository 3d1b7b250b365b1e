//! The statements of a program, numbered in the order of the text.

use super::model::{Block, Program, Statement, StatementKind};
use super::printer::statement_head;

/// A statement with its number within its worker.
#[derive(Debug, Clone, Copy)]
pub struct Numbered<'a> {
    /// The index of the worker's declaration.
    pub worker: usize,
    /// Its number within the worker, from zero, blocks after their head.
    pub ordinal: u32,
    /// The statement.
    pub statement: &'a Statement,
}

impl Statement {
    /// The blocks inside, in the order of the text.
    pub fn blocks(&self) -> Vec<&Block> {
        match &self.kind {
            StatementKind::TryAcquire {
                then, otherwise, ..
            }
            | StatementKind::AcquireWithin {
                then, otherwise, ..
            } => std::iter::once(then).chain(otherwise).collect(),
            StatementKind::With { body, .. } | StatementKind::Repeat { body, .. } => vec![body],
            StatementKind::Try {
                body,
                catch,
                finally,
            } => std::iter::once(body)
                .chain(catch.as_ref().map(|c| &c.body))
                .chain(finally)
                .collect(),
            StatementKind::Either { branches } => branches.iter().collect(),
            _ => Vec::new(),
        }
    }

    /// Its first words, without a block: `acquire pool`, `with pool permits=2`.
    pub fn head(&self) -> String {
        statement_head(self)
    }

    /// How many statements it is, itself and those inside.
    pub fn size(&self) -> u32 {
        1 + self
            .blocks()
            .into_iter()
            .map(|b| block_size(b))
            .sum::<u32>()
    }
}

/// How many statements a block has, those inside of others included.
pub fn block_size(block: &[Statement]) -> u32 {
    block.iter().map(Statement::size).sum()
}

impl Program {
    /// The names of the worker instances, such as `handler.2`.
    pub fn instance_names(&self) -> Vec<String> {
        let names = |decl: &super::model::WorkerDecl| {
            let name = decl.name.clone();
            (1..=decl.count).map(move |i| format!("{name}.{i}"))
        };
        self.workers().iter().flat_map(names).collect()
    }

    /// All statements, worker by worker; the position in the list is the statement's number.
    pub fn statements(&self) -> Vec<Numbered<'_>> {
        let mut all = Vec::new();
        for (worker, decl) in self.workers().iter().enumerate() {
            let first = all.len();
            // a stack of what is still to be walked, next one last
            let mut stack: Vec<&Statement> = decl.body.iter().rev().collect();
            while let Some(statement) = stack.pop() {
                all.push(Numbered {
                    worker,
                    ordinal: (all.len() - first) as u32,
                    statement,
                });
                for block in statement.blocks().into_iter().rev() {
                    stack.extend(block.iter().rev());
                }
            }
        }
        all
    }
}
