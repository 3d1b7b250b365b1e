//! What the words of each statement say.

use super::error::Problem;
use super::head::{Head, Least, Value};
use super::lexer::TokenKind;
use super::model::*;
use super::reader::Reader;
use super::validate::{Use, UseKind};
use super::words::{self, nearest_statement, quoted};

const ZERO_PERMITS: &str = "a request for nothing always succeeds: leave it out";

impl<'a> Reader<'a> {
    /// Reads a statement, which begins with a word. `None` when it is none.
    pub(super) fn statement(&mut self) -> Option<Statement> {
        let span = self.bump().span;
        let word = self.of(span);
        let kind = match words::STATEMENTS.iter().find(|w| **w == word) {
            Some(word) => Some(self.statement_kind(word, span)),
            None if words::CONTINUATIONS.contains(&word) => {
                self.stray(word, span, None);
                None
            }
            None => self.unknown_statement(word, span),
        };
        Some(Statement {
            kind: kind?,
            span: span.to(self.last_span()),
        })
    }

    /// Tells what was meant and reads that, or what looks like a statement's body.
    fn unknown_statement(&mut self, word: &'a str, span: Span) -> Option<StatementKind> {
        let is_assignment = self.peek().kind == TokenKind::Equals;
        let guess = nearest_statement(word).filter(|_| !is_assignment);
        self.problems.add(|| {
            let problem = Problem::new(span, format!("unknown statement {}", quoted(word)))
                .label("expected a statement");
            if is_assignment {
                problem.help("a `key=value` stands on the line of its statement")
            } else if word.contains(|c: char| c.is_whitespace()) {
                problem.help("it contains a space that is no ordinary space")
            } else {
                problem.maybe_help(guess.map(|g| format!("did you mean `{g}`?")))
            }
        });
        let statement = guess.and_then(|g| words::STATEMENTS.iter().find(|w| **w == g));
        match statement {
            Some(meant) => Some(self.statement_kind(meant, span)),
            None => {
                self.skip_head();
                self.dropped_blocks();
                None
            }
        }
    }

    fn statement_kind(&mut self, word: &'static str, span: Span) -> StatementKind {
        match word {
            "acquire" => {
                let (semaphore, permits) = self.request(word, span);
                StatementKind::Acquire { semaphore, permits }
            }
            "try-acquire" | "acquire-within" => self.trying(word, span),
            "release" => self.release(span),
            "with" => {
                let (_, semaphore, permits) = self.request_head(word, span, true);
                let body = self.block(word, span);
                StatementKind::With {
                    semaphore,
                    permits,
                    body,
                }
            }
            "work" => self.work(span),
            "panic" => {
                self.bare(word, span);
                StatementKind::Panic
            }
            "return" => {
                self.bare(word, span);
                StatementKind::Return
            }
            "try" => self.try_statement(span),
            "repeat" => self.repeat(span),
            "either" => self.either(span),
            "grow" => {
                let (semaphore, permits) = self.request(word, span);
                StatementKind::Grow { semaphore, permits }
            }
            "shrink" => {
                let (semaphore, permits) = self.request(word, span);
                StatementKind::Shrink { semaphore, permits }
            }
            "drain" => StatementKind::Drain {
                semaphore: self.lone_semaphore(word, span),
            },
            "close" => StatementKind::Close {
                semaphore: self.lone_semaphore(word, span),
            },
            "forget" => self.forget(span),
            "give" => self.give(span),
            "cancel" => {
                let head = self.head(word, span);
                let name = self.name(&head, "a worker");
                self.rest(&head, 1, []);
                self.no_block(&head, "");
                StatementKind::Cancel {
                    worker: self.instance(name.span, &name),
                }
            }
            "spawn" => StatementKind::Spawn {
                worker: self.whole_worker(word, span, |_| UseKind::Spawn),
            },
            _ => StatementKind::Join {
                worker: self.whole_worker(word, span, UseKind::Join),
            },
        }
    }

    /// Checks that nothing follows but these keys, and returns their values.
    pub(super) fn rest<const N: usize>(
        &mut self,
        head: &Head,
        taken: usize,
        keys: [&'static str; N],
    ) -> [Option<Value>; N] {
        self.flags(head, taken, [], &keys);
        self.keys(head, keys, &[])
    }

    /// Tells of a block where there can be none, and reads it for the errors in it.
    pub(super) fn no_block(&mut self, head: &Head, help: &str) {
        if self.peek().kind != TokenKind::Open {
            return;
        }
        let (open, word) = (self.peek().span, head.word);
        self.problems.add(|| {
            Problem::new(open, format!("`{word}` has no block"))
                .label("expected the end of the line, or `;`")
                .maybe_help((!help.is_empty()).then(|| help.to_owned()))
        });
        self.dropped_blocks();
    }

    fn bare(&mut self, word: &'static str, span: Span) {
        let head = self.head(word, span);
        self.rest(&head, 0, []);
        self.no_block(&head, "");
    }

    fn use_semaphore(&mut self, name: &Name, needs_ledger: Vec<(Span, String)>) {
        if !name.as_str().is_empty() {
            self.uses.push(Use::Semaphore {
                name: name.clone(),
                needs_ledger,
            });
        }
    }

    /// `S permits=N`
    pub(super) fn request_head(
        &mut self,
        word: &'static str,
        span: Span,
        ledger_free: bool,
    ) -> (Head, Name, u32) {
        let head = self.head(word, span);
        let semaphore = self.name(&head, "a semaphore");
        let [permits] = self.rest(&head, 1, ["permits"]);
        if let Some(value) = permits.filter(|v| v.span.is_some_and(|s| self.of(s) == "all")) {
            self.problems.add(|| {
                Problem::new(value.whole(), format!("`{word}` cannot take `permits=all`"))
                    .label("expected a number")
                    .help(if ledger_free && word != "with" {
                        "`drain` takes all that is available; `release`, `forget` and `give` know `all`"
                    } else {
                        "only `release`, `forget` and `give` know `all`"
                    })
            });
            self.use_semaphore(&semaphore, Vec::new());
            return (head, semaphore, 1);
        }
        let permits = self.number_or(
            permits,
            1,
            Least::One(ZERO_PERMITS),
            "a request for zero permits",
        );
        let needs = if ledger_free {
            Vec::new()
        } else {
            vec![(head.span, format!("`{word}`"))]
        };
        self.use_semaphore(&semaphore, needs);
        (head, semaphore, permits)
    }

    fn request(&mut self, word: &'static str, span: Span) -> (Name, u32) {
        let (head, semaphore, permits) = self.request_head(word, span, word == "acquire");
        self.no_block(
            &head,
            if word == "acquire" {
                "`with` is the form with a block"
            } else {
                ""
            },
        );
        (semaphore, permits)
    }

    fn lone_semaphore(&mut self, word: &'static str, span: Span) -> Name {
        let head = self.head(word, span);
        let semaphore = self.name(&head, "a semaphore");
        self.rest(&head, 1, []);
        self.use_semaphore(&semaphore, Vec::new());
        self.no_block(&head, "");
        semaphore
    }

    /// `permits=N` or `permits=all`.
    fn amount(&mut self, permits: Option<Value>) -> Amount {
        match permits.and_then(|v| v.span) {
            Some(span) if self.of(span) == "all" => Amount::All,
            _ => Amount::Exactly(self.number_or(
                permits,
                1,
                Least::One(ZERO_PERMITS),
                "a request for zero permits",
            )),
        }
    }

    fn release(&mut self, span: Span) -> StatementKind {
        let head = self.head("release", span);
        let semaphore = self.name(&head, "a semaphore");
        let [permits, from] = self.rest(&head, 1, ["permits", "from"]);
        let amount = self.amount(permits);
        let mut needs = Vec::new();
        if let Some(permits) = permits.filter(|_| amount == Amount::All) {
            needs.push((permits.whole(), "`permits=all`".to_owned()));
        }
        if let Some(from) = from {
            needs.push((from.whole(), "`from=`".to_owned()));
        }
        self.use_semaphore(&semaphore, needs);
        let from = from.and_then(|v| v.span).map(|span| {
            let name = Name::new(self.of(span), span);
            self.instance(span, &name)
        });
        self.no_block(&head, "");
        StatementKind::Release {
            semaphore,
            permits: amount,
            from,
        }
    }

    fn forget(&mut self, span: Span) -> StatementKind {
        let head = self.head("forget", span);
        let semaphore = self.name(&head, "a semaphore");
        let [permits] = self.rest(&head, 1, ["permits"]);
        let permits = self.amount(permits);
        self.use_semaphore(&semaphore, vec![(span, "`forget`".to_owned())]);
        self.no_block(&head, "");
        StatementKind::Forget { semaphore, permits }
    }

    fn give(&mut self, span: Span) -> StatementKind {
        let head = self.head("give", span);
        let semaphore = self.name(&head, "a semaphore");
        let [permits, to] = self.rest(&head, 1, ["permits", "to"]);
        let permits = self.amount(permits);
        self.use_semaphore(&semaphore, vec![(span, "`give`".to_owned())]);
        if to.is_none() {
            let whole = self.whole(&head);
            self.problems.add(|| {
                Problem::new(whole, "`give` to nobody").label("expected `to=` and a worker")
            });
        }
        let to = match to.and_then(|v| v.span) {
            Some(span) => {
                let name = Name::new(self.of(span), span);
                self.instance(span, &name)
            }
            None => WorkerRef {
                worker: Name::new("", span),
                instance: None,
            },
        };
        self.no_block(&head, "");
        StatementKind::Give {
            semaphore,
            permits,
            to,
        }
    }

    fn work(&mut self, span: Span) -> StatementKind {
        let head = self.head("work", span);
        let name = self.new_name(&head, "a name for the work");
        let [panics] = self.rest(&head, 1, ["panics"]);
        let panics = match panics.and_then(|v| v.span) {
            Some(span) => {
                self.choice(span, ["never"]);
                Panics::Never
            }
            None => Panics::May,
        };
        self.no_block(&head, "");
        StatementKind::Work { name, panics }
    }

    /// `W` or `W.i`
    fn instance(&mut self, span: Span, written: &Name) -> WorkerRef {
        let text = written.as_str();
        let (name, instance) = match text.split_once('.') {
            None => (text, None),
            Some((name, number)) => {
                let start = span.start as usize + name.len() + 1;
                let number_span = super::lexer::span(start, start + number.len());
                let least = Least::One("instances are counted from 1");
                (
                    name,
                    Some((
                        self.number(number_span, least, "there is no instance 0"),
                        number_span,
                    )),
                )
            }
        };
        let name_span = super::lexer::span(span.start as usize, span.start as usize + name.len());
        let reference = WorkerRef {
            worker: Name::new(name, name_span),
            instance: instance.map(|(number, _)| number),
        };
        if !text.is_empty() {
            self.uses.push(Use::Worker {
                name: reference.worker.clone(),
                kind: UseKind::Instance(instance),
            });
        }
        reference
    }

    /// A worker with all its instances, for `spawn` and `join`.
    fn whole_worker(
        &mut self,
        word: &'static str,
        span: Span,
        kind: fn(Option<Name>) -> UseKind,
    ) -> Name {
        let head = self.head(word, span);
        let written = self.name(&head, "a worker");
        self.rest(&head, 1, []);
        self.no_block(&head, "");
        let text = written.as_str();
        let name = text.split_once('.').map_or(text, |(name, _)| name);
        if name.len() < text.len() {
            self.problems.add(|| {
                Problem::new(written.span, format!("`{word}` names an instance"))
                    .label("expected a worker's name alone")
                    .help(if word == "spawn" {
                        "`spawn` starts the next instance of the worker"
                    } else {
                        "`join` waits for all started instances of the worker"
                    })
            });
        }
        let name = Name::new(
            name,
            super::lexer::span(
                written.span.start as usize,
                written.span.start as usize + name.len(),
            ),
        );
        if !name.as_str().is_empty() {
            self.uses.push(Use::Worker {
                name: name.clone(),
                kind: kind(self.worker.clone()),
            });
        }
        name
    }
}
