//! Free statements: brackets around blocks, and whatever else the language has.

use super::super::model::Kind;
use super::{Author, Lines, WORK, argument, braced};

impl Author<'_> {
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
    pub(super) fn statement(&mut self, depth: u32) -> Lines {
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

    pub(super) fn work(&mut self) -> String {
        let name = *self.random.pick(&WORK);
        let never = if self.random.one_in(3) {
            " panics=never"
        } else {
            ""
        };
        format!("work {name}{never}")
    }
}
