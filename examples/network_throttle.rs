//! Network throttling: async requests to a host, so many in flight and no more.
//!
//!     cargo run --example network_throttle --features threads
//!
//! Each request may fail or be cancelled at any await, as by a timeout or a client that hangs up.
//!
//! - `by-hand` counts itself in and out around the request; who is cancelled in between is never
//!   counted out.
//! - `retry-inside` has a guard, but tries again while it still holds it, and takes another permit for
//!   that. As soon as all that are in flight have to try again, they wait for each other.
//! - `retry-after` puts its permit back first.

use std::fmt::Write;
use std::sync::Arc;

use selvedge::explore::Explorer;
use selvedge::report::{Style, text};
use selvedge::{Semaphore, fault, task};

/// Requests in flight.
const IN_FLIGHT: usize = 2;

/// A request over the network: `client.get(url).send().await` in production.
async fn send() -> Result<(), fault::Failure> {
    fault::io("send").await
}

#[derive(Clone, Copy)]
enum Throttle {
    ByHand,
    RetryInside,
    RetryAfter,
}

async fn by_hand(host: &Semaphore) -> Result<(), fault::Failure> {
    host.acquire_raw().await.expect("it is never closed");
    let sent = send().await;
    host.release(1).expect("it was taken above");
    sent
}

async fn retry_inside(host: &Semaphore) -> Result<(), fault::Failure> {
    let _permit = host.acquire().await.expect("it is never closed");
    if send().await.is_ok() {
        return Ok(());
    }
    let _another = host.acquire().await.expect("it is never closed");
    send().await
}

async fn retry_after(host: &Semaphore) -> Result<(), fault::Failure> {
    for _ in 0..2 {
        let _permit = host.acquire().await.expect("it is never closed");
        if send().await.is_ok() {
            return Ok(());
        }
    }
    Ok(()) // and gives up
}

async fn crawl(throttle: Throttle) {
    let host = Arc::new(Semaphore::new(IN_FLIGHT).named("host"));
    for _ in 0..3 {
        let host = Arc::clone(&host);
        task::spawn(async move {
            match throttle {
                Throttle::ByHand => by_hand(&host).await,
                Throttle::RetryInside => retry_inside(&host).await,
                Throttle::RetryAfter => retry_after(&host).await,
            }
        });
    }
}

/// What is printed.
pub(crate) fn output() -> String {
    let mut output = String::new();
    for (name, throttle) in [
        ("by-hand", Throttle::ByHand),
        ("retry-inside", Throttle::RetryInside),
        ("retry-after", Throttle::RetryAfter),
    ] {
        let mut explorer = Explorer::closures();
        explorer.budget.panics = Some(2); // failures of I/O draw on it too
        let report = explorer.explore_async(name, move || crawl(throttle));
        writeln!(output, "{}", text(&report, &Style::default())).expect("a string takes all");
    }
    output
}

fn main() {
    print!("{}", output());
}
