//! The random strategies: against exact probabilities and the published table, from run to run and
//! from shard to shard; and choices from bytes.
#![cfg(feature = "check")]

#[path = "strategies/bytes.rs"]
mod bytes;
#[path = "strategies/drive.rs"]
mod drive;
#[path = "strategies/exact.rs"]
mod exact;
#[path = "strategies/independent.rs"]
mod independent;
#[path = "strategies/rates.rs"]
mod rates;
#[path = "strategies/subjects.rs"]
mod subjects;
#[path = "strategies/uniform.rs"]
mod uniform;
