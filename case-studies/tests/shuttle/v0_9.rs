//! shuttle's `BatchSemaphore` after 0.8: a head waiter that gives up lets those behind it have theirs.

#[path = "../cases/driver.rs"]
#[allow(dead_code)] // the other tests have the rest
mod driver;
#[path = "../../../tests/zoo/programs.rs"]
#[allow(dead_code)] // the other tests have the rest
mod programs;

mod version;

use driver::finds_nothing;
use programs::{behind_a_large_request, one_permit, two_at_once};

version::version!(v0_9, shuttle_0_9);

#[test]
fn shuttle_0_9() {
    finds_nothing("shuttle-0.9-large", behind_a_large_request::<v0_9::Fair>);
    finds_nothing("shuttle-0.9-one", one_permit::<v0_9::Fair, 2>);
    finds_nothing("shuttle-0.9-two", two_at_once::<v0_9::Fair>);
}
