//! Lays the text of a program out afresh, comments and all.
//!
//! **Invariants**
//!
//! 1. Every comment of the text is in the result, in the same order, its text unchanged but for
//!    white space at the end of lines.
//! 2. The result formats to itself.

use super::lexer::{Comment, TokenKind};
use super::model::Span;
use super::printer::{Piece, indent, item_pieces};
use super::reader::{Item, read};

/// Formats the text of a valid program.
pub(super) fn format(text: &str) -> String {
    let reading = read(text);
    let braces = reading.lexed.tokens.iter();
    let braces = braces.filter(|t| matches!(t.kind, TokenKind::Open | TokenKind::Close));
    let braces: Vec<_> = braces.map(|t| t.span).collect();
    let mut formatter = Formatter {
        text,
        braces: &braces,
        comments: &reading.lexed.comments,
        out: String::new(),
        depth: 0,
        last: 0,
        after: After::Start,
    };
    let mut pieces = Vec::new();
    let mut before: Option<&Item> = None;
    for item in &reading.items {
        let is_worker = |item: &Item| matches!(item, Item::Worker(_));
        let apart = before.is_some_and(|before| is_worker(before) || is_worker(item));
        formatter.before_item(item.span(), apart);
        pieces.clear();
        item_pieces(item, &mut pieces);
        for piece in &pieces {
            formatter.piece(piece);
        }
        before = Some(item);
    }
    formatter.comments_before(text.len(), false);
    formatter.end_line();
    formatter.out
}

/// What was printed last; it decides what goes between that and the next line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    Start,
    /// A `{`, with nothing after it: an immediate `}` joins it.
    Open,
    /// A `{` and comments on its line.
    OpenLine,
    Line,
}

struct Formatter<'a> {
    text: &'a str,
    /// The braces that are still to come.
    braces: &'a [Span],
    /// The comments that are still to come.
    comments: &'a [Comment],
    out: String,
    depth: usize,
    /// Where what was printed last ends in the text.
    last: usize,
    after: After,
}

impl<'a> Formatter<'a> {
    fn brace(&mut self) -> Span {
        let (first, rest) = self
            .braces
            .split_first()
            .expect("invariant 2 of the printer: the pieces have the braces of the text");
        self.braces = rest;
        *first
    }

    fn end_line(&mut self) {
        if self.after != After::Start {
            self.out.push('\n');
        }
    }

    /// Where the line of this place starts; zero if what was printed last is on it too.
    fn line_start(&self, place: usize) -> usize {
        let last = self.last.min(place);
        self.text[last..place]
            .rfind('\n')
            .map_or(0, |at| last + at + 1)
    }

    /// Whether the text has an empty line between what was printed last and this.
    fn blank_before(&self, start: usize) -> bool {
        let gap = &self.text[self.last.min(start)..start];
        gap.bytes().filter(|&b| b == b'\n').count() > 1
    }

    /// Begins a line for what starts here in the text.
    fn begin_line(&mut self, start: usize) {
        self.end_line();
        if self.after == After::Line && self.blank_before(start) {
            self.out.push('\n');
        }
        indent(self.depth, &mut self.out);
        self.after = After::Line;
    }

    fn next_comment(&mut self, before: usize) -> Option<&'a Comment> {
        let (comment, rest) = self.comments.split_first()?;
        if comment.span.start as usize >= before {
            return None;
        }
        self.comments = rest;
        Some(comment)
    }

    fn push_comment(&mut self, comment: &Comment) {
        // a line ends with `\n` alone, whatever came before it
        for line in comment.text.trim_end().split_inclusive('\n') {
            match line.strip_suffix('\n') {
                Some(line) => {
                    self.out.push_str(line.trim_end_matches('\r'));
                    self.out.push('\n');
                }
                None => self.out.push_str(line),
            }
        }
        self.last = comment.span.end as usize;
    }

    /// Appends a comment to the line that was printed last.
    fn append(&mut self, comment: &Comment) {
        if !self.out.is_empty() {
            self.out.push(' ');
        }
        self.push_comment(comment);
        if self.after == After::Open {
            self.after = After::OpenLine;
        }
    }

    /// Prints the comments before a place where something begins (or the text ends). Those on
    /// the line of what was printed last stay there, unless what begins is on that line too.
    fn comments_before(&mut self, place: usize, something_begins: bool) {
        let line = self.line_start(place);
        while let Some(comment) = self.next_comment(place) {
            let start = comment.span.start as usize;
            let end = comment.span.end as usize;
            let same_line = !self.text[self.last.min(start)..start].contains('\n');
            let leads = something_begins && end >= line;
            if same_line && !leads && self.after != After::Start {
                self.append(comment);
            } else {
                self.begin_line(start);
                self.push_comment(comment);
            }
        }
    }

    /// Moves the comments inside of something that was printed behind it.
    fn comments_inside(&mut self, end: usize) {
        while let Some(comment) = self.next_comment(end) {
            self.append(comment);
        }
        self.last = end;
    }

    /// Puts an empty line before an item and the comments that lead to it, if there must be
    /// one and the text has none.
    fn before_item(&mut self, span: Span, apart: bool) {
        let start = span.start as usize;
        if apart && !self.has_blank_before(start) {
            // The comments on the last line belong to it.
            let line = self.line_start(start);
            while let Some(comment) = self.comments.first() {
                let at = comment.span.start as usize;
                let end = comment.span.end as usize;
                if at >= start || self.text[self.last..at].contains('\n') || end >= line {
                    break;
                }
                self.comments = &self.comments[1..];
                self.append(comment);
            }
            self.out.push('\n');
        }
    }

    /// Whether an empty line stands somewhere between what was printed last and this.
    fn has_blank_before(&self, start: usize) -> bool {
        let mut last = self.last;
        for comment in self.comments {
            let at = comment.span.start as usize;
            if at >= start {
                break;
            }
            if self.text[last..at].bytes().filter(|&b| b == b'\n').count() > 1 {
                return true;
            }
            last = comment.span.end as usize;
        }
        self.text[last..start]
            .bytes()
            .filter(|&b| b == b'\n')
            .count()
            > 1
    }

    fn piece(&mut self, piece: &Piece) {
        match piece {
            Piece::Line(line, span) => {
                self.comments_before(span.start as usize, true);
                self.begin_line(span.start as usize);
                self.out.push_str(line);
                self.comments_inside(span.end as usize);
            }
            Piece::Open(head, span) => {
                self.comments_before(span.start as usize, true);
                self.begin_line(span.start as usize);
                self.open(head);
            }
            Piece::Continue(head) => {
                self.close();
                let word = self.continuation_start(head);
                let has_comment = self
                    .comments
                    .first()
                    .is_some_and(|c| (c.span.start as usize) < word);
                if has_comment {
                    self.comments_before(word, true);
                    self.last = word;
                    self.begin_line(word);
                } else {
                    self.out.push(' ');
                }
                self.open(head);
            }
            Piece::Close => self.close(),
        }
    }

    /// Where the first word of a continuation stands: what is between the `}` and that is white
    /// space and comments.
    fn continuation_start(&self, head: &str) -> usize {
        let word = head.split(' ').next().unwrap_or(head);
        let mut at = self.last;
        for comment in self.comments {
            let start = comment.span.start as usize;
            if self.text[at..start].contains(word) {
                break;
            }
            at = comment.span.end as usize;
        }
        at + self.text[at..].find(word).unwrap_or(0)
    }

    fn open(&mut self, head: &str) {
        self.out.push_str(head);
        self.out.push_str(" {");
        self.depth += 1;
        self.after = After::Open;
        let brace = self.brace();
        self.comments_inside(brace.end as usize);
    }

    fn close(&mut self) {
        let brace = self.brace();
        self.comments_before(brace.start as usize, false);
        self.depth -= 1;
        if self.after != After::Open {
            self.out.push('\n');
            indent(self.depth, &mut self.out);
        }
        self.out.push('}');
        self.after = After::Line;
        self.last = brace.end as usize;
    }
}
