//! The types of a report.

use std::fmt;
use std::sync::Arc;

use super::trace::Trace;
use crate::program::{Place, PropertyName};
use crate::property::{Danger, Identity};
use crate::run::Budget;
pub use crate::run::{Coverage, Range};
use crate::schedule::Digest;
use crate::strategy::StrategyName;

/// All that an exploration has to say.
#[derive(Debug, Clone)]
pub struct Report {
    /// The program's name: its file, or what stands for it.
    pub program: String,
    /// What runs the check of a closure; a schedule goes before it. `None` for a program.
    pub command: Option<String>,
    /// The digest of the program.
    pub digest: Digest,
    /// Whether everything within the bounds was seen.
    pub complete: bool,
    /// Why it was not; `None` when complete.
    pub stopped: Option<Stopped>,
    /// The budgets of each run.
    pub budget: Budget,
    /// What picked the choices.
    pub strategy: StrategyName,
    /// What the search left out; `None` where the bounds do not allow more.
    pub reduction: Reduction,
    /// The seed, for a random strategy.
    pub seed: Option<u64>,
    /// Which part of the runs these were.
    pub shard: Option<Shard>,
    /// What was found, errors first, then in the order of the properties and of the text.
    pub findings: Vec<Finding>,
    /// The order graph over all that was seen: who took what while holding what.
    pub order: Vec<OrderEdge>,
    /// Whether the order graph has more cycles than are told as findings.
    pub more_cycles: bool,
    /// How many more findings there are, for whose replay there was no time when the exploration was to
    /// end; they count as errors.
    pub not_replayed: u64,
    /// The run that was replayed, where nothing was found in it.
    pub timeline: Option<Arc<Trace>>,
    /// What the runs of a closure exercised; `None` for a program and for a replay.
    pub coverage: Option<Coverage>,
    /// Figures.
    pub stats: Stats,
}

/// An edge of the order graph: a worker stood at an acquire of `to` while it held `from`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderEdge {
    /// The semaphore that it held.
    pub from: String,
    /// The semaphore that it was about to wait for.
    pub to: String,
    /// The worker instance.
    pub worker: String,
    /// Where it took what it held.
    pub taken: Option<Place>,
    /// The acquire.
    pub place: Option<Place>,
    /// The cheapest schedule after which it stands there.
    pub schedule: String,
}

/// Why an exploration ended before it was complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stopped {
    /// The time was over.
    Time,
    /// So many states were seen.
    States,
    /// So many runs were made.
    Runs,
    /// So much memory was used.
    Memory,
    /// Somebody interrupted it.
    Interrupted,
    /// A run did not end, and the next might not either.
    Hang,
    /// An error was found, and nobody asked for all of them.
    FirstError,
}

impl Stopped {
    /// One word, as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Stopped::Time => "time",
            Stopped::States => "states",
            Stopped::Runs => "runs",
            Stopped::Memory => "memory",
            Stopped::Interrupted => "interrupted",
            Stopped::Hang => "hang",
            Stopped::FirstError => "first-error",
        }
    }
}

/// What a search may leave out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reduction {
    /// All that is sound: choices that others stand for are not followed, steps that everything
    /// can be continued by are taken at once, and identical instances stand for each other.
    #[default]
    Sound,
    /// Identical instances stand for each other; everything else is followed.
    Symmetry,
    /// All but one run of each class of runs in which acquires join each queue in the same order;
    /// for programs that this decides.
    QueueOrder,
    /// As `Sound`, and besides the Mazurkiewicz classes of runs are counted, with an acquire as an
    /// enqueue and a wait; for programs of nothing but acquires and releases.
    Awu,
    /// Nothing.
    None,
}

impl Reduction {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Reduction::Sound => "sound",
            Reduction::Symmetry => "symmetry",
            Reduction::QueueOrder => "queue-order",
            Reduction::Awu => "awu",
            Reduction::None => "none",
        }
    }
}

/// Part `index` of `count`, counted from one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// Which part.
    pub index: u64,
    /// Of how many.
    pub count: u64,
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

/// Figures. They may differ from machine to machine.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Stats {
    /// States seen, budgets included where they matter.
    pub states: u64,
    /// Runs made.
    pub runs: u64,
    /// Runs that were not judged to their end: a thread had to wait for another one while it unwound.
    pub unjudged: u64,
    /// Steps taken.
    pub transitions: u64,
    /// The most steps from the initial state.
    pub depth: u64,
    /// Classes of runs, where they were counted.
    pub classes: Option<u64>,
    /// Runs that were begun and given up, since another stands for each, where classes were counted.
    pub blocked: Option<u64>,
    /// Where fingerprints were kept: the probability that a state was missed, at most.
    pub omission: Option<f64>,
    /// Wall-clock seconds.
    pub seconds: f64,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It makes the exit status 1.
    Error,
    /// It is told, and that is all.
    Warning,
}

impl Severity {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

/// Leak, deadlock and slow consumer all look like "it hangs": this tells them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Diagnosis {
    /// The available count only drifts down.
    Leak,
    /// Mutual waiting, with nothing lost.
    Deadlock,
}

impl Diagnosis {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Diagnosis::Leak => "leak",
            Diagnosis::Deadlock => "deadlock",
        }
    }
}

/// How often a schedule was replayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replays {
    /// Replays that were made: at least one, but where a finding is of no run.
    pub made: u32,
    /// Those of them that showed the finding.
    pub shown: u32,
}

impl Replays {
    /// Whether each of them showed the finding.
    pub fn are_alike(self) -> bool {
        self.shown == self.made
    }
}

/// A property that failed, with the schedule that shows it.
#[derive(Debug, Clone)]
pub struct Finding {
    /// Short and stable: the same for a program and for its reformatted text.
    pub id: String,
    /// What makes it this finding.
    pub identity: Identity,
    /// The property that failed.
    pub property: PropertyName,
    /// Error or warning.
    pub severity: Severity,
    /// The semaphores that it is about, by name.
    pub semaphores: Vec<String>,
    /// The id of the finding that this one follows from, where another one is its cause.
    pub follows: Option<String>,
    /// The workers that it is about, by name.
    pub workers: Vec<String>,
    /// The statement that it is about.
    pub place: Option<Place>,
    /// One sentence that says what is wrong.
    pub detail: String,
    /// The schedule that shows it, as text.
    pub schedule: String,
    /// Steps of the schedule.
    pub steps: usize,
    /// How often it goes over to another worker.
    pub switches: usize,
    /// How many faults it injects.
    pub faults: u32,
    /// Whether no schedule that shows it has fewer faults, then steps, then switches.
    pub cheapest: bool,
    /// How often the schedule was replayed, and in how many of these replays it showed this.
    pub replays: Replays,
    /// Workers that show the same in other runs, in place of those of this one.
    pub also: Vec<String>,
    /// For a lock-order cycle: whether it can be waited on.
    pub danger: Option<Danger>,
    /// For what hangs, or will: why.
    pub diagnosis: Option<Diagnosis>,
    /// The available count of the first semaphore, before the first step and after each.
    pub available: Vec<u64>,
    /// The run.
    pub trace: Arc<Trace>,
    /// The report that it stood in, as text, where it was taken out of that: see
    /// [`Report::into_result`].
    pub told: Option<Arc<str>>,
}

impl Report {
    /// Whether anything of severity error was found.
    pub fn has_errors(&self) -> bool {
        self.not_replayed > 0 || self.findings.iter().any(|f| f.severity == Severity::Error)
    }
}
