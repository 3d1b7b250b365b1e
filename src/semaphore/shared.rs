//! The part of a semaphore that a `Cancel` reaches too: who waits, and what is free meanwhile.
//!
//! A `Cancel` may outlive the semaphore, so this part is reference counted. It is made when the
//! semaphore first needs the lock. The fast path never looks at it.
//!
//! **Invariants**, whenever the lock is free
//!
//! 1. While somebody waits, `SLOW` is set in the tray's word, and `word` says what is free.
//! 2. The head of the queue does not fit: it asks for more than is free.

use super::answers::{Answers, Standing};
use super::queue::{Called, Key, Queue};
use super::sync::{AtomicUsize, Guard, Lock, Ordering};
use super::tray::{SHIFT, SLOW};
use super::wakes::Wakes;

#[derive(Debug)]
pub(super) struct Shared {
    /// What the word of the tray would be without `SLOW`. Changed under the lock alone; out of date
    /// while `SLOW` is not set there.
    pub(super) word: AtomicUsize,
    line: Lock<Line>,
    pub(super) answers: Answers,
}

#[derive(Debug)]
pub(super) struct Line {
    pub(super) queue: Queue,
    /// Room for wakes, used again and again.
    pub(super) spare: Vec<Called>,
}

impl Default for Shared {
    fn default() -> Shared {
        Shared {
            word: AtomicUsize::new(SLOW),
            line: Lock::new(Line {
                queue: Queue::new(),
                spare: Vec::new(),
            }),
            answers: Answers::new(),
        }
    }
}

impl Shared {
    #[inline]
    pub(super) fn lock(&self) -> Guard<'_, Line> {
        self.line.lock()
    }

    /// Takes waiters out of the queue, those of these that are in it, and then grants from the head
    /// while the head fits: all in one step. Those that were taken out and those that were granted.
    ///
    /// `SLOW` stays set in the word of the tray, which cannot be reached from here: the next op that
    /// finds it there in vain clears it.
    pub(super) fn take_out(&self, keys: impl Iterator<Item = Key>) -> (Vec<Called>, Wakes) {
        let mut line = self.lock();
        let left: Vec<Called> = keys.filter_map(|key| line.queue.take(key)).collect();
        let mut wakes = Wakes::default();
        if !left.is_empty() {
            // who was in the queue waited: invariant 1
            let word = self.word.load(Ordering::Relaxed);
            let word = line.grant(word, &mut wakes);
            self.word.store(word, Ordering::Release);
            self.answer(left.iter(), Standing::Out);
            self.answer(wakes.iter(), Standing::Out);
        }
        (left, wakes)
    }

    /// Under the lock, and after the word was stored: who has its answer finds the word as the step
    /// leaves it.
    #[inline]
    pub(super) fn answer<'c>(&self, all: impl Iterator<Item = &'c Called>, standing: Standing) {
        for called in all {
            self.answers.answer(called.key, standing);
        }
    }

    /// Keeps a vector for the wakes to come.
    pub(super) fn keep(&self, spare: Vec<Called>) {
        let mut line = self.lock();
        let unused = std::mem::replace(&mut line.spare, spare);
        drop(line);
        drop(unused);
    }
}

impl Line {
    /// Grants from the head while the head fits in what the word says is free; what it says then.
    #[inline]
    pub(super) fn grant(&mut self, word: usize, wakes: &mut Wakes) -> usize {
        let mut left = word;
        while let Some(wanted) = self.queue.wanted().filter(|&n| n <= left >> SHIFT) {
            left -= wanted << SHIFT;
            if let Some(called) = self.queue.call() {
                wakes.push(called, &mut self.spare);
            }
        }
        left
    }
}
