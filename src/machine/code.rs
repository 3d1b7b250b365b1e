//! What a worker's body is compiled to.
//!
//! **Invariants**
//!
//! 1. A worker rests only at an instruction that takes a choice; those come first in `instrs`.
//! 2. Every way through a silent instruction leads to one that takes a choice, or to the end.

use crate::program::CatchKind;
use crate::run::{Cause, Permits, SemaphoreId, StatementId, WorkerId};

/// An index into a worker's instructions.
pub(crate) type Pc = u32;

/// The target after the last instruction.
pub(crate) const END: Pc = u32::MAX;

/// How an acquire waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Waiting {
    /// For as long as it takes.
    Forever,
    /// Until its timer fires.
    Timed,
    /// Not at all.
    Never,
}

/// Worker instances `first .. first + count`, those of one declaration.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Instances {
    pub(crate) first: WorkerId,
    pub(crate) count: u32,
}

#[derive(Debug, Clone)]
pub(crate) enum Instr {
    Acquire {
        semaphore: SemaphoreId,
        permits: u32,
        waiting: Waiting,
        then: Pc,
        otherwise: Pc,
    },
    Release {
        semaphore: SemaphoreId,
        permits: Permits,
        from: Option<WorkerId>,
        next: Pc,
    },
    /// The release of a guard, on the way out of its body; `slot` says why it is left.
    GuardRelease {
        semaphore: SemaphoreId,
        permits: u32,
        slot: u32,
        next: Pc,
    },
    Work {
        fallible: bool,
        next: Pc,
    },
    Panic,
    Return,
    Pick {
        branches: Box<[Pc]>,
    },
    Grow {
        semaphore: SemaphoreId,
        permits: u32,
        next: Pc,
    },
    Shrink {
        semaphore: SemaphoreId,
        permits: u32,
        next: Pc,
    },
    Drain {
        semaphore: SemaphoreId,
        next: Pc,
    },
    Forget {
        semaphore: SemaphoreId,
        permits: Permits,
        next: Pc,
    },
    Give {
        semaphore: SemaphoreId,
        permits: Permits,
        to: WorkerId,
        next: Pc,
    },
    Close {
        semaphore: SemaphoreId,
        next: Pc,
    },
    Cancel {
        target: WorkerId,
        next: Pc,
    },
    Spawn {
        instances: Instances,
        next: Pc,
    },
    Join {
        instances: Instances,
        next: Pc,
    },
    /// Silent: the end of a `repeat`'s body.
    LoopEnd {
        slot: u32,
        times: u32,
        body: Pc,
        next: Pc,
    },
    /// Silent: the end of a `finally`; goes on, or unwinds further.
    FinallyEnd {
        slot: u32,
        next: Pc,
    },
}

impl Instr {
    pub(crate) fn is_silent(&self) -> bool {
        matches!(self, Instr::LoopEnd { .. } | Instr::FinallyEnd { .. })
    }

    /// The semaphore that it is an op on.
    pub(crate) fn semaphore(&self) -> Option<SemaphoreId> {
        match *self {
            Instr::Acquire { semaphore, .. }
            | Instr::Release { semaphore, .. }
            | Instr::GuardRelease { semaphore, .. }
            | Instr::Grow { semaphore, .. }
            | Instr::Shrink { semaphore, .. }
            | Instr::Drain { semaphore, .. }
            | Instr::Forget { semaphore, .. }
            | Instr::Give { semaphore, .. }
            | Instr::Close { semaphore, .. } => Some(semaphore),
            _ => None,
        }
    }

    /// Calls `f` on every target.
    pub(crate) fn targets(&mut self, mut f: impl FnMut(&mut Pc)) {
        match self {
            Instr::Acquire {
                then, otherwise, ..
            } => {
                f(then);
                f(otherwise);
            }
            Instr::Pick { branches } => branches.iter_mut().for_each(f),
            Instr::LoopEnd { body, next, .. } => {
                f(body);
                f(next);
            }
            Instr::Panic | Instr::Return => {}
            Instr::Release { next, .. }
            | Instr::GuardRelease { next, .. }
            | Instr::Work { next, .. }
            | Instr::Grow { next, .. }
            | Instr::Shrink { next, .. }
            | Instr::Drain { next, .. }
            | Instr::Forget { next, .. }
            | Instr::Give { next, .. }
            | Instr::Close { next, .. }
            | Instr::Cancel { next, .. }
            | Instr::Spawn { next, .. }
            | Instr::Join { next, .. }
            | Instr::FinallyEnd { next, .. } => f(next),
        }
    }
}

/// What stands around an instruction and hears of what it raises, from the inside out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    pub(crate) kind: FrameKind,
    pub(crate) outer: Option<u32>,
    /// `repeat`s around the frame: deeper counters are dead once it is reached.
    pub(crate) loops: u32,
    /// `finally` blocks around the frame: deeper causes are dead once it is reached.
    pub(crate) pends: u32,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum FrameKind {
    /// Continues at a `GuardRelease`, or at a `finally` block, the cause kept in a slot.
    Pend {
        at: Pc,
        slot: u32,
    },
    Catch {
        kinds: Kinds,
        at: Pc,
    },
}

/// A set of what can be caught.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kinds(u8);

impl Kinds {
    /// Those named, or all if none is.
    pub(crate) fn new(named: &[CatchKind]) -> Kinds {
        let of = |kinds: &[CatchKind]| {
            kinds.iter().fold(0, |set, kind| {
                set | match kind {
                    CatchKind::Panic => 1 << Cause::Panic as u8,
                    CatchKind::Cancelled => 1 << Cause::Cancelled as u8,
                    CatchKind::Closed => 1 << Cause::Closed as u8,
                    CatchKind::OverRelease => 1 << Cause::OverRelease as u8,
                }
            })
        };
        Kinds(if named.is_empty() {
            of(&CatchKind::ALL)
        } else {
            of(named)
        })
    }

    pub(crate) fn contains(self, cause: Cause) -> bool {
        self.0 & (1 << cause as u8) != 0
    }
}

/// The code of one declared worker.
#[derive(Debug, Clone)]
pub(crate) struct Code {
    pub(crate) instrs: Vec<Instr>,
    /// The statement of each instruction.
    pub(crate) statements: Vec<StatementId>,
    /// The innermost frame of each instruction.
    pub(crate) contexts: Vec<Option<u32>>,
    pub(crate) frames: Vec<Frame>,
    pub(crate) start: Pc,
    /// How many instructions take a choice: they are the first ones.
    pub(crate) visible: u32,
    /// The largest count of each loop counter.
    pub(crate) counters: Vec<u64>,
    /// How many slots for causes there are.
    pub(crate) slots: u32,
}
