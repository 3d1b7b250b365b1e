//! Explorations that do not come back.
#![cfg(feature = "check")]

use selvedge::Explorer;
use selvedge::report::Shard;

/// Shards are counted from one, so this exploration fails; it is told as that, and not as a future
/// that spins.
#[test]
#[should_panic(expected = "attempt to subtract with overflow")]
fn a_panic_of_the_exploration_itself_is_passed_on() {
    let explorer = Explorer {
        shard: Some(Shard { index: 0, count: 1 }),
        ..Explorer::closures()
    };
    explorer.explore_async("shard", || async {});
}
