//! For which programs the order of the queues decides everything.
//!
//! Every step of such a program is an enqueue, or is *confluent*: nothing disables it, and it leads
//! to the same whether it is taken now or later.
//!
//! - An acquire is granted exactly when `initial + put back ≥ T`, T being what was asked for up to
//!   and including it (a ticket). Putting back only ever adds, so grants can be taken at once; the
//!   order in which tickets are drawn is the order of the queue. Partial grants change who is said
//!   to hold what meanwhile, and nothing that lasts.
//! - What a release puts back, whether it is refused, and what is leaked depends on the worker's
//!   own ledger, which nobody else touches. `grow` adds likewise, and `forget` takes from the
//!   ledger and the capacity alone; the capacity counts where a run is stuck, after all of them.
//! - `work`, `panic`, `return`, `either` and what unwinds are the worker's own. Injected panics
//!   share a budget, which bounds how many there are, in whatever order.
//! - A `join` of workers that nobody spawns waits for something that stays true. If only one worker
//!   spawns the instances of another, which instance it starts and when there is none left follow
//!   from its own steps; what it joins of them as well.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::machine::Machine;
use crate::property::StepBound;
use crate::run::{Budget, Op, Resource, SemaphoreId, StatementId, View, WorkerId};

/// Why the classes of a program cannot be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reason {
    /// What stands against it.
    pub why: Why,
    /// The statement that does, if it is one.
    pub statement: Option<StatementId>,
}

/// What stands against counting classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Why {
    /// An acquire in barging order.
    Barging,
    /// `try-acquire`.
    Tries,
    /// `acquire-within`.
    Timers,
    /// `shrink`.
    Shrinks,
    /// `drain`.
    Drains,
    /// `forget` on a plain semaphore.
    ForgetsPlain,
    /// `give`.
    Gives,
    /// `release` with `from=`.
    ReleasesFrom,
    /// `close`.
    Closes,
    /// `cancel`.
    Cancels,
    /// A `spawn` of instances that another worker spawns or joins as well.
    Spawns,
    /// A `join` of instances that another worker spawns.
    Joins,
    /// Injected cancellations.
    InjectedCancels,
    /// A bound on preemptions.
    Preemptions,
    /// A run may take more steps than the bound.
    StepBound,
    /// A loop, a branch or anything else than acquires and releases, one after the other.
    NotStraight,
    /// A release of more than is held.
    OverReleases,
    /// More worker instances than 64.
    Workers,
    /// More acquires and releases than can be written out.
    Length,
}

impl Why {
    fn as_str(self) -> &'static str {
        match self {
            Why::Barging => "in barging order whoever comes when it fits is served",
            Why::Tries => "whether a `try-acquire` succeeds depends on the instant",
            Why::Timers => "whether the timer of an `acquire-within` fires first is a choice",
            Why::Shrinks => "what a `shrink` takes at once depends on the instant",
            Why::Drains => "what a `drain` takes depends on the instant",
            Why::ForgetsPlain => "a `forget` may take the capacity of a plain semaphore below zero",
            Why::Gives => "a `give` changes the ledger of another worker",
            Why::ReleasesFrom => "a `release` with `from=` changes the ledger of another worker",
            Why::Closes => "whom a `close` fails depends on the instant",
            Why::Cancels => "whether a `cancel` finds a waiter depends on the instant",
            Why::Spawns => "several workers spawn instances of one worker",
            Why::Joins => "one worker joins what another one spawns, maybe before that",
            Why::InjectedCancels => "cancellations may be injected into every wait",
            Why::Preemptions => "a bound on preemptions tells interleavings apart",
            Why::StepBound => "a run may take more steps than the bound",
            Why::NotStraight => "only acquires and releases one after the other can be counted so",
            Why::OverReleases => "a release of more than is held unwinds the worker",
            Why::Workers => "more than 64 worker instances",
            Why::Length => "too many acquires and releases to write them out",
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.why.fmt(f)
    }
}

impl std::error::Error for Reason {}

impl From<Why> for Reason {
    fn from(why: Why) -> Reason {
        Reason {
            why,
            statement: None,
        }
    }
}

/// Whether the order of the queues decides everything in a program within its bounds.
///
/// What it cannot decide even so, whether more was admitted at once than there are permits, is
/// told by the search: see [`Counted::undecided`](super::Counted::undecided).
///
/// # Errors
///
/// The first thing that stands against it: of the bounds, then in the order of the text.
pub fn eligible(machine: &Machine, budget: &Budget, bound: StepBound) -> Result<(), Reason> {
    let points = machine.fault_points();
    if points.waits && budget.limit(Resource::Cancels) > 0 {
        return Err(Why::InjectedCancels.into());
    }
    if budget.preemptions.is_some() {
        return Err(Why::Preemptions.into());
    }
    let initial = machine.initial(&mut ());
    let view = machine.view(&initial);
    let workers = || (0..machine.worker_count() as u32).map(WorkerId);
    let mut spawners: BTreeMap<WorkerId, BTreeSet<WorkerId>> = BTreeMap::new();
    for worker in workers() {
        for (op, _) in machine.ops(worker) {
            if let Op::Spawn { first } = op {
                spawners.entry(first).or_default().insert(worker);
            }
        }
    }
    for worker in workers() {
        for (op, statement) in machine.ops(worker) {
            if let Some(why) = objection(&view, &spawners, worker, op) {
                let statement = Some(statement);
                return Err(Reason { why, statement });
            }
        }
    }
    if machine.longest_run() > bound.0 {
        return Err(Why::StepBound.into());
    }
    Ok(())
}

fn objection<V: View>(
    view: &V,
    spawners: &BTreeMap<WorkerId, BTreeSet<WorkerId>>,
    worker: WorkerId,
    op: Op,
) -> Option<Why> {
    let barging = |s: SemaphoreId| !view.is_queued(s);
    match op {
        Op::Acquire { timed: true, .. } => Some(Why::Timers),
        Op::Acquire { semaphore, .. } => barging(semaphore).then_some(Why::Barging),
        Op::TryAcquire { .. } => Some(Why::Tries),
        Op::Release { holder, .. } => (holder != worker).then_some(Why::ReleasesFrom),
        Op::Shrink { .. } => Some(Why::Shrinks),
        Op::Drain { .. } => Some(Why::Drains),
        Op::Forget { semaphore, .. } => view.is_plain(semaphore).then_some(Why::ForgetsPlain),
        Op::Give { .. } => Some(Why::Gives),
        Op::Close { .. } => Some(Why::Closes),
        Op::Cancel { .. } => Some(Why::Cancels),
        Op::Spawn { first } => (spawners[&first].len() > 1).then_some(Why::Spawns),
        Op::Join { first } => {
            let others = spawners.get(&first)?.iter().any(|&w| w != worker);
            others.then_some(Why::Joins)
        }
        Op::Grow { .. }
        | Op::Work { .. }
        | Op::Yield
        | Op::Panic
        | Op::Return
        | Op::Pick { .. }
        | Op::Poll => None,
    }
}
