//! The engine for closures over threads: each worker has a stack of its own, and one at a time runs,
//! all on one thread of the system. The stacks are switched by the engine of shuttle, whose `sync`
//! types therefore work in here; which worker goes on is none of shuttle's business.
//!
//! A worker stands before each op of a semaphore, at fault points, joins and yields, and at whatever
//! is a scheduling point to shuttle. Who is granted permits goes on within the step that granted them,
//! to its next op; who is spawned starts when it is chosen.
//!
//! **Invariants**
//!
//! 1. Between two choices each worker stands somewhere: none is in the middle of a step.
//! 2. Nobody switches while the thread panics, but where who unwinds has to wait: then the run is not
//!    judged any more, see `unwinding`. What an unwinding puts back is put back after the
//!    worker's root has caught the panic, each in a step of its own; at once where the user's code has
//!    caught it, and looks at a semaphore or comes to what only shuttle knows of.
//! 3. A run that ends early unwinds its workers, the youngest first, so that what they hold is dropped;
//!    only a worker that shuttle blocks cannot be reached, and its stack is lost.
//! 4. No type of shuttle leaves this folder.
//! 5. Shuttle is asked to switch only where another worker goes on. Whose turn it is depends on what it
//!    could run only once a run has met what it alone knows of; until then nobody asks it.

mod acquiring;
mod crew;
mod ending;
mod engine;
mod hook;
mod host;
mod lowered;
mod offers;
mod quiet;
mod scheduler;
mod scope;
mod spawn;
mod team;
mod unwinding;

pub use acquiring::{Acquired, acquiring, try_acquiring};
pub(crate) use engine::{Main, Threads};
pub(crate) use host::hosted;
pub(crate) use quiet::behind_shuttles_hook;
pub use scope::{Scope, ScopedJoinHandle, scope};
pub use spawn::{JoinHandle, spawn, yield_now};
