//! No input makes the reader panic, hang or run out of stack; each limit says what it is.

#![allow(clippy::disallowed_methods)] // that it does not hang is told by a clock

use std::time::{Duration, Instant};

use selvedge::program::Program;

const MIB: usize = 1 << 20;

/// Reads a large text, and expects to be told this, soon.
#[track_caller]
fn check(text: &str, expected: &str) {
    let start = Instant::now();
    let error = Program::parse(text).expect_err(expected);
    let drawn = error.render("big.sem", false);
    let took = start.elapsed();
    assert!(drawn.contains(expected), "{drawn}");
    assert!(drawn.len() < 100_000, "{} bytes", drawn.len());
    // Generous, for a busy machine: what is quadratic takes minutes.
    assert!(took < Duration::from_secs(20), "{took:?}");
}

#[test]
fn large_nonsense() {
    check(&"{".repeat(MIB), "unexpected `{`");
    check(&"}".repeat(MIB), "unmatched `}`");
    check(&"=".repeat(MIB), "unexpected `=`");
    check(&"x".repeat(MIB), "unknown item `xxxxx");
    check(&"x ".repeat(MIB / 2), "unknown item `x`");
    check(&"x;".repeat(MIB / 2), "unknown item `x`");
    check(&"x\n".repeat(MIB / 2), "unknown item `x`");
    check(&"/*".repeat(MIB / 2), "unterminated comment");
    check(&"worker w { ".repeat(MIB / 11), "never closed");
    check(&"worker w {} ".repeat(MIB / 12), "declared twice");
    check(
        &format!("worker w {{{}}}", "acquire a;".repeat(MIB / 11)),
        "more\n",
    );
    check(
        &format!("worker w {{ repeat {} {{ }} }}", "9".repeat(MIB / 2)),
        "is too large",
    );
    check(
        &format!("worker w {{{}", "repeat 2\n\n".repeat(MIB / 11)),
        "without a block",
    );
    check(
        &format!("worker w {{ try {{}} {}", "else {".repeat(MIB / 8)),
        "stray `else`",
    );
    let declared: String = (0..20_000)
        .map(|i| format!("semaphore pool{i} permits=1\n"))
        .collect();
    check(
        &format!(
            "{declared}worker w {{{}}}",
            "acquire poolx\n".repeat(20_000)
        ),
        "`poolx`",
    );
}

#[test]
fn limits() {
    let nested = |depth| {
        format!(
            "worker w {}{}",
            "{ repeat 2 ".repeat(depth),
            "}".repeat(depth)
        )
    };
    let nested = |depth: usize| nested(depth).replacen("repeat 2 }", "}", 1);
    Program::parse(&nested(64)).unwrap();
    check(&nested(65), "the limit is 64 blocks");
    check(&nested(20_000), "the limit is 64 blocks");
    let workers = |count| format!("worker a count=200 {{}}\nworker b count={count} {{}}");
    Program::parse(&workers(56)).unwrap();
    check(&workers(57), "the limit is 256");
    check(&workers(u32::MAX), "the limit is 256");
    let statements = |count| format!("worker w {{\n{}}}", "work x\n".repeat(count));
    Program::parse(&statements(10_000)).unwrap();
    check(&statements(10_001), "the limit is 10000 in a file");
    let padded = |bytes: usize| format!("worker w {{}}{}", " ".repeat(bytes - 11));
    Program::parse(&padded(MIB)).unwrap();
    check(&padded(MIB + 1), "the limit is 1048576");
}

#[test]
fn formatting_takes_linear_time() {
    let check = |text: String| {
        let start = Instant::now();
        let formatted = Program::parse(&text).unwrap().format();
        assert!(formatted.len() >= text.len() / 4);
        let took = start.elapsed();
        assert!(took < Duration::from_secs(20), "{took:?}");
    };
    check(format!("worker w {{ {} work x }}", "/**/ ".repeat(MIB / 6)));
    check(format!("worker w {{ work {} x }}", "/**/ ".repeat(MIB / 6)));
    check(format!(
        "worker w {{ work x {}\n }}",
        "\n//".repeat(MIB / 4)
    ));
    check(format!(
        "worker w {{ try {{}} {} catch {{}} }}",
        "/**/ ".repeat(MIB / 6)
    ));
    check(format!(
        "worker w {{}} {} worker v {{}}",
        "/**/ ".repeat(MIB / 6)
    ));
    check(format!(
        "worker w {{ {} }}",
        "try {} catch {} /**/".repeat(9_000)
    ));
}
