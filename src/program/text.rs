//! From text to program and back.

use std::fmt;
use std::str::FromStr;

use super::error::{Problem, Problems, ProgramError};
use super::format;
use super::lexer::span;
use super::limits::MOST_BYTES;
use super::model::*;
use super::printer::{self, Parts};
use super::reader::{Item, read};
use super::validate::validate;

impl Program {
    /// Reads the text of a program. A byte order mark at its start is left out of
    /// [`Program::source`].
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the text, at once.
    pub fn parse(text: &str) -> Result<Program, ProgramError> {
        check_size(text.len())?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if let Some(at) = text.find('\0') {
            return Err(binary(text, at));
        }
        let mut reading = read(text);
        // The last character, so that there is something to underline.
        let end = text.trim_end().len();
        let end = span(text[..end].char_indices().last().map_or(0, |(i, _)| i), end);
        validate(&reading.items, &reading.uses, end, &mut reading.problems);
        if !reading.problems.is_empty() {
            return Err(reading.problems.into_error(text));
        }
        let mut program = Program {
            semaphores: Vec::new(),
            workers: Vec::new(),
            budget: BudgetDecl::default(),
            expects: Vec::new(),
            source: text.into(),
        };
        for item in reading.items {
            match item {
                Item::Semaphore(semaphore) => program.semaphores.push(semaphore),
                Item::Worker(worker) => program.workers.push(worker),
                Item::Budget(line, _) => program.budget = program.budget.or(line),
                Item::Expect(expect, _) => program.expects.push(expect),
            }
        }
        Ok(program)
    }

    /// Reads the bytes of a file.
    ///
    /// # Errors
    ///
    /// As [`Program::parse`], and when the bytes are not UTF-8.
    pub fn parse_bytes(bytes: &[u8]) -> Result<Program, ProgramError> {
        check_size(bytes.len())?;
        match std::str::from_utf8(bytes) {
            Ok(text) => Program::parse(text),
            Err(error) => Err(not_utf8(bytes, error.valid_up_to())),
        }
    }

    /// The text, laid out afresh: items in their order, comments kept, and an empty line where
    /// there were some. What is printed reads as the same program, and formats to itself.
    pub fn format(&self) -> String {
        format::format(&self.source)
    }

    /// What tells programs apart: the canonical text without `expect` and `budget`.
    pub fn digest_text(&self) -> String {
        printer::canonical(self, Parts::Digest)
    }
}

impl BudgetDecl {
    /// What this says, and what the other says where this says nothing.
    fn or(self, other: BudgetDecl) -> BudgetDecl {
        BudgetDecl {
            panics: self.panics.or(other.panics),
            timeouts: self.timeouts.or(other.timeouts),
            cancels: self.cancels.or(other.cancels),
            preemptions: self.preemptions.or(other.preemptions),
        }
    }
}

impl FromStr for Program {
    type Err = ProgramError;

    fn from_str(text: &str) -> Result<Program, ProgramError> {
        Program::parse(text)
    }
}

/// The canonical text: semaphores, budget, workers, expects; no defaults and no comments.
impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&printer::canonical(self, Parts::All))
    }
}

fn alone(text: &str, problem: Problem) -> ProgramError {
    let mut problems = Problems::default();
    problems.add(|| problem);
    problems.into_error(text)
}

fn check_size(bytes: usize) -> Result<(), ProgramError> {
    if bytes <= MOST_BYTES {
        return Ok(());
    }
    let message = format!("the file has {bytes} bytes, and the limit is {MOST_BYTES} (1 MiB)");
    Err(alone("", Problem::new(Span::default(), message)))
}

fn binary(text: &str, at: usize) -> ProgramError {
    let problem = Problem::new(span(at, at + 1), "the file is binary")
        .label("this is a NUL byte")
        .help("a program is plain text");
    alone(text, problem)
}

fn not_utf8(bytes: &[u8], at: usize) -> ProgramError {
    // What was valid is the same in the lossy text, so the offset is right there too.
    let text = String::from_utf8_lossy(bytes);
    let wide = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    let replacement = '\u{fffd}'.len_utf8();
    let problem = Problem::new(span(at, at + replacement), "the file is not UTF-8")
        .label(format!("byte {} is 0x{:02x}", at + 1, bytes[at]))
        .help(if wide {
            "it looks like UTF-16: save it as UTF-8"
        } else {
            "a program is plain text, saved as UTF-8"
        });
    alone(&text, problem)
}
