//! A state, and what the scheduler can choose in it.

use std::collections::BTreeMap;

use selvedge::program::{CatchKind, Kind, Order, Panics};

use super::code::{Action, BlockId, Code, Form, Instance, Numbered, Ordinal, Sem};
use super::explore::Budget;

#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct State {
    pub(super) workers: Vec<Worker>,
    pub(super) trays: Vec<Tray>,
    /// What is left of the budget.
    pub(super) left: Budget,
    /// The worker that made the last choice; told only where preemptions are counted.
    pub(super) last: Option<Instance>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Worker {
    pub(super) life: Life,
    pub(super) frames: Vec<Frame>,
    /// What unwinds the worker, if anything does.
    pub(super) leaving: Option<Exit>,
    /// For each semaphore what is held, by the statement that took it. No zeros.
    pub(super) ledgers: Vec<BTreeMap<Ordinal, u64>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Life {
    NotStarted,
    Running,
    Ended(Exit),
}

/// How a block is left before its end, and how a worker ended (at its end: `Return`).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Exit {
    Return,
    Raised(CatchKind),
}

/// Where a worker is: the last frame is the innermost.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum Frame {
    /// Statement `next` of the block is what comes next.
    Block { block: BlockId, next: usize },
    /// Under the body of a `with`. On top, it is the guard's release that comes next.
    Guard {
        semaphore: Sem,
        permits: u64,
        site: Ordinal,
    },
    /// Under the body of a `repeat`.
    Repeat { body: BlockId, left: u32 },
    /// Under one of the blocks of statement `at` of `block`, a `try`.
    Try {
        block: BlockId,
        at: usize,
        part: Part,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Part {
    Body,
    Catch,
    /// And what is under way again once the block is done.
    Finally(Option<Exit>),
}

#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Tray {
    pub(super) available: u64,
    pub(super) capacity: u64,
    pub(super) debt: u64,
    pub(super) closed: bool,
    pub(super) queue: Vec<Request>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Request {
    pub(super) worker: Instance,
    pub(super) wanted: u64,
    /// What it has been given so far (`fifo-partial`).
    pub(super) taken: u64,
}

#[derive(Clone, Copy)]
pub(super) enum Choice {
    Proceed(Instance),
    Branch(Instance, usize),
    Panic(Instance),
    Timeout(Instance),
    Cancel(Instance),
}

impl Choice {
    pub(super) fn worker(self) -> Instance {
        match self {
            Choice::Proceed(w)
            | Choice::Branch(w, _)
            | Choice::Panic(w)
            | Choice::Timeout(w)
            | Choice::Cancel(w) => w,
        }
    }
}

/// What a worker does next.
pub(super) enum Next<'c> {
    Statement(&'c Numbered),
    GuardRelease {
        semaphore: Sem,
        permits: u64,
        site: Ordinal,
    },
}

/// What a worker waits for, and at which statement.
pub(super) struct Wait {
    pub(super) ordinal: Ordinal,
    pub(super) what: Awaited,
}

pub(super) enum Awaited {
    Permits {
        semaphore: Sem,
        permits: u64,
        timer: bool,
    },
    /// The end of all instances of the worker.
    Join(usize),
}

impl State {
    /// Everything that the scheduler can choose here.
    pub(super) fn choices(&self, code: &Code) -> Vec<Choice> {
        let mut choices = Vec::new();
        for w in 0..self.workers.len() {
            if self.can_go_on(code, w) {
                match self.next(code, w) {
                    Some(Next::Statement(statement)) => match &statement.action {
                        Action::Either(branches) => {
                            choices.extend((0..branches.len()).map(|k| Choice::Branch(w, k)));
                        }
                        Action::Work(Panics::May) => {
                            choices.push(Choice::Proceed(w));
                            if self.left.panics > 0 {
                                choices.push(Choice::Panic(w));
                            }
                        }
                        _ => choices.push(Choice::Proceed(w)),
                    },
                    _ => choices.push(Choice::Proceed(w)),
                }
            }
            if self.has_timer(code, w) && (self.left.timeouts > 0 || self.timers_are_free(code)) {
                choices.push(Choice::Timeout(w));
            }
            if self.waits_for_permits(code, w) && self.left.cancels > 0 {
                choices.push(Choice::Cancel(w));
            }
        }
        choices.retain(|&c| !self.is_preemption(code, c) || self.left.preemptions != Some(0));
        choices
    }

    /// Reading 9.
    pub(super) fn timers_are_free(&self, code: &Code) -> bool {
        !(0..self.workers.len()).any(|w| self.can_go_on(code, w))
    }

    /// Reading 10.
    pub(super) fn is_preemption(&self, code: &Code, choice: Choice) -> bool {
        match self.last {
            Some(last) => last != choice.worker() && self.can_go_on(code, last),
            None => false,
        }
    }

    /// Whether the worker can make a step that is not its timer or a cancellation.
    fn can_go_on(&self, code: &Code, w: Instance) -> bool {
        self.workers[w].life == Life::Running && self.wait(code, w).is_none()
    }

    pub(super) fn waits_for_permits(&self, code: &Code, w: Instance) -> bool {
        let wait = self.wait(code, w);
        wait.is_some_and(|wait| matches!(wait.what, Awaited::Permits { .. }))
    }

    fn has_timer(&self, code: &Code, w: Instance) -> bool {
        let wait = self.wait(code, w);
        wait.is_some_and(|wait| matches!(wait.what, Awaited::Permits { timer: true, .. }))
    }

    /// What the worker waits for, if it waits.
    pub(super) fn wait(&self, code: &Code, w: Instance) -> Option<Wait> {
        let Some(Next::Statement(statement)) = self.next(code, w) else {
            return None;
        };
        let what = match &statement.action {
            Action::Acquire(semaphore, permits, form) => {
                let tray = &self.trays[*semaphore];
                let waits = match code.semaphores[*semaphore].order {
                    // Reading 1.
                    Order::Barging => !tray.closed && tray.available < *permits,
                    Order::Fifo | Order::FifoPartial => tray.queue.iter().any(|r| r.worker == w),
                };
                waits.then_some(Awaited::Permits {
                    semaphore: *semaphore,
                    permits: *permits,
                    timer: matches!(form, Form::Within(..)),
                })
            }
            Action::Join(worker) => code
                .instances_of(*worker)
                .any(|i| self.workers[i].life == Life::Running)
                .then_some(Awaited::Join(*worker)),
            _ => None,
        };
        what.map(|what| Wait {
            ordinal: statement.ordinal,
            what,
        })
    }

    /// The semaphore of the `acquire` or `with` that the worker stands at or waits in.
    pub(super) fn acquires(&self, code: &Code, w: Instance) -> Option<Sem> {
        match self.next(code, w) {
            Some(Next::Statement(statement)) => match &statement.action {
                Action::Acquire(semaphore, _, Form::Acquire | Form::With(_)) => Some(*semaphore),
                _ => None,
            },
            _ => None,
        }
    }

    /// How many permits of a semaphore the worker's ledger holds.
    pub(super) fn held(&self, w: Instance, semaphore: Sem) -> u64 {
        self.workers[w].ledgers[semaphore].values().sum()
    }

    /// How many permits the worker's waiting request has taken.
    pub(super) fn taken(&self, w: Instance, semaphore: Sem) -> u64 {
        let queue = &self.trays[semaphore].queue;
        let mine = queue.iter().filter(|request| request.worker == w);
        mine.map(|request| request.taken).sum()
    }

    pub(super) fn next<'c>(&self, code: &'c Code, w: Instance) -> Option<Next<'c>> {
        match self.workers[w].frames.last()? {
            Frame::Block { block, next } => Some(Next::Statement(&code.blocks[*block][*next])),
            Frame::Guard {
                semaphore,
                permits,
                site,
            } => Some(Next::GuardRelease {
                semaphore: *semaphore,
                permits: *permits,
                site: *site,
            }),
            Frame::Repeat { .. } | Frame::Try { .. } => {
                unreachable!("between two steps every worker has advanced to its next op")
            }
        }
    }

    /// What must hold between two steps, or this interpreter is wrong.
    pub(super) fn check(&self, code: &Code) {
        for (s, tray) in self.trays.iter().enumerate() {
            assert!(tray.available == 0 || tray.debt == 0, "debt is paid first");
            if code.semaphores[s].kind == Kind::Bounded {
                let held = |w| self.held(w, s) + self.taken(w, s);
                let held: u64 = (0..self.workers.len()).map(held).sum();
                assert_eq!(tray.available + held, tray.capacity + tray.debt);
            }
            if let Some(head) = tray.queue.first() {
                assert!(tray.available < head.wanted - head.taken, "lost wakeup");
            }
        }
    }
}
