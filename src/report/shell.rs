//! Words of a command that is meant to be pasted into a shell.

/// A word as a shell takes it: as it is where nothing in it is special, else in quotes.
pub fn shell_quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "._-/+=@%:,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        in_quotes(word)
    }
}

/// A file as a shell takes it, never as an option.
pub(crate) fn quoted_file(file: &str) -> String {
    if file.starts_with('-') && file.len() > 1 {
        shell_quoted(&format!("./{file}"))
    } else {
        shell_quoted(file)
    }
}

/// A word in quotes, whatever is in it.
pub(crate) fn in_quotes(word: &str) -> String {
    if !word.chars().any(char::is_control) {
        return format!("'{}'", word.replace('\'', r"'\''"));
    }
    let escape = |c: char| match c {
        '\'' | '\\' => format!("\\{c}"),
        c if c.is_control() => format!("\\u{:04x}", u32::from(c)),
        c => c.to_string(),
    };
    format!("$'{}'", word.chars().map(escape).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_a_shell_would_read_them_otherwise() {
        assert_eq!(shell_quoted("pool::leaks"), "pool::leaks");
        assert_eq!(shell_quoted("na me"), "'na me'");
        assert_eq!(shell_quoted("it's"), r"'it'\''s'");
        assert_eq!(shell_quoted("two\nlines\\"), r"$'two\u000alines\\'");
        assert_eq!(shell_quoted(""), "''");
        assert_eq!(quoted_file("-x.sem"), "./-x.sem");
        assert_eq!(quoted_file("-"), "-");
        assert_eq!(in_quotes("a"), "'a'");
    }
}
