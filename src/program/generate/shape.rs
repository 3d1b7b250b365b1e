//! What generated programs may be made of.

use std::collections::BTreeMap;

use super::super::model::{Kind, Order, Program};
use super::super::words::STATEMENTS;
use super::random::Random;
use super::{Size, generate};

/// The programs that are generated: how large, of which statements, in which orders.
///
/// ```
/// use selvedge::program::{Order, Shape};
///
/// let mut shape = Shape::of(12).only(&["acquire", "release", "with", "work"]);
/// shape.orders = vec![Order::Fifo];
/// let program = shape.program(7);
/// assert!(program.statements().len() <= 12);
/// assert!(program.semaphores().iter().all(|s| s.order == Order::Fifo));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// The most statements, those inside of others included, at least one.
    pub statements: u32,
    /// The most worker instances, from one.
    pub instances: u32,
    /// The most semaphores, from one to eight.
    pub semaphores: u32,
    /// The orders of the semaphores; empty means all.
    pub orders: Vec<Order>,
    /// Whether there are `signal` semaphores.
    pub signals: bool,
    /// The statements by their first words; empty means all.
    words: Vec<&'static str>,
}

impl Shape {
    /// Programs of all statements and orders, and of at most so many statements.
    pub fn of(statements: u32) -> Shape {
        Shape {
            statements,
            instances: 4,
            semaphores: 3,
            orders: Vec::new(),
            signals: true,
            words: Vec::new(),
        }
    }

    /// Only statements that begin with these words.
    ///
    /// # Panics
    ///
    /// If no statement begins so.
    pub fn only(mut self, words: &[&str]) -> Shape {
        let known = |word: &&str| {
            let found = STATEMENTS.into_iter().find(|known| known == word);
            found.unwrap_or_else(|| panic!("no statement begins with `{word}`"))
        };
        self.words = words.iter().map(known).collect();
        self
    }

    /// The program of a seed: of up to that many statements, a few being as likely as many.
    pub fn program(&self, seed: u64) -> Program {
        // another stream than that of the program itself
        let mut random = Random::new(!seed);
        let most = 1 + random.below(self.statements.max(1));
        let size = Size {
            semaphores: self.semaphores,
            instances: self.instances.max(1),
            workers: self.instances.clamp(1, 3),
            statements: most,
            plots: most.div_ceil(5),
            ..Size::default()
        };
        let mut draft = generate(seed, &size).draft();
        for semaphore in &mut draft.semaphores {
            if !self.signals && semaphore.kind == Kind::Signal {
                semaphore.kind = Kind::Bounded;
            }
            if !self.orders.is_empty() && !self.orders.contains(&semaphore.order) {
                semaphore.order = *random.pick(&self.orders);
            }
        }
        if !self.words.is_empty() {
            draft.replace(|mut statement| {
                if self.words.contains(&statement.word()) {
                    return vec![statement];
                }
                let first = statement.blocks_mut().into_iter().next();
                first.map(std::mem::take).unwrap_or_default()
            });
        }
        let mut longest = most;
        while draft.size() > most && longest > 0 {
            longest -= 1;
            let mut ordinals = BTreeMap::new();
            for worker in &draft.workers {
                let mut next = 0;
                number(&worker.body, &mut next, &mut ordinals);
            }
            draft.retain(|statement| ordinals[&statement.span.start] < longest);
        }
        match draft.build() {
            Ok(program) => program,
            Err(error) => panic!("invariant 2: what is left of seed {seed} is valid\n{error}"),
        }
    }
}

fn number(
    block: &[super::super::model::Statement],
    next: &mut u32,
    ordinals: &mut BTreeMap<u32, u32>,
) {
    for statement in block {
        ordinals.insert(statement.span.start, *next);
        *next += 1;
        for inner in statement.blocks() {
            number(inner, next, ordinals);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_kept() {
        let words = ["acquire", "release", "with", "work", "give"];
        let shape = Shape {
            orders: vec![Order::Barging, Order::FifoPartial],
            signals: false,
            ..Shape::of(9).only(&words)
        };
        for seed in 0..500 {
            let program = shape.program(seed);
            let statements = program.statements();
            assert!(statements.len() <= 9, "{program}");
            assert!(
                statements
                    .iter()
                    .all(|s| words.contains(&s.statement.word()))
            );
            assert!(program.semaphores().iter().all(|s| s.order != Order::Fifo));
            assert!(program.semaphores().iter().all(|s| s.kind != Kind::Signal));
        }
    }

    #[test]
    #[should_panic(expected = "no statement begins with `aquire`")]
    fn words_are_known() {
        let _ = Shape::of(1).only(&["aquire"]);
    }
}
