//! A counting semaphore to use in production: fair, bounded, for threads and for tasks.

mod acquire;
mod cancel;
mod error;
#[cfg(feature = "check")]
pub mod hook;
#[cfg(not(feature = "check"))]
mod hook;
mod permit;
mod queue;
mod resize;
#[allow(clippy::module_inception)] // its file has the type of that name
mod semaphore;
mod sync;
mod tray;
mod wakes;

pub use acquire::{Acquire, AcquireOwned, AcquireRaw};
pub use cancel::Cancel;
pub use error::{AcquireError, OverRelease, TryAcquireError};
pub use permit::{OwnedSemaphorePermit, SemaphorePermit};
pub use semaphore::Semaphore;
