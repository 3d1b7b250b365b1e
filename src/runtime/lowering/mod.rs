//! Worker programs as futures over the real semaphore: the same program and the same schedule bring
//! the same events and the same findings as on the machine.
//!
//! Each worker instance is a future that walks the statements of its body. Before an op it stands at
//! it, so that whoever schedules sees what it would do; then it performs the op on a
//! [`Semaphore`](crate::semaphore::Semaphore). Who waits, who is granted, what is owed and who fails
//! is that semaphore's to say: nothing of it is written down here. What a semaphore cannot know, which
//! of the permits that are out are whose, is kept in a ledger, as the language asks for.
//!
//! The engine is behind the trait [`Stage`]: what is here knows neither how tasks are polled nor who
//! picks the choices.
//!
//! **Invariants**
//!
//! 1. Nothing here queues, grants, or counts free permits.
//! 2. Ids are those of the program: instances and statements in the order of the text.
//! 3. One choice performs one op: a walk performs none that it did not stand at.

mod cast;
mod eligible;
mod ledger;
mod op;
mod plan;
mod stage;
mod walk;

pub(crate) use cast::Cast;
pub use eligible::NotLowered;
pub(crate) use ledger::Part;
pub(crate) use plan::Plan;
pub(crate) use stage::{Acquiring, Answer, Request, Stage};
