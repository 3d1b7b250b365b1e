//! One snapshot.

use crate::snapshots::SNAPSHOTS;

/// Compares a text with its snapshot; the description is shown beside it.
#[track_caller]
pub(crate) fn check_snapshot(name: &str, description: &str, text: &str) {
    insta::with_settings!({
        snapshot_path => SNAPSHOTS,
        prepend_module_to_snapshot => false,
        description => description,
        omit_expression => true,
    }, {
        insta::assert_snapshot!(name, text);
    });
}
