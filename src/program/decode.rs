//! Programs from bytes: those of a fuzzer, or of a property test.
//!
//! Two bytes are an instruction: the first says what, the second on which semaphore and how much.
//! A program is written from its start to its end: instructions add a statement to the block that is
//! open, open a block, close one, begin the next worker or declare another semaphore. No bytes are
//! one semaphore and one worker that does nothing.
//!
//! **Invariants**
//!
//! 1. Any bytes are a program, and go through the reader, as all programs do.
//! 2. More bytes never take away: each instruction adds at most one statement, worker, instance or
//!    semaphore, to what the bytes before it say. An odd last byte says nothing.
//! 3. Names are of what was declared before, or of the worker itself; so what a beginning of the
//!    bytes says stays as it is.

use super::Program;
use super::model::Kind;

/// Bytes after these are not read.
const MOST_BYTES: usize = 2048;

const MOST_SEMAPHORES: usize = 4;
const MOST_WORKERS: usize = 4;
const MOST_COUNT: u32 = 3;
const MOST_NESTED: usize = 6;

const SEMAPHORES: [&str; MOST_SEMAPHORES] = ["pool", "db", "disk", "gate"];
const WORKERS: [&str; MOST_WORKERS] = ["left", "right", "helper", "writer"];
const WORK: [&str; 4] = ["query", "parse", "send", "flush"];

impl Program {
    /// The program that bytes say. Any bytes are one; more bytes say more.
    ///
    /// ```
    /// use selvedge::program::Program;
    ///
    /// let nothing = Program::from_bytes(&[]);
    /// assert_eq!(nothing.source(), "semaphore pool permits=1\n\nworker left {}\n");
    /// let little = Program::from_bytes(&[0, 0]);
    /// assert_eq!(little.statements().len(), 1);
    /// ```
    ///
    /// # Panics
    ///
    /// If the reader refuses what was decoded, which would be a bug here or there.
    pub fn from_bytes(bytes: &[u8]) -> Program {
        valid(&Program::written(bytes).to_string())
    }

    /// The same program, whose text is as it was written for the bytes, and not as it is printed.
    pub(crate) fn written(bytes: &[u8]) -> Program {
        let mut writer = Writer::new();
        for pair in bytes[..bytes.len().min(MOST_BYTES)].chunks_exact(2) {
            writer.instruction(pair[0], usize::from(pair[1]));
        }
        valid(&writer.text())
    }
}

fn valid(text: &str) -> Program {
    Program::parse(text)
        .unwrap_or_else(|error| panic!("invariant 1: any bytes are valid\n{error}\n{text}"))
}

/// What is still to be said of a block that is open.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    /// Nothing.
    Plain,
    /// It may have an `else`.
    Attempt,
    /// A `try` that has neither `catch` nor `finally` yet.
    Try,
    /// An `either` that has one branch yet.
    Either,
    /// One that has several, and may have more.
    Branches,
}

struct Writer {
    semaphores: Vec<(String, Kind)>,
    workers: Vec<Worker>,
    open: Vec<Open>,
    budget: [Option<u32>; 3],
}

struct Worker {
    count: u32,
    spawned: bool,
    body: String,
}

impl Worker {
    fn new() -> Worker {
        Worker {
            count: 1,
            spawned: false,
            body: String::new(),
        }
    }
}

impl Writer {
    fn new() -> Writer {
        Writer {
            semaphores: vec![("permits=1".to_owned(), Kind::Bounded)],
            workers: vec![Worker::new()],
            open: Vec::new(),
            budget: [None; 3],
        }
    }

    fn say(&mut self, text: &str) {
        if let Some(worker) = self.workers.last_mut() {
            worker.body.push_str(text);
            worker.body.push('\n');
        }
    }

    fn begin(&mut self, head: &str, open: Open) {
        if self.open.len() < MOST_NESTED {
            self.say(&format!("{head} {{"));
            self.open.push(open);
        }
    }

    /// Goes over to another block of what is open, if it can have one.
    fn go_over(&mut self, from: &[Open], words: &str, to: Open) {
        if let Some(open) = self.open.last_mut()
            && from.contains(open)
        {
            *open = to;
            self.say(&format!("}} {words} {{"));
        }
    }

    fn close(&mut self) {
        match self.open.pop() {
            Some(Open::Try) => self.say("} finally {}"),
            Some(Open::Either) => self.say("} or {}"),
            Some(_) => self.say("}"),
            None => {}
        }
    }

    fn close_all(&mut self) {
        while !self.open.is_empty() {
            self.close();
        }
    }

    fn instruction(&mut self, what: u8, how: usize) {
        let semaphore = how % self.semaphores.len();
        let (s, rest) = (SEMAPHORES[semaphore], how / self.semaphores.len());
        let ledger = self.semaphores[semaphore].1 != Kind::Signal;
        let permits = match rest % 8 {
            5 => " permits=2",
            6 => " permits=3",
            7 if ledger => " permits=all",
            _ => "",
        };
        let number = if rest % 8 == 7 { "" } else { permits };
        let here = self.workers.len() - 1;
        let worker = rest / 8 % self.workers.len();
        let instance = 1 + how as u32 % self.workers[worker].count;
        let one = format!("{}.{instance}", WORKERS[worker]);
        match what % 32 {
            0 | 1 => self.say(&format!("acquire {s}{number}")),
            2 => self.say(&format!("work {}", WORK[how % WORK.len()])),
            3 => self.close(),
            4 | 5 => self.say(&format!("release {s}{permits}")),
            6 => self.next_worker(),
            7 => self.next_semaphore(how),
            8 => self.begin(&format!("with {s}{number}"), Open::Plain),
            9 => self.begin("try", Open::Try),
            10 => self.go_over(&[Open::Try], "finally", Open::Plain),
            11 => {
                let kinds = ["", " panic", " cancelled", " closed", " over-release"];
                self.go_over(
                    &[Open::Try],
                    &format!("catch{}", kinds[how % kinds.len()]),
                    Open::Plain,
                );
            }
            12 => self.begin(&format!("try-acquire {s}{number}"), Open::Attempt),
            13 => self.begin(&format!("acquire-within {s}{number}"), Open::Attempt),
            14 => self.go_over(&[Open::Attempt], "else", Open::Plain),
            15 => self.begin("either", Open::Either),
            16 => self.go_over(&[Open::Either, Open::Branches], "or", Open::Branches),
            17 => self.begin(&format!("repeat {}", 1 + how % 3), Open::Plain),
            18 if ledger && worker != here => {
                self.say(&format!("release {s}{permits} from={one}"));
            }
            19 if ledger => self.say(&format!("give {s}{permits} to={one}")),
            20 => self.say(&format!("cancel {one}")),
            21 if worker != here => self.say(&format!("join {}", WORKERS[worker])),
            22 if self.workers[worker].spawned => self.say(&format!("spawn {}", WORKERS[worker])),
            23 => self.say(&format!("drain {s}")),
            24 if ledger => self.say(&format!("forget {s}{permits}")),
            25 if ledger => self.say(&format!("grow {s}{number}")),
            26 if ledger => self.say(&format!("shrink {s}{number}")),
            27 => self.say(&format!("close {s}")),
            28 => self.say(["return", "panic"][how % 2]),
            29 => {
                let worker = &mut self.workers[here];
                worker.count = (worker.count + 1).min(MOST_COUNT);
            }
            // somebody before it has to be there from the start
            30 if here > 0 => self.workers[here].spawned = true,
            31 => {
                let limit = &mut self.budget[how % 3];
                *limit = Some((limit.unwrap_or(0) + 1).min(2));
            }
            _ => self.say(&format!("work {} panics=never", WORK[how % WORK.len()])),
        }
    }

    fn next_worker(&mut self) {
        if self.workers.len() < MOST_WORKERS {
            self.close_all();
            self.workers.push(Worker::new());
        }
    }

    fn next_semaphore(&mut self, how: usize) {
        if self.semaphores.len() == MOST_SEMAPHORES {
            return;
        }
        let order = ["", "", " order=fifo-partial", " order=barging"][how % 4];
        let (kind, word) = [
            (Kind::Bounded, ""),
            (Kind::Bounded, ""),
            (Kind::Plain, " plain"),
            (Kind::Signal, " signal"),
        ][how / 4 % 4];
        let permits = match kind {
            Kind::Signal => how / 16 % 2,
            _ => [1, 2, 3, 0][how / 16 % 4],
        };
        self.semaphores
            .push((format!("permits={permits}{order}{word}"), kind));
    }

    fn text(mut self) -> String {
        self.close_all();
        let mut text = String::new();
        for (name, (rest, _)) in SEMAPHORES.iter().zip(&self.semaphores) {
            text += &format!("semaphore {name} {rest}\n");
        }
        for (name, limit) in ["panics", "timeouts", "cancels"].iter().zip(self.budget) {
            if let Some(limit) = limit {
                text += &format!("budget {name}={limit}\n");
            }
        }
        for (name, worker) in WORKERS.iter().zip(&self.workers) {
            let spawned = if worker.spawned { " spawned" } else { "" };
            let count = worker.count;
            text += &format!(
                "worker {name} count={count}{spawned} {{\n{}}}\n",
                worker.body
            );
        }
        text
    }
}
