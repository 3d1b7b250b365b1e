//! The text of worker programs: reading, errors, printing, formatting.
#![cfg(feature = "check")]

#[path = "program/conformance.rs"]
mod conformance;
