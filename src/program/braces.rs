//! Whether the braces of a text match, and which one is to blame when they do not.

use super::lexer::{Token, TokenKind};
use super::model::Span;

/// What the braces of a text tell before it is read.
#[derive(Debug, Default)]
pub(super) struct Braces {
    /// How many `{` have no `}`.
    pub(super) unclosed: usize,
    /// How many `}` have no `{`.
    pub(super) unopened: usize,
    /// The `{` whose `}` is probably the missing one, as the indentation tells: the first `}`
    /// that stands further left than the line of its `{` closes another block.
    pub(super) suspects: Vec<Span>,
}

/// Matches the braces. It does not recurse, whatever the depth.
pub(super) fn match_braces(text: &str, tokens: &[Token]) -> Braces {
    let mut braces = Braces::default();
    let mut open: Vec<(Span, usize)> = Vec::new();
    let mut line_start = 0;
    let mut indent = 0;
    let mut first_of_line = true;
    for token in tokens {
        let start = token.span.start as usize;
        if first_of_line {
            let gap = &text[line_start..start];
            indent = gap.len() - gap.rfind('\n').map_or(0, |i| i + 1);
        }
        match token.kind {
            TokenKind::Open => open.push((token.span, indent)),
            TokenKind::Close => match open.pop() {
                Some((span, its_indent)) => {
                    if first_of_line && indent < its_indent {
                        braces.suspects.push(span);
                    }
                }
                None => braces.unopened += 1,
            },
            _ => {}
        }
        first_of_line = token.kind == TokenKind::Newline;
        if first_of_line {
            line_start = token.span.end as usize;
        }
    }
    braces.unclosed = open.len();
    braces
}
