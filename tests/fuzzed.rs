//! What a fuzzer found, replayed without a fuzzer: every seed and every artifact under `fuzz/`, each
//! decoded as its target does.
#![cfg(feature = "arbitrary")]

use std::path::{Path, PathBuf};

use selvedge::integration::fuzz::{
    Counters, Fuzzing, Input, MOST_OP_BYTES, Shape, lowering, mutate, mutate_ops, program,
    program_of, schedule, seed_of, semaphore, text,
};
use selvedge::program::Program;
use selvedge::report::{Style, text as told};
use selvedge::strategy::Decisions;
use selvedge::{Explorer, Semaphore, fault, task};

type Target = fn(&[u8]);

/// The targets by the names of their folders.
const TARGETS: [(&str, Target); 5] = [
    ("program", program),
    ("semaphore", semaphore),
    ("lowering", lowering),
    ("text", text),
    ("schedule", schedule),
];

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

/// The files of a folder, in order; none if it is not there.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    files
}

/// Runs a target on the files of its folders under `fuzz/`.
fn replay(folders: &[&str]) -> usize {
    let mut replayed = 0;
    for (name, target) in TARGETS {
        for folder in folders {
            for file in files(&fuzz().join(folder).join(name)) {
                println!("{}", file.display());
                target(&std::fs::read(&file).expect("a readable file"));
                replayed += 1;
            }
        }
    }
    replayed
}

#[test]
fn seeds_and_what_was_found_are_replayed() {
    replay(&["seeds", "corpus", "artifacts"]);
    // a corpus is not kept in the repository, a few seeds are
    assert!(replay(&["seeds"]) >= TARGETS.len());
}

#[test]
fn programs_of_the_corpus_are_seeds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for file in files(&folder)
        .iter()
        .filter(|f| f.extension().is_some_and(|e| e == "sem"))
    {
        let source = std::fs::read_to_string(file).expect("a readable program");
        let read = Program::parse(&source).expect("a valid program");
        let seed = seed_of(&read);
        assert_eq!(program_of(&seed), read, "{}", file.display());
        let input = Input {
            given: &seed,
            decisions: &[1, 0, 224],
        };
        assert_eq!(Input::split(&input.join()), input);
        program(&input.join());
        lowering(&input.join());
        text(source.as_bytes());
    }
}

/// A pool of one permit that forgets it when a panic strikes, and only if the input says so.
fn leaks(input: &[u8]) -> impl Future<Output = ()> + use<> {
    let careless = input.first() == Some(&1);
    async move {
        let pool = std::sync::Arc::new(Semaphore::new(1).named("pool"));
        let spawn = |_| {
            let pool = std::sync::Arc::clone(&pool);
            task::spawn(async move {
                if careless {
                    pool.acquire_raw().await.expect("it is not closed");
                    fault::point("query");
                    pool.release(1).expect("it is held");
                } else {
                    let _permit = pool.acquire().await;
                    fault::point("query");
                }
            })
        };
        for task in [0, 1].map(spawn) {
            // it may have been cancelled or have panicked
            let _ = task.await;
        }
    }
}

/// The reports of runs of one target, made one after the other.
fn campaign(runs: &[(&[u8], &[u8])]) -> Vec<Option<String>> {
    static COUNTERS: Counters = Counters::new();
    let mut fuzzing = Fuzzing::futures(&Explorer::closures(), "leaks", leaks);
    let style = Style {
        figures: false,
        ..Style::default()
    };
    let mut run = |&(input, decisions): &(&[u8], &[u8])| {
        let report = fuzzing.run(input, &Decisions(decisions.to_vec()), Some(&COUNTERS));
        report.map(|report| {
            let schedule = report.findings[0].schedule.clone();
            let replayed = fuzzing.replay(input, &schedule).expect("it is of this");
            assert_eq!(report.findings[0].id, replayed.findings[0].id);
            told(&report, &style)
        })
    };
    let reports = runs.iter().map(&mut run).collect();
    assert!(COUNTERS.touched() > 0, "no switch was counted");
    reports
}

/// Which faults strike where is for the decisions to say, so that some of these find the leak.
const RUNS: [(&[u8], &[u8]); 6] = [
    (&[1], &[]),
    (&[1], &[0, 224, 224, 224, 224, 224]),
    (&[0], &[0, 224, 224, 224, 224, 224]),
    (&[1], &[1, 1, 1, 1, 224, 224, 224]),
    (&[], &[2, 1, 2, 1, 2, 1]),
    (&[1], &[0, 0, 0, 225, 0, 224, 224]),
];

#[test]
fn a_run_does_not_depend_on_the_runs_before_it() {
    let together = campaign(&RUNS);
    let alone: Vec<Option<String>> = RUNS.iter().flat_map(|&run| campaign(&[run])).collect();
    assert_eq!(together, alone);
    assert!(
        together
            .iter()
            .flatten()
            .any(|told| told.starts_with("leak:")),
        "{together:?}"
    );
    assert!(together.iter().any(Option::is_none), "{together:?}");
}

/// Changes inputs over and over: programs stay programs, and the same seed is the same change.
fn stays(shape: Shape, given: &[u8], is_kept: fn(&[u8]) -> bool) {
    const MOST: usize = 600;
    let mut bytes = Input {
        given,
        decisions: &[],
    }
    .join();
    for seed in 0..2000 {
        let change = |bytes: &[u8]| {
            let mut data = bytes.to_vec();
            data.resize(MOST.max(bytes.len()), 0);
            // a fuzzer's own way: one byte more
            let default = &mut |data: &mut [u8], size: usize, most: usize| {
                if size < most {
                    data[size] = seed as u8;
                }
                most.min(size + 1)
            };
            let size = mutate(shape, &mut data, bytes.len(), MOST, seed, default);
            data.truncate(size);
            data
        };
        let changed = change(&bytes);
        assert_eq!(changed, change(&bytes));
        assert!(changed.len() <= MOST);
        assert!(
            is_kept(Input::split(&changed).given),
            "seed {seed}: {changed:?}"
        );
        bytes = changed;
    }
}

#[test]
fn changes_keep_what_an_input_is() {
    let source = "semaphore pool permits=1\n\nworker left count=2 {\n    acquire pool\n    release pool\n}\n";
    stays(Shape::Program, source.as_bytes(), |given| {
        given.starts_with(b"semaphore ")
    });
    // any bytes are a program, or this panics
    stays(Shape::Program, &[], |given| {
        !program_of(given).workers().is_empty()
    });
    stays(Shape::Nothing, &[], <[u8]>::is_empty);
    stays(Shape::Bytes, b"ab", |given| given.starts_with(b"ab"));
}

/// So it is when a crash is made smaller: each step may have one byte less than the last one.
#[test]
fn the_fuzzer_is_never_asked_to_change_nothing_into_nothing() {
    let mut asked = 0;
    for shape in [Shape::Program, Shape::Nothing, Shape::Bytes] {
        for size in 0..40usize {
            for seed in 0..50 {
                let most = size.saturating_sub(1).max(1);
                let mut data = vec![2; 40];
                let default = &mut |_: &mut [u8], size: usize, most: usize| {
                    asked += 1;
                    assert!(most > 0, "libFuzzer ends the process for this");
                    size.min(most)
                };
                let changed = mutate(shape, &mut data, size, most, seed, default);
                assert!(changed <= most, "{shape:?} {size} {seed}");
            }
        }
    }
    assert!(asked > 0);
}

/// The ops of an input: two bytes each, after the first.
fn ops(bytes: &[u8]) -> Vec<[u8; 2]> {
    let ops = bytes.get(1..).unwrap_or_default().chunks_exact(2);
    ops.map(|op| [op[0], op[1]]).collect()
}

/// Most changes of a sequence keep most of it; none is larger than there is room for.
#[test]
fn ops_change_as_a_whole() {
    let before: Vec<u8> = (0..MOST_OP_BYTES as u8).collect();
    let (mut kept, mut lengths) = (0, std::collections::BTreeSet::new());
    for size in 0..=MOST_OP_BYTES {
        for most in [1, size.max(1), MOST_OP_BYTES] {
            for seed in 0..200 {
                let change = || {
                    let mut data = before.clone();
                    let changed = mutate_ops(&mut data, size, most, seed);
                    assert!((1..=most).contains(&changed), "{changed} of {most}");
                    data.truncate(changed);
                    data
                };
                let after = change();
                assert_eq!(after, change(), "the same seed is the same change");
                lengths.insert(after.len());
                if size == 21 && most == MOST_OP_BYTES {
                    let old = ops(&before[..size]);
                    kept += old.iter().filter(|op| ops(&after).contains(op)).count();
                }
            }
        }
    }
    assert_eq!(lengths.len(), MOST_OP_BYTES.div_ceil(2), "of each length");
    // of 10 ops, 200 times
    assert!((1200..2000).contains(&kept), "{kept}");
}
