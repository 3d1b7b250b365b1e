//! tokio's semaphore, 1.54: closed stays closed, and it is as it should be under the programs of
//! the zoo.

use selvedge::program::PropertyName;
use tokio::sync::Semaphore;

use crate::driver::{finds, finds_nothing};
use crate::programs::{behind_a_large_request, in_parts, one_permit, two_at_once};

#[path = "../../tokio-1.51/tests/closed/program.rs"]
mod closed;

#[test]
fn tokio_1_54_closed_stays_closed() {
    finds_nothing("tokio-1.54-closed", closed::while_permits_are_forgotten);
}

#[test]
fn tokio_1_54() {
    finds_nothing("tokio-1.54-one", one_permit::<Semaphore, 2>);
    finds_nothing("tokio-1.54-large", behind_a_large_request::<Semaphore>);
    finds_nothing("tokio-1.54-two", two_at_once::<Semaphore>);
    finds_nothing("tokio-1.54-parts", in_parts::<Semaphore>);
}

/// Nothing is found where nothing is looked for: a permit that is forgotten is missed.
#[test]
fn tokio_1_54_with_a_permit_forgotten() {
    finds(
        PropertyName::Leak,
        "of pool",
        "tokio-1.54-forgotten",
        || async {
            let pool = Semaphore::new(1);
            let permit = selvedge::tracked(&pool).named("pool").acquire().await;
            std::mem::forget(permit);
        },
    );
}
