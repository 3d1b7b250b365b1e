//! The workers of a run: where each stands, and who of them can go on, kept from turn to turn.

use super::crew::Request;
use crate::run::{Action, Choice, Enabled, Op, Status, View, Wait, WorkerId};
use crate::runtime::book::Book;
use crate::runtime::scene::slot::Slot;
use crate::semaphore::Cancel;

/// Where a worker is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stand {
    /// It runs, or goes on without being chosen as soon as it can.
    Running,
    /// Before an op of ours.
    At,
    /// In an acquire that waits.
    Waiting {
        /// Whether its timer may fire.
        timed: bool,
    },
    /// At a scheduling point of shuttle's.
    Foreign,
}

/// A scope: who opened it, and how many were opened before in the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Opened {
    pub(super) by: usize,
    pub(super) nth: usize,
}

/// One worker; it has the slot of the same number.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) worker: WorkerId,
    /// What shuttle calls it.
    pub(super) task: usize,
    pub(super) stand: Stand,
    /// The scope in which it was spawned.
    pub(super) scoped_in: Option<Opened>,
    /// Whether it was told of a panic by a join.
    pub(super) heard_of_panic: bool,
    /// Whether it was joined.
    pub(super) joined: bool,
    /// What calls its acquire off.
    pub(super) cancel: Option<Cancel>,
    /// How often it was let go on, or told to unwind, since the run is over.
    pub(super) farewells: u32,
    /// What it acquires of a semaphore that is none of ours, if it says so.
    pub(super) request: Option<Request>,
    /// Whether an injected panic has struck it.
    pub(super) struck: bool,
    /// Where the run was, in steps, when it began to wait until it may unwind, if it does.
    pub(super) holds_back: Option<u64>,
    /// Whether it was made to unwind since the run is over.
    pub(super) unwound: bool,
    /// The address at which its stack begins; stacks grow downwards.
    pub(super) stack: usize,
}

/// The workers of a run, and who of them can go on: a step changes little of that.
#[derive(Default)]
pub(super) struct Team {
    pub(super) members: Vec<Member>,
    /// How many scopes were opened.
    scopes: usize,
    /// The members that can go on, and in no other way.
    ready: Set,
    /// The members that wait in acquires.
    waiting: Set,
    /// The members at a join, and the worker that has to end first.
    joining: Vec<(usize, WorkerId)>,
    /// How many members can do more than go on, or have a timer.
    special: usize,
}

impl Team {
    /// A run begins.
    pub(super) fn begin(&mut self) {
        self.members.clear();
        self.scopes = 0;
        self.ready.clear();
        self.waiting.clear();
        self.joining.clear();
        self.special = 0;
    }

    /// A member opens a scope.
    pub(super) fn opens(&mut self, by: usize) -> Opened {
        self.scopes += 1;
        Opened {
            by,
            nth: self.scopes - 1,
        }
    }

    /// A member stands there, about to perform the op that its account says; what shuttle calls it.
    #[inline]
    pub(super) fn stands(&mut self, me: usize, stand: Stand, book: &mut Book) -> usize {
        let member = &mut self.members[me];
        member.stand = stand;
        let (worker, task) = (member.worker, member.task);
        self.keep(me, worker, stand, book);
        task
    }

    /// Keeps what a member can do there.
    #[inline]
    fn keep(&mut self, me: usize, worker: WorkerId, stand: Stand, book: &mut Book) {
        match stand {
            Stand::At => {}
            Stand::Waiting { timed } => {
                self.special += usize::from(timed);
                return self.waiting.insert(me);
            }
            Stand::Running | Stand::Foreign => return,
        }
        let op = book.account(worker).op;
        match op {
            Op::Join { first } if joins(book, worker, first) => {
                return self.joining.push((me, first));
            }
            Op::Pick { .. } | Op::Work { fallible: true } => return self.special += 1,
            _ => {}
        }
        self.ready.insert(me);
    }

    /// A member goes on from where it stands; which worker it is, and what shuttle calls it.
    #[inline]
    pub(super) fn goes_on(&mut self, me: usize, book: &mut Book) -> (WorkerId, usize) {
        let member = &mut self.members[me];
        let (worker, task) = (member.worker, member.task);
        match std::mem::replace(&mut member.stand, Stand::Running) {
            Stand::At => {
                book.account_mut(worker).op = Op::Poll;
                if !self.ready.remove(me) {
                    self.does_something_special(me);
                }
            }
            Stand::Waiting { timed } => {
                self.special -= usize::from(timed);
                self.waiting.remove(me);
            }
            Stand::Running | Stand::Foreign => {}
        }
        (worker, task)
    }

    #[cold]
    fn does_something_special(&mut self, me: usize) {
        match self.joining.iter().position(|&(other, _)| other == me) {
            // a program's join may go on before that worker has ended
            Some(at) => {
                self.joining.swap_remove(at);
            }
            None => self.special -= 1,
        }
    }

    /// The first of those that wait whose wait is over.
    #[inline]
    pub(super) fn granted(&self, slots: &[Slot]) -> Option<usize> {
        let mut granted = None;
        self.waiting.each(|me| {
            if granted.is_none() && slots[me].flag.is_ready() {
                granted = Some(me);
            }
        });
        granted
    }

    /// Whether somebody can go on, and nobody can do anything else.
    #[inline]
    pub(super) fn are_all_plain(&self) -> bool {
        self.special == 0 && !self.ready.is_empty()
    }

    /// What those can do that can go on.
    #[inline]
    pub(super) fn gather(&self, enabled: &mut Vec<Enabled>, book: &Book) {
        enabled.clear();
        self.ready.each(|me| {
            let worker = self.members[me].worker;
            let action = Action::Proceed;
            enabled.push(Enabled {
                choice: Choice { worker, action },
                op: book.account(worker).op,
                draws: None,
            });
        });
    }

    /// A member has ended, and those who wait for that can go on.
    pub(super) fn ends(&mut self, me: usize, book: &mut Book) {
        let ended = self.members[me].worker;
        while let Some(at) = self.joining.iter().position(|&(_, first)| first == ended) {
            let (me, _) = self.joining.swap_remove(at);
            book.account_mut(self.members[me].worker).wait = None;
            self.ready.insert(me);
        }
    }
}

/// Whether a worker at a join has to wait, which is written down.
#[inline]
pub(super) fn joins(book: &mut Book, worker: WorkerId, first: WorkerId) -> bool {
    let waits = book.status(first) != Status::Ended;
    let wait = Wait::Join { first, count: 1 };
    book.account_mut(worker).wait = waits.then_some(wait);
    waits
}

/// A set of members. The first 64 have a word of their own: more are rare.
#[derive(Default)]
struct Set {
    first: u64,
    more: Vec<u64>,
}

impl Set {
    fn clear(&mut self) {
        self.first = 0;
        self.more.clear();
    }

    #[inline]
    fn insert(&mut self, me: usize) {
        match me {
            0..64 => self.first |= 1 << me,
            _ => self.insert_far(me / 64 - 1, me % 64),
        }
    }

    #[cold]
    fn insert_far(&mut self, word: usize, bit: usize) {
        if self.more.len() <= word {
            self.more.resize(word + 1, 0);
        }
        self.more[word] |= 1 << bit;
    }

    /// Whether it was there.
    #[inline]
    fn remove(&mut self, me: usize) -> bool {
        let word = match me {
            0..64 => &mut self.first,
            _ => match self.more.get_mut(me / 64 - 1) {
                Some(word) => word,
                None => return false,
            },
        };
        let bit = 1 << (me % 64);
        let was = *word & bit != 0;
        *word &= !bit;
        was
    }

    #[inline]
    fn is_empty(&self) -> bool {
        self.first == 0 && self.more.iter().all(|&word| word == 0)
    }

    /// In their order.
    #[inline(always)]
    fn each(&self, mut f: impl FnMut(usize)) {
        each_bit(self.first, &mut f);
        if !self.more.is_empty() {
            self.each_far(f);
        }
    }

    #[cold]
    fn each_far(&self, mut f: impl FnMut(usize)) {
        for (word, &bits) in self.more.iter().enumerate() {
            each_bit(bits, |bit| f((word + 1) * 64 + bit));
        }
    }
}

/// The places of the ones of a word, the lowest first.
#[inline(always)]
fn each_bit(mut left: u64, mut f: impl FnMut(usize)) {
    while left != 0 {
        f(left.trailing_zeros() as usize);
        left &= left - 1;
    }
}
