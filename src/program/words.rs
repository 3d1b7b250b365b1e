//! The words of the language, and which one may have been meant.

/// The words that begin or continue a statement; nothing can be named so.
pub(super) const STATEMENTS: [&str; 20] = [
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
];

/// The words that continue a statement after its block.
pub(super) const CONTINUATIONS: [&str; 4] = ["else", "or", "catch", "finally"];

/// The words that begin an item.
pub(super) const ITEMS: [&str; 4] = ["semaphore", "worker", "budget", "expect"];

/// Words of other languages, and what they are called here.
const FOREIGN: [(&str, &str); 16] = [
    ("lock", "acquire"),
    ("wait", "acquire"),
    ("take", "acquire"),
    ("unlock", "release"),
    ("post", "release"),
    ("put", "release"),
    ("acquire-timeout", "acquire-within"),
    ("guard", "with"),
    ("using", "with"),
    ("do", "work"),
    ("loop", "repeat"),
    ("for", "repeat"),
    ("select", "either"),
    ("choose", "either"),
    ("throw", "panic"),
    ("raise", "panic"),
];

/// More candidates than this are not compared: a file can declare tens of thousands.
const MOST_CANDIDATES: usize = 1_000;

/// Longer words are not compared: nobody means them.
const LONGEST_COMPARED: usize = 40;

/// Whether a word can name a semaphore, a worker or a piece of work.
pub(super) fn is_name(word: &str) -> bool {
    is_shaped_like_a_name(word) && !is_statement_word(word)
}

/// Whether a word begins or continues a statement.
pub(super) fn is_statement_word(word: &str) -> bool {
    STATEMENTS.contains(&word) || CONTINUATIONS.contains(&word)
}

/// `[a-z][a-z0-9_-]*`
fn is_shaped_like_a_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_lowercase())
        && word
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-')
}

/// A name that has the right shape and is like the word, if there is one.
pub(super) fn as_name(word: &str) -> Option<String> {
    if word.len() > LONGEST_COMPARED || !word.is_ascii() {
        return None;
    }
    let mut name = String::new();
    for (i, c) in word.char_indices() {
        match c.to_ascii_lowercase() {
            c if c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-' => {
                if i > 0 && word.as_bytes()[i].is_ascii_uppercase() && {
                    let before = word.as_bytes()[i - 1];
                    before.is_ascii_lowercase() || before.is_ascii_digit()
                } {
                    name.push('-');
                }
                name.push(c);
            }
            _ if !name.is_empty() && !name.ends_with('-') => name.push('-'),
            _ => {}
        }
    }
    let name = name.trim_end_matches('-');
    is_name(name).then(|| name.to_owned())
}

/// The candidate that was probably meant: the nearest, and near enough to be a slip.
pub(super) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    if word.len() > LONGEST_COMPARED {
        return None;
    }
    let lower = word.to_ascii_lowercase().replace('_', "-");
    candidates
        .into_iter()
        .take(MOST_CANDIDATES)
        .filter(|c| c.len().abs_diff(lower.len()) <= 3)
        .map(|c| (strsim::osa_distance(&lower, &c.replace('_', "-")), c))
        .filter(|&(distance, c)| distance <= allowed(lower.len().max(c.len())))
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, c)| c)
}

/// The statement word that was probably meant.
pub(super) fn nearest_statement(word: &str) -> Option<&'static str> {
    let foreign = FOREIGN.iter().find(|(foreign, _)| *foreign == word);
    foreign
        .map(|&(_, ours)| ours)
        .or_else(|| nearest(word, STATEMENTS))
        .or_else(|| nearest(word, CONTINUATIONS))
}

/// How many slips still count as the same word.
fn allowed(length: usize) -> usize {
    match length {
        0..=1 => 0,
        2..=5 => 1,
        6..=8 => 2,
        _ => 3,
    }
}

/// A word as it is quoted in a message: short, and without control characters.
pub(super) fn quoted(word: &str) -> String {
    const LONGEST: usize = 40;
    let mut short: String = word.chars().take(LONGEST).collect();
    if short.len() < word.len() {
        short.push('…');
    }
    let mut out = String::from("`");
    for c in short.chars() {
        if c.is_control() || (c.is_whitespace() && c != ' ') {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out.push('`');
    out
}

/// `a`, `a or b`, `a, b or c`, each in quotes.
pub(super) fn one_of(words: &[&str]) -> String {
    let quoted: Vec<_> = words.iter().map(|w| format!("`{w}`")).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips() {
        let check =
            |word, meant: Option<&str>| assert_eq!(nearest_statement(word), meant, "{word}");
        check("aquire", Some("acquire"));
        check("try_acquire", Some("try-acquire"));
        check("Release", Some("release"));
        check("lock", Some("acquire"));
        check("esle", Some("else"));
        check("x", None);
        check("banana", None);
        check(&"acquire".repeat(1000), None);
    }

    #[test]
    fn names() {
        let check = |word: &str, name: Option<&str>| assert_eq!(as_name(word).as_deref(), name);
        check("Pool", Some("pool"));
        check("connPool", Some("conn-pool"));
        check("my.pool", Some("my-pool"));
        check("Panic", None);
        check("ü", None);
        assert!(is_name("a-b_2") && !is_name("2a") && !is_name("work") && !is_name(""));
    }
}
