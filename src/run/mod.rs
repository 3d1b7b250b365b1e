//! The words of one run: op, choice, event, and the interface at which engine and strategy meet.
//!
//! **Invariants**
//!
//! 1. Nothing here knows an engine or a strategy.
//! 2. It is the engine that calls: at each point it hands over the enabled choices, and is told one.

mod budget;
mod choice;
mod coverage;
mod event;
mod ids;
mod independence;
mod op;
mod printable;
mod rng;
mod stop_flag;
mod strategy;
mod view;

pub use budget::{Budget, Resource, Spent};
pub use choice::{Action, Choice, Enabled, switches};
pub use coverage::{Coverage, Covering, Exercised, Range, RunKind};
pub use event::{Cause, Ending, Event};
pub use ids::{SemaphoreId, StatementId, TextId, WorkerId};
pub use independence::{commute, commute_within};
pub use op::{Op, Permits};
pub(crate) use printable::printable;
pub use rng::Rng;
pub use stop_flag::StopFlag;
pub use strategy::{Outcome, Point, Strategy};
pub use view::{Status, View, Wait};
