//! What the statements with several blocks say, and what is wrong with a continuation that has
//! nothing to continue.

use super::error::Problem;
use super::head::Least;
use super::lexer::TokenKind;
use super::model::*;
use super::reader::Reader;
use super::words;

impl Reader<'_> {
    pub(super) fn trying(&mut self, word: &'static str, span: Span) -> StatementKind {
        let (_, semaphore, permits) = self.request_head(word, span, true);
        let then = self.block(word, span);
        let mut otherwise = None;
        while let Some((_, at)) = self.continuation(&["else"]) {
            if otherwise.is_some() {
                self.stray("else", at, Some("there is an `else` already"));
                continue;
            }
            otherwise = Some(self.plain_block("else", at));
        }
        if word == "try-acquire" {
            StatementKind::TryAcquire {
                semaphore,
                permits,
                then,
                otherwise,
            }
        } else {
            StatementKind::AcquireWithin {
                semaphore,
                permits,
                then,
                otherwise,
            }
        }
    }

    /// The block of a word that takes nothing else.
    pub(super) fn plain_block(&mut self, word: &'static str, span: Span) -> Block {
        let head = self.head(word, span);
        self.rest(&head, 0, []);
        self.block(word, span)
    }

    pub(super) fn try_statement(&mut self, span: Span) -> StatementKind {
        let body = self.plain_block("try", span);
        let body_end = self.last_span();
        let (mut catch, mut finally) = (None, None);
        while let Some((word, at)) = self.continuation(&["catch", "finally"]) {
            let there = match word {
                _ if finally.is_some() && word == "catch" => "`catch` comes before `finally`",
                "catch" if catch.is_some() => {
                    "there is a `catch` already: it can name several kinds"
                }
                "finally" if finally.is_some() => "there is a `finally` already",
                "catch" => {
                    let kinds = self.catch_kinds(at);
                    let body = self.block("catch", at);
                    catch = Some(Catch { kinds, body });
                    continue;
                }
                _ => {
                    finally = Some(self.plain_block("finally", at));
                    continue;
                }
            };
            self.stray(word, at, Some(there));
        }
        // a block that never ends is told as that
        if catch.is_none() && finally.is_none() && !self.unwinding {
            self.problems.add(|| {
                Problem::new(span, "`try` with neither `catch` nor `finally`")
                    .label("without one of them it does nothing")
                    .also(body_end, "expected `catch` or `finally` after this")
            });
        }
        StatementKind::Try {
            body,
            catch,
            finally,
        }
    }

    pub(super) fn catch_kinds(&mut self, span: Span) -> Vec<CatchKind> {
        let head = self.head("catch", span);
        let names = CatchKind::ALL.map(CatchKind::as_str);
        let found = self.flags(&head, 0, names, &[]);
        self.keys(&head, [], &[]);
        CatchKind::ALL
            .into_iter()
            .zip(found)
            .filter_map(|(kind, found)| found.map(|_| kind))
            .collect()
    }

    pub(super) fn repeat(&mut self, span: Span) -> StatementKind {
        let head = self.head("repeat", span);
        let times = match head.words().next() {
            Some(span) => {
                self.rest(&head, 1, []);
                let least = Least::One("what is repeated no times can be left out");
                self.number(span, least, "`repeat 0`")
            }
            None => {
                self.problems.add(|| {
                    Problem::new(span, "`repeat` without a number")
                        .label("expected how many times, at least 1")
                });
                1
            }
        };
        let body = self.block("repeat", span);
        StatementKind::Repeat { times, body }
    }

    pub(super) fn either(&mut self, span: Span) -> StatementKind {
        let mut branches = vec![self.plain_block("either", span)];
        let first_end = self.last_span();
        while let Some((_, at)) = self.continuation(&["or"]) {
            branches.push(self.plain_block("or", at));
        }
        if branches.len() < 2 {
            self.problems.add(|| {
                Problem::new(span, "`either` with only one branch")
                    .label("there is nothing to choose from")
                    .also(first_end, "expected `or` after this")
            });
        }
        StatementKind::Either { branches }
    }

    /// Tells that a continuation has nothing to continue, or cannot continue this statement.
    pub(super) fn stray(&mut self, word: &str, span: Span, after: Option<&str>) {
        self.problems.add(|| {
            let problem = Problem::new(span, format!("stray `{word}`"));
            let owner = match word {
                "else" => "it follows the block of `try-acquire` or `acquire-within`",
                "or" => "it follows a block of `either`",
                "catch" => "it follows the block of `try`",
                _ => "it follows the block of `try` or `catch`",
            };
            match after {
                Some(after) => problem.label(after),
                None => problem.label("expected a statement").help(owner),
            }
        });
        self.skip_head();
        if self.peek().kind == TokenKind::Open {
            self.dropped_blocks();
        }
    }

    /// Reads the blocks of something unknown for the errors in them.
    pub(super) fn dropped_blocks(&mut self) {
        while self.peek().kind == TokenKind::Open {
            self.block("block", self.last_span());
            if self.continuation(&words::CONTINUATIONS).is_none() {
                break;
            }
            self.skip_head();
        }
    }
}
