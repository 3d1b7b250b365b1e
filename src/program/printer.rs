//! Prints programs: what stands on each line, and the canonical layout.
//!
//! A program is first turned into [`Piece`]s, a line or a brace each; `format.rs` puts comments
//! between the same pieces.
//!
//! **Invariants**
//!
//! 1. What is printed is read back as the same program.
//! 2. The braces among the pieces are those of the text that the program was read from, in the
//!    same order, if the items are.

use std::fmt::Write;

use super::model::*;
use super::property_name::Expect;
use super::reader::Item;

/// One step of printing.
#[derive(Debug)]
pub(super) enum Piece {
    /// A statement or item without a block.
    Line(String, Span),
    /// A head and its `{`.
    Open(String, Span),
    /// A `}`, a continuation and its `{`.
    Continue(String),
    /// A `}` that ends a statement or item.
    Close,
}

/// What of a program is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parts {
    All,
    /// What makes it the program it is.
    Digest,
}

/// The canonical text of a program.
pub(super) fn canonical(program: &Program, parts: Parts) -> String {
    let mut groups: Vec<Vec<Piece>> = Vec::new();
    groups.push(program.semaphores.iter().map(semaphore_piece).collect());
    let budget = budget_line(program.budget);
    if parts == Parts::All && program.budget != BudgetDecl::default() {
        groups.push(vec![Piece::Line(budget, Span::default())]);
    }
    groups.extend(program.workers.iter().map(|worker| {
        let mut pieces = Vec::new();
        worker_pieces(worker, &mut pieces);
        pieces
    }));
    if parts == Parts::All {
        let line = |expect| Piece::Line(expect_line(expect), Span::default());
        groups.push(program.expects.iter().map(line).collect());
    }
    let mut out = String::new();
    for group in groups.iter().filter(|group| !group.is_empty()) {
        if !out.is_empty() {
            out.push('\n');
        }
        lay_out(group, &mut out);
    }
    out
}

/// The pieces of an item.
pub(super) fn item_pieces(item: &Item, pieces: &mut Vec<Piece>) {
    match item {
        Item::Semaphore(semaphore) => pieces.push(semaphore_piece(semaphore)),
        Item::Worker(worker) => worker_pieces(worker, pieces),
        Item::Budget(budget, span) => pieces.push(Piece::Line(budget_line(*budget), *span)),
        Item::Expect(expect, span) => pieces.push(Piece::Line(expect_line(expect), *span)),
    }
}

/// `expect …`
pub(super) fn expect_line(expect: &Expect) -> String {
    match expect {
        Expect::Clean => "expect clean".to_owned(),
        Expect::Fails { property, on: None } => format!("expect {property}"),
        Expect::Fails {
            property,
            on: Some(on),
        } => format!("expect {property} on={on}"),
    }
}

/// Lines with their indentation; a block with nothing in it is `{}`.
fn lay_out(pieces: &[Piece], out: &mut String) {
    let mut depth = 0;
    let mut empty = false;
    for piece in pieces {
        let closes = matches!(piece, Piece::Continue(_) | Piece::Close);
        if closes {
            depth -= 1;
        }
        if closes && empty {
            out.push('}');
        } else {
            if empty {
                out.push('\n');
            }
            indent(depth, out);
            if closes {
                out.push('}');
            }
        }
        empty = false;
        match piece {
            Piece::Line(text, _) => {
                out.push_str(text);
                out.push('\n');
            }
            Piece::Close => out.push('\n'),
            Piece::Open(text, _) => {
                let _ = write!(out, "{text} {{");
                empty = true;
                depth += 1;
            }
            Piece::Continue(text) => {
                let _ = write!(out, " {text} {{");
                empty = true;
                depth += 1;
            }
        }
    }
}

/// Four spaces for each block around.
pub(super) fn indent(depth: usize, out: &mut String) {
    for _ in 0..depth {
        out.push_str("    ");
    }
}

fn semaphore_piece(semaphore: &SemaphoreDecl) -> Piece {
    let mut line = format!("semaphore {} permits={}", semaphore.name, semaphore.permits);
    line.push_str(match semaphore.order {
        Order::Fifo => "",
        Order::FifoPartial => " order=fifo-partial",
        Order::Barging => " order=barging",
    });
    line.push_str(match semaphore.kind {
        Kind::Bounded => "",
        Kind::Plain => " plain",
        Kind::Signal => " signal",
    });
    Piece::Line(line, semaphore.span)
}

fn budget_line(budget: BudgetDecl) -> String {
    let mut line = "budget".to_owned();
    for (key, value) in [
        ("panics", budget.panics),
        ("timeouts", budget.timeouts),
        ("cancels", budget.cancels),
        ("preemptions", budget.preemptions),
    ] {
        if let Some(value) = value {
            let _ = write!(line, " {key}={value}");
        }
    }
    line
}

fn worker_pieces(worker: &WorkerDecl, pieces: &mut Vec<Piece>) {
    let mut line = format!("worker {}", worker.name);
    if worker.count != 1 {
        let _ = write!(line, " count={}", worker.count);
    }
    if worker.spawned {
        line.push_str(" spawned");
    }
    pieces.push(Piece::Open(line, worker.span));
    block_pieces(&worker.body, pieces);
    pieces.push(Piece::Close);
}

fn block_pieces(block: &Block, pieces: &mut Vec<Piece>) {
    for statement in block {
        statement_pieces(statement, pieces);
    }
}

fn statement_pieces(statement: &Statement, pieces: &mut Vec<Piece>) {
    let span = statement.span;
    let mut open = |head: String, body: &Block| {
        pieces.push(Piece::Open(head, span));
        block_pieces(body, pieces);
    };
    // Every block after the first, each with the words before it.
    let mut more: Vec<(String, &Block)> = Vec::new();
    match &statement.kind {
        StatementKind::TryAcquire {
            semaphore,
            permits,
            then,
            otherwise,
        } => {
            open(
                format!("try-acquire {semaphore}{}", self::permits(*permits)),
                then,
            );
            more.extend(otherwise.iter().map(|block| ("else".to_owned(), block)));
        }
        StatementKind::AcquireWithin {
            semaphore,
            permits,
            then,
            otherwise,
        } => {
            open(
                format!("acquire-within {semaphore}{}", self::permits(*permits)),
                then,
            );
            more.extend(otherwise.iter().map(|block| ("else".to_owned(), block)));
        }
        StatementKind::With {
            semaphore,
            permits,
            body,
        } => open(format!("with {semaphore}{}", self::permits(*permits)), body),
        StatementKind::Try {
            body,
            catch,
            finally,
        } => {
            open("try".to_owned(), body);
            more.extend(catch.iter().map(|catch| (catch_head(catch), &catch.body)));
            more.extend(finally.iter().map(|block| ("finally".to_owned(), block)));
        }
        StatementKind::Repeat { times, body } => open(format!("repeat {times}"), body),
        StatementKind::Either { branches } => {
            // A builder may have made none, which the reader will tell.
            let (first, rest) = branches.split_first().unwrap_or((&NO_BLOCK, &[]));
            open("either".to_owned(), first);
            more.extend(rest.iter().map(|block| ("or".to_owned(), block)));
        }
        simple => {
            pieces.push(Piece::Line(simple_line(simple), span));
            return;
        }
    }
    for (head, block) in more {
        pieces.push(Piece::Continue(head));
        block_pieces(block, pieces);
    }
    pieces.push(Piece::Close);
}

static NO_BLOCK: Block = Block::new();

fn catch_head(catch: &Catch) -> String {
    let mut head = "catch".to_owned();
    for kind in &catch.kinds {
        let _ = write!(head, " {}", kind.as_str());
    }
    head
}

fn simple_line(statement: &StatementKind) -> String {
    match statement {
        StatementKind::Acquire { semaphore, permits } => {
            format!("acquire {semaphore}{}", self::permits(*permits))
        }
        StatementKind::Release {
            semaphore,
            permits,
            from,
        } => {
            let mut line = format!("release {semaphore}{}", self::permits(*permits));
            if let Some(from) = from {
                let _ = write!(line, " from={from}");
            }
            line
        }
        StatementKind::Work { name, panics } => match panics {
            Panics::May => format!("work {name}"),
            Panics::Never => format!("work {name} panics=never"),
        },
        StatementKind::Return => "return".to_owned(),
        StatementKind::Grow { semaphore, permits } => {
            format!("grow {semaphore}{}", self::permits(*permits))
        }
        StatementKind::Shrink { semaphore, permits } => {
            format!("shrink {semaphore}{}", self::permits(*permits))
        }
        StatementKind::Drain { semaphore } => format!("drain {semaphore}"),
        StatementKind::Forget { semaphore, permits } => {
            format!("forget {semaphore}{}", self::permits(*permits))
        }
        StatementKind::Give {
            semaphore,
            permits,
            to,
        } => format!("give {semaphore}{} to={to}", self::permits(*permits)),
        StatementKind::Close { semaphore } => format!("close {semaphore}"),
        StatementKind::Cancel { worker } => format!("cancel {worker}"),
        StatementKind::Spawn { worker } => format!("spawn {worker}"),
        StatementKind::Join { worker } => format!("join {worker}"),
        StatementKind::Panic => "panic".to_owned(),
        // These have blocks, and are printed where those are.
        StatementKind::TryAcquire { .. }
        | StatementKind::AcquireWithin { .. }
        | StatementKind::With { .. }
        | StatementKind::Try { .. }
        | StatementKind::Repeat { .. }
        | StatementKind::Either { .. } => String::new(),
    }
}

/// ` permits=N`, or nothing for the default.
fn permits(amount: impl Into<Amount>) -> String {
    match amount.into() {
        Amount::Exactly(1) => String::new(),
        Amount::Exactly(n) => format!(" permits={n}"),
        Amount::All => " permits=all".to_owned(),
    }
}

impl std::fmt::Display for WorkerRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.instance {
            None => write!(f, "{}", self.worker),
            Some(instance) => write!(f, "{}.{instance}", self.worker),
        }
    }
}
