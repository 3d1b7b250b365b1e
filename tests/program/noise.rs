//! Texts of valid programs, written as badly as the language allows: comments, white space and
//! line ends wherever they can stand.

use std::fmt::Write;

use proptest::prelude::*;

/// A statement: its heads, and the block after each if it has any.
#[derive(Debug, Clone)]
pub(crate) enum Node {
    Line(&'static str),
    Blocks(Vec<(&'static str, Vec<Node>)>),
}

const LINES: [&str; 20] = [
    "acquire a",
    "acquire b permits=2",
    "acquire a permits=1",
    "release a permits=all from=v",
    "release b from=w.2 permits=007",
    "release b",
    "work query",
    "work q panics=never",
    "panic",
    "return",
    "grow a",
    "shrink b permits=3",
    "drain s",
    "forget a permits=all",
    "give b to=w.1 permits=4294967295",
    "close s",
    "cancel w.2",
    "cancel v.1",
    "spawn v",
    "join v",
];

/// A program's body: statements nested a few deep.
pub(crate) fn body() -> impl Strategy<Value = Vec<Node>> {
    let line = (0..LINES.len()).prop_map(|i| Node::Line(LINES[i]));
    let node = line.prop_recursive(4, 40, 4, |inner| {
        let block = || prop::collection::vec(inner.clone(), 0..4);
        let shapes: [&[&str]; 11] = [
            &["try-acquire a"],
            &["try-acquire b permits=2", "else"],
            &["acquire-within s"],
            &["acquire-within s permits=1", "else"],
            &["with a permits=3"],
            &["try", "catch"],
            &["try", "catch over-release panic", "finally"],
            &["try", "finally"],
            &["repeat 3"],
            &["either", "or"],
            &["either", "or", "or"],
        ];
        (0..shapes.len(), block(), block(), block()).prop_map(move |(shape, a, b, c)| {
            Node::Blocks(shapes[shape].iter().copied().zip([a, b, c]).collect())
        })
    });
    prop::collection::vec(node, 0..6)
}

/// A text of a program, and how many comments are in it. The bytes decide on the noise.
pub(crate) fn text(body: &[Node], noise: &[u8]) -> (String, usize) {
    let mut writer = Writer {
        out: String::new(),
        noise,
        at: 0,
        comments: 0,
    };
    for item in [
        "semaphore a permits=4 order=fifo",
        "semaphore b plain permits=2 order=barging",
        "semaphore s permits=0 signal",
        "budget panics=1 cancels=0",
        "expect leak on=a",
        "expect deadlock",
        "budget timeouts=3",
    ] {
        writer.between_lines();
        writer.head(item);
        writer.end_line();
    }
    writer.worker("worker w count=2", body);
    writer.worker("worker v spawned count=1", &[]);
    writer.between_lines();
    (writer.out, writer.comments)
}

struct Writer<'a> {
    out: String,
    noise: &'a [u8],
    at: usize,
    comments: usize,
}

impl Writer<'_> {
    fn worker(&mut self, head: &str, body: &[Node]) {
        self.between_lines();
        self.head(head);
        self.block(body);
        self.after_block();
    }

    fn node(&mut self, node: &Node) {
        match node {
            Node::Line(line) => {
                self.head(line);
                self.end_line();
            }
            Node::Blocks(blocks) => {
                for (i, (head, block)) in blocks.iter().enumerate() {
                    if i > 0 {
                        self.between_lines_but_no_semicolon();
                    }
                    self.head(head);
                    self.block(block);
                }
                self.after_block();
            }
        }
    }

    fn block(&mut self, block: &[Node]) {
        self.space();
        self.out.push('{');
        self.between_lines();
        for node in block {
            self.node(node);
            self.between_lines();
        }
        self.out.push('}');
    }

    fn head(&mut self, head: &str) {
        for (i, word) in head.split(' ').enumerate() {
            if i > 0 {
                self.space();
            }
            self.out.push_str(word);
        }
    }

    fn pick(&mut self) -> u8 {
        self.at += 1;
        self.noise.get(self.at - 1).copied().unwrap_or(0)
    }

    fn block_comment(&mut self) {
        self.comments += 1;
        let _ = write!(self.out, "/* c{} */", self.comments);
    }

    fn long_comment(&mut self) {
        self.comments += 1;
        let _ = write!(self.out, "/* c{}\n   }} else {{ */", self.comments);
    }

    fn line_comment(&mut self) {
        self.comments += 1;
        let _ = writeln!(self.out, "// c{} {{ ", self.comments);
    }

    /// Between the words of a head.
    fn space(&mut self) {
        self.out.push(' ');
        match self.pick() % 12 {
            9 => self.out.push('\t'),
            10 => self.block_comment(),
            11 => self.long_comment(),
            _ => {}
        }
        self.out.push(' ');
    }

    /// The end of a statement without a block.
    fn end_line(&mut self) {
        match self.pick() % 12 {
            0..=4 => self.out.push('\n'),
            5 => self.out.push_str("\r\n\r\n"),
            6 => self.out.push_str(" ; "),
            7 => self.out.push_str("\n\n\n"),
            8 => self.line_comment(),
            9 => {
                self.block_comment();
                self.out.push('\n');
            }
            10 => {
                self.long_comment();
                self.line_comment();
            }
            _ => {
                self.block_comment();
                self.out.push(';');
                self.block_comment();
            }
        }
    }

    fn after_block(&mut self) {
        match self.pick() % 4 {
            0 => self.out.push('\n'),
            1 => self.out.push(' '),
            2 => self.line_comment(),
            _ => self.block_comment(),
        }
    }

    fn between_lines(&mut self) {
        if self.pick() % 16 == 15 {
            self.out.push(';');
        }
        self.between_lines_but_no_semicolon();
    }

    fn between_lines_but_no_semicolon(&mut self) {
        for _ in 0..self.pick() % 4 {
            match self.pick() % 8 {
                0 => self.out.push('\n'),
                1 => self.out.push_str("\n\n"),
                2 => self.out.push_str("   "),
                3 => self.line_comment(),
                4 => self.block_comment(),
                5 => self.long_comment(),
                _ => {}
            }
        }
    }
}
