//! The engine for worker programs, on a reference semaphore.
//!
//! A state is a few packed words that can be copied, compared and hashed; what each bit means is
//! settled when the program is compiled. The semantics are those of the language reference, to the
//! letter; each order's discipline stands in `semaphore`, unwinding in `step`.
//!
//! **Invariants**
//!
//! 1. A state is canonical: whatever cannot matter any more (counters of loops that were left,
//!    causes that were replaced, how an ended worker that nobody names ended) is zero.
//! 2. Between two steps the head of a queue never fits in what is available.
//! 3. available + taken + held = capacity + debt, but for what over-releases of plain semaphores
//!    have put on top.

mod ahead;
mod alike;
mod code;
mod compile;
mod engine;
mod footprint;
mod holdings;
mod layout;
mod leaks;
mod ledger;
mod model;
mod semaphore;
mod simple;
mod state;
mod step;
mod view;

pub(crate) use ahead::Ahead;
pub use engine::Run;
pub(crate) use engine::goes_on;
pub use model::{FaultPoints, Machine};
pub(crate) use state::Offer;
pub use state::State;
pub use step::Sink;
pub use view::StateView;

pub(crate) use alike::Block;
pub(crate) use footprint::{Footprints, meet};
pub(crate) use layout::{Field, Layout};
pub(crate) use simple::Simple;
