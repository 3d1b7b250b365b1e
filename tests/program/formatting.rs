//! What `selvedge fmt` makes of a text.

use selvedge::program::Program;

#[track_caller]
fn check(text: &str, expected: &str) {
    let formatted = Program::parse(text)
        .unwrap_or_else(|e| panic!("{e}"))
        .format();
    assert_eq!(formatted, expected, "\n{formatted}");
    let again = Program::parse(&formatted)
        .unwrap_or_else(|e| panic!("{e}"))
        .format();
    assert_eq!(again, expected, "formatted twice");
}

#[test]
fn layout() {
    check("worker w{}", "worker w {}\n");
    check(
        "expect clean\nsemaphore a order=fifo permits=01\nworker w count=1 { acquire a permits=1;release a }worker v{}",
        "expect clean\nsemaphore a permits=1\n\nworker w {\n    acquire a\n    release a\n}\n\nworker v {}\n",
    );
    check(
        "budget cancels=1 panics=2\nbudget timeouts=0\nworker w {\n\n\n  work x\n\n\n\n  work y\n\n}\n\n\n",
        "budget panics=2 cancels=1\nbudget timeouts=0\n\nworker w {\n    work x\n\n    work y\n}\n",
    );
    check(
        "worker w { try { }\ncatch closed panic\t{ work x }\n\nfinally { } }",
        "worker w {\n    try {} catch panic closed {\n        work x\n    } finally {}\n}\n",
    );
}

#[test]
fn comments() {
    check(
        "\n\n// pool\n\n\n// of connections\nsemaphore a permits=1 // four\n// the end\nworker w {}\n/* over */",
        "// pool\n\n// of connections\nsemaphore a permits=1 // four\n\n// the end\nworker w {}\n/* over */\n",
    );
}

#[test]
fn line_ends_in_comments() {
    check("/*\r\r\n\r\n*/worker w{}", "/*\n\n*/\nworker w {}\n");
}

#[test]
fn comments_in_blocks() {
    check(
        "worker w { // why\n  // first\n\n  // second\n  work x // x\n  // last\n\n} // after\n",
        "worker w { // why\n    // first\n\n    // second\n    work x // x\n    // last\n} // after\n",
    );
    check("worker w { // nothing\n}", "worker w { // nothing\n}\n");
    check(
        "worker w {\n// nothing\n}",
        "worker w {\n    // nothing\n}\n",
    );
    check(
        "worker w { /* nothing */ }",
        "worker w { /* nothing */\n}\n",
    );
}

#[test]
fn comments_around_continuations() {
    check(
        "worker w { either {} // one\n  or {} /* two */ or {}\n  // three\n\n  or {} }",
        "worker w {\n    either {} // one\n    or {}\n    /* two */\n    or {}\n    // three\n    or {}\n}\n",
    );
}

#[test]
fn comments_in_statements() {
    check(
        "worker /* a */ w /* b */ { work /* c\n   d */ x // e\n /* f */ work y }",
        "worker w { /* a */ /* b */\n    work x /* c\n   d */ // e\n    /* f */\n    work y\n}\n",
    );
}

#[test]
fn comments_at_items() {
    check(
        "semaphore a permits=1 // a\n// w\nworker w {} // w ends\n// v\n\nworker v {}\n// end",
        "semaphore a permits=1 // a\n\n// w\nworker w {} // w ends\n// v\n\nworker v {}\n// end\n",
    );
}
