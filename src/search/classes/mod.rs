//! Searches that keep no states: of all interleavings that amount to the same, one is run.
//!
//! Two ways to say what "the same" is, the first far coarser, the second what a general tool for
//! partial-order reduction counts:
//!
//! - [`Classes`]: runs are the same when the acquires join each queue in the same order and every
//!   worker takes the same branches and panics at the same places. Where nothing but acquires can
//!   observe a semaphore, that order decides everything else that a worker can see of itself, how
//!   the run ends, and who holds what then.
//! - [`WaitClasses`]: runs are the same in the sense of Mazurkiewicz (1977) when an acquire is
//!   two events, an enqueue and a wait. Only enqueues on one semaphore depend on each other, and
//!   waits on releases of their semaphore.
//!
//! Both walk the tree of runs depth first with sleep sets (Godefroid 1996): after a choice was
//! followed, its siblings leave it asleep until something that it depends on happens. Exactly one
//! run of each class comes to its end; one whose every continuation sleeps is *blocked*.
//!
//! **Invariants**
//!
//! 1. Without a stop, every class is counted exactly once.
//! 2. A step that is taken without branching can be exchanged with every other step that can
//!    happen before it, and nothing ever disables it.
//! 3. No clock, address or thread shows in counts, facts or schedules: stops come from outside.

mod eligible;
mod queue_order;
mod straight;
mod waits;

pub use eligible::{Reason, Why, eligible};
pub use queue_order::{Classes, Counted, Tally};
pub use straight::Straight;
pub use waits::WaitClasses;
