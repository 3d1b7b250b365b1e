//! Code as people write it: what is said of it is right, and where nothing was checked that is said.
#![cfg(feature = "threads")]

#[path = "user_code/blame.rs"]
mod blame;
#[path = "user_code/blame_programs.rs"]
mod blame_programs;
#[path = "user_code/coverage.rs"]
mod coverage;
#[path = "user_code/endless.rs"]
mod endless;
#[path = "user_code/false_alarms.rs"]
mod false_alarms;
#[path = "user_code/green_checks.rs"]
mod green_checks;
#[path = "user_code/identity.rs"]
mod identity;
#[path = "user_code/load.rs"]
mod load;
#[path = "user_code/lock_order.rs"]
mod lock_order;
#[path = "user_code/plain.rs"]
mod plain;
#[path = "user_code/repeating.rs"]
mod repeating;
#[path = "user_code/strategies.rs"]
mod strategies;
#[path = "user_code/subjects.rs"]
mod subjects;
#[path = "user_code/watched.rs"]
mod watched;
