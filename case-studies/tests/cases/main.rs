//! Semaphores and pools of others, as they are: what is wrong with a version is found, and nothing
//! on the fixed one. `docs/case-studies.md` tells of each.

mod async_lock;
mod async_semaphore;
mod deadpool;
mod driver;
mod embassy;
mod futures_intrusive;
mod mobc;
mod pools;
#[path = "../../../tests/zoo/programs.rs"]
mod programs;
mod tokio;
mod weighted;
