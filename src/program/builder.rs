//! Builds programs in Rust.
//!
//! **Invariants**
//!
//! 1. What is built is printed and read back. So there is one validator, every program has a
//!    text and places, and nothing can be built that could not be written.
//! 2. No name reaches the printer that is not shaped like one: a name cannot carry syntax.

use super::block_builder::BlockBuilder;
use super::error::{Problem, Problems, ProgramError};
use super::model::*;
use super::property_name::{Expect, PropertyName};
use super::words::{as_name, is_name, quoted};

impl Program {
    /// Begins a program that is built in Rust.
    ///
    /// ```
    /// use selvedge::program::{Program, PropertyName};
    ///
    /// let program = Program::builder()
    ///     .semaphore("pool", 4, |s| s)
    ///     .worker("handler", |w| {
    ///         w.count(6);
    ///         w.body(|b| {
    ///             b.acquire("pool", 1).work("query").release("pool", 1);
    ///         });
    ///     })
    ///     .expect_on(PropertyName::Leak, "pool")
    ///     .build()?;
    /// assert_eq!(program.workers()[0].count, 6);
    /// # Ok::<(), selvedge::program::ProgramError>(())
    /// ```
    pub fn builder() -> ProgramBuilder {
        ProgramBuilder {
            program: Program {
                semaphores: Vec::new(),
                workers: Vec::new(),
                budget: BudgetDecl::default(),
                expects: Vec::new(),
                source: "".into(),
            },
            problems: Vec::new(),
        }
    }
}

/// A program in the making. Mistakes are told by [`ProgramBuilder::build`], all at once.
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until it is built"]
pub struct ProgramBuilder {
    program: Program,
    problems: Vec<Problem>,
}

impl ProgramBuilder {
    /// Declares a semaphore with this many free permits; `options` says what is not the default.
    pub fn semaphore(
        mut self,
        name: &str,
        permits: u32,
        options: impl FnOnce(SemaphoreBuilder) -> SemaphoreBuilder,
    ) -> Self {
        let name = checked_name(name, &mut self.problems);
        let options = options(SemaphoreBuilder {
            order: Order::Fifo,
            kind: Kind::Bounded,
        });
        self.program.semaphores.push(SemaphoreDecl {
            name,
            permits,
            order: options.order,
            kind: options.kind,
            span: Span::default(),
        });
        self
    }

    /// Declares a worker.
    pub fn worker(mut self, name: &str, build: impl FnOnce(&mut WorkerBuilder)) -> Self {
        let name = checked_name(name, &mut self.problems);
        let mut worker = WorkerBuilder {
            count: 1,
            spawned: false,
            body: BlockBuilder::at_depth(1),
        };
        build(&mut worker);
        self.problems.extend(worker.body.problems);
        self.program.workers.push(WorkerDecl {
            name,
            count: worker.count,
            spawned: worker.spawned,
            body: worker.body.block,
            span: Span::default(),
        });
        self
    }

    /// Says what the program needs of the explorer; replaces what was said before.
    pub fn budget(mut self, budget: BudgetDecl) -> Self {
        self.program.budget = budget;
        self
    }

    /// This property must fail.
    pub fn expect(mut self, property: PropertyName) -> Self {
        let expect = Expect::Fails { property, on: None };
        self.program.expects.push(expect);
        self
    }

    /// This property must fail on this semaphore.
    pub fn expect_on(mut self, property: PropertyName, semaphore: &str) -> Self {
        let on = Some(checked_name(semaphore, &mut self.problems));
        self.program.expects.push(Expect::Fails { property, on });
        self
    }

    /// No property may fail.
    pub fn expect_clean(mut self) -> Self {
        self.program.expects.push(Expect::Clean);
        self
    }

    /// The program, if it is one.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it. The places are about its canonical text; problems with
    /// the spelling of names come first and alone, since a text cannot be made of them.
    pub fn build(self) -> Result<Program, ProgramError> {
        if self.problems.is_empty() {
            return Program::parse(&self.program.to_string());
        }
        let mut problems = Problems::default();
        for problem in self.problems {
            problems.add(|| problem);
        }
        Err(problems.into_error(""))
    }
}

/// What is not the default about a semaphore.
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct SemaphoreBuilder {
    order: Order,
    kind: Kind,
}

impl SemaphoreBuilder {
    /// In which order waiters are served.
    pub fn order(mut self, order: Order) -> Self {
        self.order = order;
        self
    }

    /// A release of more than is held inflates the count.
    pub fn plain(mut self) -> Self {
        self.kind = Kind::Plain;
        self
    }

    /// A counter to signal with.
    pub fn signal(mut self) -> Self {
        self.kind = Kind::Signal;
        self
    }
}

/// A worker in the making.
#[derive(Debug)]
pub struct WorkerBuilder {
    count: u32,
    spawned: bool,
    body: BlockBuilder,
}

impl WorkerBuilder {
    /// How many instances run the body: one if this is not said.
    pub fn count(&mut self, count: u32) -> &mut Self {
        self.count = count;
        self
    }

    /// Instances start when `spawn` says so.
    pub fn spawned(&mut self) -> &mut Self {
        self.spawned = true;
        self
    }

    /// Adds to what each instance does.
    pub fn body(&mut self, build: impl FnOnce(&mut BlockBuilder)) {
        build(&mut self.body);
    }
}

pub(super) fn checked_name(name: &str, problems: &mut Vec<Problem>) -> Name {
    if !is_name(name) {
        let message = format!("{} cannot be a name", quoted(name));
        let help = as_name(name).map(|n| format!("write `{n}`"));
        problems.push(
            Problem::new(Span::default(), message)
                .help("a name is a lower-case letter, then lower-case letters, digits, `-` and `_`, and no word of the language")
                .maybe_help(help),
        );
    }
    Name::new(name, Span::default())
}
