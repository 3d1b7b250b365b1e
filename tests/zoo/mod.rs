//! Documented bugs of real semaphores, each as an algorithm of its own beside its fixed twin: one
//! file for each, with a type `Buggy` and a type `Fixed`.
//!
//! They are async, and every call into them is one step; a waiter resumes when it is polled. No
//! waker is called under a lock.
#![allow(dead_code)] // a test crate uses the one or the other

pub(crate) mod a10;
pub(crate) mod a11;
pub(crate) mod a12;
pub(crate) mod a20;
pub(crate) mod a5;
pub(crate) mod a8;
pub(crate) mod programs;
