//! What is explored, as far as schedules and findings need to know it.

use std::cell::OnceCell;

use crate::machine::{Machine, Run};
use crate::program::{Numbered, Place, Program, Span, StatementKind};
use crate::property::{Engine, StepBound, WorkerEdge};
use crate::report::{FirstFound, Written};
use crate::run::{Budget, SemaphoreId, StatementId};
use crate::schedule::Digest;

/// What is explored.
pub(super) trait Subject {
    /// An engine that makes runs of it.
    fn engine(&self, budget: Budget, bound: StepBound) -> Box<dyn Engine + '_>;
    /// Its digest.
    fn digest(&self) -> Digest;
    /// The names of its semaphores, as far as they are known.
    fn semaphores(&self) -> Vec<String>;
    /// What its semaphores are called in the ids of findings: what stays the same when lines move.
    fn semaphore_labels(&self) -> Vec<String> {
        self.semaphores()
    }
    /// The names of its worker instances, as far as they are known.
    fn workers(&self) -> Vec<String>;
    /// A statement of it.
    fn statement(&self, id: StatementId) -> Source;
    /// The texts that events carry.
    fn texts(&self) -> Vec<String>;
    /// The semaphores that the last run found otherwise than the first one did; those of a program are
    /// made anew in each.
    fn first_found(&self) -> Vec<FirstFound> {
        Vec::new()
    }
    /// Whether two edges of the order graph may be waited on at once, as far as the runs show.
    fn may_meet(&self, _one: WorkerEdge, _other: WorkerEdge) -> bool {
        true
    }
    /// What it is written in.
    fn written(&self) -> Written;
    /// What a statement is called in the ids of findings: what stays the same when lines move.
    fn label(&self, id: StatementId) -> String;
}

/// A statement in the subject's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) place: Place,
    /// Its text, without its block.
    pub(super) head: String,
    /// Whether its release is the end of a guard.
    pub(super) guard: bool,
}

/// A worker program and its machine.
pub(super) struct ProgramSubject<'a> {
    program: &'a Program,
    machine: &'a Machine,
    statements: OnceCell<Vec<Source>>,
    labels: OnceCell<Vec<String>>,
}

impl<'a> ProgramSubject<'a> {
    pub(super) fn new(program: &'a Program, machine: &'a Machine) -> ProgramSubject<'a> {
        ProgramSubject {
            program,
            machine,
            statements: OnceCell::new(),
            labels: OnceCell::new(),
        }
    }

    fn sources(&self) -> Vec<Source> {
        let statements = self.program.statements();
        let places = places(self.program, statements.iter().map(|n| n.statement.span));
        let source = |(numbered, place): (&Numbered<'_>, Place)| Source {
            place,
            head: numbered.statement.head(),
            guard: matches!(numbered.statement.kind, StatementKind::With { .. }),
        };
        statements.iter().zip(places).map(source).collect()
    }

    fn all_labels(&self) -> Vec<String> {
        let statements = self.program.statements().into_iter();
        let label = |numbered: Numbered<'_>| {
            let worker = &self.program.workers()[numbered.worker].name;
            format!("{worker}#{}", numbered.ordinal)
        };
        statements.map(label).collect()
    }
}

impl Subject for ProgramSubject<'_> {
    fn engine(&self, budget: Budget, bound: StepBound) -> Box<dyn Engine + '_> {
        Box::new(Run::new(self.machine, budget, bound))
    }

    fn digest(&self) -> Digest {
        Digest::of(&self.program.digest_text())
    }

    fn semaphores(&self) -> Vec<String> {
        let declared = self.program.semaphores();
        declared.iter().map(|s| s.name.to_string()).collect()
    }

    fn workers(&self) -> Vec<String> {
        self.program.instance_names()
    }

    fn statement(&self, id: StatementId) -> Source {
        self.statements.get_or_init(|| self.sources())[id.index()].clone()
    }

    fn label(&self, id: StatementId) -> String {
        self.labels.get_or_init(|| self.all_labels())[id.index()].clone()
    }

    fn texts(&self) -> Vec<String> {
        Vec::new()
    }

    fn written(&self) -> Written {
        Written::Program
    }
}

/// Line and column of many places at once.
fn places(program: &Program, spans: impl Iterator<Item = Span>) -> Vec<Place> {
    let source = program.source();
    let ends = source.match_indices('\n').map(|(i, _)| i + 1);
    let lines: Vec<usize> = std::iter::once(0).chain(ends).collect();
    spans
        .map(|span| {
            let at = span.start as usize;
            let line = lines.partition_point(|&start| start <= at) - 1;
            Place {
                file: None,
                line: line as u32 + 1,
                column: 1 + source[lines[line]..at].chars().count() as u32,
            }
        })
        .collect()
}

/// The name of a semaphore among all.
pub(super) fn name(names: &[String], id: SemaphoreId) -> String {
    names[id.index()].clone()
}
