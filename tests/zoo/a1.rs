//! A1, JDK-6801020: a release that comes while a waiter has taken its permit, but is not the head of
//! the queue yet, wakes nobody, and the new head passes nothing on.
//!
//! Wake-and-retry over a queue with a dummy head, whose nodes say whether the next one wants to be
//! woken. The twin leaves a mark at the head when there is nobody to wake, which a new head passes on.

use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use selvedge::thread::yield_now;
use shuttle::thread::{Thread, current, park};

use super::blocking::Blocking;

pub(crate) type Buggy = Semaphore<false>;
pub(crate) type Fixed = Semaphore<true>;

/// Nobody is to be woken.
const IDLE: i32 = 0;
/// The next one wants to be woken.
const SIGNAL: i32 = -1;
/// A release found nobody to wake.
const PROPAGATE: i32 = -3;

pub(crate) struct Semaphore<const FIXED: bool> {
    free: AtomicI32,
    ends: Mutex<Ends>,
}

struct Ends {
    head: Arc<Node>,
    tail: Arc<Node>,
}

#[derive(Default)]
struct Node {
    /// Nobody for the dummy.
    thread: Option<Thread>,
    word: AtomicI32,
    next: OnceLock<Arc<Node>>,
}

impl Node {
    /// Changes the word if it is `from`.
    fn exchange(&self, from: i32, to: i32) -> bool {
        let exchanged = self
            .word
            .compare_exchange(from, to, Ordering::SeqCst, Ordering::SeqCst);
        exchanged.is_ok()
    }

    fn word(&self) -> i32 {
        self.word.load(Ordering::SeqCst)
    }

    fn wake_next(&self) {
        let next = self.next.get();
        if let Some(thread) = next.and_then(|next| next.thread.as_ref()) {
            thread.unpark();
        }
    }
}

impl<const FIXED: bool> Semaphore<FIXED> {
    fn head(&self) -> Arc<Node> {
        Arc::clone(&self.ends.lock().unwrap().head)
    }

    /// How many are left, or less than none if there was no permit.
    fn decrement(&self) -> i32 {
        loop {
            let free = self.free.load(Ordering::SeqCst);
            yield_now();
            if free == 0 {
                return -1;
            }
            let left = free - 1;
            let exchanged =
                self.free
                    .compare_exchange(free, left, Ordering::SeqCst, Ordering::SeqCst);
            if exchanged.is_ok() {
                return left;
            }
        }
    }

    /// Joins the queue: its own node, and the one before it.
    fn enqueue(&self) -> (Arc<Node>, Arc<Node>) {
        let node = Arc::new(Node {
            thread: Some(current()),
            ..Node::default()
        });
        let mut ends = self.ends.lock().unwrap();
        let before = std::mem::replace(&mut ends.tail, Arc::clone(&node));
        let _ = before.next.set(Arc::clone(&node));
        (node, before)
    }

    /// The new head says what its predecessor could not.
    fn becomes_head(&self, node: &Arc<Node>, left: i32) {
        let old = {
            let mut ends = self.ends.lock().unwrap();
            std::mem::replace(&mut ends.head, Arc::clone(node))
        };
        yield_now();
        if FIXED {
            if left > 0 || old.word() < IDLE || node.word() < IDLE {
                self.wake_from_head();
            }
        } else if left > 0 && node.word() != IDLE {
            node.wake_next();
        }
    }

    fn wake_from_head(&self) {
        loop {
            let head = self.head();
            yield_now();
            if head.exchange(SIGNAL, IDLE) {
                yield_now();
                head.wake_next();
            } else if FIXED {
                head.exchange(IDLE, PROPAGATE);
            }
            yield_now();
            // a new head may have come before the mark
            if !FIXED || Arc::ptr_eq(&head, &self.head()) {
                return;
            }
        }
    }
}

impl<const FIXED: bool> Blocking for Semaphore<FIXED> {
    fn with_permits(permits: u32) -> Self {
        let dummy = Arc::new(Node::default());
        Semaphore {
            free: AtomicI32::new(permits as i32),
            ends: Mutex::new(Ends {
                head: Arc::clone(&dummy),
                tail: dummy,
            }),
        }
    }

    fn acquire(&self) {
        yield_now();
        if self.decrement() >= 0 {
            return;
        }
        yield_now();
        let (node, before) = self.enqueue();
        loop {
            yield_now();
            if Arc::ptr_eq(&before, &self.head()) {
                let left = self.decrement();
                if left >= 0 {
                    yield_now();
                    return self.becomes_head(&node, left);
                }
            }
            yield_now();
            if before.word() == SIGNAL {
                park();
            } else {
                // and tries once more before it sleeps
                before.word.store(SIGNAL, Ordering::SeqCst);
            }
        }
    }

    fn release(&self) {
        yield_now();
        self.free.fetch_add(1, Ordering::SeqCst);
        yield_now();
        self.wake_from_head();
    }

    fn available(&self) -> u32 {
        self.free.load(Ordering::SeqCst) as u32
    }
}
