//! Rows of at most 80 columns, painted or not.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How a text for people is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Paint it with ANSI codes.
    pub color: bool,
    /// Say what differs from machine to machine, or from release to release: states and seconds.
    pub figures: bool,
}

impl Default for Style {
    /// No colour; with figures.
    fn default() -> Style {
        Style {
            color: false,
            figures: true,
        }
    }
}

/// No line is longer, but for the command that replays.
pub(super) const WIDTH: usize = 80;

/// What a piece of text means; the strongest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Paint {
    Plain,
    Faint,
    Strong,
    Good,
    Warning,
    Error,
}

impl Paint {
    fn code(self) -> &'static str {
        match self {
            Paint::Plain => "",
            Paint::Faint => "\x1b[2m",
            Paint::Strong => "\x1b[1m",
            Paint::Good => "\x1b[1;32m",
            Paint::Warning => "\x1b[33m",
            Paint::Error => "\x1b[1;31m",
        }
    }
}

/// One line, put together from pieces at columns.
#[derive(Debug, Clone, Default)]
pub(super) struct Row {
    cells: Vec<(char, Paint)>,
}

impl Row {
    /// Writes over what is there from column `at` on.
    pub(super) fn put(&mut self, at: usize, text: &str, paint: Paint) {
        for (i, c) in text.chars().enumerate() {
            if self.cells.len() <= at + i {
                self.cells.resize(at + i + 1, (' ', Paint::Plain));
            }
            self.cells[at + i] = (c, paint);
        }
    }

    /// The same, ending in column `end`.
    pub(super) fn put_before(&mut self, end: usize, text: &str, paint: Paint) {
        self.put(end.saturating_sub(text.width()), text, paint);
    }
}

/// Lines, one after the other.
pub(super) struct Page {
    style: Style,
    text: String,
}

impl Page {
    pub(super) fn new(style: &Style) -> Page {
        Page {
            style: *style,
            text: String::new(),
        }
    }

    pub(super) fn style(&self) -> Style {
        self.style
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// An empty line, if the line before is not empty.
    pub(super) fn gap(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    pub(super) fn row(&mut self, row: &Row) {
        let end = row.cells.iter().rposition(|&(c, _)| c != ' ');
        let cells = &row.cells[..end.map_or(0, |i| i + 1)];
        let mut paint = Paint::Plain;
        for &(c, next) in cells {
            // a space looks the same however it is painted
            if self.style.color && next != paint && c != ' ' {
                if paint != Paint::Plain {
                    self.text.push_str("\x1b[0m");
                }
                self.text.push_str(next.code());
                paint = next;
            }
            self.text.push(c);
        }
        if self.style.color && paint != Paint::Plain {
            self.text.push_str("\x1b[0m");
        }
        self.text.push('\n');
    }

    /// Text in as many lines as it takes, the first from column `first` on, the others from
    /// `indent` on.
    pub(super) fn paragraph(&mut self, first: usize, indent: usize, text: &str, paint: Paint) {
        for (i, line) in wrap(text, WIDTH - first, WIDTH - indent).iter().enumerate() {
            let mut row = Row::default();
            row.put(if i == 0 { first } else { indent }, line, paint);
            self.row(&row);
        }
    }

    /// Text after a label.
    pub(super) fn labelled(&mut self, label: &str, text: &str, paint: Paint) {
        let lines = wrap(text, WIDTH - LABELLED, WIDTH - LABELLED);
        for (i, line) in lines.iter().enumerate() {
            let mut row = Row::default();
            if i == 0 {
                row.put(2, label, Paint::Faint);
            }
            row.put(LABELLED, line, paint);
            self.row(&row);
        }
    }

    /// The same in one line, which may be longer than others, for it is to be pasted.
    pub(super) fn command(&mut self, label: &str, text: &str) {
        let mut row = Row::default();
        row.put(2, label, Paint::Faint);
        row.put(LABELLED, text, Paint::Plain);
        self.row(&row);
    }
}

/// Where the text after a label begins.
const LABELLED: usize = 13;

/// Breaks a text at spaces, or anywhere where there is none.
pub(super) fn wrap(text: &str, first: usize, others: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let room = |lines: &Vec<String>| if lines.is_empty() { first } else { others };
    for word in text.split(' ') {
        let gap = usize::from(!line.is_empty());
        if line.width() + gap + word.width() <= room(&lines) {
            if gap == 1 {
                line.push(' ');
            }
            line.push_str(word);
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        for c in word.chars() {
            if line.width() + c.width().unwrap_or(0) > room(&lines) {
                lines.push(std::mem::take(&mut line));
            }
            line.push(c);
        }
    }
    lines.push(line);
    lines
}

/// The same of several texts: those that are told apart by what is left out have a number.
pub(super) fn shorten_all(texts: &[&str], width: usize) -> Vec<String> {
    let short: Vec<String> = texts.iter().map(|text| shorten(text, width)).collect();
    let number = |i: usize| {
        let mut alike: Vec<&str> = Vec::new();
        for (text, cut) in texts.iter().zip(&short) {
            if *cut == short[i] && !alike.contains(text) {
                alike.push(text);
            }
        }
        let at = alike.iter().position(|text| *text == texts[i])?;
        (alike.len() > 1).then_some(at + 1)
    };
    let numbered = texts.iter().enumerate().map(|(i, text)| match number(i) {
        None => short[i].clone(),
        Some(n) => {
            let number = format!("~{n}");
            shorten(text, width.saturating_sub(number.len())) + &number
        }
    });
    numbered.collect()
}

/// A text that takes no more columns than that: what is too much is left out of its middle.
pub(super) fn shorten(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let chars: Vec<char> = text.chars().collect();
    let take = |from: &mut dyn Iterator<Item = &char>, most: usize| {
        let mut used = 0;
        let fits = |c: &&char| {
            used += c.width().unwrap_or(0);
            used <= most
        };
        from.take_while(fits).copied().collect::<Vec<char>>()
    };
    let tail = (width / 3).min(12);
    let end = take(&mut chars.iter().rev(), tail);
    let start = take(&mut chars.iter(), width.saturating_sub(tail + 1));
    let end = end.into_iter().rev();
    start.into_iter().chain(['…']).chain(end).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_words_are_broken() {
        assert_eq!(wrap("ab cd efghij", 5, 3), ["ab cd", "efg", "hij"]);
        assert_eq!(wrap("", 5, 3), [""]);
    }

    #[test]
    fn the_middle_goes_first() {
        assert_eq!(shorten("a-very-long-name.12", 10), "a-very….12");
        assert_eq!(shorten("短い名前のファイル", 9), "短い…ル");
    }

    #[test]
    fn paint_is_switched_on_and_off() {
        let style = Style {
            color: true,
            figures: false,
        };
        let mut page = Page::new(&style);
        page.paragraph(2, 2, "bad day", Paint::Error);
        assert_eq!(page.into_text(), "  \x1b[1;31mbad day\x1b[0m\n");
    }
}
