//! What a user wants to hold after each step of a closure.

use std::fmt;
use std::sync::Arc;

use super::Explorer;
use crate::runtime::{Holds, Standing};

/// What a user wants to hold, by name.
#[derive(Clone, Default)]
pub struct Invariants(pub(super) Vec<(String, Holds)>);

impl fmt::Debug for Invariants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|(name, _)| name))
            .finish()
    }
}

impl Explorer {
    /// Watches something after each step of a closure: where `holds` says no, or panics, that is a
    /// finding, `assertion`.
    ///
    /// It sees how the semaphores of the run stand, by name. It must not change anything.
    #[must_use]
    pub fn invariant(
        mut self,
        name: &str,
        holds: impl Fn(&Standing<'_>) -> bool + Send + Sync + 'static,
    ) -> Explorer {
        self.invariants.0.push((name.to_owned(), Arc::new(holds)));
        self
    }
}
