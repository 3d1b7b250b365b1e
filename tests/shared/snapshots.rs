//! The one place that says where snapshots live.
#![allow(dead_code)] // a test crate uses the one or the other

/// Seen from the files of `tests/`.
pub(crate) const BESIDE: &str = "../snapshots";

/// Seen from the files in a folder of `tests/`.
pub(crate) const SNAPSHOTS: &str = "../../snapshots";
