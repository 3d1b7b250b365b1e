//! What holds of every text.

use proptest::prelude::*;
use selvedge::program::Program;

use super::noise::{body, text};

/// Reads anything, and does with the result all that can be done.
fn survive(text: &str) {
    match Program::parse(text) {
        Ok(program) => {
            assert_eq!(Program::parse(&program.to_string()).unwrap(), program);
            assert_eq!(Program::parse(&program.format()).unwrap(), program);
        }
        Err(error) => {
            assert!(!error.problems().is_empty());
            let places: Vec<_> = error.problems().iter().map(|p| p.place()).collect();
            assert!(places.is_sorted(), "{places:?}");
            error.render("a.sem", true);
        }
    }
}

/// The marks `c1`, `c2`, … of the comments, in the order of the text.
fn comments(text: &str) -> Vec<&str> {
    let starts = text.match_indices("/* c").chain(text.match_indices("// c"));
    let mut starts: Vec<_> = starts.map(|(at, _)| at).collect();
    starts.sort_unstable();
    let mark = |at: usize| text[at + 3..].split_whitespace().next().unwrap();
    starts.into_iter().map(mark).collect()
}

const TOKENS: [&str; 44] = [
    "semaphore",
    "worker",
    "budget",
    "expect",
    "acquire",
    "try-acquire",
    "acquire-within",
    "release",
    "with",
    "work",
    "panic",
    "return",
    "try",
    "repeat",
    "either",
    "grow",
    "shrink",
    "drain",
    "forget",
    "give",
    "close",
    "cancel",
    "spawn",
    "join",
    "else",
    "or",
    "catch",
    "finally",
    "{",
    "}",
    "{",
    "}",
    "\n",
    "\n",
    ";",
    "=",
    "permits=2",
    "permits=all",
    "a",
    "w",
    "w.1",
    "//",
    "/*",
    "*/",
];

proptest! {
    #[test]
    fn any_string_is_survived(text in any::<String>()) {
        survive(&text);
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Err(error) = Program::parse_bytes(&bytes) {
            error.render("", false);
        }
    }

    #[test]
    fn any_tokens_are_survived(
        tokens in prop::collection::vec(prop::sample::select(&TOKENS[..]), 0..120),
        inside in any::<bool>(),
    ) {
        let soup = tokens.join(" ");
        survive(&if inside { format!("semaphore a permits=1\nworker w {{ {soup} }}") } else { soup });
    }

    #[test]
    fn any_mutated_program_is_survived(
        body in body(),
        noise in prop::collection::vec(any::<u8>(), 0..200),
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0..4_usize, prop::sample::select(&TOKENS[..])), 1..6),
    ) {
        let (mut text, _) = text(&body, &noise);
        for (index, removed, put) in edits {
            let mut chars: Vec<char> = text.chars().collect();
            let at = index.index(chars.len() + 1);
            let end = (at + removed).min(chars.len());
            chars.splice(at..end, put.chars());
            text = chars.into_iter().collect();
        }
        survive(&text);
    }

    #[test]
    fn what_is_printed_is_read_back(
        body in body(),
        noise in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        let (text, _) = text(&body, &noise);
        let program = Program::parse(&text).unwrap_or_else(|e| panic!("{e}"));
        let printed = program.to_string();
        let again = Program::parse(&printed).unwrap_or_else(|e| panic!("{e}"));
        prop_assert_eq!(&again, &program);
        prop_assert_eq!(again.to_string(), printed);
        prop_assert_eq!(again.digest_text(), program.digest_text());
    }

    #[test]
    fn formatting_keeps_program_and_comments(
        body in body(),
        noise in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        let (text, count) = text(&body, &noise);
        let program = Program::parse(&text).unwrap_or_else(|e| panic!("{e}"));
        let formatted = program.format();
        let again = Program::parse(&formatted).unwrap_or_else(|e| panic!("{formatted}\n{e}"));
        prop_assert_eq!(&again, &program);
        prop_assert_eq!(again.format(), formatted.clone(), "from {}", text);
        prop_assert_eq!(comments(&formatted).len(), count);
        prop_assert_eq!(comments(&formatted), comments(&text));
        prop_assert!(!formatted.contains("\n\n\n") && !formatted.starts_with('\n'));
    }
}
