//! Explores a worker program as futures or threads over the real semaphore.

use super::Explorer;
use super::clock::Clock;
use super::closures::refuse_nesting;
use super::explorer::{Watcher, budget_of};
use super::halt::Halt;
use super::subject::{ProgramSubject, Source, Subject};
use crate::machine::Machine;
use crate::program::Program;
use crate::property::{Engine, StepBound};
use crate::report::{Report, Written};
use crate::run::{Budget, StatementId};
use crate::runtime::{Lowered, NotLowered};
use crate::schedule::Digest;

impl Explorer {
    /// Explores a program as [`explore`](Explorer::explore) does, but each worker is a future, and
    /// each semaphore a [`Semaphore`](crate::semaphore::Semaphore): what is found is found in that,
    /// and a schedule is one of the program on either engine.
    ///
    /// Futures have no states that could be searched: the exhaustive strategy is here the depth-first
    /// search of all runs.
    ///
    /// # Errors
    ///
    /// If a semaphore of the program is neither bounded nor a signal, or not `fifo`.
    ///
    /// # Panics
    ///
    /// In an exploration of a closure: one goes after the other. If a field of the explorer is out of
    /// its bounds.
    ///
    /// # Examples
    ///
    /// ```
    /// use selvedge::explore::Explorer;
    /// use selvedge::program::Program;
    ///
    /// let program = Program::parse(
    ///     "semaphore pool permits=1\nworker handler count=2 { acquire pool; work query; release pool }",
    /// )?;
    /// let report = Explorer::default().explore_lowered(&program, "pool", &())?;
    /// assert_eq!(report.findings[0].id, Explorer::default().explore(&program, "pool", &()).findings[0].id);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[track_caller]
    pub fn explore_lowered(
        &self,
        program: &Program,
        name: &str,
        watcher: &dyn Watcher,
    ) -> Result<Report, NotLowered> {
        self.explore_with(program, name, watcher, Lowered::new)
    }

    /// The same with a thread for each worker, which blocks where a future would be pending.
    ///
    /// # Errors
    ///
    /// If a semaphore of the program is neither bounded nor a signal, or not `fifo`.
    ///
    /// # Panics
    ///
    /// In an exploration of a closure: one goes after the other. If a field of the explorer is out of
    /// its bounds.
    #[cfg(feature = "threads")]
    #[track_caller]
    pub fn explore_lowered_to_threads(
        &self,
        program: &Program,
        name: &str,
        watcher: &dyn Watcher,
    ) -> Result<Report, NotLowered> {
        self.explore_with(program, name, watcher, |program, budget, bound| {
            Lowered::new(program, budget, bound).map(Lowered::on_threads)
        })
    }

    #[track_caller]
    fn explore_with(
        &self,
        program: &Program,
        name: &str,
        watcher: &dyn Watcher,
        lower: impl Fn(&Program, Budget, StepBound) -> Result<Lowered, NotLowered> + Sync,
    ) -> Result<Report, NotLowered> {
        refuse_nesting();
        self.refuse_absurd();
        let explorer = Explorer {
            strategy: self.runs_by(),
            ..self.clone()
        };
        let budget = budget_of(program, &self.budget);
        let clock = Clock::start(self.time);
        let lowered = lower(program, budget, self.step_bound)?;
        let machine = Machine::new(program);
        let subject = LoweredSubject {
            program: ProgramSubject::new(program, &machine),
            lowered,
        };
        let engine = || -> Box<dyn Engine> {
            match lower(program, budget, self.step_bound) {
                Ok(lowered) => Box::new(lowered),
                Err(refused) => unreachable!("it was not refused before: {refused}"),
            }
        };
        Ok(Halt::watch(&clock, watcher, |halt| {
            let outcome = explorer.by_runs(&engine, budget, halt);
            explorer.conclude(&subject, name, budget, outcome, halt)
        }))
    }
}

/// A worker program that is performed by futures.
struct LoweredSubject<'a> {
    program: ProgramSubject<'a>,
    lowered: Lowered,
}

impl Subject for LoweredSubject<'_> {
    fn engine(&self, budget: Budget, bound: StepBound) -> Box<dyn Engine + '_> {
        Box::new(self.lowered.again(budget, bound))
    }

    fn digest(&self) -> Digest {
        self.program.digest()
    }

    fn semaphores(&self) -> Vec<String> {
        self.program.semaphores()
    }

    fn workers(&self) -> Vec<String> {
        self.program.workers()
    }

    fn statement(&self, id: StatementId) -> Source {
        self.program.statement(id)
    }

    fn label(&self, id: StatementId) -> String {
        self.program.label(id)
    }

    fn texts(&self) -> Vec<String> {
        self.lowered.texts()
    }

    fn written(&self) -> Written {
        self.program.written()
    }
}
