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
//! * While a thread unwinds no other one runs. Where its destructors have to wait for another thread, for
//!   a lock, for permits or in a join, the others go on, to whom `std::thread::panicking` is true, and
//!   locks that they let go are poisoned: the run is not judged from there on, and the report says how
//!   many runs that were. It is rare: an injected panic unwinds only once those threads have gone on that
//!   are in a call of shuttle's. A panic of your own does not wait; a destructor that unwraps a lock may
//!   then end the process.
//! * Threads of `std::thread` and of other libraries are not seen. What they put back is back; what they
//!   take is missing, and told as that; and since nobody decides when they do it, a run may not replay.
//!   Those of `shuttle::thread` are refused.
//! * When a run ends early, what its threads hold is dropped, as far as they can be reached: the stack of
//!   one that shuttle blocks, or that goes on for ever by catching what unwinds it, is lost with all that
//!   is on it.
//! * The timed waits of shuttle's types (`Condvar::wait_timeout`, `recv_timeout`, `park_timeout`) never time
//!   out. A report says so where a thread was blocked in one of its types.
//! * What a [`probe`](crate::probe) or an [`invariant`](crate::invariant()) reads must have no scheduling
//!   point: atomics of the standard library, not shuttle's. One that has is told.

#[cfg(feature = "threads")]
pub use super::threads::{JoinHandle, Scope, ScopedJoinHandle, scope, spawn, yield_now};

#[cfg(not(feature = "threads"))]
pub use std::thread::{JoinHandle, Scope, ScopedJoinHandle, scope, spawn, yield_now};
