//! Who waits, in which order: a list whose nodes lie in one vector and are used again.
//!
//! **Invariants**
//!
//! 1. A key is given out once: whoever joins later gets another, even in the same slot.
//! 2. A slot is in use as long as its waiter is in the queue, and no longer.
//! 3. Once as many slots are there as ever waited at the same time, nothing allocates.

use std::task::Waker;

use super::answers::Turn;
use super::hook::Token;

/// Nowhere.
const NIL: u32 = u32::MAX;

/// Which waiter: a slot, and which of those who were in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) slot: u32,
    pub(super) turn: Turn,
}

/// A waiter that was taken out of the queue, and is to be woken.
#[derive(Debug)]
pub(super) struct Called {
    pub(super) key: Key,
    pub(super) waker: Waker,
    pub(super) token: Token,
    pub(super) permits: usize,
}

#[derive(Debug)]
struct Slot {
    turn: Turn,
    previous: u32,
    /// The next waiter; of a free slot the next free one.
    next: u32,
    permits: usize,
    token: Token,
    /// `None` if the slot is free.
    waker: Option<Waker>,
}

#[derive(Debug)]
pub(super) struct Queue {
    slots: Vec<Slot>,
    free: u32,
    head: u32,
    tail: u32,
    length: usize,
}

impl Queue {
    pub(super) const fn new() -> Queue {
        Queue {
            slots: Vec::new(),
            free: NIL,
            head: NIL,
            tail: NIL,
            length: 0,
        }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.length
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.head == NIL
    }

    /// Joins at the end.
    ///
    /// # Panics
    ///
    /// If 2^32 - 1 waiters are there.
    pub(super) fn push(&mut self, permits: usize, token: Token, waker: Waker) -> Key {
        let previous = self.tail;
        let mut taken = Slot {
            turn: Turn::FIRST,
            previous,
            next: NIL,
            permits,
            token,
            waker: Some(waker),
        };
        let at = self.free;
        let (at, turn) = if at == NIL {
            let at = u32::try_from(self.slots.len()).unwrap_or(NIL);
            assert!(at != NIL, "more than 2^32 - 1 waiters on one semaphore");
            self.slots.push(taken);
            (at, Turn::FIRST)
        } else {
            let slot = &mut self.slots[at as usize];
            self.free = slot.next;
            taken.turn = slot.turn;
            let turn = taken.turn;
            *slot = taken;
            (at, turn)
        };
        match previous {
            NIL => self.head = at,
            _ => self.slots[previous as usize].next = at,
        }
        self.tail = at;
        self.length += 1;
        Key { slot: at, turn }
    }

    /// What the first in the queue asks for.
    #[inline]
    pub(super) fn wanted(&self) -> Option<usize> {
        (self.head != NIL).then(|| self.slots[self.head as usize].permits)
    }

    /// Takes the first off the queue.
    #[inline]
    pub(super) fn call(&mut self) -> Option<Called> {
        if self.head == NIL {
            return None;
        }
        let turn = self.slots[self.head as usize].turn;
        self.take(Key {
            slot: self.head,
            turn,
        })
    }

    /// Takes a waiter out, wherever it stands; `None` if it is not in the queue any more.
    #[inline]
    pub(super) fn take(&mut self, key: Key) -> Option<Called> {
        let slot = &self.slots[key.slot as usize];
        let (token, permits) = (slot.token, slot.permits);
        self.remove(key).map(|waker| Called {
            key,
            waker,
            token,
            permits,
        })
    }

    /// The waker of a waiter; `None` if it is not in the queue any more.
    pub(super) fn waker(&mut self, key: Key) -> Option<&mut Waker> {
        let slot = &mut self.slots[key.slot as usize];
        slot.waker.as_mut().filter(|_| slot.turn == key.turn)
    }

    /// Takes a waiter out, wherever it stands; its waker is the caller's to drop. `None` if it is
    /// not in the queue any more.
    pub(super) fn remove(&mut self, key: Key) -> Option<Waker> {
        let free = self.free;
        let slot = &mut self.slots[key.slot as usize];
        if slot.turn != key.turn {
            return None;
        }
        let waker = slot.waker.take()?;
        let (previous, next) = (slot.previous, slot.next);
        slot.turn = slot.turn.next();
        slot.next = free;
        self.free = key.slot;
        match previous {
            NIL => self.head = next,
            _ => self.slots[previous as usize].next = next,
        }
        match next {
            NIL => self.tail = previous,
            _ => self.slots[next as usize].previous = previous,
        }
        self.length -= 1;
        Some(waker)
    }
}
