//! The conductor: an engine or a search under a budget, properties, shrinking, verified replay,
//! the report.
//!
//! **Invariants**
//!
//! 1. A schedule is replayed before it is reported; one that does not show its finding again is
//!    itself a finding, `divergence`.
//! 2. Which findings a complete exploration reports, and with which schedules, depends on the
//!    program and the options alone.

mod check;
mod clock;
mod closure_subject;
mod closures;
mod conformance;
mod coverage;
mod explorer;
mod findings;
mod fuzzing;
mod halt;
mod how_far;
mod identify;
mod invariants;
mod likeness;
mod lowered;
mod naming;
pub mod reduce;
pub mod regressions;
mod replay;
mod runs;
pub mod settings;
mod shrink;
mod steady;
mod subject;
mod verdict;
mod watchdog;

#[cfg(feature = "threads")]
pub use check::{check, try_check};
pub use check::{check_async, try_check_async};
#[cfg(all(feature = "proptest", feature = "threads"))]
pub(crate) use closures::closure_of_threads;
#[cfg(feature = "proptest")]
pub(crate) use closures::{Closure, closure_of};
pub use conformance::{Conformance, Difference, Model, Ops, check_semaphore};
#[cfg(feature = "proptest")]
pub(crate) use coverage::Whole;
pub use explorer::{Explorer, Watcher, budget_of};
pub use fuzzing::{Counters, Fuzzing, Pairs};
pub use invariants::Invariants;
pub use likeness::Likeness;
pub use reduce::Reduced;
pub use regressions::Regressions;
pub use replay::{Divergence, Replayed, replay};
pub use verdict::{Verdict, verdict};
