//! Who waits, in which order: a list whose nodes lie in one vector and are used again.
//!
//! **Invariants**
//!
//! 1. A key is given out once, and is its waiter's until `remove`: whoever joins later gets another,
//!    even in the same slot.
//! 2. The list holds exactly the slots that are `Waiting`, first come first.
//! 3. Once as many slots are there as ever waited at the same time, nothing allocates.

use std::task::Waker;

use super::hook::Token;

/// Nowhere.
const NIL: u32 = u32::MAX;

/// What a waiter has to come back with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    slot: u32,
    generation: u32,
}

/// How a waiter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// In the queue.
    Waiting,
    /// Out of the queue; its permits are its own.
    Granted,
    /// Out of the queue, failed by `close`.
    Closed,
}

/// A waiter that was taken off the front, and is to be woken.
#[derive(Debug)]
pub(super) struct Called {
    pub(super) waker: Waker,
    pub(super) token: Token,
    pub(super) permits: usize,
}

#[derive(Debug)]
struct Slot {
    generation: u32,
    /// `None` if the slot is free.
    standing: Option<Standing>,
    previous: u32,
    /// The next waiter; of a free slot the next free one.
    next: u32,
    permits: usize,
    token: Token,
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
        let at = if self.free == NIL {
            let at = u32::try_from(self.slots.len()).unwrap_or(NIL);
            assert!(at != NIL, "more than 2^32 - 1 waiters on one semaphore");
            self.slots.push(Slot {
                generation: 0,
                standing: Some(Standing::Waiting),
                previous,
                next: NIL,
                permits,
                token,
                waker: Some(waker),
            });
            at
        } else {
            let at = self.free;
            let slot = &mut self.slots[at as usize];
            self.free = slot.next;
            slot.standing = Some(Standing::Waiting);
            slot.previous = previous;
            slot.next = NIL;
            slot.permits = permits;
            slot.token = token;
            slot.waker = Some(waker);
            at
        };
        match previous {
            NIL => self.head = at,
            _ => self.slots[previous as usize].next = at,
        }
        self.tail = at;
        self.length += 1;
        Key {
            slot: at,
            generation: self.slots[at as usize].generation,
        }
    }

    /// What the first in the queue asks for.
    #[inline]
    pub(super) fn wanted(&self) -> Option<usize> {
        (self.head != NIL).then(|| self.slots[self.head as usize].permits)
    }

    /// Takes the first off the queue, and lets it stand as said until it comes for its answer.
    pub(super) fn call(&mut self, standing: Standing) -> Option<Called> {
        if self.head == NIL {
            return None;
        }
        let at = self.head;
        self.unlink(at);
        let slot = &mut self.slots[at as usize];
        slot.standing = Some(standing);
        slot.waker.take().map(|waker| Called {
            waker,
            token: slot.token,
            permits: slot.permits,
        })
    }

    #[inline]
    fn slot(&mut self, key: Key) -> &mut Slot {
        let slot = &mut self.slots[key.slot as usize];
        assert!(
            slot.generation == key.generation && slot.standing.is_some(),
            "semaphore::queue, invariant 1: a waiter's key outlived its place"
        );
        slot
    }

    /// How a waiter stands; one that has its answer leaves its slot with that.
    #[inline]
    pub(super) fn ask(&mut self, key: Key) -> Standing {
        let standing = self.slot(key).standing.unwrap_or(Standing::Waiting);
        if standing != Standing::Waiting {
            self.vacate(key);
        }
        standing
    }

    /// The waker of one who waits.
    #[inline]
    pub(super) fn waker(&mut self, key: Key) -> &mut Option<Waker> {
        &mut self.slot(key).waker
    }

    /// Takes a waiter out, wherever it stands; its waker is the caller's to drop.
    pub(super) fn remove(&mut self, key: Key) -> (Standing, Option<Waker>) {
        let slot = self.slot(key);
        let standing = slot.standing.unwrap_or(Standing::Waiting);
        let waker = slot.waker.take();
        if standing == Standing::Waiting {
            self.unlink(key.slot);
        }
        self.vacate(key);
        (standing, waker)
    }

    fn unlink(&mut self, at: u32) {
        let Slot { previous, next, .. } = self.slots[at as usize];
        match previous {
            NIL => self.head = next,
            _ => self.slots[previous as usize].next = next,
        }
        match next {
            NIL => self.tail = previous,
            _ => self.slots[next as usize].previous = previous,
        }
        self.length -= 1;
    }

    fn vacate(&mut self, key: Key) {
        let free = self.free;
        let slot = &mut self.slots[key.slot as usize];
        slot.standing = None;
        slot.generation = slot.generation.wrapping_add(1);
        slot.next = free;
        self.free = key.slot;
    }
}
