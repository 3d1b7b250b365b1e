//! Property tests with proptest: strategies for programs, ops and decisions, and tests whose cases
//! are explored.
//!
//! In a test as proptest writes it, a strategy makes programs, and what is found is an error:
//!
//! ```
//! use proptest::prelude::*;
//! use selvedge::explore::Explorer;
//! use selvedge::integration::proptest::programs;
//!
//! proptest! {
//!     # #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..Default::default() })]
//!     # /*
//!     #[test]
//!     # */
//!     fn guards_alone_never_leak(program in programs(8).only(&["with", "work", "try", "repeat"])) {
//!         let report = Explorer::default().explore(&program, "generated.sem", &());
//!         prop_assert!(report.findings.iter().all(|f| f.property.as_str() != "leak"));
//!     }
//! }
//! # guards_alone_never_leak();
//! ```
//!
//! Where each case is an exploration, [`Checks`] divides the runs among the cases, stays with the
//! finding that came first while it makes the case smaller, reduces a program together with its
//! schedule, prints it once, and keeps it as text.
//!
//! **Invariants**
//!
//! 1. The same test makes the same cases each time: they depend on its seed alone.
//! 2. What failed is printed once, by the panic, and kept once, by us: proptest's own files, which
//!    keep seeds, are off.

mod cases;
mod checks;
mod failure;
mod macros;
mod programs;
mod strategies;

pub use checks::Checks;
pub use failure::Failure;
pub use programs::{ProgramTree, Programs, programs};
pub use strategies::{DecisionsStrategy, OpsStrategy, decisions, ops};
