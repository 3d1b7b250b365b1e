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

use super::Program;
use super::model::{Kind, Order};

/// How large the generated programs are; every number is an upper bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Size {
    /// Declared semaphores, at least one.
    pub semaphores: u32,
    /// Permits of a semaphore.
    pub permits: u32,
    /// Declared workers, at least one.
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

    // Plots.

    fn plot(&mut self, parts: &mut [Vec<Lines>]) {
        let one = self.worker();
        let other = self.other_worker(one);
        let semaphore = self.semaphore();
        let permits = self.permits(semaphore);
        let s = self.semaphores[semaphore].name;
        let to_one = self.instance(one);
        let to_other = self.instance(other);
        let mut say = |w: usize, scene: &[String]| parts[w].push(scene.to_vec());
        let n = argument(permits);
        let acquire = format!("acquire {s}{n}");
        let release = format!("release {s}{n}");
        let ledger = self.semaphores[semaphore].kind != Kind::Signal;
        match self.random.below(15) {
            0 | 13 => {
                // Opposite orders.
                let count = self.semaphores.len();
                let second = (semaphore + 1 + usize::from(self.random.one_in(3))) % count;
                let t = self.semaphores[second].name;
                let there = self.nested(s, t);
                let back = self.nested(t, s);
                say(one, &there);
                say(other, &back);
            }
            1 if ledger => {
                // Handed over.
                let amount = self.amount(permits);
                let work = self.work();
                say(one, &[acquire, format!("give {s}{amount} to={to_other}")]);
                say(other, &[work, release]);
            }
            2 if ledger => {
                // Released across workers.
                let amount = self.amount(permits);
                let work = self.work();
                say(one, &[acquire, work]);
                say(other, &[format!("release {s}{amount} from={to_one}")]);
            }
            3 => {
                // A signal, or a permit, from one to the other.
                let work = self.work();
                say(one, &[work, release]);
                say(other, &[acquire]);
            }
            4 => {
                // Closed under those who wait.
                let kinds = *self.random.pick(&["", " closed", " panic cancelled"]);
                let work = self.work();
                say(one, &[acquire.clone(), work, format!("close {s}")]);
                let mut waiting = braced("try".to_string(), vec![acquire, release]);
                waiting.extend(braced(format!("catch{kinds}"), vec![self.work()]));
                say(other, &waiting);
            }
            5 if ledger => {
                // Shrunk under those who hold.
                let shrink = format!("shrink {s}{n}");
                let grow = format!("grow {s}{n}");
                say(one, &[acquire, self.work(), release]);
                if self.random.one_in(4) {
                    say(other, &[shrink]);
                } else {
                    say(other, &[shrink, self.work(), grow]);
                }
            }
            6 => {
                // A waiter cancelled.
                let work = self.work();
                let cancel = format!("cancel {to_other}");
                say(one, &[acquire.clone(), work, cancel, release.clone()]);
                let waiting = vec![acquire, release];
                if self.random.one_in(2) {
                    say(other, &waiting);
                } else {
                    let mut lines = braced("try".to_string(), waiting);
                    lines.extend(braced("catch cancelled".to_string(), Lines::new()));
                    say(other, &lines);
                }
            }
            7 => {
                // Everything taken, and more or less of it put back.
                let end = match self.random.below(4) {
                    0 if ledger => format!("forget {s} permits=all"),
                    1 if ledger => format!("give {s} permits=all to={to_other}"),
                    2 if ledger => format!("release {s} permits=all"),
                    _ => release,
                };
                say(one, &[format!("drain {s}"), self.work(), end]);
                say(other, &[acquire]);
            }
            8 | 9 => {
                // One who waits for many, with one who wants few behind, and a third who has some.
                let many = argument(self.semaphores[semaphore].permits.max(1));
                let third = self.worker();
                let wait = *self
                    .random
                    .pick(&["acquire-within", "acquire-within", "with"]);
                let inner = if wait == "with" || self.random.one_in(4) {
                    vec![self.work()]
                } else {
                    vec![format!("release {s}{many}")]
                };
                say(
                    one,
                    &[format!("acquire {s}"), self.work(), format!("release {s}")],
                );
                say(other, &braced(format!("{wait} {s}{many}"), inner));
                let few = match self.random.below(4) {
                    3 => vec![format!("drain {s}"), format!("release {s}")],
                    0 => vec![format!("acquire {s}"), format!("release {s}")],
                    1 => braced(format!("with {s}"), vec![]),
                    _ => braced(format!("try-acquire {s}"), vec![format!("release {s}")]),
                };
                say(third, &few);
            }
            10 if ledger => {
                // More than there is: a count that inflates if it may, on top of debt at times.
                let more = argument(permits + 1);
                let mut scene = vec![format!("release {s}{more}")];
                if self.random.one_in(2) {
                    scene.insert(0, format!("shrink {s}"));
                }
                if self.random.one_in(3) {
                    scene.push(format!("drain {s}"));
                    scene.push(format!("forget {s} permits=all"));
                }
                say(one, &[acquire, self.work(), release]);
                say(other, &scene);
            }
            11 if ledger => {
                // A guard whose permits go another way.
                let inside = match self.random.below(4) {
                    0 => format!("release {s}"),
                    1 => format!("forget {s}{n}"),
                    2 => format!("give {s} to={to_other}"),
                    _ => format!("acquire {s}"),
                };
                say(one, &braced(format!("with {s}{n}"), vec![inside]));
                say(other, &[self.work(), release]);
            }
            12 => {
                // An end that replaces another.
                let late = match self.random.below(4) {
                    0 => "return".to_string(),
                    1 => "panic".to_string(),
                    _ => release,
                };
                let raise = match self.random.below(3) {
                    0 => "panic".to_string(),
                    1 => format!("close {s}"),
                    _ => self.work(),
                };
                let mut lines = braced("try".to_string(), vec![acquire, raise]);
                if self.random.one_in(3) {
                    let again = *self.random.pick(&["return", "panic"]);
                    lines.extend(braced("catch".to_string(), vec![again.to_string()]));
                }
                lines.extend(braced("finally".to_string(), vec![late]));
                say(one, &lines);
            }
            _ => {
                // Spawned, and waited for while holding something.
                let Some(child) = (1..self.workers.len()).find(|&w| self.workers[w].spawned) else {
                    let name = self.workers[other].name;
                    if one != other {
                        say(one, &[acquire, format!("join {name}"), release]);
                    }
                    return;
                };
                let name = self.workers[child].name;
                let parent = if one == child { 0 } else { one };
                let spawn = format!("spawn {name}");
                let join = format!("join {name}");
                if self.random.one_in(2) {
                    say(parent, &[acquire, spawn, join, release]);
                } else {
                    say(parent, &[spawn, self.work(), join]);
                }
            }
        }
    }

    /// One semaphore within another, in one of the ways to write it.
    fn nested(&mut self, s: &str, t: &str) -> Lines {
        let work = self.work();
        match self.random.below(4) {
            0 => braced(format!("with {s}"), braced(format!("with {t}"), vec![work])),
            1 => braced(
                format!("with {s}"),
                braced(format!("acquire-within {t}"), vec![format!("release {t}")]),
            ),
            2 => {
                let mut lines = vec![format!("acquire {s}")];
                let inner = vec![format!("acquire {t}"), format!("release {t}")];
                lines.extend(braced("try".to_string(), inner));
                lines.extend(braced("finally".to_string(), vec![format!("release {s}")]));
                lines
            }
            _ => vec![
                format!("acquire {s}"),
                format!("acquire {t}"),
                format!("release {t}"),
                format!("release {s}"),
            ],
        }
    }

    // Free statements.

    /// A few statements; at times none.
    fn block(&mut self, depth: u32) -> Lines {
        let mut lines = Lines::new();
        if self.random.one_in(10) {
            return lines;
        }
        lines.extend(self.statement(depth));
        while self.left > 0 && self.random.one_in(3) {
            lines.extend(self.statement(depth));
        }
        lines
    }

    /// A statement, or several that belong together.
    fn statement(&mut self, depth: u32) -> Lines {
        self.left = self.left.saturating_sub(1);
        if depth < self.size.depth && self.left > 0 && !self.random.one_in(4) {
            self.compound(depth + 1)
        } else {
            vec![self.simple()]
        }
    }

    fn compound(&mut self, depth: u32) -> Lines {
        let semaphore = self.semaphore();
        let permits = self.permits(semaphore);
        let s = self.semaphores[semaphore].name;
        let n = argument(permits);
        match self.random.below(16) {
            0..=3 => {
                let mut lines = vec![format!("acquire {s}{n}")];
                lines.extend(self.block(depth));
                lines.extend(self.release_after(semaphore, permits));
                lines
            }
            4 | 5 => braced(format!("with {s}{n}"), self.block(depth)),
            6 | 7 => {
                let mut lines = vec![format!("acquire {s}{n}")];
                lines.extend(braced("try".to_string(), self.block(depth)));
                let release = self.release_after(semaphore, permits);
                lines.extend(braced("finally".to_string(), release));
                lines
            }
            8 | 9 => self.attempt("try-acquire", semaphore, permits, depth),
            10 | 11 => self.attempt("acquire-within", semaphore, permits, depth),
            12 | 13 => {
                let mut lines = braced("try".to_string(), self.block(depth));
                let kinds: Vec<&str> = ["panic", "cancelled", "closed", "over-release"]
                    .into_iter()
                    .filter(|_| self.random.one_in(3))
                    .collect();
                let kinds = kinds.iter().map(|kind| format!(" {kind}"));
                let head = format!("catch{}", kinds.collect::<String>());
                lines.extend(braced(head, self.block(depth)));
                if self.random.one_in(4) {
                    lines.extend(braced("finally".to_string(), self.block(depth)));
                }
                lines
            }
            14 => {
                let times = 1 + self.random.below(3);
                braced(format!("repeat {times}"), self.block(depth))
            }
            _ => {
                let mut lines = braced("either".to_string(), self.block(depth));
                for _ in 0..1 + self.random.below(2) {
                    lines.extend(braced("or".to_string(), self.block(depth)));
                }
                lines
            }
        }
    }

    /// A `try-acquire` or an `acquire-within`.
    fn attempt(&mut self, word: &str, semaphore: usize, permits: u32, depth: u32) -> Lines {
        let s = self.semaphores[semaphore].name;
        let mut then = self.block(depth);
        then.extend(self.release_after(semaphore, permits));
        let mut lines = braced(format!("{word} {s}{}", argument(permits)), then);
        if self.random.one_in(2) {
            lines.extend(braced("else".to_string(), self.block(depth)));
        }
        lines
    }

    /// The release that belongs to an acquire: mostly right, at times missing or wrong.
    fn release_after(&mut self, semaphore: usize, permits: u32) -> Lines {
        let s = self.semaphores[semaphore].name;
        let signal = self.semaphores[semaphore].kind == Kind::Signal;
        match self.random.below(14) {
            0 => Lines::new(),
            1 => {
                let n = argument(self.permits(semaphore));
                vec![format!("release {s}{n}")]
            }
            2 if !signal => vec![format!("release {s} permits=all")],
            3 if !signal => {
                let to = self.other_worker(self.current);
                let to = self.instance(to);
                vec![format!("give {s}{} to={to}", self.amount(permits))]
            }
            4 if !signal => vec![format!("forget {s}{}", self.amount(permits))],
            5 => {
                let release = format!("release {s}{}", argument(permits));
                vec![self.work(), release]
            }
            _ => vec![format!("release {s}{}", argument(permits))],
        }
    }

    fn simple(&mut self) -> String {
        let semaphore = self.semaphore();
        let n = argument(self.permits(semaphore));
        let s = self.semaphores[semaphore].name;
        let signal = self.semaphores[semaphore].kind == Kind::Signal;
        let other = self.other_worker(self.current);
        let named = self.instance(other);
        match self.random.below(32) {
            0 if !signal => format!("grow {s}{n}"),
            1 if !signal => format!("shrink {s}{n}"),
            2 => format!("drain {s}"),
            3 if !signal => format!("forget {s}{n}"),
            4 if !signal && other != self.current => format!("give {s}{n} to={named}"),
            5 if !signal && other != self.current => format!("release {s}{n} from={named}"),
            6 => format!("close {s}"),
            7 | 8 if other != self.current => format!("cancel {named}"),
            9 | 10 if self.workers[other].spawned => {
                format!("spawn {}", self.workers[other].name)
            }
            11 | 12 if other != self.current => format!("join {}", self.workers[other].name),
            13 => "panic".to_string(),
            14 => "return".to_string(),
            15 | 16 => format!("release {s}{n}"),
            17 if !signal => format!("release {s} permits=all"),
            18 | 19 => format!("acquire {s}{n}"),
            _ => self.work(),
        }
    }

    fn work(&mut self) -> String {
        let name = *self.random.pick(&WORK);
        let never = if self.random.one_in(3) {
            " panics=never"
        } else {
            ""
        };
        format!("work {name}{never}")
    }

    // Names and numbers.

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
            capacity + 1
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

/// splitmix64 (Steele, Lea and Flood, 2014): a few lines, and the same everywhere.
struct Random {
    state: u64,
}

impl Random {
    fn new(seed: u64) -> Random {
        Random { state: seed }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 to `end - 1`. `end` is small, so that the bias of the remainder is nothing.
    fn below(&mut self, end: u32) -> u32 {
        (self.next() % u64::from(end)) as u32
    }

    /// A number from 0 to `most`.
    fn up_to(&mut self, most: u32) -> u32 {
        self.below(most + 1)
    }

    fn one_in(&mut self, n: u32) -> bool {
        self.below(n) == 0
    }

    fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len() as u32) as usize]
    }
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
}
