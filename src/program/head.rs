//! The head of a statement or item: the words and `key=value`s up to its end or its block.

use super::error::Problem;
use super::lexer::TokenKind;
use super::model::*;
use super::reader::Reader;
use super::words::{self, is_name, nearest, one_of, quoted};

/// A word or a `key=value` after the first word.
#[derive(Debug, Clone, Copy)]
pub(super) enum Part {
    Word(Span),
    /// The value is missing where an error was told.
    Pair(Span, Option<Span>),
}

/// What stands on the line of a statement.
#[derive(Debug)]
pub(super) struct Head {
    /// The word that it begins with, as it was meant.
    pub(super) word: &'static str,
    /// Where that stands.
    pub(super) span: Span,
    pub(super) parts: Vec<Part>,
}

impl Head {
    pub(super) fn words(&self) -> impl Iterator<Item = Span> {
        self.parts.iter().filter_map(|part| match part {
            Part::Word(span) => Some(*span),
            Part::Pair(..) => None,
        })
    }
}

impl Reader<'_> {
    /// Reads what follows the first word.
    pub(super) fn head(&mut self, word: &'static str, span: Span) -> Head {
        let mut parts = Vec::new();
        loop {
            let token = self.peek();
            match token.kind {
                TokenKind::Word => {
                    self.bump();
                    let equals = self.peek();
                    // The first word is a name, unless `=` touches it.
                    let is_key = !parts.is_empty() || equals.span.start == token.span.end;
                    if equals.kind == TokenKind::Equals && is_key {
                        parts.push(self.pair(token.span));
                    } else {
                        parts.push(Part::Word(token.span));
                    }
                }
                TokenKind::Equals => {
                    self.bump();
                    self.problems.add(|| {
                        Problem::new(token.span, "unexpected `=`")
                            .label("expected a key before it, as in `permits=2`")
                    });
                    if self.peek().kind == TokenKind::Word {
                        self.bump();
                    }
                }
                _ => break,
            }
        }
        Head { word, span, parts }
    }

    /// Reads `=value`.
    fn pair(&mut self, key: Span) -> Part {
        let equals = self.bump().span;
        let value = self.peek();
        if value.kind != TokenKind::Word {
            let key_text = self.of(key);
            let found = self.peek().kind == TokenKind::Equals;
            self.problems.add(|| {
                let at = if found { value.span } else { key.to(equals) };
                Problem::new(at, format!("{} has no value", quoted(key_text)))
                    .label("expected a value right after the first `=`")
            });
            while self.peek().kind == TokenKind::Equals {
                self.bump();
                if self.peek().kind == TokenKind::Word {
                    self.bump();
                }
            }
            return Part::Pair(key, None);
        }
        self.bump();
        if key.end != equals.start || equals.end != value.span.start {
            let (key_text, value_text) = (self.of(key), self.of(value.span));
            self.problems.add(|| {
                Problem::new(key.to(value.span), "space around `=`")
                    .label("expected a key and its value in one word")
                    .help(format!(
                        "write {}",
                        quoted(&format!("{key_text}={value_text}"))
                    ))
            });
        }
        Part::Pair(key, Some(value.span))
    }

    /// The name that the head needs first; empty, after an error, when there is none.
    pub(super) fn name(&mut self, head: &Head, what: &str) -> Name {
        let Some(span) = head.words().next() else {
            let word = head.word;
            let whole = self.whole(head);
            self.problems.add(|| {
                Problem::new(whole, format!("`{word}` without a name"))
                    .label(format!("expected {what} after `{word}`"))
            });
            return Name::new("", head.span);
        };
        if let Some(Part::Pair(key, value)) = head.parts.first() {
            let pair = key.to(value.unwrap_or(*key));
            let (pair_text, name) = (self.of(pair), self.of(span));
            let word = head.word;
            self.problems.add(|| {
                Problem::new(span, "the name comes before the keys")
                    .label(format!("expected right after `{word}`"))
                    .help(format!(
                        "write {}",
                        quoted(&format!("{word} {name} {pair_text}"))
                    ))
            });
        }
        Name::new(self.of(span), span)
    }

    /// A name that is declared here, or given to a piece of work: it must look like one.
    pub(super) fn new_name(&mut self, head: &Head, what: &str) -> Name {
        let name = self.name(head, what);
        let text = self.of(name.span);
        if !name.as_str().is_empty() && !is_name(text) {
            self.problems.add(|| {
                let problem = Problem::new(name.span, format!("{} cannot be a name", quoted(text)));
                if words::is_statement_word(text) {
                    problem.label("it is a word of the language")
                } else {
                    problem
                        .label("expected a lower-case letter, then lower-case letters, digits, `-` and `_`")
                        .maybe_help(words::as_name(text).map(|n| format!("write `{n}`")))
                }
            });
        }
        name
    }

    /// The flags of the head: where each of them stands. `taken` words come before them; any
    /// other word is an error.
    pub(super) fn flags<const N: usize>(
        &mut self,
        head: &Head,
        taken: usize,
        flags: [&'static str; N],
        keys: &[&'static str],
    ) -> [Option<Span>; N] {
        let mut found = [None; N];
        for span in head.words().skip(taken) {
            let word = self.of(span);
            if let Some(i) = flags.iter().position(|flag| *flag == word) {
                if let Some(first) = found[i].replace(span) {
                    self.repeated(span, first, word);
                }
                continue;
            }
            let head_word = head.word;
            self.problems.add(|| {
                let problem = Problem::new(span, format!("unexpected {}", quoted(word)));
                let is_number = word.bytes().all(|b| b.is_ascii_digit());
                if is_number && let Some(key) = keys.first() {
                    return problem
                        .label("expected a key before the number")
                        .help(format!("write {}", quoted(&format!("{key}={word}"))));
                }
                let known = flags.iter().chain(keys).copied();
                let guess = nearest(word, known.clone());
                let known: Vec<_> = known
                    .map(|k| {
                        if keys.contains(&k) {
                            format!("{k}=…")
                        } else {
                            k.to_owned()
                        }
                    })
                    .collect();
                let problem = if known.is_empty() {
                    problem.label(format!("expected the end of the `{head_word}`"))
                } else {
                    let known: Vec<_> = known.iter().map(String::as_str).collect();
                    problem.label(format!(
                        "expected {}, or the end of the `{head_word}`",
                        one_of(&known)
                    ))
                };
                if words::STATEMENTS.contains(&word) {
                    return problem.help("a statement begins on its own line, or after `;`");
                }
                problem.maybe_help(guess.map(|g| {
                    let equals = if keys.contains(&g) { "=" } else { "" };
                    format!("did you mean `{g}{equals}`?")
                }))
            });
            // The rest of the words is likely to belong to this one.
            break;
        }
        found
    }

    /// The values of the head's keys.
    pub(super) fn keys<const N: usize>(
        &mut self,
        head: &Head,
        keys: [&'static str; N],
        flags: &[&'static str],
    ) -> [Option<Value>; N] {
        let mut found: [Option<Value>; N] = [None; N];
        for part in &head.parts {
            let Part::Pair(key, value) = *part else {
                continue;
            };
            let word = self.of(key);
            let Some(i) = keys.iter().position(|k| *k == word) else {
                let head_word = head.word;
                self.problems.add(|| {
                    let problem =
                        Problem::new(key, format!("`{head_word}` has no key {}", quoted(word)));
                    if flags.contains(&word) {
                        return problem
                            .label("this is written without a value")
                            .help(format!("write `{word}`"));
                    }
                    let problem = if keys.is_empty() {
                        problem.label("expected no keys")
                    } else {
                        problem.label(format!("expected {}", one_of(&keys)))
                    };
                    problem.maybe_help(nearest(word, keys).map(|g| format!("did you mean `{g}`?")))
                });
                continue;
            };
            if let Some(first) = found[i] {
                self.repeated(key, first.key, word);
                continue;
            }
            found[i] = Some(Value { key, span: value });
        }
        found
    }

    fn repeated(&mut self, again: Span, first: Span, word: &str) {
        self.problems.add(|| {
            Problem::new(again, format!("repeated `{word}`"))
                .label("expected once")
                .also(first, "first said here")
        });
    }

    /// A number that is written in decimal and in range; one, after an error. `when_zero` says
    /// what is wrong with zero, where it is.
    pub(super) fn number(&mut self, span: Span, least: Least, when_zero: &str) -> u32 {
        let text = self.of(span);
        let (low, zero) = match least {
            Least::Zero => (0, ""),
            Least::One(remark) => (1, remark),
        };
        let expected = format!("expected a number from {low} to {}", u32::MAX);
        if text.is_empty() {
            self.problems
                .add(|| Problem::new(span, "a number is missing").label(expected));
            return 1;
        }
        if !text.bytes().all(|b| b.is_ascii_digit()) {
            let digits: String = text.chars().filter(|c| *c != '_' && *c != ',').collect();
            let plain = digits.len() < 11 && digits.parse::<u32>().is_ok();
            self.problems.add(|| {
                Problem::new(span, format!("{} is not a number", quoted(text)))
                    .label(expected)
                    .maybe_help((plain && digits != text).then(|| {
                        format!(
                            "numbers are decimal digits alone: write `{}`",
                            digits.trim_start_matches('+')
                        )
                    }))
            });
            return 1;
        }
        match text.parse::<u32>() {
            Ok(number) if number >= low => number,
            Ok(_) => {
                self.problems
                    .add(|| Problem::new(span, when_zero).label(expected).help(zero));
                1
            }
            Err(_) => {
                self.problems.add(|| {
                    Problem::new(span, format!("{} is too large", quoted(text))).label(expected)
                });
                1
            }
        }
    }

    /// The number after a key, or what holds when it is not there.
    pub(super) fn number_or(
        &mut self,
        value: Option<Value>,
        default: u32,
        least: Least,
        when_zero: &str,
    ) -> u32 {
        match value.and_then(|v| v.span) {
            Some(span) => self.number(span, least, when_zero),
            None => default,
        }
    }

    /// A value that is one of these words. The first of them, after an error.
    pub(super) fn choice<const N: usize>(&mut self, span: Span, words: [&'static str; N]) -> usize {
        let text = self.of(span);
        words.iter().position(|w| *w == text).unwrap_or_else(|| {
            self.problems.add(|| {
                Problem::new(span, format!("unexpected value {}", quoted(text)))
                    .label(format!("expected {}", one_of(&words)))
                    .maybe_help(nearest(text, words).map(|g| format!("did you mean `{g}`?")))
            });
            0
        })
    }

    /// From the first word to the last part of the head.
    pub(super) fn whole(&self, head: &Head) -> Span {
        match head.parts.last() {
            Some(Part::Word(span)) => head.span.to(*span),
            Some(Part::Pair(key, value)) => head.span.to(value.unwrap_or(*key)),
            None => head.span,
        }
    }
}

/// A key that was written, and where its value stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Value {
    pub(super) key: Span,
    /// Missing after an error that has been told.
    pub(super) span: Option<Span>,
}

impl Value {
    /// `key=value`.
    pub(super) fn whole(self) -> Span {
        self.key.to(self.span.unwrap_or(self.key))
    }
}

/// The least value of a number, with a remark for who writes less.
#[derive(Debug, Clone, Copy)]
pub(super) enum Least {
    Zero,
    One(&'static str),
}
