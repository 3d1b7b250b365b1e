//! Reads the tokens of a text by recursive descent: items, blocks and recovery from errors.
//!
//! What a statement's own words mean is in `statement.rs`; whether its names mean anything, in
//! `validate.rs`. After an error the reader goes on at the end of the statement, and takes what
//! is missing as harmless, so that one slip is one problem.
//!
//! **Invariants**
//!
//! 1. Every loop consumes a token or ends: reading takes time linear in the text.
//! 2. Blocks are read by recursion at most [`MOST_NESTED`] deep; deeper ones are skipped by
//!    counting braces.
//! 3. If no problem was added, what was read is what the text says.

use super::braces::{Braces, match_braces};
use super::error::{Problem, Problems};
use super::lexer::{Lexed, Token, TokenKind, lex};
use super::limits::{MOST_NESTED, MOST_STATEMENTS};
use super::model::*;
use super::property_name::Expect;
use super::validate::Use;
use super::words::{self, quoted};

/// One item of a file.
#[derive(Debug)]
pub(super) enum Item {
    Semaphore(SemaphoreDecl),
    Worker(WorkerDecl),
    Budget(BudgetDecl, Span),
    Expect(Expect, Span),
}

impl Item {
    pub(super) fn span(&self) -> Span {
        match self {
            Item::Semaphore(semaphore) => semaphore.span,
            Item::Worker(worker) => worker.span,
            Item::Budget(_, span) | Item::Expect(_, span) => *span,
        }
    }
}

/// What was read of a text.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) items: Vec<Item>,
    /// Every use of a name, for the validator.
    pub(super) uses: Vec<Use>,
    pub(super) lexed: Lexed,
    pub(super) problems: Problems,
}

/// Reads a text; what is wrong with it is in the problems.
pub(super) fn read(text: &str) -> Reading {
    let lexed = lex(text);
    let mut reader = Reader {
        text,
        tokens: &lexed.tokens,
        at: 0,
        braces: match_braces(text, &lexed.tokens),
        items: Vec::new(),
        uses: Vec::new(),
        problems: Problems::default(),
        open: Vec::new(),
        worker: None,
        item_start: 0,
        unwinding: false,
        statements: 0,
        instances: 0,
    };
    if let Some(span) = lexed.unterminated {
        reader.problems.add(|| {
            Problem::new(span, "unterminated comment")
                .label("no `*/` follows")
                .help("comments do not nest: the first `*/` ends one")
        });
        // What the rest of the file would have said is unknown, so no brace is missed.
        reader.braces = Braces::default();
    }
    reader.items();
    let Reader {
        items,
        uses,
        problems,
        ..
    } = reader;
    Reading {
        items,
        uses,
        lexed,
        problems,
    }
}

/// The state of reading.
pub(super) struct Reader<'a> {
    pub(super) text: &'a str,
    tokens: &'a [Token],
    at: usize,
    pub(super) braces: Braces,
    pub(super) items: Vec<Item>,
    pub(super) uses: Vec<Use>,
    pub(super) problems: Problems,
    /// The `{` of the blocks that are being read.
    open: Vec<Span>,
    /// The worker whose body is being read.
    pub(super) worker: Option<Name>,
    /// Where the item that is being read starts.
    pub(super) item_start: u32,
    /// All open blocks are being left, since an item begins: a `}` was missing.
    pub(super) unwinding: bool,
    statements: usize,
    pub(super) instances: u64,
}

impl<'a> Reader<'a> {
    pub(super) fn peek(&self) -> Token {
        self.tokens[self.at]
    }

    pub(super) fn bump(&mut self) -> Token {
        let token = self.peek();
        if token.kind != TokenKind::End {
            self.at += 1;
        }
        token
    }

    pub(super) fn of(&self, span: Span) -> &'a str {
        span.of(self.text)
    }

    /// The span of what was consumed last.
    pub(super) fn last_span(&self) -> Span {
        self.tokens[self.at.saturating_sub(1)].span
    }

    pub(super) fn skip_ends(&mut self) {
        while matches!(self.peek().kind, TokenKind::Newline | TokenKind::Semicolon) {
            self.bump();
        }
    }

    /// Skips to the end of the statement, but not past a brace.
    pub(super) fn skip_head(&mut self) {
        while matches!(self.peek().kind, TokenKind::Word | TokenKind::Equals) {
            self.bump();
        }
    }

    /// Skips a block by counting braces. False when the text ends first.
    pub(super) fn skip_block(&mut self) -> bool {
        let mut depth = 0_usize;
        loop {
            match self.bump().kind {
                TokenKind::Open => depth += 1,
                TokenKind::Close => depth -= 1,
                TokenKind::End => return false,
                _ => {}
            }
            if depth == 0 {
                return true;
            }
        }
    }

    /// Reads the block that a statement or item needs.
    pub(super) fn block(&mut self, word: &str, word_span: Span) -> Block {
        if self.peek().kind == TokenKind::Open {
            return self.braced();
        }
        let head = word_span.to(self.last_span());
        let ahead = self.tokens[self.at..]
            .iter()
            .find(|t| t.kind != TokenKind::Newline);
        if let Some(open) = ahead.filter(|t| t.kind == TokenKind::Open) {
            let open = open.span;
            self.problems.add(|| {
                Problem::new(open, format!("the `{{` of `{word}` begins a line"))
                    .label("expected at the end of the line above")
                    .also(head, "this ends with its line")
            });
            self.skip_ends();
            return self.braced();
        }
        self.problems.add(|| {
            Problem::new(head, format!("`{word}` without a block")).label("expected `{` after this")
        });
        if self.braces.unopened > 0 {
            // Somewhere a `}` waits for the `{` that is missing here.
            self.braces.unopened -= 1;
            return self.block_body(head);
        }
        Block::new()
    }

    fn braced(&mut self) -> Block {
        let open = self.peek().span;
        if self.open.len() >= MOST_NESTED {
            self.problems.add(|| {
                Problem::new(open, "blocks nested too deeply")
                    .label(format!("the limit is {MOST_NESTED} blocks, one in another"))
            });
            self.skip_block();
            return Block::new();
        }
        self.bump();
        self.block_body(open)
    }

    /// Reads statements up to the `}`, and that too.
    fn block_body(&mut self, open: Span) -> Block {
        self.open.push(open);
        let mut block = Block::new();
        loop {
            self.skip_ends();
            let token = self.peek();
            match token.kind {
                TokenKind::Close => {
                    self.bump();
                    break;
                }
                TokenKind::End => {
                    self.unclosed(token.span, "the file ends here");
                    break;
                }
                TokenKind::Word if words::ITEMS.contains(&self.of(token.span)) => {
                    let word = self.of(token.span);
                    if self.braces.unclosed > 0 {
                        self.unclosed(token.span, "this begins before the block ends");
                        break;
                    }
                    self.problems.add(|| {
                        Problem::new(token.span, format!("`{word}` inside a worker"))
                            .label("expected a statement")
                            .help("items stand outside the braces of the workers")
                    });
                    self.item(false);
                }
                TokenKind::Word => {
                    self.count_statement(token.span);
                    if let Some(statement) = self.statement() {
                        block.push(statement);
                    }
                }
                _ => {
                    let found = quoted(self.of(token.span));
                    self.problems.add(|| {
                        Problem::new(token.span, format!("unexpected {found}"))
                            .label("expected a statement")
                    });
                    self.skip_any(token);
                    self.skip_head();
                }
            }
            if self.unwinding {
                break;
            }
        }
        self.open.pop();
        block
    }

    /// Tells, once, that a block is not closed, and leaves all open blocks.
    fn unclosed(&mut self, noticed: Span, label: &str) {
        if self.unwinding || self.braces.unclosed == 0 {
            self.unwinding = true;
            return;
        }
        let start = self.item_start;
        let suspects = &self.braces.suspects;
        let suspect = suspects[suspects.partition_point(|s| s.start < start)..]
            .first()
            .filter(|s| s.start < noticed.start);
        let blamed = suspect.copied().or(self.open.last().copied());
        if let Some(open) = blamed {
            self.problems.add(|| {
                Problem::new(open, "this block is never closed")
                    .label("no `}` matches this `{`")
                    .also(noticed, label)
            });
        }
        self.braces.unclosed = self.braces.unclosed.saturating_sub(self.open.len());
        self.unwinding = true;
    }

    fn count_statement(&mut self, span: Span) {
        self.statements += 1;
        if self.statements == MOST_STATEMENTS + 1 {
            self.problems.add(|| {
                Problem::new(span, "too many statements")
                    .label(format!("the limit is {MOST_STATEMENTS} in a file"))
            });
        }
    }

    /// Whether one of these words continues the statement, after line ends at most; then it is
    /// consumed.
    pub(super) fn continuation(&mut self, words: &[&str]) -> Option<(&'a str, Span)> {
        if self.unwinding {
            return None;
        }
        let mut at = self.at;
        while self.tokens[at].kind == TokenKind::Newline {
            at += 1;
        }
        let token = self.tokens[at];
        let word = self.of(token.span);
        if token.kind != TokenKind::Word || !words.contains(&word) {
            return None;
        }
        self.at = at + 1;
        Some((word, token.span))
    }
}
