//! Programs as a strategy.

use ::proptest::arbitrary::{Arbitrary, any};
use ::proptest::strategy::{NewTree, Strategy, ValueTree};
use ::proptest::test_runner::TestRunner;

use crate::explore::reduce::{Edit, edits};
use crate::program::{Draft, Order, Program, Shape};

/// Random programs of at most so many statements, made so that something can go wrong in them:
/// nested acquires, opposite orders, releases that are missing on the way of an error, permits that
/// go to other workers, signals.
///
/// They become smaller by leaving out workers and statements, as the reducer of
/// [`Explorer::reduce`](crate::explore::Explorer::reduce) does, but knowing nothing of what is
/// looked for.
pub fn programs(statements: u32) -> Programs {
    Programs {
        shape: Shape::of(statements),
    }
}

/// See [`programs`].
#[derive(Debug, Clone)]
#[must_use = "a strategy does nothing unless it is used"]
pub struct Programs {
    shape: Shape,
}

impl Programs {
    /// Only statements that begin with these words.
    ///
    /// # Panics
    ///
    /// If no statement begins so.
    pub fn only(mut self, words: &[&str]) -> Programs {
        self.shape = self.shape.only(words);
        self
    }

    /// Only semaphores of these orders.
    pub fn orders(mut self, orders: &[Order]) -> Programs {
        self.shape.orders = orders.to_vec();
        self
    }

    /// No `signal` semaphores.
    pub fn without_signals(mut self) -> Programs {
        self.shape.signals = false;
        self
    }

    /// At most so many worker instances.
    pub fn instances(mut self, most: u32) -> Programs {
        self.shape.instances = most;
        self
    }

    /// At most so many semaphores, from one to eight.
    pub fn semaphores(mut self, most: u32) -> Programs {
        self.shape.semaphores = most;
        self
    }
}

impl Strategy for Programs {
    type Tree = ProgramTree;
    type Value = Program;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Programs> {
        let seed = any::<u64>().new_tree(runner)?.current();
        Ok(ProgramTree::new(self.shape.program(seed)))
    }
}

/// A program, and the smaller ones that are left to be tried.
#[derive(Debug, Clone)]
pub struct ProgramTree {
    draft: Draft,
    program: Program,
    /// What it was before the last change.
    before: Option<(Draft, Program)>,
    edits: Vec<Edit>,
    next: usize,
    /// Whether something was kept since the first of the edits was tried.
    kept: bool,
}

impl ProgramTree {
    fn new(program: Program) -> ProgramTree {
        let draft = program.draft();
        ProgramTree {
            edits: edits(&draft),
            draft,
            program,
            before: None,
            next: 0,
            kept: false,
        }
    }

    /// Makes the next change that leaves a program; whether there was one.
    fn change(&mut self) -> bool {
        while let Some(edit) = self.edits.get(self.next) {
            self.next += 1;
            let Some(draft) = edit.apply(&self.draft) else {
                continue;
            };
            if let Ok(program) = draft.build()
                && program != self.program
            {
                let program = std::mem::replace(&mut self.program, program);
                let draft = std::mem::replace(&mut self.draft, draft);
                self.before = Some((draft, program));
                return true;
            }
        }
        false
    }
}

impl ValueTree for ProgramTree {
    type Value = Program;

    fn current(&self) -> Program {
        self.program.clone()
    }

    fn simplify(&mut self) -> bool {
        if self.before.take().is_some() {
            self.kept = true;
            self.edits = edits(&self.draft);
            self.next = self.next.saturating_sub(1);
        }
        if self.change() {
            return true;
        }
        if !std::mem::take(&mut self.kept) {
            return false;
        }
        self.next = 0;
        self.change()
    }

    fn complicate(&mut self) -> bool {
        let Some((draft, program)) = self.before.take() else {
            return false;
        };
        (self.draft, self.program) = (draft, program);
        if self.change() {
            return true;
        }
        if !std::mem::take(&mut self.kept) {
            return false;
        }
        self.next = 0;
        self.change()
    }
}

impl Arbitrary for Program {
    type Parameters = ();
    type Strategy = Programs;

    fn arbitrary_with((): ()) -> Programs {
        programs(20)
    }
}
