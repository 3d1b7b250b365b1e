//! The permits and those who wait for them: the algorithm, and nothing of who calls.
//!
//! One word holds the free permits and two flags. While nobody waits and nothing is owed, an acquire
//! and a release are one compare-and-swap of it. Otherwise `SLOW` is set, and the word is changed
//! under the lock alone: whoever holds the lock then computes the whole of a step, grants included,
//! and stores it at once.
//!
//! **Invariants**, whenever the lock is free
//!
//! 1. `SLOW` is set exactly if somebody waits or there is debt.
//! 2. If there is debt, no permit is free.
//! 3. The head of the queue does not fit: it asks for more than is free.
//! 4. If it is closed, nobody waits.
//! 5. Bounded, free permits are at most the capacity; and at most `MAX_PERMITS` always.

use std::task::Waker;

use super::answers::{Answers, Standing};
use super::error::TryAcquireError;
use super::hook::Token;
use super::queue::{Called, Key, Queue};
use super::sync::{AtomicUsize, Lock, Ordering, const_fn};
use super::wakes::Wakes;

/// The word belongs to whoever holds the lock.
const SLOW: usize = 1;
const CLOSED: usize = 2;
const FLAGS: usize = SLOW | CLOSED;
const SHIFT: u32 = 2;

/// The most permits that there can be.
pub(super) const MAX_PERMITS: usize = usize::MAX >> 3;

#[derive(Debug)]
pub(super) struct Tray {
    word: AtomicUsize,
    limits: Limits,
    line: Lock<Line>,
    answers: Answers,
}

#[derive(Debug)]
struct Line {
    queue: Queue,
    /// Room for wakes, used again and again.
    spare: Vec<Called>,
}

/// Capacity and debt: anybody reads them, whoever holds the lock changes them.
#[derive(Debug)]
struct Limits {
    capacity: AtomicUsize,
    /// What a shrink has still to take.
    debt: AtomicUsize,
}

/// A capacity where there is none.
const UNBOUNDED: usize = usize::MAX;

/// What became of an acquire.
#[derive(Debug)]
pub(super) enum Joined {
    Took,
    Closed,
    /// With so many before it.
    Queued(Key, usize),
}

/// There is no room for more permits.
#[derive(Debug)]
pub(super) struct Full;

impl Tray {
    const_fn! {
        #[inline]
        pub(super) fn new(permits: usize, capacity: Option<usize>) -> Tray {
            Tray {
                word: AtomicUsize::new(permits << SHIFT),
                limits: Limits::new(capacity),
                line: Lock::new(Line {
                    queue: Queue::new(),
                    spare: Vec::new(),
                }),
                answers: Answers::new(),
            }
        }
    }

    #[inline]
    pub(super) fn available(&self) -> usize {
        self.word.load(Ordering::Acquire) >> SHIFT
    }

    #[inline]
    pub(super) fn is_closed(&self) -> bool {
        self.word.load(Ordering::Acquire) & CLOSED != 0
    }

    pub(super) fn waiters(&self) -> usize {
        self.line.lock().queue.len()
    }

    /// `None` if it is not bounded.
    #[inline]
    pub(super) fn capacity(&self) -> Option<usize> {
        self.limits.capacity()
    }

    /// What a shrink has still to take.
    #[inline]
    pub(super) fn debt(&self) -> usize {
        self.limits.debt()
    }

    /// Takes permits if they are free and nobody waits. Nothing is always free.
    #[inline]
    pub(super) fn try_take(&self, permits: usize) -> Result<(), TryAcquireError> {
        let mut word = self.word.load(Ordering::Relaxed);
        loop {
            if word & FLAGS != 0 {
                if word & CLOSED != 0 {
                    return Err(TryAcquireError::Closed);
                }
                if permits == 0 {
                    return Ok(());
                }
            }
            if word >> SHIFT < permits {
                return Err(TryAcquireError::NoPermits);
            }
            if word & SLOW != 0 {
                word = self.at_rest();
                if word & (SLOW | CLOSED) == SLOW {
                    return Err(TryAcquireError::NoPermits);
                }
                continue;
            }
            let next = word - (permits << SHIFT);
            match self.swap(word, next) {
                Ok(()) => return Ok(()),
                Err(now) => word = now,
            }
        }
    }

    /// The word between two steps: `SLOW` may be set in the middle of one though nobody waits.
    #[cold]
    fn at_rest(&self) -> usize {
        let line = self.line.lock();
        let word = self.word.load(Ordering::Relaxed);
        drop(line);
        word
    }

    #[inline]
    fn swap(&self, from: usize, to: usize) -> Result<(), usize> {
        self.word
            .compare_exchange_weak(from, to, Ordering::AcqRel, Ordering::Relaxed)
            .map(drop)
    }

    /// Takes permits, or joins the queue for them.
    pub(super) fn take_or_join(&self, permits: usize, token: Token, waker: Waker) -> Joined {
        let mut line = self.line.lock();
        let mut word = self.word.load(Ordering::Relaxed);
        let joined = loop {
            if word & CLOSED != 0 {
                break Joined::Closed;
            }
            if permits == 0 {
                break Joined::Took;
            }
            if word & SLOW != 0 {
                return self.join(&mut line, permits, token, waker);
            }
            let fits = word >> SHIFT >= permits;
            let next = if fits {
                word - (permits << SHIFT)
            } else {
                word | SLOW
            };
            match self.swap(word, next) {
                Ok(()) if fits => break Joined::Took,
                Ok(()) => return self.join(&mut line, permits, token, waker),
                Err(now) => word = now,
            }
        };
        drop(line);
        // it is not needed, and its drop is not ours
        drop(waker);
        joined
    }

    fn join(&self, line: &mut Line, permits: usize, token: Token, waker: Waker) -> Joined {
        let ahead = line.queue.len();
        let key = line.queue.push(permits, token, waker);
        self.answers.make_room(key.slot);
        Joined::Queued(key, ahead)
    }

    /// How a waiter stands.
    #[inline]
    pub(super) fn standing(&self, key: Key) -> Standing {
        self.answers.standing(key)
    }

    /// From now on this waker is woken for a waiter, if that waits still.
    pub(super) fn listen(&self, key: Key, waker: &Waker) {
        let mut line = self.line.lock();
        let known = line.queue.waker(key);
        if known.is_none_or(|known| known.will_wake(waker)) {
            return;
        }
        drop(line);
        let mut other = waker.clone();
        let mut line = self.line.lock();
        if let Some(known) = line.queue.waker(key) {
            std::mem::swap(known, &mut other);
        }
        drop(line);
        drop(other);
    }

    /// Takes a waiter out of the queue: those behind move up. `None` if it has its answer.
    pub(super) fn leave(&self, key: Key) -> Option<(Waker, Wakes)> {
        let mut line = self.line.lock();
        let waker = line.queue.remove(key)?;
        let word = self.own();
        let wakes = self.settle(&mut line, word);
        self.answers.answer(key, Standing::Waiting);
        Some((waker, wakes))
    }

    /// Puts permits back where that takes no lock.
    #[inline]
    pub(super) fn put_alone(&self, permits: usize) -> bool {
        let mut word = self.word.load(Ordering::Relaxed);
        loop {
            if word & SLOW != 0 || permits > MAX_PERMITS - (word >> SHIFT) {
                return false;
            }
            match self.swap(word, word + (permits << SHIFT)) {
                Ok(()) => return true,
                Err(now) => word = now,
            }
        }
    }

    /// Puts permits back: they pay debt first, and go to those who wait.
    pub(super) fn put(&self, permits: usize) -> Result<Wakes, Full> {
        let mut line = self.line.lock();
        let word = self.own();
        let sum = self.limits.put(word, permits);
        let wakes = self.settle(&mut line, sum.unwrap_or(word));
        sum.map(|_| wakes).ok_or(Full)
    }

    /// Raises the capacity.
    pub(super) fn grow(&self, permits: usize) -> Result<Wakes, Full> {
        let mut line = self.line.lock();
        let word = self.own();
        let fits = self.capacity().is_none_or(|capacity| {
            let more = capacity.checked_add(permits);
            more.is_some_and(|more| more <= MAX_PERMITS)
        });
        let sum = match fits {
            false => None,
            true => self.limits.put(word, permits),
        };
        if sum.is_some() {
            self.limits.change_capacity(|capacity| capacity + permits);
        }
        let wakes = self.settle(&mut line, sum.unwrap_or(word));
        sum.map(|_| wakes).ok_or(Full)
    }

    /// Lowers the capacity: by how much, and what of it is debt.
    pub(super) fn shrink(&self, permits: usize) -> (usize, usize) {
        let line = self.line.lock();
        let word = self.own();
        // without a capacity, what can be owed is the limit
        let most = self.capacity().unwrap_or(MAX_PERMITS - self.debt());
        let lowered = permits.min(most);
        let at_once = lowered.min(word >> SHIFT);
        self.limits.change_capacity(|capacity| capacity - lowered);
        self.limits.set_debt(self.debt() + (lowered - at_once));
        self.rest(&line, word - (at_once << SHIFT));
        (lowered, lowered - at_once)
    }

    /// Lowers the capacity by free permits alone: by how much.
    pub(super) fn remove(&self, permits: usize) -> usize {
        let line = self.line.lock();
        let word = self.own();
        let removed = permits.min(word >> SHIFT);
        self.limits.change_capacity(|capacity| capacity - removed);
        self.rest(&line, word - (removed << SHIFT));
        removed
    }

    /// Gives up permits that somebody holds.
    pub(super) fn forget(&self, permits: usize) {
        let line = self.line.lock();
        let word = self.own();
        let paid = permits.min(self.debt());
        self.limits.set_debt(self.debt() - paid);
        self.limits
            .change_capacity(|capacity| capacity - (permits - paid));
        self.rest(&line, word);
    }

    /// Takes what is free, past the queue.
    pub(super) fn drain(&self) -> usize {
        let line = self.line.lock();
        let word = self.own();
        self.rest(&line, word & FLAGS);
        word >> SHIFT
    }

    /// Closes, and calls all who wait; `None` if it was closed.
    pub(super) fn close(&self) -> Option<Wakes> {
        let mut line = self.line.lock();
        let word = self.own();
        let mut wakes = Wakes::default();
        while let Some(called) = line.queue.call() {
            wakes.push(called, &mut line.spare);
        }
        self.rest(&line, word | CLOSED);
        self.answer(&wakes, Standing::Closed);
        (word & CLOSED == 0).then_some(wakes)
    }

    /// Keeps a vector for the wakes to come.
    pub(super) fn keep(&self, spare: Vec<Called>) {
        let mut line = self.line.lock();
        let unused = std::mem::replace(&mut line.spare, spare);
        drop(line);
        drop(unused);
    }

    /// Makes the word the lock holder's own.
    #[inline]
    fn own(&self) -> usize {
        let word = self.word.load(Ordering::Relaxed);
        if word & SLOW != 0 {
            return word;
        }
        self.word.fetch_or(SLOW, Ordering::AcqRel)
    }

    /// Grants from the head while the head fits, and gives the word back: the end of a step that may
    /// make something available.
    fn settle(&self, line: &mut Line, word: usize) -> Wakes {
        let mut available = word >> SHIFT;
        let mut wakes = Wakes::default();
        while let Some(wanted) = line.queue.wanted().filter(|&wanted| wanted <= available) {
            available -= wanted;
            if let Some(called) = line.queue.call() {
                wakes.push(called, &mut line.spare);
            }
        }
        self.rest(line, (available << SHIFT) | (word & FLAGS));
        // only now: who has its answer finds the word as this step leaves it
        self.answer(&wakes, Standing::Granted);
        wakes
    }

    /// Gives the word back: the end of a step.
    fn rest(&self, line: &Line, word: usize) {
        debug_assert!(
            line.queue
                .wanted()
                .is_none_or(|wanted| wanted > word >> SHIFT),
            "invariant 3: the head fits, and was not granted"
        );
        let slow = !line.queue.is_empty() || self.debt() > 0;
        let slow = if slow { SLOW } else { 0 };
        self.word.store(word & !SLOW | slow, Ordering::Release);
    }

    #[inline]
    fn answer(&self, wakes: &Wakes, standing: Standing) {
        for called in wakes.iter() {
            self.answers.answer(called.key, standing);
        }
    }
}

impl Limits {
    const_fn! {
        fn new(capacity: Option<usize>) -> Limits {
            Limits {
                capacity: AtomicUsize::new(match capacity {
                    Some(capacity) => capacity,
                    None => UNBOUNDED,
                }),
                debt: AtomicUsize::new(0),
            }
        }
    }

    #[inline]
    fn capacity(&self) -> Option<usize> {
        match self.capacity.load(Ordering::Relaxed) {
            UNBOUNDED => None,
            capacity => Some(capacity),
        }
    }

    #[inline]
    fn debt(&self) -> usize {
        self.debt.load(Ordering::Relaxed)
    }

    /// Under the lock, where there is a capacity.
    fn change_capacity(&self, change: impl FnOnce(usize) -> usize) {
        if let Some(capacity) = self.capacity() {
            self.capacity.store(change(capacity), Ordering::Relaxed);
        }
    }

    /// Under the lock.
    fn set_debt(&self, debt: usize) {
        self.debt.store(debt, Ordering::Relaxed);
    }

    /// Adds permits to a word, debt first; `None` if there is no room. Under the lock.
    fn put(&self, word: usize, permits: usize) -> Option<usize> {
        let debt = self.debt();
        let paid = permits.min(debt);
        let free = permits - paid;
        if free > MAX_PERMITS - (word >> SHIFT) {
            return None;
        }
        if paid > 0 {
            self.set_debt(debt - paid);
        }
        Some(word + (free << SHIFT))
    }
}
