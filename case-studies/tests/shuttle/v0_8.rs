//! shuttle's `BatchSemaphore`, strictly fair: in 0.8.0 a head waiter that gives up strands those
//! behind it (shuttle #167).
//!
//! Its semaphores work in an execution of shuttle alone. So each call of one is made in an execution
//! of its own, with one task, which leaves shuttle's scheduler nothing to decide: the queue is
//! shuttle's, the interleaving is ours. Each version is a test of its own because shuttle has a panic hook that
//! prints whatever panics in its process, what is looked for included. The semaphores are leaked, since executions take nothing
//! that is borrowed.

use selvedge::program::PropertyName;

#[path = "../cases/driver.rs"]
#[allow(dead_code)] // the other tests have the rest
mod driver;
#[path = "../../../tests/zoo/programs.rs"]
#[allow(dead_code)] // the other tests have the rest
mod programs;

mod version;

use programs::behind_a_large_request;

version::version!(v0_8, shuttle_0_8);

#[test]
fn shuttle_0_8_strands_who_is_behind_the_head() {
    driver::finds(
        PropertyName::LostWakeup,
        "waits for zoo although what it asks for is available",
        "shuttle-0.8-large",
        behind_a_large_request::<v0_8::Fair>,
    );
}
