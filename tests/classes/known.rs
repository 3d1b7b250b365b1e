//! Programs whose classes are known, and how many there are.

use std::fmt::Write;

use selvedge::program::Program;

/// A program with what is known of it.
pub(crate) struct Known {
    pub(crate) name: String,
    pub(crate) program: Program,
    /// Mazurkiewicz classes of enqueues, waits and releases.
    pub(crate) waits: u64,
    /// Classes of the same queue order.
    pub(crate) queue_order: u64,
    /// How many of either end in a deadlock.
    pub(crate) deadlocked: u64,
}

/// The table: loop-free programs, as counted by independent programs.
pub(crate) fn known() -> Vec<Known> {
    let mut all = Vec::new();
    let mut add = |name: &str, text: String, waits, queue_order, deadlocked| {
        all.push(Known {
            name: name.to_owned(),
            program: Program::parse(&text).expect("a valid program"),
            waits,
            queue_order,
            deadlocked,
        });
    };
    for (n, k, waits, queue_order) in [
        (3, 2, 54, 6),
        (4, 2, 648, 24),
        (4, 3, 2_760, 24),
        (5, 2, 9_720, 120),
        (5, 4, 253_080, 120),
        (6, 3, 3_011_760, 720),
        (3, 1, 6, 6),
        (5, 1, 120, 120),
        (7, 1, 5_040, 5_040),
    ] {
        let name = format!("{n} workers, permits {k}");
        add(&name, pool(n, k), waits, queue_order, 0);
    }
    add("philosophers 3, host of 2", hosted(3, 2), 96, 24, 0);
    add("philosophers 5, host of 4", hosted(5, 4), 949_920, 3_120, 0);
    add("philosophers 4, mutex as host", guarded(4), 24, 24, 0);
    let queue = channel(2, 2, 2, 1);
    add("2 producers, 2 consumers", queue, 36, 36, 0);
    let buffer = channel(1, 1, 3, 3);
    add("producer and consumer, buffer 3", buffer, 30, 5, 0);
    for (n, classes) in [(3, 7), (4, 15), (5, 31), (6, 63)] {
        add(
            &format!("naive philosophers {n}"),
            naive(n),
            classes,
            classes,
            1,
        );
    }
    all
}

/// Workers that take a permit and put it back.
pub(crate) fn pool(workers: u32, permits: u32) -> String {
    format!(
        "semaphore pool permits={permits}\n\
         worker w count={workers} {{ acquire pool; release pool }}\n"
    )
}

/// Philosophers under a host who lets so many sit down.
pub(crate) fn hosted(n: u32, seats: u32) -> String {
    ring(n, &format!("semaphore host permits={seats}\n"), |l, r| {
        format!("acquire host; acquire {l}; acquire {r}; release {l}; release {r}; release host")
    })
}

/// Philosophers who take both forks under a mutex.
pub(crate) fn guarded(n: u32) -> String {
    ring(n, "semaphore host permits=1\n", |l, r| {
        format!("acquire host; acquire {l}; acquire {r}; release host; release {l}; release {r}")
    })
}

/// Philosophers who all take the left fork first.
pub(crate) fn naive(n: u32) -> String {
    ring(n, "", |l, r| {
        format!("acquire {l}; acquire {r}; release {r}; release {l}")
    })
}

fn ring(n: u32, head: &str, body: impl Fn(&str, &str) -> String) -> String {
    let mut text = head.to_owned();
    for i in 0..n {
        let _ = writeln!(text, "semaphore fork{i} permits=1");
    }
    for i in 0..n {
        let (left, right) = (format!("fork{i}"), format!("fork{}", (i + 1) % n));
        let _ = writeln!(text, "worker p{i} {{ {} }}", body(&left, &right));
    }
    text
}

/// Producers and consumers of so many items each over a bounded buffer.
pub(crate) fn channel(producers: u32, consumers: u32, items: u32, buffer: u32) -> String {
    let step = |from: &str, to: &str| {
        format!("repeat {items} {{ acquire {from}; acquire mutex; release mutex; release {to} }}")
    };
    format!(
        "semaphore empty permits={buffer} signal\n\
         semaphore full permits=0 signal\n\
         semaphore mutex permits=1\n\
         worker producer count={producers} {{ {} }}\n\
         worker consumer count={consumers} {{ {} }}\n",
        step("empty", "full"),
        step("full", "empty"),
    )
}
