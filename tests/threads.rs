//! Closures over threads: what is explored, what is found, and what is not.
#![cfg(feature = "threads")]

#[path = "threads/advice.rs"]
mod advice;
#[path = "threads/bad_use.rs"]
mod bad_use;
#[path = "threads/drive.rs"]
mod drive;
#[path = "threads/exact.rs"]
mod exact;
#[path = "threads/foreign.rs"]
mod foreign;
#[path = "threads/kept.rs"]
mod kept;
#[path = "threads/panics.rs"]
mod panics;
#[path = "threads/replay.rs"]
mod replay;
#[path = "threads/running.rs"]
mod running;
#[path = "threads/scopes.rs"]
mod scopes;
#[path = "threads/waiting.rs"]
mod waiting;
#[path = "threads/watching.rs"]
mod watching;
