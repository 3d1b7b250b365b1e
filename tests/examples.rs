//! What the examples over closures print. They are compiled in here, so that a stale one is never run.
#![cfg(feature = "threads")]

#[allow(dead_code)] // its `main`
#[path = "../examples/connection_limiter.rs"]
mod connection_limiter;
#[allow(dead_code)]
#[path = "../examples/disk_access.rs"]
mod disk_access;
#[allow(dead_code)]
#[path = "../examples/heavy_tasks.rs"]
mod heavy_tasks;
#[allow(dead_code)]
#[path = "../examples/leaky_handler.rs"]
mod leaky_handler;
#[allow(dead_code)]
#[path = "../examples/network_throttle.rs"]
mod network_throttle;
#[allow(dead_code)]
#[path = "../examples/opposite_order.rs"]
mod opposite_order;
#[allow(dead_code)]
#[path = "../examples/thread_limiter.rs"]
mod thread_limiter;

/// The parts stand in the output, in this order, whatever the number of each worker.
#[track_caller]
fn prints(output: &str, parts: &[&str]) {
    let mut rest = output;
    for part in parts {
        let Some(at) = rest.find(part) else {
            panic!("`{part}` does not come next in\n{output}");
        };
        rest = &rest[at + part.len()..];
    }
}

#[test]
fn the_leaky_handler() {
    prints(
        &leaky_handler::output(),
        &[
            "panicked and took 1 permit of pool with it",
            "waits for pool, which is exhausted: 4 permits were leaked",
            "pool available 4 3 2 1 0: it only ever falls",
            "\nleaky: 2 findings",
            "\ncaught: nothing found",
            "\nguarded: nothing found",
        ],
    );
}

#[test]
fn opposite_order() {
    prints(
        &opposite_order::output(),
        &[
            "deadlock: main.1 and main.2 wait for each other",
            "lock-order: checking is taken before savings, and savings before checking",
            "\ncareless: 2 findings",
            "\nbacking-off: nothing found",
            "\nordered: nothing found",
        ],
    );
}

#[test]
fn the_connection_limiter() {
    prints(
        &connection_limiter::output(),
        &[
            "careful: nothing found",
            "panicked and took 1 permit of connections with it",
            "which is exhausted: 2",
            "\nclean-up-first: 2 findings",
            "panicked: more connections than the limit of 2",
            "\nprankster: 1 finding ",
            "over-release: main.",
            "releases 1 permit of connections but holds 0: refused",
            "\nrefused: 1 finding ",
        ],
    );
}

#[test]
fn the_limiter_on_threads() {
    prints(
        &thread_limiter::output(),
        &[
            "guard: nothing found",
            "leak: 1 permit of threads was handed over and never put back",
            "main waits for threads, which is exhausted: 2 permits are missing",
            "\nrelease: 2 findings",
        ],
    );
}

#[test]
fn disk_access() {
    prints(
        &disk_access::output(),
        &[
            "ended and took 1 permit of disk with it",
            "waits for disk, which is exhausted: 2 permits were leaked",
            "\nearly-return: 2 findings",
            "\nguard: nothing found",
        ],
    );
}

#[test]
fn network_throttling() {
    prints(
        &network_throttle::output(),
        &[
            "panicked and took 1 permit of host with it",
            "was cancelled and took 1 permit of host with it",
            "\nby-hand: 3 findings",
            "wait for each other",
            "retry-inside: 2 findings",
            "retry-after: nothing found",
        ],
    );
}

#[test]
fn heavy_tasks() {
    prints(
        &heavy_tasks::output(),
        &[
            "wait for each other",
            "\npiecemeal: 1 finding ",
            "asks for 6 permits of memory, whose capacity is 4",
            "\nunchecked: 2 findings",
            "\nclamped: nothing found",
        ],
    );
}
