//! The command line as its users meet it: exit statuses, streams, bad input.
#![cfg(feature = "cli")]

#[path = "cli/large.rs"]
mod large;

use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

struct Ran {
    status: i32,
    out: String,
    err: String,
}

fn selvedge(args: &[&str], stdin: &str) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_selvedge"));
    command
        .args(args)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("SELVEDGE_") {
            command.env_remove(name);
        }
    }
    let mut child = command.spawn().expect("the binary starts");
    let mut input = child.stdin.take().expect("a pipe");
    // a command that does not read its input may have gone already
    let _ = input.write_all(stdin.as_bytes());
    drop(input);
    let output = child.wait_with_output().expect("the binary ends");
    Ran {
        status: output.status.code().expect("an exit status"),
        out: String::from_utf8(output.stdout).expect("UTF-8"),
        err: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

/// The exit status when nobody reads one of the streams any more.
fn unread(args: &[&str], stdin: &str, stream: fn(&mut Child)) -> Option<i32> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_selvedge"))
        .args(args)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    // it cannot have printed before it has read its input
    stream(&mut child);
    let mut input = child.stdin.take().expect("a pipe");
    let _ = input.write_all(stdin.as_bytes());
    drop(input);
    child.wait().expect("the binary ends").code()
}

/// A file with that content, in a folder of this test's own.
fn file(name: &str, content: &[u8]) -> String {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("cli");
    std::fs::create_dir_all(&folder).expect("a folder for test files");
    let path = folder.join(name);
    std::fs::write(&path, content).expect("a test file");
    path.to_str().expect("UTF-8").to_owned()
}

const LEAK: &str = "semaphore pool permits=1\nworker w { acquire pool; work x; release pool }\n";
const CLEAN: &str = "semaphore pool permits=1\nworker w count=2 { with pool { work x } }\n";

/// A cycle that cannot be waited on is a warning.
const GATE: &str = "semaphore g permits=1\nsemaphore a permits=1\nsemaphore b permits=1\n\
                    worker p { with g { with a { with b { } } } }\n\
                    worker q { with g { with b { with a { } } } }\n";

/// Bad input: exit status 2, `expected` on standard error, and nothing on standard output.
fn refused(name: &str, content: &[u8], expected: &str) {
    let path = file(name, content);
    let ran = selvedge(&["check", &path], "");
    assert_eq!(ran.status, 2, "{name}: {}{}", ran.out, ran.err);
    assert!(ran.err.contains(expected), "{name}: {}", ran.err);
    assert_eq!(ran.out, "", "{name}");
}

#[test]
fn bad_programs() {
    refused("empty.sem", b"", "no worker");
    refused("binary.sem", b"\x7fELF\x00\x01\xff\xfe\x00", "not UTF-8");
    refused("statement.sem", b"worker w { aquire s }", "acquire");
    refused(
        "name.sem",
        b"semaphore pool permits=1\nworker w { acquire pol }",
        "did you mean `pool`",
    );
    refused(
        "zero.sem",
        b"semaphore s permits=1\nworker w { acquire s permits=0 }",
        "zero permits",
    );
    refused(
        "huge.sem",
        b"semaphore s permits=99999999999999999999999\nworker w { }",
        "4294967295",
    );
    refused("else.sem", b"worker w { else { } }", "else");
    let nested = "worker w {".to_owned() + &"try {".repeat(20_000);
    refused("nested.sem", nested.as_bytes(), "64");
    refused("large.sem", &vec![b' '; (1 << 20) + 10], "1 MiB");
}

#[test]
fn bad_files() {
    for (path, expected) in [("/no/such/file.sem", "cannot be read"), ("src", "folder")] {
        let ran = selvedge(&["check", path], "");
        assert_eq!(ran.status, 2);
        assert!(ran.err.contains(expected), "{}", ran.err);
        let ran = selvedge(&["replay", path, "x"], "");
        assert_eq!(ran.status, 2);
    }
}

#[test]
fn good_files_are_checked_beside_bad_ones() {
    let good = file("good.sem", LEAK.as_bytes());
    let ran = selvedge(&["check", "/no/such/file.sem", &good, "src"], "");
    assert_eq!(ran.status, 2);
    assert!(ran.out.contains("leak"), "{}", ran.out);
    assert!(ran.err.contains("/no/such/file.sem"), "{}", ran.err);
}

#[test]
fn bad_schedules() {
    let leak = file("leak.sem", LEAK.as_bytes());
    let clean = file("clean.sem", CLEAN.as_bytes());
    let ran = selvedge(&["check", &leak, "--format", "json"], "");
    let report: serde_json::Value = serde_json::from_str(&ran.out).expect("one object");
    let schedule = report["findings"][0]["schedule"]
        .as_str()
        .expect("a schedule");
    let refused = |file: &str, schedule: &str, expected: &str| {
        let ran = selvedge(&["replay", file, schedule], "");
        assert_eq!(ran.status, 2, "{}", ran.err);
        assert!(ran.err.contains(expected), "{}", ran.err);
    };
    refused(&clean, schedule, "another program");
    refused(&leak, &schedule.replace("panic", "cancel"), "damaged");
    refused(&leak, "nonsense", "not a schedule");
    refused(&leak, "", "not a schedule");
    let ran = selvedge(&["replay", &leak, schedule], "");
    assert_eq!(ran.status, 1, "{}", ran.err);
    assert!(ran.out.contains("acquire pool"), "{}", ran.out);
}

#[test]
fn exit_statuses() {
    let check = |text: &str, args: &[&str]| {
        let args: Vec<&str> = ["check", "-"].iter().chain(args).copied().collect();
        selvedge(&args, text).status
    };
    assert_eq!(check(CLEAN, &[]), 0);
    assert_eq!(check(LEAK, &[]), 1);
    assert_eq!(check(LEAK, &["--panics", "0"]), 0);
    assert_eq!(check(CLEAN, &["--states", "1"]), 0);
    assert_eq!(check(CLEAN, &["--states", "1", "--require-complete"]), 1);
    assert_eq!(check(CLEAN, &["--no-such-option"]), 2);
    assert_eq!(check(CLEAN, &["--time", "soon"]), 2);
    assert_eq!(check(CLEAN, &["--shard", "1/2"]), 2);
    let random = ["--strategy", "random", "--runs", "100", "--seed", "3"];
    assert_eq!(check(LEAK, &random), 1);
    for name in ["pct", "pos", "surw", "urw", "portfolio"] {
        let runs = ["--strategy", name, "--runs", "100", "--jobs", "2"];
        assert_eq!(check(LEAK, &runs), 1, "{name}");
        assert_eq!(check(CLEAN, &runs), 0, "{name}");
        assert_eq!(check(CLEAN, &[&runs[..], &["--shard", "2/3"]].concat()), 0);
    }
    let depth = ["--runs", "100", "--depth", "2", "--strategy"];
    assert_eq!(check(LEAK, &[&depth[..], &["pct"]].concat()), 1);
    assert_eq!(check(LEAK, &[&depth[..], &["pos"]].concat()), 2);
    assert_eq!(check(CLEAN, &["--strategy", "pct", "--depth", "0"]), 2);
    let mut engines = vec!["futures"];
    if cfg!(feature = "threads") {
        engines.push("threads");
    }
    for engine in engines {
        let engine = ["--engine", engine, "--strategy"];
        for name in ["depth-first", "portfolio"] {
            let by = [&engine[..], &[name, "--runs", "100"]].concat();
            assert_eq!(check(LEAK, &by), 1, "{name}");
            assert_eq!(check(CLEAN, &by), 0, "{name}");
            assert_eq!(
                check(&CLEAN.replacen("permits=1", "permits=1 plain", 1), &by),
                2
            );
        }
        assert_eq!(check(CLEAN, &[&engine[..], &["exhaustive"]].concat()), 2);
    }
    let ran = selvedge(&["check", "-"], GATE);
    assert_eq!(ran.status, 0);
    assert!(ran.out.contains("lock-order"), "{}", ran.out);
}

#[test]
fn a_reader_that_has_gone_does_not_change_the_status() {
    let clean = file("unread-clean.sem", CLEAN.as_bytes());
    let leak = file("unread-leak.sem", LEAK.as_bytes());
    let out = |args: &[&str], stdin| unread(args, stdin, |child| drop(child.stdout.take()));
    assert_eq!(out(&["check", "-", &clean], CLEAN), Some(0));
    assert_eq!(out(&["check", "-", &clean], LEAK), Some(1));
    assert_eq!(out(&["check", "-", &clean, &leak], CLEAN), Some(1));
    assert_eq!(out(&["check", "-", "/no/such/file.sem"], CLEAN), Some(2));
    let err = |args: &[&str], stdin| unread(args, stdin, |child| drop(child.stderr.take()));
    assert_eq!(err(&["check", "-", "/no/such/file.sem"], CLEAN), Some(2));
    assert_eq!(err(&["check", "-"], "worker w {"), Some(2));
    assert_eq!(err(&["check", "-"], LEAK), Some(1));
    assert_eq!(
        err(&["graph", "-", "--states", "1"], CLEAN),
        Some(0),
        "its warning is lost"
    );
}

#[test]
fn environment_variables_are_known_or_refused() {
    let run = |name: &str, value: &str| {
        Command::new(env!("CARGO_BIN_EXE_selvedge"))
            .args(["check", "-"])
            .env(name, value)
            .stdin(Stdio::null())
            .output()
            .expect("the binary runs")
    };
    let output = run("SELVEDGE_RUMS", "1");
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        text.contains("SELVEDGE_RUMS") && text.contains("SELVEDGE_RUNS"),
        "{text}"
    );
    assert_eq!(run("SELVEDGE_SEED", "many").status.code(), Some(2));
}

/// A value must be usable also where it is not used.
#[test]
fn environment_variables_have_values_that_can_be_used() {
    let clean = file("environment.sem", CLEAN.as_bytes());
    let run = |args: &[&str], name: &str, value: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_selvedge"))
            .args(args)
            .env(name, value)
            .stdin(Stdio::null())
            .output()
            .expect("the binary runs");
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), text)
    };
    for (name, value, expected) in [
        ("SELVEDGE_TIME", "abc", "500ms"),
        ("SELVEDGE_JOBS", "0", "a number from 1 to 1024"),
        ("SELVEDGE_DEPTH", "4000000000", "a number from 1 to 1000"),
        ("SELVEDGE_STEPS", "0", "a number from 1 to 10000000"),
        ("SELVEDGE_RUNS", "-1", "a number"),
        ("SELVEDGE_SEED", "", "a number"),
        ("SELVEDGE_STRATEGY", "magic", "depth-first"),
        (
            "SELVEDGE_STRATEGY",
            "PCT",
            "pct, pos, surw, urw or portfolio",
        ),
    ] {
        let (status, text) = run(&["completions", "bash"], name, value);
        assert_eq!(status, Some(2), "{name}: {text}");
        for part in [name, &format!("`{value}`"), expected] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
    let check = ["check", &clean];
    assert_eq!(run(&check, "SELVEDGE_TIME", "2m"), (Some(0), String::new()));
    assert_eq!(run(&check, "SELVEDGE_STRATEGY", "exhaustive").0, Some(0));
    // they mean what they mean in a test
    let leak = file("environment-leak.sem", LEAK.as_bytes());
    let leak = ["check", &leak];
    assert_eq!(run(&leak, "SELVEDGE_PANICS", "1").0, Some(1));
    assert_eq!(run(&leak, "SELVEDGE_PANICS", "0").0, Some(0));
    assert_eq!(run(&check, "SELVEDGE_DEPTH", "5"), (Some(0), String::new()));
    // what the strategy has no use for is ignored there, and refused as an argument
    assert_eq!(
        run(&check, "SELVEDGE_RUNS", "100"),
        (Some(0), String::new())
    );
    let graph = ["graph", &clean];
    assert_eq!(run(&graph, "SELVEDGE_RUNS", "100").0, Some(0));
    let given = ["check", &clean, "--runs", "100"];
    assert_eq!(run(&given, "SELVEDGE_RUNS", "100").0, Some(2));
    let random = ["check", &clean, "--strategy", "random", "--format", "json"];
    assert_eq!(run(&random, "SELVEDGE_RUNS", "10").0, Some(0));
}

/// A livelock is one under a bound, so its replay is told the bound.
#[test]
fn livelocks_are_replayed_under_their_bound() {
    let endless = file(
        "endless-repeat.sem",
        b"worker w { repeat 100 { work x panics=never } }",
    );
    let ran = selvedge(
        &["check", &endless, "--steps", "10", "--format", "json"],
        "",
    );
    assert_eq!(ran.status, 1, "{}", ran.err);
    let report: serde_json::Value = serde_json::from_str(&ran.out).expect("one object");
    assert_eq!(report["findings"][0]["property"], "livelock");
    let schedule = report["findings"][0]["schedule"]
        .as_str()
        .expect("a schedule");
    let ran = selvedge(&["check", &endless, "--steps", "10"], "");
    let command = format!("selvedge replay {endless} --steps 10 '{schedule}'");
    assert!(ran.out.contains(&command), "{}", ran.out);
    let ran = selvedge(&["replay", &endless, "--steps", "10", schedule], "");
    assert_eq!(ran.status, 1, "{}", ran.out);
    assert!(ran.out.contains("a livelock"), "{}", ran.out);
    let ran = selvedge(&["replay", &endless, schedule], "");
    assert_eq!(ran.status, 0, "{}", ran.out);
    let most = |steps| selvedge(&["check", &endless, "--steps", steps], "").status;
    assert_eq!(most("10000000"), 0);
    assert_eq!(most("10000001"), 2, "no schedule is that long");
}

#[test]
fn expectations() {
    let passing = file(
        "passing.sem",
        format!("{LEAK}expect leak on=pool\n").as_bytes(),
    );
    let failing = file(
        "failing.sem",
        format!("{CLEAN}expect deadlock\n").as_bytes(),
    );
    let silent = file("silent.sem", LEAK.as_bytes());
    let ran = selvedge(&["test", &passing], "");
    assert_eq!(
        (ran.status, ran.out.lines().last()),
        (0, Some("1 passed, 0 failed"))
    );
    let ran = selvedge(&["test", &passing, &failing, &silent], "");
    assert_eq!(
        (ran.status, ran.out.lines().last()),
        (1, Some("1 passed, 2 failed"))
    );
    assert!(ran.out.contains("expected deadlock"), "{}", ran.out);
    assert!(ran.out.contains("found leak"), "{}", ran.out);
    let says = |name: &str, expects: &str, expected: &str| {
        let path = file(name, format!("{GATE}{expects}").as_bytes());
        let ran = selvedge(&["test", &path], "");
        let line = format!("ok     {path}: {expected}\n");
        assert!(ran.out.contains(&line), "{}{}", ran.out, ran.err);
    };
    let warning = "clean but for a warning: lock-order";
    says("gate-silent.sem", "", warning);
    says("gate-clean.sem", "expect clean\n", warning);
    says(
        "gate-expected.sem",
        "expect lock-order\n",
        "lock-order as expected",
    );
    assert_eq!(selvedge(&["test", "/no/such/folder"], "").status, 2);
}

/// All names of a file have the new text, and what may not be written is not.
#[cfg(unix)]
#[test]
fn formatting_keeps_links_and_permissions() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("cli/links");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    let untidy = "worker w{work x}// why\n";
    let [one, two, link, alone] =
        ["one.sem", "two.sem", "link.sem", "alone.sem"].map(|n| folder.join(n));
    std::fs::write(&one, untidy).expect("a file");
    std::fs::hard_link(&one, &two).expect("another name");
    symlink(&one, &link).expect("a link");
    std::fs::write(&alone, untidy).expect("a file");
    let mode = |mode| std::fs::set_permissions(&alone, std::fs::Permissions::from_mode(mode));
    let fmt = |path: &PathBuf| selvedge(&["fmt", path.to_str().expect("UTF-8")], "");
    mode(0o444).expect("a mode");
    let ran = fmt(&alone);
    assert_eq!(ran.status, 2, "{}", ran.err);
    assert!(ran.err.contains("read-only"), "{}", ran.err);
    mode(0o640).expect("a mode");
    // left by one that was killed
    std::fs::write(folder.join(".alone.sem.selvedge-fmt"), "half").expect("a file");
    assert_eq!(fmt(&alone).status, 0);
    let about = std::fs::metadata(&alone).expect("it is there");
    assert_eq!(about.mode() & 0o777, 0o640);
    assert_eq!(fmt(&link).status, 0);
    let about = std::fs::metadata(&two).expect("it is there");
    assert_eq!(about.nlink(), 2);
    assert!(link.is_symlink());
    let text = |path: &PathBuf| std::fs::read_to_string(path).expect("it is there");
    assert_ne!(text(&two), untidy);
    assert_eq!([text(&one), text(&two)], [text(&link), text(&alone)]);
    let left = std::fs::read_dir(&folder).expect("a folder").count();
    assert_eq!(left, 4, "nothing else is left");
}

#[test]
fn formatting() {
    let untidy = file("untidy.sem", b"worker w{work x}// why\n");
    assert_eq!(selvedge(&["fmt", "--check", &untidy], "").status, 1);
    assert_eq!(selvedge(&["fmt", &untidy], "").status, 0);
    assert_eq!(selvedge(&["fmt", "--check", &untidy], "").status, 0);
    let text = std::fs::read_to_string(&untidy).expect("the file is there");
    assert!(text.contains("// why"), "{text}");
    let ran = selvedge(&["fmt", "-"], "worker w{work x}");
    assert_eq!(ran.out, "worker w {\n    work x\n}\n");
    assert_eq!(selvedge(&["fmt", "-"], "worker w{").status, 2);
}

#[test]
fn completions_and_graphs() {
    for shell in ["bash", "zsh", "fish"] {
        let ran = selvedge(&["completions", shell], "");
        assert_eq!(ran.status, 0);
        assert!(ran.out.contains("selvedge"));
    }
    let opposite = "semaphore a permits=1\nsemaphore b permits=1\n\
                    worker p { with a { with b { } } }\nworker q { with b { with a { } } }";
    for kind in ["lock-order", "wait-for"] {
        let ran = selvedge(&["graph", "-", "--kind", kind, "--format", "dot"], opposite);
        assert_eq!(ran.status, 0, "{}", ran.err);
        assert!(ran.out.starts_with("digraph"), "{}", ran.out);
        let ran = selvedge(&["graph", "-", "--kind", kind], opposite);
        assert!(ran.out.contains("p.1"), "{}", ran.out);
    }
}

/// Same program, same options: the same report, byte for byte, but for the figures.
#[test]
fn reports_do_not_change_from_run_to_run() {
    let report = || {
        let ran = selvedge(&["check", "corpus", "--format", "json"], "");
        assert_eq!(ran.status, 2, "a folder is for `test`");
        let mut files: Vec<PathBuf> = std::fs::read_dir("corpus")
            .expect("the corpus is there")
            .map(|entry| entry.expect("a readable folder").path())
            .filter(|path| path.extension().is_some_and(|e| e == "sem"))
            .collect();
        files.sort();
        let mut args = vec!["check", "--format", "json"];
        args.extend(files.iter().filter_map(|path| path.to_str()));
        let ran = selvedge(&args, "");
        let lines: Vec<String> = ran
            .out
            .lines()
            .map(|line| {
                let mut value: serde_json::Value = serde_json::from_str(line).expect("an object");
                value["stats"]["seconds"] = 0.into();
                value.to_string()
            })
            .collect();
        assert_eq!(lines.len(), files.len());
        lines
    };
    let first = report();
    for _ in 1..10 {
        assert_eq!(report(), first);
    }
}

#[cfg(unix)]
#[allow(clippy::disallowed_methods)] // nothing tells from outside that the search goes on
#[test]
fn an_interrupt_prints_the_report_so_far() {
    // far too large to be searched: eight workers that share much
    let mut text = String::from("semaphore s permits=3\n");
    for i in 0..8 {
        text += &format!("worker w{i} {{ repeat 50 {{ acquire s; work x; release s }} }}\n");
    }
    let child = Command::new(env!("CARGO_BIN_EXE_selvedge"))
        .args(["check", &file("endless.sem", text.as_bytes())])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    std::thread::sleep(std::time::Duration::from_millis(1500));
    let killed = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .expect("kill runs");
    assert!(killed.success());
    let output = child.wait_with_output().expect("the binary ends");
    let out = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{out}");
    assert!(out.contains("leak"), "{out}");
    assert!(out.contains("interrupted"), "{out}");
}
