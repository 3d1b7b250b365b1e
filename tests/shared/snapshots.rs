//! The one place that says where snapshots live.

/// Seen from the files in a folder of `tests/`.
pub(crate) const SNAPSHOTS: &str = "../../snapshots";
