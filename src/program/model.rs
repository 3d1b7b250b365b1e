//! The types of a worker program.

use std::fmt;
use std::sync::Arc;

use super::property_name::Expect;

/// A byte range of the program's text. All spans are equal: a place is no part of a program.
#[derive(Debug, Clone, Copy, Default)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl PartialEq for Span {
    fn eq(&self, _: &Span) -> bool {
        true
    }
}

impl Eq for Span {}

/// A place in a text, line and column counted from one, the column in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file, where it is not the program's own: the code of a closure can lie in many.
    pub file: Option<&'static str>,
    /// Line.
    pub line: u32,
    /// Column.
    pub column: u32,
}

impl Place {
    /// Where something stands of which that is not known: `?`.
    pub const UNKNOWN: Place = Place {
        file: None,
        line: 0,
        column: 0,
    };

    /// Whether it is known.
    pub fn is_known(&self) -> bool {
        self.line > 0
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.is_known() {
            return f.write_str("?");
        }
        if let Some(file) = self.file {
            // the folders would not fit into a table
            write!(f, "{}:", file.rsplit(['/', '\\']).next().unwrap_or(file))?;
        }
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// A name of a semaphore, worker or piece of work, and where it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    text: Arc<str>,
    pub(super) span: Span,
}

impl Name {
    /// A name that was not read from a text.
    pub(super) fn new(text: &str, span: Span) -> Name {
        Name {
            text: text.into(),
            span,
        }
    }

    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

/// In which order a semaphore serves those who wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Order {
    /// Strict queue, hand-off, all or nothing, head-of-line blocking.
    #[default]
    Fifo,
    /// As `Fifo`, but the head takes permits as they come and keeps them while it waits.
    FifoPartial,
    /// No queue: whoever comes when it fits.
    Barging,
}

/// What a semaphore does with permits that nobody held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Kind {
    /// A release of more than is held is refused.
    #[default]
    Bounded,
    /// A release of more than is held inflates the count.
    Plain,
    /// A counter to signal with: no ledger, nothing is held.
    Signal,
}

/// A declared semaphore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SemaphoreDecl {
    /// Its name, unique among the semaphores.
    pub name: Name,
    /// Free permits at the start; the capacity too.
    pub permits: u32,
    /// The order in which waiters are served.
    pub order: Order,
    /// Bounded, plain or signal.
    pub kind: Kind,
    /// Where it is declared.
    pub span: Span,
}

/// A declared worker: `count` instances that run the same body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerDecl {
    /// Its name, unique among the workers.
    pub name: Name,
    /// How many instances, at least one.
    pub count: u32,
    /// Whether instances start only when `spawn` says so.
    pub spawned: bool,
    /// What each instance does.
    pub body: Block,
    /// Where it is declared.
    pub span: Span,
}

/// Statements in sequence.
pub type Block = Vec<Statement>;

/// One statement and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// What it does.
    pub kind: StatementKind,
    /// The whole statement, blocks included; starts at its first word.
    pub span: Span,
}

/// How many permits a `release`, `forget` or `give` moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amount {
    /// That many, at least one.
    Exactly(u32),
    /// `permits=all`: whatever the ledger holds, which may be nothing.
    All,
}

/// A worker instance as it is written: `W.2`, or `W` for the only instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerRef {
    /// The worker's name.
    pub worker: Name,
    /// The instance, counted from one. `None` when only the name was written.
    pub instance: Option<u32>,
}

/// What `catch` can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CatchKind {
    /// A panic, injected or not.
    Panic,
    /// A cancelled acquire.
    Cancelled,
    /// An acquire on a closed semaphore.
    Closed,
    /// A refused release, forget or give.
    OverRelease,
}

impl CatchKind {
    /// All of them, in the order in which they are printed.
    pub const ALL: [CatchKind; 4] = [
        CatchKind::Panic,
        CatchKind::Cancelled,
        CatchKind::Closed,
        CatchKind::OverRelease,
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            CatchKind::Panic => "panic",
            CatchKind::Cancelled => "cancelled",
            CatchKind::Closed => "closed",
            CatchKind::OverRelease => "over-release",
        }
    }
}

/// A `catch` block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catch {
    /// The kinds that it catches, sorted, without repeats; empty means every kind.
    pub kinds: Vec<CatchKind>,
    /// What runs then.
    pub body: Block,
}

/// Whether the explorer may inject a panic at a `work` statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Panics {
    /// It may.
    May,
    /// `panics=never`.
    Never,
}

/// What a statement does. Permits are at least one where they are a number.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)] // the fields are the statement's own words
pub enum StatementKind {
    /// Wait until the permits are granted.
    Acquire { semaphore: Name, permits: u32 },
    /// `then` if granted at once, else `otherwise`.
    TryAcquire {
        semaphore: Name,
        permits: u32,
        then: Block,
        otherwise: Option<Block>,
    },
    /// `then` if granted before the timer fires, else `otherwise`.
    AcquireWithin {
        semaphore: Name,
        permits: u32,
        then: Block,
        otherwise: Option<Block>,
    },
    /// Put permits back; `from` names the worker that holds them when it is not this one.
    Release {
        semaphore: Name,
        permits: Amount,
        from: Option<WorkerRef>,
    },
    /// A guard: acquire, the body, and a release however the body is left.
    With {
        semaphore: Name,
        permits: u32,
        body: Block,
    },
    /// A step of its own, at which a panic may strike.
    Work { name: Name, panics: Panics },
    /// Always panics.
    Panic,
    /// Leaves the worker's body.
    Return,
    /// At least one of `catch` and `finally` is there.
    Try {
        body: Block,
        catch: Option<Catch>,
        finally: Option<Block>,
    },
    /// The body, `times` times, at least once.
    Repeat { times: u32, body: Block },
    /// The scheduler picks one of the branches, of which there are at least two.
    Either { branches: Vec<Block> },
    /// Raise the capacity.
    Grow { semaphore: Name, permits: u32 },
    /// Lower the capacity, at most to zero; what cannot be taken at once is debt.
    Shrink { semaphore: Name, permits: u32 },
    /// Take all that is available now.
    Drain { semaphore: Name },
    /// Give up held permits on purpose.
    Forget { semaphore: Name, permits: Amount },
    /// Hand held permits to another worker.
    Give {
        semaphore: Name,
        permits: Amount,
        to: WorkerRef,
    },
    /// Waiting, trying and later acquires fail.
    Close { semaphore: Name },
    /// If that worker waits in an acquire, the acquire fails.
    Cancel { worker: WorkerRef },
    /// Start the next instance of a worker that is declared `spawned`.
    Spawn { worker: Name },
    /// Wait until all started instances of that worker have ended.
    Join { worker: Name },
}

/// What a `budget` line says; `None` where it says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BudgetDecl {
    /// Injected panics.
    pub panics: Option<u32>,
    /// Timeouts that fire while something else could happen.
    pub timeouts: Option<u32>,
    /// Injected cancellations.
    pub cancels: Option<u32>,
    /// Switches away from a worker that could have gone on.
    pub preemptions: Option<u32>,
}

/// A worker program that has been read: every name in it means something.
#[derive(Debug, Clone)]
pub struct Program {
    pub(super) semaphores: Vec<SemaphoreDecl>,
    pub(super) workers: Vec<WorkerDecl>,
    pub(super) budget: BudgetDecl,
    pub(super) expects: Vec<Expect>,
    /// The text that it was read from, with which places are told and comments kept when it is formatted.
    pub(super) source: Arc<str>,
}

impl PartialEq for Program {
    fn eq(&self, other: &Program) -> bool {
        self.semaphores == other.semaphores
            && self.workers == other.workers
            && self.budget == other.budget
            && self.expects == other.expects
    }
}

impl Eq for Program {}

impl Program {
    /// The semaphores, in the order of the text.
    pub fn semaphores(&self) -> &[SemaphoreDecl] {
        &self.semaphores
    }

    /// The workers, in the order of the text.
    pub fn workers(&self) -> &[WorkerDecl] {
        &self.workers
    }

    /// What the `budget` lines say.
    pub fn budget(&self) -> BudgetDecl {
        self.budget
    }

    /// The `expect` lines.
    pub fn expects(&self) -> &[Expect] {
        &self.expects
    }

    /// The text that the program was read from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Line and column of the start of a span of this program.
    pub fn place(&self, span: Span) -> Place {
        let before = &self.source[..span.start as usize];
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        Place {
            file: None,
            line: 1 + before.bytes().filter(|&b| b == b'\n').count() as u32,
            column: 1 + before[line_start..].chars().count() as u32,
        }
    }
}

impl From<u32> for Amount {
    fn from(permits: u32) -> Amount {
        Amount::Exactly(permits)
    }
}
