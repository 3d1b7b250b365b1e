//! What becomes of an optional dependency: one file for each.

#[cfg(feature = "async-lock")]
mod async_lock;
#[cfg(feature = "insta")]
pub mod insta;
#[cfg(feature = "tokio")]
mod tokio;
