//! What becomes of an optional dependency: one file for each.

#[cfg(feature = "arbitrary")]
mod arbitrary;
#[cfg(feature = "async-lock")]
mod async_lock;
#[cfg(feature = "arbitrary")]
pub mod fuzz;
#[cfg(feature = "insta")]
pub mod insta;
#[cfg(feature = "proptest")]
pub mod proptest;
#[cfg(feature = "tokio")]
mod tokio;
