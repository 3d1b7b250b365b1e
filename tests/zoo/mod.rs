//! Documented bugs of real semaphores, each as an algorithm of its own beside its fixed twin: one
//! file for each, with a type `Buggy` and a type `Fixed`.
//!
//! Those that are async: every call into them is one step; a waiter resumes when it is polled. No
//! waker is called under a lock. Those that block their thread come to a scheduling point before
//! each access to what they share, and hold no lock there.
#![allow(dead_code)] // a test crate uses the one or the other

#[cfg(feature = "threads")]
pub(crate) mod a1;
pub(crate) mod a10;
pub(crate) mod a11;
pub(crate) mod a12;
#[cfg(feature = "threads")]
pub(crate) mod a2;
pub(crate) mod a20;
#[cfg(feature = "threads")]
pub(crate) mod a23;
pub(crate) mod a5;
pub(crate) mod a8;
#[cfg(feature = "threads")]
pub(crate) mod blocking;
pub(crate) mod programs;
#[cfg(feature = "threads")]
pub(crate) mod threaded;
