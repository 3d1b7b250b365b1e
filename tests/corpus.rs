//! The corpus: every program is judged as it says, is formatted, and reports what its snapshot
//! shows.
#![cfg(feature = "check")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use selvedge::explore::{Explorer, verdict};
use selvedge::program::{Kind, Order, Program, StatementKind};
use selvedge::report::{Style, text};

fn programs() -> Vec<(String, Program)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the corpus is there")
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.extension().is_some_and(|e| e == "sem"))
        .collect();
    files.sort();
    files
        .iter()
        .map(|path| {
            let name = path
                .file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            let text = std::fs::read_to_string(path).expect("a readable program");
            match Program::parse(&text) {
                Ok(program) => (name, program),
                Err(error) => panic!("{}", error.render(&name, false)),
            }
        })
        .collect()
}

#[test]
fn every_program_is_as_it_says_and_reports_as_before() {
    let style = Style {
        color: false,
        figures: false,
    };
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(crate::snapshots::BESIDE);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for (name, program) in programs() {
        let file = format!("corpus/{name}.sem");
        let report = Explorer::default().explore(&program, &file, &());
        let verdict = verdict(&program, &report);
        assert!(verdict.passes(), "{file}: {verdict:#?}");
        assert!(
            report.findings.iter().all(|f| f.cheapest),
            "{file}: a schedule that is not known to be the cheapest"
        );
        if !report.findings.is_empty() {
            settings.bind(|| {
                insta::assert_snapshot!(format!("corpus-{name}"), text(&report, &style));
            });
        }
    }
}

#[test]
fn every_program_is_formatted() {
    for (name, program) in programs() {
        assert_eq!(program.format(), program.source(), "corpus/{name}.sem");
    }
}

#[test]
fn every_program_says_what_it_teaches_and_what_it_expects() {
    for (name, program) in programs() {
        assert!(program.source().starts_with("//"), "corpus/{name}.sem");
        assert!(!program.expects().is_empty(), "corpus/{name}.sem");
    }
}

#[test]
fn the_corpus_uses_the_whole_language() {
    let mut statements = BTreeSet::new();
    let mut kinds = BTreeSet::new();
    for (_, program) in programs() {
        for semaphore in program.semaphores() {
            kinds.insert((semaphore.order, semaphore.kind));
        }
        for numbered in program.statements() {
            let word = numbered.statement.head();
            let word = word.split(' ').next().unwrap_or_default().to_owned();
            if matches!(numbered.statement.kind, StatementKind::Try { .. }) {
                statements.insert(format!("{word} {}", numbered.statement.blocks().len()));
            }
            statements.insert(word);
        }
    }
    for word in [
        "acquire",
        "try-acquire",
        "acquire-within",
        "release",
        "with",
        "work",
        "panic",
        "return",
        "try",
        "try 3",
        "repeat",
        "either",
        "grow",
        "shrink",
        "drain",
        "forget",
        "give",
        "close",
        "cancel",
        "spawn",
        "join",
    ] {
        assert!(statements.contains(word), "no program uses `{word}`");
    }
    for order in [Order::Fifo, Order::FifoPartial, Order::Barging] {
        assert!(kinds.contains(&(order, Kind::Bounded)), "{order:?}");
    }
    for kind in [Kind::Bounded, Kind::Plain, Kind::Signal] {
        assert!(kinds.contains(&(Order::Fifo, kind)), "{kind:?}");
    }
}
