//! The arguments.

use std::path::PathBuf;
use std::time::Duration;

use clap::parser::ValueSource;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use selvedge::explore::{Explorer, settings};
use selvedge::program::BudgetDecl;
use selvedge::property::StepBound;
use selvedge::report::{Reduction, Shard, StrategyName};
use selvedge::search::Keep;
use selvedge::strategy::Settings;

/// Finds leaks, deadlocks and over-releases in programs over counting semaphores.
///
/// Explores the interleavings of worker programs together with injected panics, cancellations and
/// timeouts. Exit status: 0 nothing found, 1 findings, 2 unusable input or arguments, 3 an internal
/// fault.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true)]
pub(crate) struct Args {
    /// When to use colour; NO_COLOR is honoured
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: Color,
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Args {
    /// The arguments of this process; one that cannot be used ends it.
    ///
    /// A bound from the environment is for the strategies that have it: with another one it is
    /// ignored, whereas one from the command line is refused.
    pub(crate) fn read() -> Args {
        let matches = Args::command().get_matches();
        let mut args = Args::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        let explore = match &mut args.command {
            Command::Check(args) => &mut args.explore,
            Command::Graph(args) => &mut args.explore,
            _ => return args,
        };
        let is_from_environment = |option| {
            let matches = matches.subcommand().map(|(_, matches)| matches);
            let source = matches.and_then(|matches| matches.value_source(option));
            source == Some(ValueSource::EnvVariable)
        };
        if is_from_environment("runs") && explore.strategy == Strategy::Exhaustive {
            explore.runs = None;
        }
        if is_from_environment("depth") && explore.strategy != Strategy::Pct {
            explore.depth = None;
        }
        args
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal only
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Explore programs and report what is wrong with them
    Check(CheckArgs),
    /// Check every program under the paths against its `expect` lines
    Test(TestArgs),
    /// Show the timeline of one run
    Replay(ReplayArgs),
    /// Draw the lock-order graph of a program, or who waits for whom in a state
    Graph(GraphArgs),
    /// Format programs in place
    Fmt(FmtArgs),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct CheckArgs {
    /// Programs; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) explore: ExploreArgs,
    /// What performs the program; only the machine has states, for the exhaustive strategy
    #[arg(long, value_name = "NAME", default_value = "machine")]
    pub(crate) engine: Engine,
    /// Do not explore: estimate how many runs there are (Knuth)
    #[arg(long)]
    pub(crate) estimate: bool,
    /// Exit with 1 unless everything within the bounds was seen
    #[arg(long)]
    pub(crate) require_complete: bool,
    /// How to print the report
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: Format,
}

impl CheckArgs {
    /// The exploration that is meant.
    ///
    /// # Errors
    ///
    /// If two arguments do not go together.
    pub(crate) fn explorer(&self) -> Result<Explorer, String> {
        let explorer = self.explore.explorer()?;
        let engine = match self.engine {
            Engine::Machine => return Ok(explorer),
            Engine::Futures => "futures",
            #[cfg(feature = "threads")]
            Engine::Threads => "threads",
        };
        if explorer.strategy == StrategyName::Exhaustive {
            return Err(format!(
                "--engine {engine} makes runs and has no states to search; use it with --strategy \
                 depth-first, or with one that makes runs at random"
            ));
        }
        if self.estimate {
            return Err(format!(
                "--estimate is of the search; it cannot be used with --engine {engine}"
            ));
        }
        Ok(explorer)
    }
}

/// What performs a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Engine {
    /// The machine, on a reference semaphore
    Machine,
    /// Futures, on the semaphore of this crate: `fifo`, bounded or `signal`
    Futures,
    /// Threads that block, on the same semaphore
    #[cfg(feature = "threads")]
    Threads,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// One object a file, a line each
    Json,
    /// Annotations of a GitHub workflow
    Github,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Strategy {
    /// Every state, breadth first
    Exhaustive,
    /// Every run, depth first, without memory of states
    DepthFirst,
    /// Runs at random: each worker that can go on is as likely as the next
    Random,
    /// Runs at random: priorities that change few times (PCT)
    Pct,
    /// Runs at random: a priority for each event (POS)
    Pos,
    /// Runs at random: uniform in the order of the events on one semaphore (SURW)
    Surw,
    /// Runs at random: workers weighted by what they have still to do (URW)
    Urw,
    /// Runs at random: the strategies for that take turns
    Portfolio,
}

impl Strategy {
    fn name(self) -> StrategyName {
        match self {
            Strategy::Exhaustive => StrategyName::Exhaustive,
            Strategy::DepthFirst => StrategyName::DepthFirst,
            Strategy::Random => StrategyName::Random,
            Strategy::Pct => StrategyName::Pct,
            Strategy::Pos => StrategyName::Pos,
            Strategy::Surw => StrategyName::Surw,
            Strategy::Urw => StrategyName::Urw,
            Strategy::Portfolio => StrategyName::Portfolio,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReductionName {
    /// All that is sound: persistent sets, forced steps taken at once, symmetry
    Sound,
    /// Only that identical instances stand for each other
    Symmetry,
    /// One run of each order in which acquires join the queues, where that decides the rest
    QueueOrder,
    /// As sound, and count the Mazurkiewicz classes with an acquire as an enqueue and a wait
    Awu,
    /// Nothing
    None,
}

/// How to explore.
#[derive(Debug, clap::Args)]
pub(crate) struct ExploreArgs {
    /// What picks the choices
    #[arg(
        long,
        value_name = "NAME",
        default_value = "exhaustive",
        env = "SELVEDGE_STRATEGY"
    )]
    pub(crate) strategy: Strategy,
    /// Stop after so much time, such as 90, 90s, 2m or 500ms; 0 is no bound
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = settings::time, env = "SELVEDGE_TIME")]
    pub(crate) time: Duration,
    /// Stop after so many states (exhaustive)
    #[arg(long, value_name = "N")]
    pub(crate) states: Option<u64>,
    /// Stop after so many runs (all strategies but exhaustive)
    #[arg(long, value_name = "N", env = "SELVEDGE_RUNS", value_parser = runs)]
    pub(crate) runs: Option<u64>,
    /// Steps of a run that count as a livelock
    #[arg(long, value_name = "N", default_value_t = StepBound::default().0, env = "SELVEDGE_STEPS",
          value_parser = steps)]
    pub(crate) steps: u64,
    /// Seed of the strategies that make runs at random
    #[arg(long, value_name = "N", default_value_t = 0, env = "SELVEDGE_SEED", value_parser = seed)]
    pub(crate) seed: u64,
    /// Depth of the bugs that are looked for: one more than the changes of priority in a run
    /// (pct) [default: 3]
    #[arg(long, value_name = "N", value_parser = depth, env = "SELVEDGE_DEPTH")]
    pub(crate) depth: Option<u32>,
    /// Threads that make runs (at random)
    #[arg(long, value_name = "N", default_value_t = 1, env = "SELVEDGE_JOBS",
          value_parser = jobs)]
    pub(crate) jobs: u16,
    /// Make part K of N of the runs (at random)
    #[arg(long, value_name = "K/N", value_parser = shard)]
    pub(crate) shard: Option<Shard>,
    /// Injected panics of a run [default: the program's, or 1]
    #[arg(long, value_name = "N", value_parser = faults, env = "SELVEDGE_PANICS")]
    pub(crate) panics: Option<u32>,
    /// Timeouts of a run that fire while something else could happen [default: the program's, or 2]
    #[arg(long, value_name = "N", value_parser = faults, env = "SELVEDGE_TIMEOUTS")]
    pub(crate) timeouts: Option<u32>,
    /// Injected cancellations of a run [default: the program's, or 0]
    #[arg(long, value_name = "N", value_parser = faults, env = "SELVEDGE_CANCELS")]
    pub(crate) cancels: Option<u32>,
    /// Switches of a run away from a worker that could have gone on [default: the program's, or
    /// unbounded]
    #[arg(long, value_name = "N", value_parser = faults, env = "SELVEDGE_PREEMPTIONS")]
    pub(crate) preemptions: Option<u32>,
    /// What the exhaustive search may leave out
    #[arg(
        long,
        value_name = "NAME",
        default_value = "sound",
        conflicts_with = "no_reduction"
    )]
    pub(crate) reduction: ReductionName,
    /// Leave out nothing: the same as --reduction none
    #[arg(long)]
    pub(crate) no_reduction: bool,
    /// Keep 64 bits of hash of each state instead of the state; the report says how probable it is
    /// that one was missed
    #[arg(long)]
    pub(crate) compact: bool,
    /// Stop when the states take so much memory, such as 500M or 2G (exhaustive)
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) memory: Option<u64>,
}

impl ExploreArgs {
    /// The exploration that is meant.
    ///
    /// # Errors
    ///
    /// If two arguments do not go together.
    pub(crate) fn explorer(&self) -> Result<Explorer, String> {
        let strategy = self.strategy.name();
        if self.shard.is_some() && !strategy.is_random() {
            return Err(format!(
                "--shard divides random runs; it cannot be used with --strategy {strategy}"
            ));
        }
        if self.depth.is_some() && strategy != StrategyName::Pct {
            return Err(format!(
                "--depth is that of --strategy pct; it cannot be used with --strategy {strategy}"
            ));
        }
        if self.states.is_some() && strategy != StrategyName::Exhaustive {
            return Err(format!(
                "--states bounds the exhaustive search; use --runs with --strategy {strategy}"
            ));
        }
        if self.runs.is_some() && strategy == StrategyName::Exhaustive {
            return Err(
                "--runs bounds the strategies that make runs; use --states with --strategy \
                 exhaustive"
                    .to_owned(),
            );
        }
        Ok(Explorer {
            strategy,
            budget: BudgetDecl {
                panics: self.panics,
                timeouts: self.timeouts,
                cancels: self.cancels,
                preemptions: self.preemptions,
            },
            time: (self.time > Duration::ZERO).then_some(self.time),
            states: self.states,
            runs: self.runs,
            step_bound: StepBound(self.steps),
            seed: self.seed,
            depth: self.depth.unwrap_or(Settings::DEPTH),
            shard: self.shard,
            jobs: usize::from(self.jobs),
            reduction: match self.reduction {
                _ if self.no_reduction => Reduction::None,
                ReductionName::Sound => Reduction::Sound,
                ReductionName::Symmetry => Reduction::Symmetry,
                ReductionName::QueueOrder => Reduction::QueueOrder,
                ReductionName::Awu => Reduction::Awu,
                ReductionName::None => Reduction::None,
            },
            keep: if self.compact {
                Keep::Fingerprints
            } else {
                Keep::Whole
            },
            memory: self.memory,
            ..Explorer::default()
        })
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct TestArgs {
    /// Programs, and folders that are searched for `*.sem`
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Time for each program; 0 is no bound
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = settings::time, env = "SELVEDGE_TIME")]
    pub(crate) time: Duration,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ReplayArgs {
    /// The program; `-` is standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The schedule, as a report prints it
    #[arg(value_name = "SCHEDULE")]
    pub(crate) schedule: String,
    /// Steps after which a run that goes on counts as a livelock
    #[arg(long, value_name = "N", default_value_t = StepBound::default().0, value_parser = steps)]
    pub(crate) steps: u64,
}

#[derive(Debug, clap::Args)]
pub(crate) struct GraphArgs {
    /// The program; `-` is standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Which graph
    #[arg(long, value_name = "KIND", default_value = "lock-order")]
    pub(crate) kind: GraphKind,
    /// For `wait-for`: the state after this schedule, instead of the first one that is stuck
    #[arg(long, value_name = "SCHEDULE")]
    pub(crate) schedule: Option<String>,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: GraphFormat,
    #[command(flatten)]
    pub(crate) explore: ExploreArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphKind {
    /// Which semaphore is held while which is taken, over all runs
    LockOrder,
    /// Who waits for whom in one state
    WaitFor,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphFormat {
    Text,
    /// For Graphviz
    Dot,
}

#[derive(Debug, clap::Args)]
pub(crate) struct FmtArgs {
    /// Programs; `-` formats standard input to standard output
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Change nothing; exit with 1 if something would be
    #[arg(long)]
    pub(crate) check: bool,
}

fn steps(text: &str) -> Result<u64, String> {
    number("SELVEDGE_STEPS", text)
}

fn depth(text: &str) -> Result<u32, String> {
    number("SELVEDGE_DEPTH", text)
}

fn jobs(text: &str) -> Result<u16, String> {
    number("SELVEDGE_JOBS", text)
}

fn faults(text: &str) -> Result<u32, String> {
    number("SELVEDGE_PANICS", text)
}

fn seed(text: &str) -> Result<u64, String> {
    number("SELVEDGE_SEED", text)
}

fn runs(text: &str) -> Result<u64, String> {
    number("SELVEDGE_RUNS", text)
}

/// A number, as the variable of that name has it.
fn number<T: TryFrom<u64>>(variable: &str, text: &str) -> Result<T, String> {
    let number = settings::number(variable, text)?;
    T::try_from(number).map_err(|_| format!("{number} is out of range"))
}

fn shard(text: &str) -> Result<Shard, String> {
    let expected = || format!("expected K/N with K from 1 to N, such as 2/8, found `{text}`");
    let (index, count) = text.split_once('/').ok_or_else(expected)?;
    let index: u64 = index.parse().map_err(|_| expected())?;
    let count: u64 = count.parse().map_err(|_| expected())?;
    if index == 0 || index > count {
        return Err(expected());
    }
    Ok(Shard { index, count })
}

fn size(text: &str) -> Result<u64, String> {
    let expected =
        || format!("expected a size such as 500M, 2G or a number of bytes, found `{text}`");
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let number: u64 = text[..digits].parse().map_err(|_| expected())?;
    let unit = match text[digits..].trim_end_matches(['B', 'b', 'i']) {
        "" => 1,
        "k" | "K" => 1 << 10,
        "m" | "M" => 1 << 20,
        "g" | "G" => 1 << 30,
        "t" | "T" => 1 << 40,
        _ => return Err(expected()),
    };
    number
        .checked_mul(unit)
        .filter(|&n| n > 0)
        .ok_or_else(expected)
}
