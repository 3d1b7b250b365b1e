//! What a message says, whatever its values are: that of one assertion is the same each time.

/// The message with its numbers and quoted values blanked, and what an `assert_eq!` compares left out.
pub(crate) fn blanked(message: &str) -> String {
    let lines = message.lines().map(|line| {
        let value = ["left: ", "right: "]
            .iter()
            .any(|side| line.trim_start().starts_with(side));
        match line.split_once(": ") {
            Some((side, _)) if value => format!("{}: _", side.trim()),
            _ => line_blanked(line),
        }
    });
    lines.collect::<Vec<String>>().join(" ")
}

fn line_blanked(line: &str) -> String {
    let mut plain = String::new();
    let mut rest = line.chars().peekable();
    let mut before = ' ';
    while let Some(c) = rest.next() {
        let in_word = before.is_alphanumeric() || before == '_';
        if c == '"' || (c == '\'' && !in_word) {
            let mut ahead = rest.clone();
            if skip_quoted(&mut ahead, c) {
                rest = ahead;
                plain.push_str("\"\"");
                before = c;
                continue;
            }
        }
        if c.is_ascii_digit() {
            // 10, 1.5, 0x1f, 2s; and what a name ends with
            while let Some(&next) = rest.peek() {
                let mut after = rest.clone();
                after.next();
                let point = next == '.' && after.peek().is_some_and(char::is_ascii_digit);
                if !next.is_alphanumeric() && next != '_' && !point {
                    break;
                }
                rest.next();
            }
            plain.push('#');
            before = '0';
            continue;
        }
        plain.push(c);
        before = c;
    }
    plain
}

/// Passes over what is quoted, its end included; whether it has one.
fn skip_quoted(rest: &mut std::iter::Peekable<std::str::Chars<'_>>, quote: char) -> bool {
    while let Some(c) = rest.next() {
        if c == quote {
            return true;
        }
        if c == '\\' {
            rest.next();
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::blanked;

    #[test]
    fn values_are_blanked() {
        let alike = [
            ("3 of 17 are free", "12 of 4 are free"),
            ("pool \"a\" is 1.5 full", "pool \"b \\\" c\" is 0.25 full"),
            ("at 0x7ffe12 for 20ms", "at 0x1 for 7ms"),
            ("found 'x' here", "found 'y' here"),
            ("Some(Request { id: 7 })", "Some(Request { id: 123 })"),
            (
                "assertion `left == right` failed: the sum\n  left: Open\n right: 3",
                "assertion `left == right` failed: the sum\n  left: Closed\n right: 70",
            ),
        ];
        for (one, other) in alike {
            assert_eq!(blanked(one), blanked(other));
        }
        let different = [
            ("assertion failed: a", "assertion failed: b"),
            ("don't take 1", "don't give 1"),
            (
                "assertion `left == right` failed: the sum\n  left: 1\n right: 2",
                "assertion `left == right` failed: the product\n  left: 1\n right: 2",
            ),
        ];
        for (one, other) in different {
            assert_ne!(blanked(one), blanked(other));
        }
    }
}
