//! Cuts the text of a program into tokens, and sets the comments aside.
//!
//! **Invariants**
//!
//! 1. Every byte of the text is in a token, in a comment or is white space; spans lie on
//!    character boundaries and ascend.
//! 2. The last token is `End`, and it is the only one.
//! 3. A comment counts as a space: a newline inside `/* … */` ends no statement. The newline
//!    that ends a `//` comment does.

use super::model::Span;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// A run of anything that is not white space, a brace, `;`, `=` or a comment.
    Word,
    Equals,
    Open,
    Close,
    Semicolon,
    /// One or more line ends.
    Newline,
    End,
}

/// A token and where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) span: Span,
}

/// A comment, its text as written, delimiters included.
#[derive(Debug)]
pub(super) struct Comment {
    pub(super) text: String,
    pub(super) span: Span,
}

/// A text in tokens.
#[derive(Debug)]
pub(super) struct Lexed {
    pub(super) tokens: Vec<Token>,
    pub(super) comments: Vec<Comment>,
    /// The `/*` that no `*/` follows.
    pub(super) unterminated: Option<Span>,
}

/// A span from byte offsets; texts are far below 4 GiB, which the size limit secures.
pub(super) fn span(start: usize, end: usize) -> Span {
    Span {
        start: start as u32,
        end: end as u32,
    }
}

impl Span {
    /// What the span covers in its text.
    pub(super) fn of(self, text: &str) -> &str {
        &text[self.start as usize..self.end as usize]
    }

    /// From the start of this one to the end of the other.
    pub(super) fn to(self, last: Span) -> Span {
        Span {
            start: self.start,
            end: last.end.max(self.start),
        }
    }
}

/// Cuts a text into tokens.
pub(super) fn lex(text: &str) -> Lexed {
    let bytes = text.as_bytes();
    let mut lexed = Lexed {
        tokens: Vec::new(),
        comments: Vec::new(),
        unterminated: None,
    };
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        let kind = match bytes[at] {
            b'\n' => {
                at += 1;
                if lexed.tokens.last().map(|t| t.kind) == Some(TokenKind::Newline) {
                    continue;
                }
                TokenKind::Newline
            }
            byte if is_space(byte) => {
                at += 1;
                continue;
            }
            b'{' => TokenKind::Open,
            b'}' => TokenKind::Close,
            b';' => TokenKind::Semicolon,
            b'=' => TokenKind::Equals,
            _ if comment_starts(bytes, at) => {
                at = lexed.comment(text, at);
                continue;
            }
            _ => {
                while at < bytes.len() && !ends_word(bytes, at) {
                    at += 1;
                }
                TokenKind::Word
            }
        };
        at = at.max(start + 1);
        lexed.tokens.push(Token {
            kind,
            span: span(start, at),
        });
    }
    lexed.tokens.push(Token {
        kind: TokenKind::End,
        span: span(bytes.len(), bytes.len()),
    });
    lexed
}

impl Lexed {
    /// Keeps the comment that starts here and returns where it ends.
    fn comment(&mut self, text: &str, start: usize) -> usize {
        let rest = &text[start..];
        let length = if rest.starts_with("//") {
            let line = rest.find('\n').unwrap_or(rest.len());
            rest[..line].trim_end_matches('\r').len()
        } else if let Some(length) = rest[2..].find("*/") {
            length + 4
        } else {
            self.unterminated = Some(span(start, start + 2));
            rest.len()
        };
        self.comments.push(Comment {
            text: rest[..length].to_owned(),
            span: span(start, start + length),
        });
        start + length
    }
}

/// White space that is not a line end. A `\r` is: it comes before the `\n` that ends the line.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | 0x0b | 0x0c)
}

fn comment_starts(bytes: &[u8], at: usize) -> bool {
    bytes[at] == b'/' && matches!(bytes.get(at + 1), Some(b'/' | b'*'))
}

fn ends_word(bytes: &[u8], at: usize) -> bool {
    let byte = bytes[at];
    is_space(byte) || matches!(byte, b'\n' | b'{' | b'}' | b';' | b'=') || comment_starts(bytes, at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let lexed = lex(text);
        let shown: Vec<_> = lexed
            .tokens
            .iter()
            .map(|token| match token.kind {
                TokenKind::Newline => "⏎",
                TokenKind::End => "∎",
                _ => token.span.of(text),
            })
            .collect();
        assert_eq!(shown.join(" "), expected, "the tokens of {text:?}");
    }

    #[test]
    fn tokens() {
        check("", "∎");
        check(
            "acquire pool permits=2\r\n\r\n",
            "acquire pool permits = 2 ⏎ ∎",
        );
        check("with a{work x}", "with a { work x } ∎");
        check("a/* x\n y */b", "a b ∎");
        check("a//b\nc", "a ⏎ c ∎");
        check("a /* b // */ c */", "a c */ ∎");
        check("w.1 ü/ü", "w.1 ü/ü ∎");
        check("a /* b", "a ∎");
        check("/*/", "∎");
    }
}
