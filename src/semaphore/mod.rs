//! A counting semaphore to use in production: fair, bounded, for threads and for tasks, without any
//! dependency; and checkable as it stands.
//!
//! ```
//! use selvedge::{AcquireError, Semaphore, TryAcquireError};
//!
//! static POOL: Semaphore = Semaphore::new(2).named("pool");
//!
//! fn in_a_thread() -> Result<(), AcquireError> {
//!     let _permit = POOL.acquire_blocking()?;
//!     Ok(()) // the permit is put back here
//! }
//!
//! async fn in_a_task() -> Result<(), AcquireError> {
//!     let _both = POOL.acquire_many(2).await?;
//!     Ok(())
//! }
//!
//! in_a_thread()?;
//! let held = POOL.try_acquire_many(2)?;
//! assert_eq!(POOL.try_acquire().unwrap_err(), TryAcquireError::NoPermits);
//! drop(held);
//! assert_eq!(POOL.available_permits(), 2);
//! # let _task = in_a_task();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Code without guards takes with [`acquire_raw`](Semaphore::acquire_raw) and puts back with
//! [`release`](Semaphore::release). What was not taken so cannot be put back:
//!
//! ```
//! use selvedge::Semaphore;
//!
//! let slots = Semaphore::new(2);
//! slots.acquire_raw_blocking()?;
//! slots.release(1)?;
//! assert!(slots.release(1).is_err());
//! assert_eq!(slots.available_permits(), 2);
//!
//! // where that is what one wants, the semaphore is a signal
//! let signal = Semaphore::unbounded(0);
//! signal.release(1)?;
//! signal.acquire_raw_blocking()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A permit that one worker takes so and another one puts back is said to be
//! [handed over](Semaphore::hand_over): a check warns of a `release` of what others took else.
//!
//! The capacity can change while permits are held:
//!
//! ```
//! use selvedge::Semaphore;
//!
//! let slots = Semaphore::new(4);
//! let held = slots.try_acquire_many(3)?;
//! assert_eq!(slots.shrink(2), 2); // one was free, the other is owed
//! assert_eq!((slots.capacity(), slots.debt()), (Some(2), 1));
//! drop(held);
//! assert_eq!((slots.available_permits(), slots.debt()), (2, 0));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Fairness
//!
//! Strict first come, first served. An acquire that does not fit, or that finds somebody waiting,
//! joins the queue, and a try fails while somebody waits. Whoever puts permits back hands them to the
//! head of the queue if it fits, then to the next, in the same step: nobody can come in between. A
//! request is granted whole or not at all, so a large one at the head holds up small ones behind it
//! and is never starved by them. The price is a switch of threads for each hand-off to one that
//! sleeps; a semaphore that lets whoever runs take what is free saves it, and starves.
//!
//! Who is first is who joined first. A thread that waits near the head looks for its answer for up to
//! 50 µs before it sleeps, unless that was in vain for those before it; and where grants follow each
//! other within 20 µs, a thread that finds no permit gives way once to others that could run, and
//! joins then. A future does neither: it joins at once, and is pending.
//!
//! A request for nothing is granted at once. A request for more than the capacity waits until the
//! capacity grows, and so do all behind it.
//!
//! # Cancel safety
//!
//! An acquire can be dropped at any point. One that waits leaves the queue; one that has been granted
//! permits and was not polled since puts them back; and in both cases those behind it are granted what
//! fits. Nothing is lost by `select!`, by a timeout of a runtime, or by a task that is aborted.
//! A grant wins over a timeout and over a cancellation that come later, and is then returned as such.
//!
//! [`Cancel`] calls off acquires from elsewhere, in threads too. To fire it takes those who wait with
//! it out of the queue at once, and grants those behind them what fits: what is released afterwards
//! never goes to one that was called off, however late its task or thread runs. Of each semaphore
//! that is one step; where one `Cancel` is used on several, they follow one after another, and others
//! may come in between.
//!
//! No code of the user's runs while the semaphore is locked: wakers are cloned before, woken and
//! dropped after. A waker may call the semaphore; one that panics does not keep others from being
//! woken.
//!
//! # How it works
//!
//! One atomic word holds the free permits and two flags. While nobody waits and nothing is owed, an
//! acquire and a release are one compare-and-swap each. Otherwise a flag sends everybody to a lock,
//! under which a queue lies whose nodes are used again: to wait allocates nothing once as many have
//! waited before, but for a place on the list of a [`Cancel`]. A waiter that is polled finds its
//! answer without the lock. Lock and queue lie behind a pointer, so that a [`Cancel`] can reach them;
//! they are made when they are first needed.
//!
//! **Invariants**
//!
//! 1. Conservation: available + held = capacity + debt, where what a waiter was granted is held. (Of
//!    an unbounded one, what is released without having been acquired counts as capacity.)
//! 2. If the head of the queue fits in what is available, it is not in the queue any more.
//! 3. Grants are in the order in which acquires joined.
//! 4. There is debt only while nothing is available.
//! 5. Once it is closed, nobody waits, and nobody is granted anything.
//! 6. No waker is cloned, woken or dropped, and no hook called, under the lock.
//! 7. What is refused with an error has changed nothing.
//!
//! # In an exploration
//!
//! With the feature `check`, every op asks one thread-local flag whether its thread is in an
//! exploration; in one it announces what it is going to do and tells what it did, through the hook of
//! `hook`. The queue is the same in both: what is explored is what runs in production.

mod acquire;
mod answers;
mod cancel;
mod error;
#[cfg(feature = "check")]
pub mod hook;
#[cfg(not(feature = "check"))]
mod hook;
mod kept;
#[cfg(feature = "check")]
mod later;
mod patience;
mod permit;
mod queue;
mod resize;
#[allow(clippy::module_inception)] // its file has the type of that name
mod semaphore;
mod shared;
mod sync;
mod tray;
mod wakes;

pub use acquire::{Acquire, AcquireOwned, AcquireRaw};
pub use cancel::Cancel;
pub use error::{AcquireError, OverRelease, TryAcquireError};
#[cfg(feature = "check")]
pub use later::Later;
pub use permit::{OwnedSemaphorePermit, SemaphorePermit};
pub use semaphore::Semaphore;
