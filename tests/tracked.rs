//! What is looked at behaves as it does when nobody looks.
#![cfg(feature = "check")]

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use selvedge::program::Order;
use selvedge::runtime::{Counting, Refused};
use selvedge::{Explorer, tracked};

/// Grants everything, and counts its futures.
struct Futures(Cell<u32>);

struct Counted<'a>(&'a Cell<u32>);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

impl Counting for Futures {
    const ORDER: Order = Order::Barging;

    type Permit<'a> = ();

    fn with_permits(_: u32) -> Futures {
        Futures(Cell::new(0))
    }

    fn acquire(&self, _: u32) -> impl Future<Output = Result<(), Refused>> + '_ {
        self.0.set(self.0.get() + 1);
        let counted = Counted(&self.0);
        poll_fn(move |_| {
            let _lives_as_long_as_the_future = &counted;
            Poll::Ready(Ok(()))
        })
    }

    fn try_acquire(&self, _: u32) -> Result<(), Refused> {
        Ok(())
    }

    fn available(&self) -> Option<usize> {
        Some(1)
    }
}

/// A future that has completed may still have a part to play until it is dropped.
#[test]
fn a_future_lives_as_long_as_it_does_unwatched() {
    let report = Explorer::closures().explore_async("futures", || async {
        let futures = Futures::with_permits(1);
        {
            let mut acquire = pin!(tracked(&futures).acquire());
            let _permit = acquire.as_mut().await;
            assert_eq!(futures.0.get(), 1, "it is dropped too early");
        }
        assert_eq!(futures.0.get(), 0, "it is not dropped");
    });
    let told = selvedge::report::text(&report, &selvedge::report::Style::default());
    assert!(report.findings.is_empty(), "\n{told}");
}
