//! The one place that says where snapshots live.
#![allow(dead_code)] // a test crate uses the one or the other

/// Seen from the files of `tests/`.
pub(crate) const BESIDE: &str = "../snapshots";

/// Seen from the files in a folder of `tests/`.
pub(crate) const SNAPSHOTS: &str = "../../snapshots";

/// Settings for snapshots of findings, for the files at that path.
pub(crate) fn kept(path: &str) -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(path);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings
}
