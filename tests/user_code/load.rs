//! Many tests and processes at once, long names, odd surroundings: what is said stays true.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use selvedge::explore::settings::{SETTINGS, Setting};
use selvedge::explore::{Explorer, Regressions};
use selvedge::property::StepBound;
use selvedge::report::{Shard, Stopped, Style, text};
use selvedge::{Semaphore, fault, task, thread, time};

/// A folder of this test alone, empty.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("load")
        .join(name);
    let _ = fs::remove_dir_all(&folder);
    folder
}

fn explorer(folder: &Path) -> Explorer {
    Explorer {
        runs: Some(200),
        regressions: Regressions::In(folder.to_owned()),
        ..Explorer::closures()
    }
}

/// What a check panics with in a thread of that name, as the harness names the threads of tests.
fn message_in(test: &str, check: impl FnOnce() + Send + 'static) -> Option<String> {
    let thread = std::thread::Builder::new().name(test.to_owned());
    let panic = thread.spawn(check).expect("a thread").join().err()?;
    Some(*panic.downcast::<String>().expect("a report is a text"))
}

/// Tests share it: workers of the one take one permit each and keep it, those of the other two; without
/// such workers it is right.
fn helper(folder: &Path, workers: usize) {
    explorer(folder).check(move || {
        let pool = Semaphore::new(3).named(if workers == 1 { "one" } else { "two" });
        thread::scope(|scope| {
            for _ in workers..2 {
                scope.spawn(|| drop(pool.acquire_blocking()));
            }
            for _ in 0..workers {
                scope.spawn(|| {
                    for _ in 0..workers {
                        std::mem::forget(pool.acquire_blocking());
                    }
                    fault::point("work");
                });
            }
        });
    });
}

fn files(folder: &Path) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = fs::read_dir(folder)
        .expect("a folder")
        .map(|file| file.expect("a file"))
        .map(|file| {
            let text = fs::read_to_string(file.path()).expect("a text");
            (file.file_name().into_string().expect("UTF-8"), text)
        })
        .collect();
    files.sort();
    files
}

/// The schedules in a text, each once.
fn schedules(text: &str) -> Vec<&str> {
    let mut found: Vec<&str> = text
        .match_indices("selvedge:1:")
        .map(|(at, _)| &text[at..])
        .map(|rest| rest.split(['\'', '\n']).next().unwrap_or_default())
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

#[test]
fn tests_that_share_a_helper_keep_their_findings_apart() {
    let folder = folder("shared");
    let in_test = |test: &str, workers| {
        let folder = folder.clone();
        message_in(test, move || helper(&folder, workers)).expect("it finds")
    };
    let [one, two] = [("tests::a", 1), ("tests::b", 2)].map(|(test, n)| in_test(test, n));
    let kept = files(&folder);
    let names: Vec<&str> = kept.iter().map(|(name, _)| &name[..]).collect();
    let expected =
        ["a", "b"].map(|test| format!("closures.tests.{test}.closures.user_code.load.helper.txt"));
    assert_eq!(names, expected);
    for (told, (_, text)) in [&one, &two].into_iter().zip(&kept) {
        let told = schedules(told);
        assert!(
            !told.is_empty() && told.iter().all(|s| text.contains(s)),
            "{text}"
        );
    }
    // each has its own, and calls the other's neither its own nor stale
    assert!(in_test("tests::a", 1).contains("kept before in "));
    assert!(in_test("tests::b", 2).contains("kept before in "));
    let fixed = folder.clone();
    assert_eq!(message_in("tests::c", move || helper(&fixed, 0)), None);
    assert_eq!(files(&folder), kept);
}

/// A file of the version that called both tests by the helper alone.
#[test]
fn files_that_tests_shared_are_still_read() {
    let folder = folder("former");
    let there = folder.clone();
    // a thread of no name is no test
    let found = std::thread::spawn(move || helper(&there, 1)).join();
    let found = *found
        .expect_err("it finds")
        .downcast::<String>()
        .expect("a report");
    let [(name, text)] = &files(&folder)[..] else {
        panic!("one file")
    };
    assert_eq!(name, "closures.user_code.load.helper.txt");
    let there = folder.clone();
    let again = message_in("tests::a", move || helper(&there, 1)).expect("it is tried first");
    assert!(again.contains("kept before in "), "{again}");
    assert!(
        schedules(&again).iter().all(|s| found.contains(s)),
        "{again}"
    );
    // it does not fit another test, and stays
    let there = folder.clone();
    assert_eq!(message_in("tests::c", move || helper(&there, 0)), None);
    assert_eq!(&files(&folder)[0].1, text);
}

#[test]
fn a_long_name_is_cut() {
    let folder = folder("long");
    for end in ["a", "b"] {
        let there = folder.clone();
        let test = format!("{}_{end}", "long".repeat(62));
        let told = message_in(&test, move || helper(&there, 1)).expect("it finds");
        assert!(told.contains("kept in "), "{told}");
        let there = folder.clone();
        assert_eq!(message_in(&test, move || helper(&there, 0)), None);
    }
    assert_eq!(files(&folder).len(), 2, "two tests, two files");
}

/// Says in which folder, and as which of many, this process finds.
const AMONG_MANY: &str = "LOAD_AMONG_MANY";

/// So many of each: 100 processes of 16 threads is the campaign,
/// `LOAD_PROCESSES=100 LOAD_THREADS=16 LOAD_ROUNDS=20 cargo test --features threads --test closures
/// load::what_is_printed_as_kept`.
fn size(variable: &str, default: usize) -> usize {
    let given = std::env::var(variable).ok();
    given.map_or(default, |text| text.parse().expect("a number"))
}

#[test]
fn what_is_printed_as_kept_is_there_from_many_processes_at_once() {
    let processes = size("LOAD_PROCESSES", 6);
    let threads = size("LOAD_THREADS", 4);
    for round in 0..size("LOAD_ROUNDS", 1) {
        let folder = folder("many");
        let children: Vec<_> = (0..processes)
            .map(|process| {
                Command::new(std::env::current_exe().expect("this program"))
                    .args([
                        "--exact",
                        "user_code::load::finds_as_one_of_many",
                        "--nocapture",
                    ])
                    .env(AMONG_MANY, format!("{process} {}", folder.display()))
                    .env("LOAD_THREADS", threads.to_string())
                    .stdout(Stdio::piped())
                    .stderr(Stdio::piped())
                    .spawn()
                    .expect("this program runs")
            })
            .collect();
        let mut printed = Vec::new();
        for child in children {
            let output = child.wait_with_output().expect("it ends");
            let out = String::from_utf8(output.stdout).expect("UTF-8");
            let err = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{out}{err}");
            printed.extend(schedules(&out).into_iter().map(str::to_owned));
        }
        printed.sort();
        printed.dedup();
        assert_eq!(printed.len(), processes * threads, "each finds another one");
        let kept = files(&folder);
        assert_eq!(
            kept.len(),
            1,
            "all are one check to the file, and nothing else is left"
        );
        let lost: Vec<&String> = printed.iter().filter(|s| !kept[0].1.contains(*s)).collect();
        assert!(lost.is_empty(), "round {round}: {lost:?}");
    }
}

/// The part of one process: in each thread a check that finds, and prints what it kept.
#[test]
fn finds_as_one_of_many() {
    let Ok(task) = std::env::var(AMONG_MANY) else {
        return;
    };
    let (process, folder) = task.split_once(' ').expect("a number and a folder");
    let (process, folder) = (
        process.parse::<usize>().expect("a number"),
        PathBuf::from(folder),
    );
    let threads = size("LOAD_THREADS", 1);
    let parts: Vec<_> = (0..threads)
        .map(|thread| {
            let folder = folder.clone();
            // without a name, so that all are the same check
            std::thread::spawn(move || finds_at(&folder, process * threads + thread))
        })
        .collect();
    for part in parts {
        let told = part.join().expect_err("it finds");
        let told = told.downcast::<String>().expect("a report");
        assert!(told.contains("kept in "), "{told}");
        schedules(&told).iter().for_each(|s| println!("{s}"));
    }
}

/// Finds a leak whose schedule is like no other's.
fn finds_at(folder: &Path, nth: usize) {
    let explorer = Explorer {
        runs: Some(2),
        ..explorer(folder)
    };
    explorer.check(move || {
        for _ in 0..nth / 40 {
            thread::yield_now();
        }
        let pool = Arc::new(Semaphore::new(1).named("pool"));
        let workers: Vec<_> = (0..=nth % 40)
            .map(|worker| {
                let pool = Arc::clone(&pool);
                thread::spawn(move || {
                    if worker == nth % 40 {
                        pool.acquire_raw_blocking().unwrap();
                    }
                })
            })
            .collect();
        for worker in workers {
            worker.join().unwrap();
        }
    });
}

/// The table of the documentation is that of the code.
#[test]
fn variables_are_documented() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/environment.md");
    let text = fs::read_to_string(path).expect("it is there");
    let rows: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("| `SELVEDGE_"))
        .collect();
    let expected: Vec<String> = SETTINGS
        .iter()
        .map(|s| {
            let option = s
                .option
                .map_or("—".to_owned(), |option| format!("`{option}`"));
            let Setting {
                variable,
                value,
                default,
                meaning,
                ..
            } = s;
            format!("| `{variable}` | {value} | {default} | {meaning} | {option} |")
        })
        .collect();
    assert_eq!(rows, expected, "\n{}", expected.join("\n"));
    let of = Explorer::closures();
    let by_default = |variable: &str| {
        let setting = SETTINGS.iter().find(|s| s.variable == variable);
        setting.expect("a variable").default
    };
    assert_eq!(
        by_default("SELVEDGE_RUNS"),
        of.runs.expect("a bound").to_string()
    );
    assert_eq!(by_default("SELVEDGE_DEPTH"), of.depth.to_string());
    assert_eq!(by_default("SELVEDGE_STEPS"), of.step_bound.0.to_string());
    assert_eq!(by_default("SELVEDGE_STRATEGY"), of.strategy.as_str());
    assert_eq!(
        by_default("SELVEDGE_CANCELS"),
        of.budget.cancels.expect("one").to_string()
    );
}

/// What the command line refuses, the library refuses, at the place of the check.
#[test]
fn absurd_settings_are_refused() {
    let refuses = |explorer: Explorer, expected: &str| {
        let told = message_in("absurd", move || explorer.check(|| {})).expect("it is refused");
        assert!(
            told.starts_with("`Explorer::") && told.contains(expected),
            "{told}"
        );
    };
    let usual = || explorer(&folder("absurd"));
    refuses(
        Explorer {
            depth: 4_000_000_000,
            ..usual()
        },
        "depth` is 4000000000, and must be from 1 to 1000",
    );
    refuses(
        Explorer {
            depth: 0,
            ..usual()
        },
        "depth` is 0",
    );
    refuses(
        Explorer { jobs: 0, ..usual() },
        "jobs` is 0, and must be from 1 to 1024",
    );
    let shard = Some(Shard { index: 5, count: 3 });
    refuses(Explorer { shard, ..usual() }, "shard` is 5 of 3");
    let patience = Duration::ZERO;
    refuses(
        Explorer {
            patience,
            ..usual()
        },
        "patience` is 0 ms, and must be at least 100 ms",
    );
    let step_bound = StepBound(0);
    refuses(
        Explorer {
            step_bound,
            ..usual()
        },
        "step_bound` is 0",
    );
}

/// Thousands of semaphores that nothing but their order tells apart, in each of some runs.
#[test]
fn many_semaphores_without_names_take_no_longer_than_others() {
    let explorer = Explorer {
        runs: Some(2),
        ..explorer(&folder("unnamed"))
    };
    let seconds = |name: &str, make: fn(usize) -> Semaphore| {
        let report = explorer.explore_threads(name, move || {
            let semaphores: Vec<Semaphore> = (0..3000).map(make).collect();
            for semaphore in &semaphores {
                drop(semaphore.acquire_blocking());
            }
        });
        assert!(!report.has_errors());
        report.stats.seconds
    };
    let named = seconds("named", |n| Semaphore::new(1).named(format!("s{n}").leak()));
    let unnamed = seconds("unnamed", |_| Semaphore::new(1));
    // it was forty times as long
    assert!(unnamed < 10.0 * named + 1.0, "{unnamed} s, {named} s");
}

/// The figures are those of the exploration, and nothing is said to be replayed that was not.
#[test]
fn what_is_said_of_a_step_that_does_not_end_is_true() {
    let explorer = Explorer {
        patience: Duration::from_millis(200),
        ..explorer(&folder("endless"))
    };
    let report = explorer.explore_threads("endless", || {
        thread::yield_now();
        let (_sender, receiver) = std::sync::mpsc::channel::<()>();
        let _ = receiver.recv();
    });
    assert!(
        report.stats.runs > 0 && report.stats.seconds >= 0.2,
        "{:?}",
        report.stats
    );
    let told = text(&report, &Style::default());
    let unwrapped = told.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        unwrapped.contains("replayed up to the step that does not end"),
        "{told}"
    );
}

#[test]
fn names_are_written_out_and_quoted() {
    let folder = folder("names");
    let there = folder.clone();
    let told = message_in("na me", move || {
        explorer(&there).check(|| {
            let pool = Semaphore::new(1).named("two\nlines \u{1b}[31m");
            pool.acquire_raw_blocking().unwrap();
            fault::point("wo\nrk");
        });
    });
    let told = told.expect("it leaks");
    assert!(told.contains(r"two\nlines \u{1b}[31m"), "{told}");
    assert!(
        !told.contains('\u{1b}') && !told.contains("two\n"),
        "{told}"
    );
    assert!(told.contains("cargo test 'na me'"), "{told}");
}

/// Each run shows it, whatever the schedule.
#[test]
fn a_mistake_in_the_set_up_is_not_kept() {
    let folder = folder("set-up");
    let there = folder.clone();
    let told = message_in("set_up", move || {
        explorer(&there).check_async(|| async {
            tokio::time::sleep(Duration::from_secs(1)).await;
        });
    });
    let told = told.expect("there is no reactor");
    assert!(told.contains("not kept: a mistake in the set-up"), "{told}");
    assert!(!folder.exists());
}

#[test]
fn what_is_for_tasks_is_refused_where_it_is_used() {
    let uses: [fn(); 3] = [
        || drop(time::timeout(Duration::from_secs(1), async {})),
        || drop(time::sleep(Duration::from_secs(1))),
        || drop(task::spawn(async {})),
    ];
    for of_tasks in uses {
        let report = explorer(&folder("refused")).explore_threads("refused", of_tasks);
        let place = report.findings[0].place.expect("a place");
        assert!(place.to_string().contains("load.rs"), "{place}");
        let told = &report.findings[0].detail;
        assert!(told.contains("in an exploration of threads"), "{told}");
    }
}

#[test]
fn thousands_of_tasks_end_in_time() {
    let explorer = Explorer {
        time: Some(Duration::from_millis(300)),
        ..explorer(&folder("tasks"))
    };
    let report = explorer.explore_async("tasks", || async {
        let pool = Arc::new(Semaphore::new(3).named("pool"));
        for _ in 0..2000 {
            let pool = Arc::clone(&pool);
            task::spawn(async move { drop(pool.acquire().await) });
        }
    });
    assert_eq!(report.stopped, Some(Stopped::Time));
    assert!(report.stats.seconds < 60.0, "{}", report.stats.seconds);
}
