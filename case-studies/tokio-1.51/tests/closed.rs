//! tokio 1.51.0: `forget_permits` on a closed semaphore reopens it (tokio #8020, fixed in 1.51.1).

use selvedge::program::PropertyName;

#[path = "../../tests/cases/driver.rs"]
#[allow(dead_code)] // the other workspace has the rest
mod driver;
#[path = "closed/program.rs"]
mod program;

#[test]
fn tokio_1_51_reopens_what_is_closed() {
    driver::finds(
        PropertyName::Assertion,
        "a permit of a closed semaphore",
        "tokio-1.51-closed",
        program::while_permits_are_forgotten,
    );
}
