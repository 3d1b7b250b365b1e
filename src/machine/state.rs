//! One state, and the reading of its parts.

use super::code::{Instr, Pc, Waiting};
use super::model::{Machine, Semaphore, Worker};
use crate::program::{Kind, Order};
use crate::run::{
    Action, Choice, Enabled, Ending, Op, Resource, SemaphoreId, StatementId, WorkerId,
};

/// A packed state of a [`Machine`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct State(pub(crate) Box<[u64]>);

/// Where a worker is, decoded from its pc.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    At(Pc),
    Ended(Ending),
    Unspawned,
}

const ENDINGS: [Ending; 5] = [
    Ending::Returned,
    Ending::Panicked,
    Ending::Cancelled,
    Ending::Closed,
    Ending::OverReleased,
];

impl Machine {
    #[inline(always)]
    pub(super) fn worker(&self, id: WorkerId) -> &Worker {
        &self.workers[id.index()]
    }

    #[inline(always)]
    pub(super) fn semaphore(&self, id: SemaphoreId) -> &Semaphore {
        &self.semaphores[id.index()]
    }

    #[inline(always)]
    pub(super) fn standing(&self, state: &[u64], id: WorkerId) -> Standing {
        let worker = self.worker(id);
        let pc = worker.pc.get(state) as u32;
        if pc < worker.visible {
            return Standing::At(pc);
        }
        let visible = worker.visible;
        let ends = if worker.remembers_end { 5 } else { 1 };
        match (pc - visible) as usize {
            n if n < ends => Standing::Ended(ENDINGS[n]),
            _ => Standing::Unspawned,
        }
    }

    pub(super) fn set_ended(&self, state: &mut [u64], id: WorkerId, how: Ending) {
        let worker = self.worker(id);
        let visible = u64::from(worker.visible);
        let kind = if worker.remembers_end { how as u64 } else { 0 };
        worker.pc.set(state, visible + kind);
    }

    pub(super) fn set_unspawned(&self, state: &mut [u64], id: WorkerId) {
        let worker = self.worker(id);
        let visible = u64::from(worker.visible);
        let ends = if worker.remembers_end { 5 } else { 1 };
        worker.pc.set(state, visible + ends);
    }

    /// Brings a worker, wherever it stands, to the first op of a branch of the `either` at which it
    /// started; nothing else changes. Loops and guards that it is in have to stand as they did then.
    pub(crate) fn start_again(&self, state: &mut [u64], id: WorkerId, branch: u32) {
        let Instr::Pick { branches } = self.instr(id, self.start(id)) else {
            unreachable!("it starts at an `either`")
        };
        let pc = branches[branch as usize];
        debug_assert!(pc < self.worker(id).visible, "the branch starts with an op");
        self.worker(id).pc.set(state, u64::from(pc));
    }

    #[inline]
    pub(super) fn is_closed(&self, state: &[u64], id: SemaphoreId) -> bool {
        self.semaphore(id).closed.get(state) != 0
    }

    pub(super) fn capacity_of(&self, state: &[u64], id: SemaphoreId) -> u64 {
        let semaphore = self.semaphore(id);
        semaphore
            .capacity
            .map_or(semaphore.permits, |field| field.get(state))
    }

    pub(super) fn held_by(&self, state: &[u64], worker: WorkerId, id: SemaphoreId) -> u64 {
        self.worker(worker).ledgers[id.index()]
            .sites
            .iter()
            .map(|site| site.held.get(state))
            .sum()
    }

    /// The acquire in which a worker waits: its semaphore, its permits, whether a timer runs.
    #[inline]
    pub(super) fn waiting(
        &self,
        state: &[u64],
        id: WorkerId,
    ) -> Option<(SemaphoreId, u64, Waiting)> {
        let Standing::At(pc) = self.standing(state, id) else {
            return None;
        };
        let Instr::Acquire {
            semaphore,
            permits,
            waiting,
            ..
        } = *self.instr(id, pc)
        else {
            return None;
        };
        self.waits(state, id, semaphore, permits, waiting)
            .then_some((semaphore, u64::from(permits), waiting))
    }

    /// Whether a worker that stands at this acquire waits in it.
    #[inline(always)]
    fn waits(
        &self,
        state: &[u64],
        id: WorkerId,
        semaphore: SemaphoreId,
        permits: u32,
        waiting: Waiting,
    ) -> bool {
        let of = self.semaphore(semaphore);
        waiting != Waiting::Never
            && match of.order {
                Order::Barging => {
                    of.available.get(state) < u64::from(permits) && of.closed.get(state) == 0
                }
                _ => self.worker(id).rank.get(state) != 0,
            }
    }

    /// Whether all started instances among these have ended.
    pub(super) fn all_ended(&self, state: &[u64], instances: super::code::Instances) -> bool {
        (instances.first.0..instances.first.0 + instances.count)
            .all(|w| !matches!(self.standing(state, WorkerId(w)), Standing::At(_)))
    }

    /// Calls `offer` with every choice that can be made in a state, in their order.
    ///
    /// What a timer draws is settled here: nothing when only timers and cancellations are left.
    #[inline]
    pub(crate) fn offers(&self, state: &[u64], offers: &mut Vec<Offer>) {
        offers.clear();
        let mut progress = false;
        for id in self.worker_ids() {
            let Standing::At(pc) = self.standing(state, id) else {
                continue;
            };
            let mut offer = |action, draws| {
                let choice = Choice { worker: id, action };
                offers.push(Offer { choice, draws });
            };
            match *self.instr(id, pc) {
                Instr::Acquire {
                    semaphore,
                    permits,
                    waiting,
                    ..
                } => {
                    if !self.waits(state, id, semaphore, permits, waiting) {
                        offer(Action::Proceed, None);
                        progress = true;
                    } else {
                        if waiting == Waiting::Timed {
                            offer(Action::Timeout, Some(Resource::Timeouts));
                        }
                        offer(Action::Cancel, Some(Resource::Cancels));
                    }
                }
                Instr::Join { instances, .. } => {
                    if self.all_ended(state, instances) {
                        offer(Action::Proceed, None);
                        progress = true;
                    }
                }
                Instr::Pick { ref branches } => {
                    for k in 0..branches.len() as u32 {
                        offer(Action::Branch(k), None);
                    }
                    progress = true;
                }
                Instr::Work { fallible, .. } => {
                    offer(Action::Proceed, None);
                    if fallible {
                        offer(Action::Panic, Some(Resource::Panics));
                    }
                    progress = true;
                }
                _ => {
                    offer(Action::Proceed, None);
                    progress = true;
                }
            }
        }
        if !progress {
            for offer in offers {
                if offer.choice.action == Action::Timeout {
                    offer.draws = None;
                }
            }
        }
    }

    /// What a worker that stands at an instruction would do.
    pub(super) fn op(&self, id: WorkerId, pc: Pc) -> Op {
        match *self.instr(id, pc) {
            Instr::Acquire {
                semaphore,
                permits,
                waiting: Waiting::Never,
                ..
            } => Op::TryAcquire { semaphore, permits },
            Instr::Acquire {
                semaphore,
                permits,
                waiting,
                ..
            } => Op::Acquire {
                semaphore,
                permits,
                timed: waiting == Waiting::Timed,
            },
            Instr::Release {
                semaphore,
                permits,
                from,
                ..
            } => Op::Release {
                semaphore,
                permits,
                holder: from.unwrap_or(id),
            },
            Instr::GuardRelease {
                semaphore, permits, ..
            } => Op::Release {
                semaphore,
                permits: crate::run::Permits::Exactly(permits),
                holder: id,
            },
            Instr::Work { fallible, .. } => Op::Work { fallible },
            Instr::Panic => Op::Panic,
            Instr::Return => Op::Return,
            Instr::Pick { ref branches } => Op::Pick {
                branches: branches.len() as u32,
            },
            Instr::Grow {
                semaphore, permits, ..
            } => Op::Grow { semaphore, permits },
            Instr::Shrink {
                semaphore, permits, ..
            } => Op::Shrink { semaphore, permits },
            Instr::Drain { semaphore, .. } => Op::Drain { semaphore },
            Instr::Forget {
                semaphore, permits, ..
            } => Op::Forget { semaphore, permits },
            Instr::Give {
                semaphore,
                permits,
                to,
                ..
            } => Op::Give {
                semaphore,
                permits,
                to,
            },
            Instr::Close { semaphore, .. } => Op::Close { semaphore },
            Instr::Cancel { target, .. } => Op::Cancel { worker: target },
            Instr::Spawn { instances, .. } => Op::Spawn {
                first: instances.first,
            },
            Instr::Join { instances, .. } => Op::Join {
                first: instances.first,
            },
            Instr::LoopEnd { .. } | Instr::FinallyEnd { .. } => {
                unreachable!("invariant 1 of the code: a worker rests only where it has a choice")
            }
        }
    }

    /// What a worker can be about to do, in the order of the text, each with its statement.
    pub(crate) fn ops(&self, id: WorkerId) -> impl Iterator<Item = (Op, StatementId)> {
        let worker = self.worker(id);
        (0..worker.visible).map(move |pc| (self.op(id, pc), worker.statements[pc as usize]))
    }

    /// The enabled choices with their ops.
    pub(crate) fn enabled(&self, state: &[u64], offers: &[Offer], out: &mut Vec<Enabled>) {
        out.clear();
        out.extend(offers.iter().filter_map(|offer| {
            let Standing::At(pc) = self.standing(state, offer.choice.worker) else {
                return None;
            };
            Some(Enabled {
                choice: offer.choice,
                op: self.op(offer.choice.worker, pc),
                draws: offer.draws,
            })
        }));
    }

    pub(super) fn is_signal(&self, id: SemaphoreId) -> bool {
        self.semaphore(id).kind == Kind::Signal
    }

    pub(super) fn start(&self, id: WorkerId) -> Pc {
        self.worker(id).start
    }
}

/// A choice that can be made, and the budget it draws on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Offer {
    pub(crate) choice: Choice,
    pub(crate) draws: Option<Resource>,
}
