//! Threads. With the feature `threads` they are workers in an exploration, and those of the standard
//! library elsewhere; without it they are those of the standard library.
//!
//! # What is a step
//!
//! A worker stands before each op of a [`Semaphore`](crate::Semaphore), before it fires a
//! [`Cancel`](crate::Cancel), at [`fault::point`](crate::fault::point),
//! [`fault::choose`](crate::fault::choose), [`yield_now`], a join, and at the scheduling points of
//! shuttle's `sync` types; a step goes from there to the next such place. Who waits and is granted
//! permits goes on within the step that granted them. What a worker does in between with other shared
//! data, atomics of the standard library say, is part of the step: put a `yield_now` where it matters
//! that others come in between.
//!
//! A mutex of the standard library that is held at one of these places blocks whoever wants it, and
//! with it the whole exploration, which is reported as a step that does not end. shuttle's, or one that
//! is not held across ops, does not.
//!
//! Workers are named after who spawned them, and not after when: `main.2.1` is the first child of the
//! second child of `main`. Each has a stack of 2 MiB, as threads of the standard library have; who
//! recurses deeper ends the process, as there, but by a signal without a message.
//!
//! # Limits
//!
//! * A destructor that panics while its thread unwinds ends the process, as everywhere; what panicked
//!   and the schedule so far are written to the terminal before.
//! * A destructor that waits for a semaphore while its thread unwinds is refused as timed out, and told:
//!   no other thread runs meanwhile. A join is refused with an error there, unless the thread has ended;
//!   so `join().unwrap()` in a destructor ends the process when a panic is injected into its thread, and
//!   when a run ends early. Ask `std::thread::panicking` before.
//! * While a destructor waits for a lock of shuttle's as its thread unwinds, others go on, to whom
//!   `std::thread::panicking` is true: locks that they let go meanwhile are poisoned.
//! * Threads of `std::thread` and of other libraries are not seen. What they put back is back; what they
//!   take is missing, and told as that; and since nobody decides when they do it, a run may not replay.
//!   Those of `shuttle::thread` are refused.
//! * When a run ends early, what its threads hold is dropped, as far as they can be reached: the stack of
//!   one that shuttle blocks, or that goes on for ever by catching what unwinds it, is lost with all that
//!   is on it.
//! * What a [`probe`](crate::probe) reads must have no scheduling point: atomics of the standard library,
//!   not shuttle's.

#[cfg(feature = "threads")]
pub use super::threads::{JoinHandle, Scope, ScopedJoinHandle, scope, spawn, yield_now};

#[cfg(not(feature = "threads"))]
pub use std::thread::{JoinHandle, Scope, ScopedJoinHandle, scope, spawn, yield_now};
