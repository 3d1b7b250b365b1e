//! Random small programs.

use std::fmt::Write;

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
