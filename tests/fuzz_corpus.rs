//! What a fuzzer found as a named program, and programs as seeds of a fuzzer: the command
//! `examples/fuzz_corpus.rs`, run as its users run it.
#![cfg(all(feature = "arbitrary", feature = "cli"))]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use selvedge::explore::{Explorer, verdict};
use selvedge::integration::fuzz::{Input, lowering, program, program_of, seed_of, text};
use selvedge::program::Program;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The features of this build, so that the example is built once and not once more.
const FEATURES: [(&str, bool); 9] = [
    ("check", cfg!(feature = "check")),
    ("threads", cfg!(feature = "threads")),
    ("serde", cfg!(feature = "serde")),
    ("cli", cfg!(feature = "cli")),
    ("insta", cfg!(feature = "insta")),
    ("tokio", cfg!(feature = "tokio")),
    ("async-lock", cfg!(feature = "async-lock")),
    ("proptest", cfg!(feature = "proptest")),
    ("arbitrary", cfg!(feature = "arbitrary")),
];

struct Ran {
    status: i32,
    out: String,
    err: String,
}

fn run(command: &mut Command) -> Ran {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("SELVEDGE_") {
            command.env_remove(name);
        }
    }
    let output = command.output().expect("it starts");
    Ran {
        status: output.status.code().expect("an exit status"),
        out: String::from_utf8(output.stdout).expect("UTF-8"),
        err: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

/// The command. `cargo test --test closures` alone builds no examples, and one that was built
/// before may be stale, so it is built here; in a test of everything there is nothing left to do.
fn built() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let features = FEATURES.iter().filter(|(_, is_on)| *is_on);
        let features: Vec<&str> = features.map(|(name, _)| *name).collect();
        let mut cargo = Command::new(env!("CARGO"));
        cargo.current_dir(ROOT);
        cargo.args(["build", "--message-format=json", "--example", "fuzz_corpus"]);
        cargo.args(["--features", &features.join(",")]);
        if !cfg!(debug_assertions) {
            cargo.arg("--release");
        }
        // that folder may have been named relative to where the test was started
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
        cargo.env(
            "CARGO_TARGET_DIR",
            target.expect("it is in the target folder"),
        );
        let ran = run(&mut cargo);
        assert_eq!(ran.status, 0, "{}", ran.err);
        let said = |line: &str| -> Option<PathBuf> {
            let message: serde_json::Value = serde_json::from_str(line).ok()?;
            Some(message.get("executable")?.as_str()?.into())
        };
        ran.out.lines().find_map(said).expect("a binary")
    })
}

/// A folder with a copy of the corpus, and nothing else.
fn room(name: &str) -> PathBuf {
    let room = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-corpus-{name}"));
    let _ = fs::remove_dir_all(&room);
    fs::create_dir_all(room.join("corpus")).expect("it can be made");
    for (name, text) in corpus() {
        fs::write(room.join("corpus").join(name), text).expect("it can be written");
    }
    room
}

/// The programs of the corpus with the names of their files, in order.
fn corpus() -> Vec<(String, String)> {
    let entries = fs::read_dir(Path::new(ROOT).join("corpus")).expect("it is there");
    let mut files: Vec<PathBuf> = entries.map(|e| e.expect("readable").path()).collect();
    files.sort();
    let read = |path: PathBuf| {
        let name = path.file_name()?.to_str()?.to_owned();
        let is_program = path.extension()? == "sem";
        is_program.then(|| (name, fs::read_to_string(&path).expect("readable")))
    };
    files.into_iter().filter_map(read).collect()
}

fn fuzz_corpus(room: &Path, args: &[&str]) -> Ran {
    run(Command::new(built()).current_dir(room).args(args))
}

fn selvedge(room: &Path, args: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_selvedge"));
    run(command.current_dir(room).args(args))
}

/// An artifact of `program` in that room.
fn artifact(room: &Path, bytes: &[u8]) -> &'static str {
    fs::write(room.join("crash-1"), bytes).expect("it can be written");
    "crash-1"
}

fn input(source: &str) -> Vec<u8> {
    let program = Program::parse(source).expect("a valid program");
    let given = seed_of(&program);
    let decisions = &[1, 0, 224];
    Input {
        given: &given,
        decisions,
    }
    .join()
}

const LEAK: &str = "\
semaphore pool permits=1
semaphore log permits=1
worker handler count=2 {
    with log { work note panics=never }
    acquire pool
    work query
    release pool
}
";

#[test]
fn what_was_found_is_named() {
    let room = room("named");
    let ran = fuzz_corpus(&room, &["name", artifact(&room, &input(LEAK)), "handler"]);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    let named = fs::read_to_string(room.join("corpus/handler.sem")).expect("it is written");
    assert!(ran.out.starts_with("corpus/handler.sem is written:\n"));
    assert!(ran.out.contains(&named), "{}", ran.out);
    assert!(named.starts_with("// Found by fuzzing.\n"), "{named}");
    let expects: Vec<&str> = named
        .lines()
        .filter(|line| line.starts_with("expect "))
        .collect();
    assert_eq!(
        expects,
        ["expect exhaustion on=pool", "expect leak on=pool"]
    );
    let program = Program::parse(&named).expect("it is a program");
    assert_eq!(program.source(), program.format());
    assert_eq!(program.statements().len(), 5);

    // as the corpus is judged for every change
    let test = ["test", "corpus"];
    let ran = selvedge(&room, &test);
    assert_eq!(ran.status, 0, "{}{}", ran.out, ran.err);
    let count = corpus().len() + 1;
    assert!(ran.out.ends_with(&format!("{count} passed, 0 failed\n")));
    let ran = selvedge(&room, &["fmt", "--check", "corpus/handler.sem"]);
    assert_eq!(ran.status, 0, "{}{}", ran.out, ran.err);
    // and that can fail: what it says is what makes it pass
    let wrong = named.replace("expect leak on=pool\n", "");
    fs::write(room.join("corpus/handler.sem"), wrong).expect("it can be written");
    let ran = selvedge(&room, &test);
    assert_eq!(ran.status, 1, "{}", ran.out);
    assert!(ran.out.contains("FAILED corpus/handler.sem"), "{}", ran.out);
}

#[test]
fn a_name_that_is_there_is_refused() {
    let room = room("there");
    let there = room.join("corpus/pool-leak.sem");
    let before = fs::read(&there).expect("it is there");
    let ran = fuzz_corpus(&room, &["name", artifact(&room, &input(LEAK)), "pool-leak"]);
    assert_eq!((ran.status, ran.out.as_str()), (2, ""));
    assert_eq!(
        ran.err,
        "corpus/pool-leak.sem is there already: choose another name\n"
    );
    assert_eq!(fs::read(&there).expect("it is there"), before);
}

/// Runs `name` on these bytes, which is refused with these words and leaves nothing.
#[track_caller]
fn refused(room: &Path, bytes: &[u8], name: &str, words: &str) {
    let ran = fuzz_corpus(room, &["name", artifact(room, bytes), name]);
    assert_eq!((ran.status, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains(words), "{}", ran.err);
    let left = fs::read_dir(room.join("corpus")).expect("it is there");
    assert_eq!(left.count(), corpus().len());
}

#[test]
fn what_is_no_artifact_is_refused() {
    let room = room("refused");
    let empty = "crash-1 holds no program: after the two bytes of the length nothing is given";
    refused(&room, &[], "a", empty);
    refused(&room, &[7], "a", empty);
    refused(&room, &[0, 0, 1, 224], "a", empty);
    let text = "crash-1 holds no program: it is the text of one";
    refused(&room, LEAK.as_bytes(), "a", text);
    let schedule = "crash-1 holds no program: it is the text of a schedule";
    refused(
        &room,
        b"selvedge:1:1f5b86d58e80d29e:a:d417b534",
        "a",
        schedule,
    );
    for name in ["", "../a", "a/b", "a.sem", ".", "a b"] {
        refused(&room, &input(LEAK), name, &format!("`{name}` is no name"));
    }
    let ran = fuzz_corpus(&room, &["name", "crash-2", "a"]);
    assert_eq!(ran.status, 2);
    assert!(
        ran.err.starts_with("crash-2 cannot be read: "),
        "{}",
        ran.err
    );
    for args in [&["name", "crash-1"][..], &[], &["names", "crash-1", "a"]] {
        let ran = fuzz_corpus(&room, args);
        assert_eq!(ran.status, 2);
        assert!(ran.err.starts_with("usage: "), "{}", ran.err);
    }
    fs::remove_dir_all(room.join("corpus")).expect("it is there");
    let ran = fuzz_corpus(&room, &["name", artifact(&room, &input(LEAK)), "a"]);
    assert_eq!(ran.status, 2);
    assert!(ran.err.starts_with("there is no folder corpus here"));
}

/// Any other bytes are a program, which is judged as it says, whatever they are.
#[test]
fn instructions_are_named_too() {
    let room = room("instructions");
    let seeds = fs::read_dir(Path::new(ROOT).join("fuzz/seeds/program")).expect("it is there");
    for (number, seed) in seeds.enumerate() {
        let bytes = fs::read(seed.expect("readable").path()).expect("readable");
        let name = format!("seed-{number}");
        let ran = fuzz_corpus(&room, &["name", artifact(&room, &bytes), &name]);
        assert_eq!((ran.status, ran.err.as_str()), (0, ""));
        let file = room.join(format!("corpus/{name}.sem"));
        let text = fs::read_to_string(file).expect("it is written");
        judged_as_it_says(&text);
        assert_same(&text, &program_of(Input::split(&bytes).given));
    }
}

#[track_caller]
fn judged_as_it_says(text: &str) {
    let program = Program::parse(text).expect("a valid program");
    assert!(!program.expects().is_empty(), "{text}");
    let report = Explorer::default().explore(&program, "named.sem", &());
    let verdict = verdict(&program, &report);
    assert!(verdict.passes(), "{text}\n{verdict:#?}");
}

/// The same program, but for comments and what it expects.
#[track_caller]
fn assert_same(text: &str, other: &Program) {
    let plain = |program: &Program| {
        let printed = program.to_string();
        let lines = printed.lines().filter(|line| !line.starts_with("expect "));
        lines.collect::<Vec<_>>().join("\n").trim_end().to_owned()
    };
    let program = Program::parse(text).expect("a valid program");
    assert_eq!(plain(&program), plain(other));
}

#[test]
fn programs_are_seeds_and_come_back_by_name() {
    let room = room("seeds");
    let ran = fuzz_corpus(&room, &["seeds", "corpus", "seeds"]);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    let programs = corpus();
    let count = programs.len();
    assert_eq!(ran.out, format!("{count} programs are seeds in seeds\n"));
    for target in ["program", "lowering", "text"] {
        let seeds = fs::read_dir(room.join("seeds").join(target)).expect("they are written");
        assert_eq!(seeds.count(), count, "{target}");
    }
    for (file, source) in &programs {
        let stem = file.strip_suffix(".sem").expect("a program");
        let seed = |target: &str| fs::read(room.join("seeds").join(target).join(stem)).unwrap();
        assert_eq!(seed("text"), source.as_bytes());
        text(&seed("text"));
        program(&seed("program"));
        lowering(&seed("lowering"));
        let read = Program::parse(source).expect("a valid program");
        assert_eq!(program_of(Input::split(&seed("program")).given), read);
        // the way back, by the other command
        let name = format!("{stem}-again");
        let ran = fuzz_corpus(&room, &["name", &format!("seeds/program/{stem}"), &name]);
        assert_eq!((ran.status, ran.err.as_str()), (0, ""), "{stem}");
        let again = fs::read_to_string(room.join(format!("corpus/{name}.sem"))).expect("written");
        assert_same(&again, &read);
    }
    let ran = selvedge(&room, &["test", "corpus"]);
    assert_eq!(ran.status, 0, "{}{}", ran.out, ran.err);
    assert!(
        ran.out
            .ends_with(&format!("{} passed, 0 failed\n", 2 * count))
    );
}

#[test]
fn what_is_no_program_is_no_seed() {
    let room = room("no-seed");
    fs::write(room.join("corpus/zz.sem"), "semaphore pool permit=1\n").expect("written");
    let ran = fuzz_corpus(&room, &["seeds", "corpus", "seeds"]);
    assert_eq!((ran.status, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("corpus/zz.sem:1"), "{}", ran.err);
    let ran = fuzz_corpus(&room, &["seeds", "nowhere", "seeds"]);
    assert_eq!(ran.status, 2);
    assert!(
        ran.err.starts_with("nowhere cannot be read: "),
        "{}",
        ran.err
    );
}
