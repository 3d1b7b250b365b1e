//! What is wrong with a text, exactly as it is shown.

use std::fmt::Write;

use selvedge::program::{Place, Program};

/// Reads wrong texts and compares all that is said about them with a snapshot.
#[track_caller]
fn check(snapshot: &str, texts: &[&str]) {
    let mut shown = String::new();
    for text in texts {
        let error = Program::parse(text).expect_err(text);
        let _ = writeln!(shown, "---- {text:?}\n{}", error.render("a.sem", false));
    }
    insta::with_settings!({
        snapshot_path => crate::snapshots::SNAPSHOTS,
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!(format!("program-errors-{snapshot}"), shown);
    });
}

/// As [`check`], for statements of a worker that stands among some declarations.
#[track_caller]
fn check_statements(snapshot: &str, statements: &[&str]) {
    let texts = statements.iter().map(|statement| {
        format!(
            "semaphore pool permits=4\nsemaphore ready permits=0 signal\n\
             worker handler count=3 {{}}\nworker single {{}}\nworker w {{\n    {statement}\n}}\n"
        )
    });
    let texts: Vec<_> = texts.collect();
    check(
        snapshot,
        &texts.iter().map(String::as_str).collect::<Vec<_>>(),
    );
}

#[test]
fn the_file() {
    check(
        "file",
        &[
            "",
            "\n// nothing yet\n",
            "semaphore pool permits=1\n",
            "worker w {}\0",
            "worker w { /* work x\n}\n",
            "\u{feff}\r\nworker w {\r\n    wörk x\r\n}\r\n",
            "worker w { acquire\u{a0}pool }",
        ],
    );
}

#[test]
fn bytes() {
    let check = |bytes: &[u8], expected: &str| {
        let error = Program::parse_bytes(bytes).unwrap_err();
        assert_eq!(error.to_string(), expected);
    };
    check(
        b"worker w {\n  work caf\xe9\n}",
        "error: the file is not UTF-8\n --> program:2:11\n  |\n2 |   work caf\u{fffd}\n  |           ^ byte 22 is 0xe9\n  |\n  \
         = help: a program is plain text, saved as UTF-8\n",
    );
    let error = Program::parse_bytes(b"\xff\xfew\0o\0").unwrap_err();
    assert_eq!(
        error.problems()[0].help_text(),
        Some("it looks like UTF-16: save it as UTF-8")
    );
    let error = Program::parse_bytes(&vec![b' '; (1 << 20) + 1]).unwrap_err();
    assert_eq!(
        error.render("a.sem", false),
        "error: the file has 1048577 bytes, and the limit is 1048576 (1 MiB)\n--> a.sem\n"
    );
}

#[test]
fn items() {
    check(
        "items",
        &[
            "semaphore\nworker w {}",
            "semaphore pool\nworker w {}",
            "semaphore pool permits\nworker w {}",
            "semaphore pool permits=\nworker w {}",
            "semaphore pool permits=x order=lifo\nworker w {}",
            "semaphore Pool permits=4 Order=fifo bounded\nworker w {}",
            "semaphore s permits=4 plain signal\nworker w {}",
            "semaphore s permits=4 plain plain\nworker w {}",
            "semaphore s permits=4 plain=yes\nworker w {}",
            "semaphore s permits=4 { }\nworker w {}",
            "semaphore drain permits=4\nworker else {}",
            "semaphore a permits=1\nsemaphore a permits=2\nworker w {}\nworker w {}",
            "wroker w { work x }",
            "thread w { work x }",
            "worker w count=0 {}\nworker v count=4294967296 {}",
            "worker w count=200 {}\nworker v count=57 {}",
            "worker w counts=2 spwaned {}",
            "worker w",
            "worker w\n{\n}\n",
            "budget\nworker w {}",
            "budget panics=1 panics=2\nbudget panics=3 timeout=4\nworker w {}",
            "expect\nexpect leek\nexpect bug\nexpect leak on=pool\nworker w {}",
            "expect clean\nexpect leak\nexpect leak\nworker w {}",
            "expect clean on=w\nworker w {}",
        ],
    );
}

#[test]
fn blocks() {
    check(
        "blocks",
        &[
            "worker w {\n    work x\n",
            "worker w {\n    repeat 2 {\n        work x\n}\n\nworker v {\n    work y\n}\n",
            "worker w {\n    repeat 2 {\n        work x\n    }\n",
            "worker w {\n    work x\n}\n}\nworker v {}\n",
            "worker w {\n    work x\n    }\n    work y\n    work z\n}\nworker v {}\n",
            "worker w {\n    repeat 2\n        work x\n    }\n    work y\n}\n",
            "worker w {\n    repeat 2\n    {\n        work x\n    }\n}\n",
            "worker w {\n    repeat 2\n    work x\n}\n",
            "worker w {\n    semaphore s permits=1\n    worker v { work x }\n}\n",
            "work x\nwork y\nworker w {}\nwork z\n",
            "worker w { { work x } = }",
        ],
    );
}

#[test]
fn heads() {
    check_statements(
        "heads",
        &[
            "aquire pool",
            "lock pool; unlock pool",
            "frobnicate pool { work X }",
            "acquire",
            "acquire permits=2",
            "acquire permits=2 pool",
            "acquire pool 2",
            "acquire pool twice now",
            "acquire pool release pool",
            "acquire pool permits = 2",
            "acquire pool permits==2",
            "acquire pool =2",
            "acquire pool permit=2 count=3",
            "acquire pool permits=2 permits=3",
            "acquire pool permits=0",
            "acquire pool permits=-1",
            "acquire pool permits=1_000",
            "acquire pool permits=4294967296",
            "acquire pool permits=99999999999999999999999999999999999999999999999999999999",
            "acquire pool permits=all",
            "acquire pool { work x }",
            "permits=2",
            "with pool",
            "work\n    work Query\n    work return",
            "work x panics=nevr",
            "panic now",
            "release pool permits=0 form=handler.1",
            "give pool",
            "return 5",
        ],
    );
}

#[test]
fn continuations() {
    check_statements(
        "continuations",
        &[
            "else { work x }",
            "with pool { work x } else { work y }",
            "try-acquire pool {} else {} else {}",
            "try-acquire pool {} ; else {}",
            "try { work x }",
            "try {} catch {} catch panic {}",
            "try {} finally {} catch {}",
            "try {} finally {} finally {}",
            "try {} catch panics closed closed {}",
            "either { work x }",
            "either {} else {}",
            "repeat { work x }",
            "repeat 0 {}",
            "repeat two {}",
            "repeat times=2 {}",
        ],
    );
}

#[test]
fn names() {
    check_statements(
        "names",
        &[
            "acquire pol",
            "acquire handler",
            "acquire Pool!",
            "cancel handlr.1",
            "cancel handler",
            "cancel handler.4",
            "cancel handler.0",
            "cancel handler.x",
            "cancel handler.",
            "cancel single.2",
            "cancel pool",
            "give pool to=handler",
            "release pool from=handler.9",
            "join w",
            "join handler.2",
            "spawn handler",
            "spawn nobody",
        ],
    );
}

#[test]
fn signal_semaphores() {
    check_statements(
        "signal",
        &[
            "give ready to=single; forget ready; grow ready; shrink ready",
            "release ready permits=all from=single",
        ],
    );
}

#[test]
fn what_a_signal_semaphore_can_do() {
    Program::parse(
        "semaphore s permits=0 signal\nworker w {\nacquire s\ntry-acquire s {}\n\
         acquire-within s {}\nwith s {}\nrelease s\ndrain s\nclose s\n}\nexpect deadlock on=s\n",
    )
    .unwrap();
}

#[test]
fn what_is_allowed_although_it_looks_odd() {
    Program::parse(
        "semaphore same permits=0\nsemaphore worker permits=1\nworker same spawned {\n\
         give same to=same\nrelease same from=same.1 permits=all\ncancel same\nspawn same\n\
         acquire worker permits=4294967295\nwork all; work expect }\nworker w {}",
    )
    .unwrap();
}

#[test]
fn places_count_characters() {
    let error = Program::parse("worker w {\r\n  /* ü€😀 */ wurk x\r\n}").unwrap_err();
    assert_eq!(
        error.problems()[0].place(),
        Place {
            file: None,
            line: 2,
            column: 13
        }
    );
    assert!(error.to_string().contains("program:2:13"), "{error}");
}

#[test]
fn color_is_an_option() {
    let error = Program::parse("").unwrap_err();
    assert!(error.render("a.sem", true).contains('\u{1b}'));
    assert!(!error.render("a.sem", false).contains('\u{1b}'));
}
