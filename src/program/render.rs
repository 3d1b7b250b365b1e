//! Draws what is wrong with a program under its source lines.

use std::ops::Range;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::error::{Problem, ProgramError};
use super::model::Span;

/// More problems than this are only counted.
const MOST_DRAWN: usize = 50;

/// No more of the text than this is shown before and after what is marked on its line.
const MARGIN: usize = 120;

/// A second mark further away than this is told by its place instead.
const FARTHEST_MARK: usize = 4_000;

/// All problems of an error, each with its source line, and a last line that counts them.
pub(super) fn render(error: &ProgramError, file: &str, color: bool) -> String {
    let renderer = if color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let mut out = String::new();
    for problem in error.problems().iter().take(MOST_DRAWN) {
        out.push_str(&renderer.render(&[group(error.source_text(), file, problem)]));
        out.push_str("\n\n");
    }
    let more = error.omitted() + error.problems().len().saturating_sub(MOST_DRAWN);
    if more > 0 {
        let and_more = Level::ERROR.primary_title(format!("and {more} more"));
        out.push_str(&renderer.render(&[Group::with_title(and_more)]));
        out.push('\n');
    } else {
        out.pop();
    }
    out
}

fn group<'a>(text: &'a str, file: &'a str, problem: &'a Problem) -> Group<'a> {
    let mut group = Group::with_title(Level::ERROR.primary_title(problem.message.as_str()));
    if text.is_empty() {
        if !file.is_empty() {
            group = group.element(Origin::path(file));
        }
    } else {
        let shown = file_or_placeholder(file);
        let place = problem.place();
        let (snippet, lines) = snippet(text, problem);
        group = match lines {
            Lines::Whole => group.element(snippet.path(shown)),
            Lines::Cut => group
                .element(
                    Origin::path(shown)
                        .line(place.line as usize)
                        .char_column(place.column as usize),
                )
                .element(snippet),
        };
    }
    if let Some(help) = &problem.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    group
}

fn file_or_placeholder(file: &str) -> &str {
    if file.is_empty() { "program" } else { file }
}

/// The lines of the problem and its marks.
fn snippet<'a>(text: &'a str, problem: &'a Problem) -> (Snippet<'a, Annotation<'a>>, Lines) {
    let main = on_one_line(text, problem.span);
    let main_start = main.start;
    let mut shown = window(text, &main);
    let mut marks = vec![mark(
        AnnotationKind::Primary,
        main.clone(),
        problem.label.as_deref(),
    )];
    if let Some((span, label)) = &problem.also {
        let second = on_one_line(text, *span);
        let near = second.start.abs_diff(main.start) < FARTHEST_MARK;
        if near {
            let other = window(text, &second);
            shown = shown.start.min(other.start)..shown.end.max(other.end);
            marks.push(mark(AnnotationKind::Context, second, Some(label.as_str())));
        }
    }
    let start = shown.start;
    let lines_above = text[start..main_start]
        .bytes()
        .filter(|&b| b == b'\n')
        .count();
    let line = problem.place().line as usize - lines_above;
    let lines = if start == 0 || text.as_bytes()[start - 1] == b'\n' {
        Lines::Whole
    } else {
        Lines::Cut
    };
    let snippet =
        Snippet::source(&text[shown])
            .line_start(line)
            .annotations(marks.into_iter().map(|(kind, range, label)| {
                kind.span(range.start - start..range.end - start)
                    .label(label)
            }));
    (snippet, lines)
}

/// Whether what is shown begins where a line does. If not, columns cannot be counted in it.
enum Lines {
    Whole,
    Cut,
}

type Mark<'a> = (AnnotationKind, Range<usize>, Option<&'a str>);

fn mark(kind: AnnotationKind, range: Range<usize>, label: Option<&str>) -> Mark<'_> {
    (kind, range, label)
}

/// The part of a span that is on the line on which it starts.
fn on_one_line(text: &str, span: Span) -> Range<usize> {
    let (start, end) = (span.start as usize, span.end as usize);
    let line_end = text[start..end].find('\n').map_or(end, |i| start + i);
    let mut end = line_end.min(start + MARGIN);
    while !text.is_char_boundary(end) {
        end += 1;
    }
    start..end
}

/// The line around a range, or the part of a very long line that is near it.
fn window(text: &str, range: &Range<usize>) -> Range<usize> {
    let mut start = range.start.saturating_sub(MARGIN);
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    if let Some(newline) = text[start..range.start].rfind('\n') {
        start += newline + 1;
    }
    let mut end = text.len().min(range.end + MARGIN);
    while !text.is_char_boundary(end) {
        end += 1;
    }
    if let Some(newline) = text[range.end..end].find('\n') {
        end = range.end + newline;
    }
    if text[range.end..end].ends_with('\r') {
        end -= 1;
    }
    start..end
}
