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
    /// Whether counting both takes more than a moment.
    pub(crate) long: bool,
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
            long: waits > 100_000,
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

/// A random small program all of which is decided by its queues.
pub(crate) fn knit(seed: u64) -> String {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mut text = String::new();
    let kinds = ["", "", " order=fifo-partial", " plain", " signal"];
    for name in ["a", "b", "c"] {
        let kind = kinds[random.below(5)];
        let _ = writeln!(
            text,
            "semaphore {name} permits={}{kind}",
            1 + random.below(2)
        );
    }
    let workers = 2 + random.below(2);
    for w in 0..workers {
        let mut body = String::new();
        let mut left = 7 - workers;
        while left > 0 {
            statement(&mut random, &mut body, &mut left, 2);
        }
        // one of them may wait for another one
        if w > 0 && random.below(4) == 0 {
            body += "join w0\n";
        }
        let _ = writeln!(text, "worker w{w} {{\n{body}}}");
    }
    text
}

/// A random small program of acquires and releases alone, of no more than is held.
pub(crate) fn straight(seed: u64) -> String {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mut text = String::new();
    for name in ["a", "b"] {
        let kind = ["", " signal"][random.below(4) / 3];
        let _ = writeln!(
            text,
            "semaphore {name} permits={}{kind}",
            1 + random.below(2)
        );
    }
    let workers = 2 + random.below(2);
    for w in 0..workers {
        let _ = write!(text, "worker w{w} {{");
        for _ in 0..7 / workers {
            let s = ["a", "b"][random.below(2)];
            let permits = 1 + random.below(5) / 4;
            let word = ["acquire", "release"][random.below(2)];
            let _ = write!(text, " {word} {s} permits={permits};");
        }
        text += " }\n";
    }
    text
}

fn statement(random: &mut Random, body: &mut String, left: &mut usize, depth: usize) {
    *left = left.saturating_sub(1);
    let s = ["a", "b", "c"][random.below(3)];
    let permits = 1 + random.below(5) / 4;
    let _ = match random.below(if depth > 0 { 12 } else { 8 }) {
        0..=2 => writeln!(body, "acquire {s} permits={permits}"),
        3..=5 => writeln!(body, "release {s} permits={permits}"),
        6 => writeln!(body, "work x"),
        7 => writeln!(body, "acquire {s}\nrelease {s}"),
        other => {
            let (head, tail) = [
                (format!("with {s} {{"), "}"),
                ("try {".to_owned(), "} catch { release a }"),
                ("either {".to_owned(), "} or { acquire b }"),
                ("repeat 2 {".to_owned(), "}"),
            ][other - 8]
                .clone();
            let _ = writeln!(body, "{head}");
            for _ in 0..1 + random.below(2) {
                statement(random, body, left, depth - 1);
            }
            writeln!(body, "{tail}")
        }
    };
}

/// SplitMix64 (Steele, Lea, Flood 2014).
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n as u64) as usize
    }
}
