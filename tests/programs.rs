//! All tests of programs, and of the repository itself, in one binary: each file says what it is about.

mod architecture;
mod brute_conformance;
#[cfg(feature = "check")]
mod brute_force;
mod brute_identities;
mod classes;
mod conformance;
mod corpus;
mod independence;
mod large;
mod lowering;
mod program;
mod readme;
mod reduce;
mod reductions;
mod report;
mod ring;
#[cfg(feature = "check")]
#[path = "shared/snapshots.rs"]
mod snapshots;
mod strategies;
mod tracked;
mod two_interpreters;
mod unwinding;
#[cfg(feature = "check")]
mod zoo;
mod zoo_explored;
