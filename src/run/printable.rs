//! Names that people gave, as they can be shown.

/// A name in one line: what would break the line, or move the cursor of a terminal, is written out.
pub(crate) fn printable(name: &str) -> String {
    let show = |c: char| match c.is_control() {
        true => c.escape_default().to_string(),
        false => c.to_string(),
    };
    name.chars().map(show).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_in_its_line() {
        assert_eq!(
            printable("two\nlines \u{1b}[31m é"),
            "two\\nlines \\u{1b}[31m é"
        );
    }
}
