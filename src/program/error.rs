//! What is wrong with the text of a program.
//!
//! **Invariants**
//!
//! 1. A [`ProgramError`] has at least one problem, and they are sorted by place.
//! 2. Every span of a problem lies inside the source that the error keeps.
//! 3. However long and wrong the text, no more than [`MOST_KEPT`] problems are kept; the rest
//!    is counted.

use std::fmt;
use std::sync::Arc;

use super::model::{Place, Span};
use super::render;

/// More problems than this are only counted.
const MOST_KEPT: usize = 100;

/// One thing that is wrong, and where.
#[derive(Debug, Clone)]
pub struct Problem {
    pub(super) span: Span,
    pub(super) place: Place,
    pub(super) message: String,
    pub(super) label: Option<String>,
    pub(super) also: Option<(Span, String)>,
    pub(super) help: Option<String>,
}

impl Problem {
    pub(super) fn new(span: Span, message: impl Into<String>) -> Problem {
        Problem {
            span,
            place: Place {
                file: None,
                line: 1,
                column: 1,
            },
            message: message.into(),
            label: None,
            also: None,
            help: None,
        }
    }

    /// Says under the marked text what was expected in its place.
    pub(super) fn label(mut self, label: impl Into<String>) -> Problem {
        self.label = Some(label.into());
        self
    }

    /// Marks a second stretch of the text that belongs to the problem.
    pub(super) fn also(mut self, span: Span, label: impl Into<String>) -> Problem {
        self.also = Some((span, label.into()));
        self
    }

    /// Says how to put it right.
    pub(super) fn help(mut self, help: impl Into<String>) -> Problem {
        self.help = Some(help.into());
        self
    }

    /// As [`Problem::help`], if there is something to say.
    pub(super) fn maybe_help(mut self, help: Option<String>) -> Problem {
        self.help = help.or(self.help);
        self
    }

    /// The stretch of the text that is wrong, in bytes of [`ProgramError::source_text`].
    pub fn span(&self) -> Span {
        self.span
    }

    /// Line and column at which the span starts.
    pub fn place(&self) -> Place {
        self.place
    }

    /// What is wrong: a fragment that starts in lower case and has no full stop.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What was expected in the place of the span.
    pub fn expected(&self) -> Option<&str> {
        self.label.as_deref()
    }

    /// How to put it right, for example "did you mean `pool`?".
    pub fn help_text(&self) -> Option<&str> {
        self.help.as_deref()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

/// A text that is not a program, with everything that is wrong with it.
///
/// Its `Display` is [`ProgramError::render`] without colour.
#[derive(Clone, thiserror::Error)]
#[error("{}", self.render("", false))]
pub struct ProgramError {
    text: Arc<str>,
    problems: Vec<Problem>,
    omitted: usize,
}

impl ProgramError {
    /// All that is wrong, sorted by place: the first hundred if there are more.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// How many problems there are beyond those that [`ProgramError::problems`] tells.
    pub fn omitted(&self) -> usize {
        self.omitted
    }

    /// The text that the problems' spans are about; empty when the input was no text.
    pub fn source_text(&self) -> &str {
        &self.text
    }

    /// The problems with their source lines, as a compiler would show them. `file` is the name
    /// to show, or empty; `color` adds the terminal's escape codes.
    pub fn render(&self, file: &str, color: bool) -> String {
        render::render(self, file, color)
    }
}

/// As `Display`: what `unwrap` shows is for people too, and the whole text is not.
impl fmt::Debug for ProgramError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a worker program\n\n{self}")
    }
}

/// The problems met so far.
#[derive(Debug, Default)]
pub(super) struct Problems {
    list: Vec<Problem>,
    omitted: usize,
}

impl Problems {
    /// Adds one. What it says is only worked out while there is room.
    pub(super) fn add(&mut self, problem: impl FnOnce() -> Problem) {
        if self.list.len() < MOST_KEPT {
            self.list.push(problem());
        } else {
            self.omitted += 1;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The error that they make, about this text.
    pub(super) fn into_error(self, text: &str) -> ProgramError {
        let Problems { mut list, omitted } = self;
        list.sort_by_key(|p| (p.span.start, p.span.end));
        list.dedup_by(|a, b| a.span.start == b.span.start && a.message == b.message);
        tell_places(text, &mut list);
        ProgramError {
            text: text.into(),
            problems: list,
            omitted,
        }
    }
}

/// Fills in the places, in one pass over the text: the problems are sorted.
fn tell_places(text: &str, problems: &mut [Problem]) {
    let mut place = Place {
        file: None,
        line: 1,
        column: 1,
    };
    let mut chars = text.char_indices().peekable();
    for problem in problems {
        while let Some((_, c)) = chars.next_if(|&(at, _)| at < problem.span.start as usize) {
            if c == '\n' {
                place.line += 1;
                place.column = 1;
            } else {
                place.column += 1;
            }
        }
        problem.place = place;
    }
}
