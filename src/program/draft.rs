//! A program taken apart, to be changed and put together again.
//!
//! **Invariants**
//!
//! 1. A draft becomes a program through the reader, as everything does; so a change may leave
//!    nonsense behind, and that is told.
//! 2. The statements of a draft keep the spans of the program that it was taken from, whatever is
//!    removed around them; in a program read from a text no two statements start at one byte. So a
//!    statement is known again by the start of its span.

use super::error::ProgramError;
use super::model::*;
use super::property_name::Expect;

/// The parts of a program, free to be changed.
///
/// ```
/// use selvedge::program::Program;
///
/// let program: Program = "
///     semaphore pool permits=2
///     worker handler count=6 { acquire pool; work query; release pool }
/// ".parse()?;
/// let mut draft = program.draft();
/// draft.workers[0].count = 1;
/// draft.workers[0].body.remove(1);
/// assert_eq!(draft.build()?, "
///     semaphore pool permits=2
///     worker handler { acquire pool; release pool }
/// ".parse()?);
/// # Ok::<(), selvedge::program::ProgramError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Draft {
    /// The semaphores, in the order of the text.
    pub semaphores: Vec<SemaphoreDecl>,
    /// The workers, in the order of the text.
    pub workers: Vec<WorkerDecl>,
    /// What the `budget` line says.
    pub budget: BudgetDecl,
    /// The `expect` lines.
    pub expects: Vec<Expect>,
}

impl Program {
    /// Its parts, to be changed.
    pub fn draft(&self) -> Draft {
        Draft {
            semaphores: self.semaphores.clone(),
            workers: self.workers.clone(),
            budget: self.budget,
            expects: self.expects.clone(),
        }
    }
}

impl Draft {
    /// The program that the parts make.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it; the places are about its canonical text.
    pub fn build(&self) -> Result<Program, ProgramError> {
        let unread = Program {
            semaphores: self.semaphores.clone(),
            workers: self.workers.clone(),
            budget: self.budget,
            expects: self.expects.clone(),
            source: "".into(),
        };
        Program::parse(&unread.to_string())
    }

    /// How many statements there are, those inside of others included.
    pub fn size(&self) -> u32 {
        let bodies = self.workers.iter().map(|w| &w.body);
        bodies.map(|body| super::block_size(body)).sum()
    }

    /// How many worker instances there are.
    pub fn instances(&self) -> u32 {
        self.workers.iter().map(|w| w.count).sum()
    }

    /// Keeps the statements of which `keep` says so, asked in the order of the text, and with a
    /// statement that goes all inside of it.
    pub fn retain(&mut self, mut keep: impl FnMut(&Statement) -> bool) {
        for worker in &mut self.workers {
            retain_in(&mut worker.body, &mut keep);
        }
    }

    /// Replaces each statement by what `become_` makes of it, those inside of others first.
    pub fn replace(&mut self, mut become_: impl FnMut(Statement) -> Block) {
        for worker in &mut self.workers {
            replace_in(&mut worker.body, &mut become_);
        }
    }
}

fn retain_in(block: &mut Block, keep: &mut dyn FnMut(&Statement) -> bool) {
    block.retain_mut(|statement| {
        let kept = keep(statement);
        if kept {
            for inner in statement.blocks_mut() {
                retain_in(inner, keep);
            }
        }
        kept
    });
}

fn replace_in(block: &mut Block, become_: &mut dyn FnMut(Statement) -> Block) {
    let before = std::mem::take(block);
    for mut statement in before {
        for inner in statement.blocks_mut() {
            replace_in(inner, become_);
        }
        block.extend(become_(statement));
    }
}

impl Statement {
    /// The blocks inside, in the order of the text.
    pub fn blocks_mut(&mut self) -> Vec<&mut Block> {
        match &mut self.kind {
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
                .chain(catch.as_mut().map(|c| &mut c.body))
                .chain(finally)
                .collect(),
            StatementKind::Either { branches } => branches.iter_mut().collect(),
            _ => Vec::new(),
        }
    }

    /// Its first word, which says what it does: `acquire`, `try-acquire`, `work`.
    pub fn word(&self) -> &'static str {
        match &self.kind {
            StatementKind::Acquire { .. } => "acquire",
            StatementKind::TryAcquire { .. } => "try-acquire",
            StatementKind::AcquireWithin { .. } => "acquire-within",
            StatementKind::Release { .. } => "release",
            StatementKind::With { .. } => "with",
            StatementKind::Work { .. } => "work",
            StatementKind::Panic => "panic",
            StatementKind::Return => "return",
            StatementKind::Try { .. } => "try",
            StatementKind::Repeat { .. } => "repeat",
            StatementKind::Either { .. } => "either",
            StatementKind::Grow { .. } => "grow",
            StatementKind::Shrink { .. } => "shrink",
            StatementKind::Drain { .. } => "drain",
            StatementKind::Forget { .. } => "forget",
            StatementKind::Give { .. } => "give",
            StatementKind::Close { .. } => "close",
            StatementKind::Cancel { .. } => "cancel",
            StatementKind::Spawn { .. } => "spawn",
            StatementKind::Join { .. } => "join",
        }
    }

    /// The semaphore that it names, if it does.
    pub fn semaphore(&self) -> Option<&Name> {
        match &self.kind {
            StatementKind::Acquire { semaphore, .. }
            | StatementKind::TryAcquire { semaphore, .. }
            | StatementKind::AcquireWithin { semaphore, .. }
            | StatementKind::Release { semaphore, .. }
            | StatementKind::With { semaphore, .. }
            | StatementKind::Grow { semaphore, .. }
            | StatementKind::Shrink { semaphore, .. }
            | StatementKind::Drain { semaphore }
            | StatementKind::Forget { semaphore, .. }
            | StatementKind::Give { semaphore, .. }
            | StatementKind::Close { semaphore } => Some(semaphore),
            _ => None,
        }
    }

    /// The worker that it names, if it does.
    pub fn worker(&self) -> Option<&Name> {
        match &self.kind {
            StatementKind::Release {
                from: Some(worker), ..
            }
            | StatementKind::Give { to: worker, .. }
            | StatementKind::Cancel { worker } => Some(&worker.worker),
            StatementKind::Spawn { worker } | StatementKind::Join { worker } => Some(worker),
            _ => None,
        }
    }

    /// The instance of a worker that it names, if it does.
    pub fn instance_mut(&mut self) -> Option<&mut WorkerRef> {
        match &mut self.kind {
            StatementKind::Release {
                from: Some(worker), ..
            }
            | StatementKind::Give { to: worker, .. }
            | StatementKind::Cancel { worker } => Some(worker),
            _ => None,
        }
    }

    /// Its number, permits or times, if it has one.
    pub fn number_mut(&mut self) -> Option<&mut u32> {
        match &mut self.kind {
            StatementKind::Acquire { permits, .. }
            | StatementKind::TryAcquire { permits, .. }
            | StatementKind::AcquireWithin { permits, .. }
            | StatementKind::With { permits, .. }
            | StatementKind::Grow { permits, .. }
            | StatementKind::Shrink { permits, .. }
            | StatementKind::Release {
                permits: Amount::Exactly(permits),
                ..
            }
            | StatementKind::Forget {
                permits: Amount::Exactly(permits),
                ..
            }
            | StatementKind::Give {
                permits: Amount::Exactly(permits),
                ..
            } => Some(permits),
            StatementKind::Repeat { times, .. } => Some(times),
            _ => None,
        }
    }
}
