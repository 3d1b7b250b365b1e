//! The permits and those who wait for them: the algorithm, and nothing of who calls.
//!
//! One word holds the free permits and two flags. While nobody waits and nothing is owed, an acquire
//! and a release are one compare-and-swap of it. Otherwise `SLOW` is set in it, which sends everybody
//! to the lock of the [`Shared`] part; what is free stands in the word of that part then, and whoever
//! holds the lock computes the whole of a step, grants included, and stores it at once.
//!
//! Without the lock, who finds `SLOW` set may read the word of the shared part: that was stored
//! before `SLOW` was set, and is left as it is when `SLOW` is cleared. So it is what was free at some
//! moment since it was looked for, though it may be out of date at once.
//!
//! **Invariants**, whenever the lock is free
//!
//! 1. If somebody waits or there is debt, `SLOW` is set. It is also set where a `Cancel` has just
//!    emptied the queue: the next op that needs to know clears it.
//! 2. If there is debt, no permit is free.
//! 3. The head of the queue does not fit: it asks for more than is free.
//! 4. If it is closed, nobody waits.
//! 5. Bounded, free permits are at most the capacity; and at most `MAX_PERMITS` always.
//! 6. While `SLOW` is set, the permits in the tray's own word are zero.
//!
//! **Memory orderings**
//!
//! What is promised: whoever takes permits sees all that was written before they were put back, and
//! whoever is told that the semaphore is closed sees all that was written before `close`.
//!
//! - *Without the lock*, each change of the word is a compare-and-swap, which acquires and releases. An
//!   acquire that succeeds reads what the last release wrote, or what a chain of such swaps made of it, so
//!   it comes after all of them. The load before the first swap is a guess that the swap checks; it acquires
//!   all the same, and so does a swap that fails, since both may find `CLOSED` and answer by that.
//! - *With the lock*, [`Tray::own`] takes the word over by such a swap, so the step comes after all releases
//!   before it; what steps do comes one after the other by the lock. While `SLOW` is set nobody else
//!   writes the word (invariant 6 leaves nothing to take, and a release looks at `SLOW`), so the end of a
//!   step may store it: no swap is lost. That store releases, and who takes permits from then on comes after
//!   the step.
//! - *A waiter* loads its answer with acquire, and the step stored it with release after it stored the word: it
//!   comes after the release that granted it, and after those that had put back the rest of its request.
//! - *Who only looks* loads the word with acquire. If `SLOW` is set in it, the word of the shared part is
//!   loaded next, which was stored before the swap that set `SLOW`, so it is that value or a later one.
//! - *Capacity and debt* change under the lock alone and are read there to decide. Elsewhere they are
//!   read to be shown, so relaxed is enough.
//!
//! `tests/loom.rs` holds the two promises in all interleavings of two threads
//! (`a_permit_carries_what_was_written_before_it_was_put_back`, `a_close_carries_what_was_written_before_it`).

use std::sync::Arc;
use std::task::Waker;

use super::answers::Standing;
use super::error::TryAcquireError;
use super::hook::{Mark, Token};
use super::queue::{Called, Key};
use super::shared::{Line, Shared};
use super::sync::{AtomicUsize, Guard, Lazy, Ordering, const_fn};
use super::wakes::Wakes;

/// What is free stands in the shared part, and belongs to whoever holds its lock.
pub(super) const SLOW: usize = 1;
const CLOSED: usize = 2;
const FLAGS: usize = SLOW | CLOSED;
pub(super) const SHIFT: u32 = 2;

/// The most permits that there can be.
pub(super) const MAX_PERMITS: usize = usize::MAX >> 3;

#[derive(Debug)]
pub(super) struct Tray {
    word: AtomicUsize,
    limits: Limits,
    shared: Lazy<Arc<Shared>>,
    /// For the hook.
    pub(super) mark: Mark,
}

/// A step under the lock, to which what is free belongs.
struct Step<'t> {
    tray: &'t Tray,
    shared: &'t Shared,
    line: Guard<'t, Line>,
    /// What is free, and the flags. Not stored before the step [rests](Step::rest).
    word: usize,
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

/// What became of an acquire. A waker that is not needed comes back: its drop is the user's code.
#[derive(Debug)]
pub(super) enum Joined {
    Took(Waker),
    Closed(Waker),
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
                shared: Lazy::new(),
                mark: Mark::new(),
            }
        }
    }

    #[inline]
    pub(super) fn available(&self) -> usize {
        let word = self.word.load(Ordering::Acquire);
        let word = if word & SLOW == 0 {
            word
        } else {
            self.shared().word.load(Ordering::Acquire)
        };
        word >> SHIFT
    }

    #[inline]
    pub(super) fn is_closed(&self) -> bool {
        self.word.load(Ordering::Acquire) & CLOSED != 0
    }

    pub(super) fn waiters(&self) -> usize {
        let shared = self.shared.made();
        shared.map_or(0, |shared| shared.lock().queue.len())
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

    /// The part that a `Cancel` reaches too.
    #[inline]
    pub(super) fn shared(&self) -> &Arc<Shared> {
        self.shared.get()
    }

    /// Takes permits if they are free and nobody waits. Nothing is always free.
    #[inline]
    pub(super) fn try_take(&self, permits: usize) -> Result<(), TryAcquireError> {
        let mut word = self.word.load(Ordering::Acquire);
        loop {
            if word & FLAGS != 0 {
                if word & CLOSED != 0 {
                    return Err(TryAcquireError::Closed);
                }
                if permits == 0 {
                    return Ok(());
                }
                return self.try_take_slowly(permits);
            }
            if word >> SHIFT < permits {
                return Err(TryAcquireError::NoPermits);
            }
            let next = word - (permits << SHIFT);
            match self.swap(word, next) {
                Ok(()) => return Ok(()),
                Err(now) => word = now,
            }
        }
    }

    /// Somebody waits, or did just now; or somebody is in the middle of a step.
    fn try_take_slowly(&self, permits: usize) -> Result<(), TryAcquireError> {
        if self.available() < permits {
            return Err(TryAcquireError::NoPermits);
        }
        let mut step = self.begin();
        let answer = if step.word & CLOSED != 0 {
            Err(TryAcquireError::Closed)
        } else if step.takes(permits) {
            Ok(())
        } else {
            Err(TryAcquireError::NoPermits)
        };
        step.rest();
        answer
    }

    #[inline]
    fn swap(&self, from: usize, to: usize) -> Result<(), usize> {
        self.word
            .compare_exchange_weak(from, to, Ordering::AcqRel, Ordering::Acquire)
            .map(drop)
    }

    /// Takes permits, or joins the queue for them.
    pub(super) fn take_or_join(&self, permits: usize, token: Token, waker: Waker) -> Joined {
        let mut step = self.begin();
        let joined = if step.word & CLOSED != 0 {
            Joined::Closed(waker)
        } else if permits == 0 || step.takes(permits) {
            Joined::Took(waker)
        } else {
            let ahead = step.line.queue.len();
            let key = step.line.queue.push(permits, token, waker);
            step.shared.answers.make_room(key.slot);
            Joined::Queued(key, ahead)
        };
        step.rest();
        joined
    }

    /// How a waiter stands.
    #[inline]
    pub(super) fn standing(&self, key: Key) -> Standing {
        self.shared().answers.standing(key)
    }

    /// From now on this waker is woken for a waiter, if that waits still.
    pub(super) fn listen(&self, key: Key, waker: &Waker) {
        let shared = self.shared();
        let mut line = shared.lock();
        let known = line.queue.waker(key);
        if known.is_none_or(|known| known.will_wake(waker)) {
            return;
        }
        drop(line);
        let mut other = waker.clone();
        let mut line = shared.lock();
        if let Some(known) = line.queue.waker(key) {
            std::mem::swap(known, &mut other);
        }
        drop(line);
        drop(other);
    }

    /// Takes a waiter out of the queue: those behind move up. `None` if it has its answer.
    pub(super) fn leave(&self, key: Key) -> Option<(Waker, Wakes)> {
        let shared = self.shared();
        let mut line = shared.lock();
        let waker = line.queue.remove(key)?;
        let mut step = self.own(shared, line);
        let wakes = step.settle();
        step.shared.answers.answer(key, Standing::Out);
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
        let mut step = self.begin();
        let sum = self.limits.put(step.word, permits);
        step.word = sum.unwrap_or(step.word);
        let wakes = step.settle();
        sum.map(|_| wakes).ok_or(Full)
    }

    /// Raises the capacity.
    pub(super) fn grow(&self, permits: usize) -> Result<Wakes, Full> {
        let mut step = self.begin();
        let fits = self.capacity().is_none_or(|capacity| {
            let more = capacity.checked_add(permits);
            more.is_some_and(|more| more <= MAX_PERMITS)
        });
        let sum = match fits {
            false => None,
            true => self.limits.put(step.word, permits),
        };
        if sum.is_some() {
            self.limits.change_capacity(|capacity| capacity + permits);
        }
        step.word = sum.unwrap_or(step.word);
        let wakes = step.settle();
        sum.map(|_| wakes).ok_or(Full)
    }

    /// Lowers the capacity: by how much, and what of it is debt.
    pub(super) fn shrink(&self, permits: usize) -> (usize, usize) {
        let mut step = self.begin();
        // without a capacity, what can be owed is the limit
        let most = self.capacity().unwrap_or(MAX_PERMITS - self.debt());
        let lowered = permits.min(most);
        let at_once = lowered.min(step.word >> SHIFT);
        self.limits.change_capacity(|capacity| capacity - lowered);
        self.limits.set_debt(self.debt() + (lowered - at_once));
        step.word -= at_once << SHIFT;
        step.rest();
        (lowered, lowered - at_once)
    }

    /// Lowers the capacity by free permits alone: by how much.
    pub(super) fn remove(&self, permits: usize) -> usize {
        let mut step = self.begin();
        let removed = permits.min(step.word >> SHIFT);
        self.limits.change_capacity(|capacity| capacity - removed);
        step.word -= removed << SHIFT;
        step.rest();
        removed
    }

    /// Gives up permits that somebody holds.
    pub(super) fn forget(&self, permits: usize) {
        let mut step = self.begin();
        let paid = permits.min(self.debt());
        self.limits.set_debt(self.debt() - paid);
        self.limits
            .change_capacity(|capacity| capacity - (permits - paid));
        step.rest();
    }

    /// Takes what is free, past the queue.
    pub(super) fn drain(&self) -> usize {
        let mut step = self.begin();
        let free = step.word >> SHIFT;
        step.word &= FLAGS;
        step.rest();
        free
    }

    /// Closes, and calls all who wait; `None` if it was closed.
    pub(super) fn close(&self) -> Option<Wakes> {
        let mut step = self.begin();
        let line = &mut *step.line;
        let mut wakes = Wakes::default();
        while let Some(called) = line.queue.call() {
            wakes.push(called, &mut line.spare);
        }
        let was_closed = step.word & CLOSED != 0;
        step.word |= CLOSED;
        step.rest();
        step.shared.answer(wakes.iter(), Standing::Closed);
        (!was_closed).then_some(wakes)
    }

    /// Keeps a vector for the wakes to come.
    pub(super) fn keep(&self, spare: Vec<Called>) {
        self.shared().keep(spare);
    }

    fn begin(&self) -> Step<'_> {
        let shared = self.shared();
        self.own(shared, shared.lock())
    }

    /// Makes the word the lock holder's own.
    fn own<'t>(&'t self, shared: &'t Shared, line: Guard<'t, Line>) -> Step<'t> {
        let mut word = self.word.load(Ordering::Relaxed);
        while word & SLOW == 0 {
            // before anybody can be sent there
            shared.word.store(word | SLOW, Ordering::Relaxed);
            match self.swap(word, word & FLAGS | SLOW) {
                Ok(()) => break,
                Err(now) => word = now,
            }
        }
        let word = shared.word.load(Ordering::Relaxed);
        Step {
            tray: self,
            shared,
            line,
            word,
        }
    }
}

impl Step<'_> {
    /// Takes permits if they are free and nobody waits; at least one.
    fn takes(&mut self, permits: usize) -> bool {
        let takes = self.line.queue.is_empty() && self.word >> SHIFT >= permits;
        if takes {
            self.word -= permits << SHIFT;
        }
        takes
    }

    /// Grants from the head while the head fits, and gives the word back: the end of a step that may
    /// make something available.
    fn settle(&mut self) -> Wakes {
        let mut wakes = Wakes::default();
        self.word = self.line.grant(self.word, &mut wakes);
        self.rest();
        self.shared.answer(wakes.iter(), Standing::Out);
        wakes
    }

    /// Gives the word back: the end of a step.
    fn rest(&mut self) {
        debug_assert!(
            self.line
                .queue
                .wanted()
                .is_none_or(|wanted| wanted > self.word >> SHIFT),
            "invariant 3: the head fits, and was not granted"
        );
        self.shared.word.store(self.word, Ordering::Release);
        let slow = !self.line.queue.is_empty() || self.tray.debt() > 0;
        let word = if slow {
            self.word & FLAGS
        } else {
            self.word & !SLOW
        };
        self.tray.word.store(word, Ordering::Release);
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
