//! What README.md shows is what selvedge prints.
#![cfg(feature = "check")]

use std::fs;
use std::path::Path;

use selvedge::explore::{Explorer, verdict};
use selvedge::program::Program;
use selvedge::report::{Style, text};

fn read(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// The fenced blocks of README.md that begin with a line, without their fences.
fn blocks(opening: &str) -> Vec<String> {
    let readme = read("README.md");
    let mut blocks = Vec::new();
    let mut lines = readme.lines();
    while let Some(line) = lines.next() {
        if let Some(kind) = line.strip_prefix("```") {
            let block: Vec<&str> = lines.by_ref().take_while(|l| *l != "```").collect();
            if kind == opening {
                blocks.push(block.join("\n") + "\n");
            }
        }
    }
    blocks
}

#[test]
fn the_failing_output_is_real() {
    let name = "corpus/pool-leak.sem";
    let program = Program::parse(&read(name)).unwrap();
    let report = Explorer::default().explore(&program, name, &());
    let style = Style {
        color: false,
        figures: false,
    };
    let real = text(&report, &style);
    let shown = blocks("");
    assert_eq!(shown.len(), 1);
    assert_eq!(shown[0], real, "paste this into README.md:\n{real}");
}

#[test]
fn the_program_is_judged_as_it_expects() {
    let blocks = blocks("sem");
    assert_eq!(blocks.len(), 1);
    let program = Program::parse(&blocks[0]).unwrap();
    assert_eq!(program.format(), blocks[0]);
    let report = Explorer::default().explore(&program, "README.md", &());
    assert!(verdict(&program, &report).passes());
}

#[test]
fn the_rust_code_is_a_test() {
    let blocks = blocks("rust");
    assert_eq!(blocks.len(), 1);
    assert!(read("tests/readme_example.rs").ends_with(&blocks[0]));
}

#[test]
fn it_is_short() {
    assert!(read("README.md").lines().count() <= 150);
}

#[test]
fn the_test_command_is_the_one_that_is_run_for_every_change() {
    let command = blocks("sh")
        .concat()
        .lines()
        .find(|line| line.starts_with("cargo test"))
        .unwrap()
        .to_owned();
    assert!(read(".ci/run").contains(&command), "`{command}`");
}
