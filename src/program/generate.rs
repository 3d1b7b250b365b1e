//! Random worker programs, valid and small, shaped so that something can go wrong in them.
//!
//! **Invariants**
//!
//! 1. The same seed and size give the same program on every machine.
//! 2. What is generated goes through the reader, which accepts it.
//!
//! A program is a few semaphores and workers. A worker's body is a mixture of free statements
//! (brackets around blocks, with the release at times missing, doubled or of the wrong size) and
//! of its part in a *plot*: a short story that involves two workers, such as taking two semaphores
//! in opposite orders or releasing what another one holds.

mod plot;
mod random;
mod shape;
mod statements;

use super::Program;
use super::model::{Kind, Order};
use random::Random;
pub use shape::Shape;

/// How large the generated programs are; every number is an upper bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Size {
    /// Declared semaphores, from one to eight.
    pub semaphores: u32,
    /// Permits of a semaphore.
    pub permits: u32,
    /// Declared workers, from one to eight.
    pub workers: u32,
    /// Instances of all workers together, at least one for each worker.
    pub instances: u32,
    /// Free statements of all instances together, about; plots come on top.
    pub statements: u32,
    /// Blocks within blocks.
    pub depth: u32,
    /// Plots, each of about four statements.
    pub plots: u32,
}

impl Default for Size {
    fn default() -> Size {
        Size {
            semaphores: 3,
            permits: 3,
            workers: 3,
            instances: 4,
            statements: 11,
            depth: 3,
            plots: 3,
        }
    }
}

/// The program of this seed.
///
/// # Panics
///
/// If the reader refuses the generated text, which would be a bug here or there.
pub fn generate(seed: u64, size: &Size) -> Program {
    let text = Author::new(seed, size).program();
    match Program::parse(&text) {
        Ok(program) => program,
        Err(error) => panic!("invariant 2: the program of seed {seed} is valid\n{error}\n{text}"),
    }
}

/// Lines of text, indented relative to where they will stand.
type Lines = Vec<String>;

struct Semaphore {
    name: &'static str,
    permits: u32,
    order: Order,
    kind: Kind,
}

struct Worker {
    name: &'static str,
    count: u32,
    spawned: bool,
}

struct Author<'s> {
    random: Random,
    size: &'s Size,
    semaphores: Vec<Semaphore>,
    workers: Vec<Worker>,
    /// The worker whose body is being written.
    current: usize,
    /// Free statements that its body may still have.
    left: u32,
}

const SEMAPHORES: [&str; 8] = ["pool", "db", "disk", "gate", "mem", "net", "log", "tray"];
const WORKERS: [&str; 8] = [
    "left", "right", "helper", "writer", "reader", "boss", "runner", "cleaner",
];
const WORK: [&str; 6] = ["query", "parse", "send", "compute", "flush", "check"];

impl<'s> Author<'s> {
    fn new(seed: u64, size: &'s Size) -> Author<'s> {
        Author {
            random: Random::new(seed),
            size,
            semaphores: Vec::new(),
            workers: Vec::new(),
            current: 0,
            left: 0,
        }
    }

    fn program(mut self) -> String {
        self.cast();
        let mut parts: Vec<Vec<Lines>> = self.workers.iter().map(|_| Vec::new()).collect();
        let plots = self.size.plots;
        for _ in 0..self.random.up_to(plots).max(self.random.up_to(plots)) {
            self.plot(&mut parts);
        }
        let mut text = String::new();
        for semaphore in &self.semaphores {
            text += &format!("semaphore {} permits={}", semaphore.name, semaphore.permits);
            text += match semaphore.order {
                Order::Fifo => "",
                Order::FifoPartial => " order=fifo-partial",
                Order::Barging => " order=barging",
            };
            text += match semaphore.kind {
                Kind::Bounded => "\n",
                Kind::Plain => " plain\n",
                Kind::Signal => " signal\n",
            };
        }
        for (w, part) in parts.into_iter().enumerate() {
            let body = self.body(w, part);
            let Worker {
                name,
                count,
                spawned,
            } = self.workers[w];
            let count = match count {
                1 => String::new(),
                count => format!(" count={count}"),
            };
            let spawned = if spawned { " spawned" } else { "" };
            let lines = braced(format!("\nworker {name}{count}{spawned}"), body);
            text += &lines.join("\n");
            text += "\n";
        }
        text + &self.budget()
    }

    /// Declares semaphores and workers.
    fn cast(&mut self) {
        let most = self.size.semaphores.max(1);
        let semaphores = 1 + self.random.below(most);
        for &name in SEMAPHORES.iter().take(semaphores as usize) {
            let order = match self.random.below(4) {
                0 | 1 => Order::Fifo,
                2 => Order::FifoPartial,
                _ => Order::Barging,
            };
            let kind = match self.random.below(8) {
                0 | 1 => Kind::Plain,
                2 => Kind::Signal,
                _ => Kind::Bounded,
            };
            let permits = match kind {
                Kind::Signal => self.random.up_to(1),
                _ if self.random.one_in(20) => 0,
                // One permit is where most goes wrong.
                _ if self.random.one_in(3) => 1,
                _ => 1 + self.random.below(self.size.permits.max(1)),
            };
            self.semaphores.push(Semaphore {
                name,
                permits,
                order,
                kind,
            });
        }
        let most = self.size.workers.max(1);
        let workers = 1 + self.random.below(most).max(self.random.below(most));
        let mut spare = self.size.instances.saturating_sub(workers);
        for (w, &name) in WORKERS.iter().take(workers as usize).enumerate() {
            let more = self.random.up_to(spare);
            spare -= more;
            self.workers.push(Worker {
                name,
                count: 1 + more,
                // Somebody must be there to spawn.
                spawned: w > 0 && self.random.one_in(4),
            });
        }
    }

    fn budget(&mut self) -> String {
        if !self.random.one_in(2) {
            return String::new();
        }
        let mut line = String::from("\nbudget");
        let before = line.len();
        for (name, most) in [
            ("panics", 2),
            ("timeouts", 2),
            ("cancels", 1),
            ("preemptions", 3),
        ] {
            if self.random.one_in(3) {
                line += &format!(" {name}={}", self.random.up_to(most));
            }
        }
        if line.len() == before {
            return String::new();
        }
        line + "\n"
    }

    /// A body: the worker's part in the plots, with free statements before, between and after.
    fn body(&mut self, w: usize, part: Vec<Lines>) -> Lines {
        self.current = w;
        let workers = self.workers.len() as u32;
        self.left = 1 + self.random.up_to(self.size.statements / workers);
        self.left = self.left.div_ceil(self.workers[w].count);
        if !part.is_empty() {
            self.left = self.left.div_ceil(2);
        }
        let mut lines = Lines::new();
        for scene in part {
            if self.random.one_in(3) {
                lines.extend(self.statement(0));
            }
            lines.extend(scene);
        }
        while self.left > 0 {
            lines.extend(self.statement(0));
        }
        if self.random.one_in(12) {
            return braced("repeat 2".to_string(), lines);
        }
        lines
    }

    fn semaphore(&mut self) -> usize {
        // The first is the one that all want.
        if self.random.one_in(3) {
            return 0;
        }
        self.random.below(self.semaphores.len() as u32) as usize
    }

    fn worker(&mut self) -> usize {
        self.random.below(self.workers.len() as u32) as usize
    }

    /// Another worker than this one, if there are several.
    fn other_worker(&mut self, one: usize) -> usize {
        let workers = self.workers.len();
        if workers == 1 {
            return one;
        }
        let step = 1 + self.random.below(workers as u32 - 1) as usize;
        (one + step) % workers
    }

    /// One of the worker's instances, as it is written.
    fn instance(&mut self, w: usize) -> String {
        let Worker { name, count, .. } = self.workers[w];
        if count == 1 && self.random.one_in(2) {
            return name.to_string();
        }
        format!("{name}.{}", 1 + self.random.below(count))
    }

    /// How many permits to ask for: seldom more than there ever are.
    fn permits(&mut self, semaphore: usize) -> u32 {
        let capacity = self.semaphores[semaphore].permits.max(1);
        if self.random.one_in(40) {
            capacity.saturating_add(1)
        } else if self.random.one_in(2) {
            1
        } else {
            1 + self.random.below(capacity)
        }
    }

    /// The argument of a release, `forget` or `give` of so many permits.
    fn amount(&mut self, permits: u32) -> String {
        if self.random.one_in(5) {
            " permits=all".to_string()
        } else {
            argument(permits)
        }
    }
}

/// `permits=N`, unsaid when it is one.
fn argument(permits: u32) -> String {
    match permits {
        1 => String::new(),
        permits => format!(" permits={permits}"),
    }
}

fn braced(head: String, block: Lines) -> Lines {
    let mut lines = vec![format!("{head} {{")];
    lines.extend(block.into_iter().map(|line| format!("    {line}")));
    lines.push("}".to_string());
    lines
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::model::{Block, StatementKind};
    use super::*;

    /// The words of all statements of a block, those with a variant told apart.
    fn words(block: &Block, found: &mut BTreeSet<&'static str>) {
        for statement in block {
            let (word, blocks): (_, Vec<&Block>) = match &statement.kind {
                StatementKind::Acquire { .. } => ("acquire", vec![]),
                StatementKind::TryAcquire {
                    then, otherwise, ..
                } => ("try-acquire", [then].into_iter().chain(otherwise).collect()),
                StatementKind::AcquireWithin {
                    then, otherwise, ..
                } => (
                    "acquire-within",
                    [then].into_iter().chain(otherwise).collect(),
                ),
                StatementKind::Release { from: None, .. } => ("release", vec![]),
                StatementKind::Release { from: Some(_), .. } => ("release from", vec![]),
                StatementKind::With { body, .. } => ("with", vec![body]),
                StatementKind::Work { .. } => ("work", vec![]),
                StatementKind::Panic => ("panic", vec![]),
                StatementKind::Return => ("return", vec![]),
                StatementKind::Try {
                    body,
                    catch,
                    finally,
                } => {
                    let mut blocks = vec![body];
                    if let Some(catch) = catch {
                        blocks.push(&catch.body);
                        found.insert(match catch.kinds.as_slice() {
                            [] => "catch",
                            [..] => "catch kinds",
                        });
                    }
                    if let Some(finally) = finally {
                        blocks.push(finally);
                        found.insert("finally");
                    }
                    ("try", blocks)
                }
                StatementKind::Repeat { body, .. } => ("repeat", vec![body]),
                StatementKind::Either { branches } => ("either", branches.iter().collect()),
                StatementKind::Grow { .. } => ("grow", vec![]),
                StatementKind::Shrink { .. } => ("shrink", vec![]),
                StatementKind::Drain { .. } => ("drain", vec![]),
                StatementKind::Forget { .. } => ("forget", vec![]),
                StatementKind::Give { .. } => ("give", vec![]),
                StatementKind::Close { .. } => ("close", vec![]),
                StatementKind::Cancel { .. } => ("cancel", vec![]),
                StatementKind::Spawn { .. } => ("spawn", vec![]),
                StatementKind::Join { .. } => ("join", vec![]),
            };
            found.insert(word);
            for block in blocks {
                words(block, found);
            }
        }
    }

    #[test]
    fn two_thousand_seeds_are_valid_and_use_the_whole_language() {
        let mut found = BTreeSet::new();
        let mut semaphores = BTreeSet::new();
        for seed in 0..2_000 {
            let program = generate(seed, &Size::default());
            for semaphore in program.semaphores() {
                semaphores.insert((semaphore.order, semaphore.kind));
            }
            for worker in program.workers() {
                words(&worker.body, &mut found);
                if worker.spawned {
                    found.insert("spawned");
                }
            }
            let budget = program.budget();
            for (name, limit) in [
                ("panics", budget.panics),
                ("timeouts", budget.timeouts),
                ("cancels", budget.cancels),
                ("preemptions", budget.preemptions),
            ] {
                if limit.is_some() {
                    found.insert(name);
                }
            }
        }
        let expected: BTreeSet<&str> = [
            "acquire",
            "acquire-within",
            "cancel",
            "cancels",
            "catch",
            "catch kinds",
            "close",
            "drain",
            "either",
            "finally",
            "forget",
            "give",
            "grow",
            "join",
            "panic",
            "panics",
            "preemptions",
            "release",
            "release from",
            "repeat",
            "return",
            "shrink",
            "spawn",
            "spawned",
            "timeouts",
            "try",
            "try-acquire",
            "with",
            "work",
        ]
        .into();
        assert_eq!(found, expected);
        assert_eq!(semaphores.len(), 9, "every order with every kind");
    }

    #[test]
    fn a_seed_is_a_program() {
        let size = Size::default();
        assert_eq!(generate(7, &size), generate(7, &size));
        assert_ne!(generate(7, &size), generate(8, &size));
    }

    #[test]
    fn every_size_is_valid() {
        let smallest = Size {
            semaphores: 0,
            permits: 0,
            workers: 0,
            instances: 0,
            statements: 0,
            depth: 0,
            plots: 0,
        };
        let large = Size {
            semaphores: 20,
            permits: u32::MAX,
            workers: 20,
            instances: 30,
            statements: 200,
            depth: 10,
            plots: 20,
        };
        for seed in 0..100 {
            generate(seed, &smallest);
            generate(seed, &large);
        }
    }
}
