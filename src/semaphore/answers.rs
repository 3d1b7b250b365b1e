//! Where a waiter finds its answer, without a lock.
//!
//! Each slot of the queue has a word here that says which of its waiters have their answer. Words lie
//! in rows, each twice as long as the one before: the first is always there, the others are made when
//! they are needed and never move. So a waiter can look while others join.
//!
//! **Invariants**
//!
//! 1. A word is changed under the lock alone, and changes once for each waiter of its slot.
//! 2. Once a slot's waiter was failed by `close`, the slot has no other.

use std::iter;
use std::sync::OnceLock;

use super::queue::Key;
use super::sync::{AtomicUsize, Ordering, const_fn};

/// How a waiter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// In the queue.
    Waiting,
    /// Out of the queue with its permits; or without them, if it left or its `Cancel` took it out,
    /// which the waiter knows or learns from the `Cancel`: the word of a slot that has been used
    /// again cannot tell.
    Out,
    /// Out of the queue, failed by `close`.
    Closed,
}

/// Which waiter of its slot one is, in steps of [`Turn::STEP`]. The lowest bit of a word says that
/// the waiter before that turn was failed by `close`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Turn(usize);

impl Turn {
    const STEP: usize = 2;
    const CLOSED: usize = 1;
    pub(super) const FIRST: Turn = Turn(0);

    pub(super) fn next(self) -> Turn {
        Turn(self.0.wrapping_add(Turn::STEP))
    }
}

/// The first row has that many words.
const FIRST_ROW: usize = 4;

/// As many others as slots of 32 bits need.
const ROWS: usize = 30;

type Row = Box<[AtomicUsize]>;

#[derive(Debug)]
pub(super) struct Answers {
    first: [AtomicUsize; FIRST_ROW],
    others: OnceLock<Box<[OnceLock<Row>; ROWS]>>,
}

impl Answers {
    const_fn! {
        pub(super) fn new() -> Answers {
            Answers {
                first: [word(), word(), word(), word()],
                others: OnceLock::new(),
            }
        }
    }

    /// Makes a word for a slot that is going to be used. Under the lock.
    #[inline]
    pub(super) fn make_room(&self, slot: u32) {
        if slot as usize >= FIRST_ROW {
            self.make_row(slot);
        }
    }

    fn make_row(&self, slot: u32) {
        let (row, _) = place(slot);
        let others = self
            .others
            .get_or_init(|| Box::new([const { OnceLock::new() }; ROWS]));
        others[row - 1].get_or_init(|| iter::repeat_with(word).take(FIRST_ROW << row).collect());
    }

    #[inline]
    fn word(&self, slot: u32) -> &AtomicUsize {
        match self.first.get(slot as usize) {
            Some(word) => word,
            None => self.word_of_others(slot),
        }
    }

    fn word_of_others(&self, slot: u32) -> &AtomicUsize {
        let (row, column) = place(slot);
        let row = self.others.get().and_then(|others| others[row - 1].get());
        let word = row.and_then(|row| row.get(column));
        word.expect("semaphore::answers: whoever joined the queue has a word")
    }

    /// How the waiter with that key stands.
    #[inline]
    pub(super) fn standing(&self, key: Key) -> Standing {
        let word = self.word(key.slot).load(Ordering::Acquire);
        if word & !Turn::CLOSED == key.turn.0 {
            Standing::Waiting
        } else if word == key.turn.next().0 | Turn::CLOSED {
            Standing::Closed
        } else {
            Standing::Out
        }
    }

    /// Answers a waiter. Under the lock.
    #[inline]
    pub(super) fn answer(&self, key: Key, standing: Standing) {
        let closed = match standing {
            Standing::Closed => Turn::CLOSED,
            Standing::Out | Standing::Waiting => 0,
        };
        self.word(key.slot)
            .store(key.turn.next().0 | closed, Ordering::Release);
    }
}

const_fn! {
    /// That of a slot that nobody has used.
    fn word() -> AtomicUsize {
        AtomicUsize::new(Turn::FIRST.0)
    }
}

/// The row of a slot, and the column in it.
#[inline]
fn place(slot: u32) -> (usize, usize) {
    let slot = slot as usize;
    let row = (slot / FIRST_ROW + 1).ilog2() as usize;
    (row, slot - FIRST_ROW * ((1 << row) - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_slot_has_a_place_of_its_own() {
        let mut next = (0, 0);
        for slot in 0..100_000 {
            assert_eq!(place(slot), next);
            next.1 += 1;
            if next.1 == FIRST_ROW << next.0 {
                next = (next.0 + 1, 0);
            }
        }
        assert!(place(u32::MAX).0 <= ROWS);
    }

    #[test]
    fn a_slot_that_is_used_again_keeps_its_answers() {
        let answers = Answers::new();
        answers.make_room(3);
        let first = Key {
            slot: 3,
            turn: Turn::FIRST,
        };
        let second = Key {
            slot: 3,
            turn: Turn::FIRST.next(),
        };
        answers.answer(first, Standing::Out);
        assert_eq!(answers.standing(second), Standing::Waiting);
        answers.answer(second, Standing::Closed);
        assert_eq!(answers.standing(first), Standing::Out);
        assert_eq!(answers.standing(second), Standing::Closed);
    }
}
