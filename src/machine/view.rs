//! A state of the machine as properties and strategies see it.

use super::code::{END, FrameKind, Instr, Pc, Waiting};
use super::model::Machine;
use super::state::{Standing, State};
use crate::program::{Kind, Order};
use crate::run::{Op, SemaphoreId, StatementId, Status, View, Wait, WorkerId};
use std::fmt;
use std::sync::Arc;

/// A state, read.
#[derive(Clone, Copy)]
pub struct StateView<'a> {
    machine: &'a Machine,
    state: &'a [u64],
}

impl Machine {
    /// Reads a state of this machine.
    pub fn view<'a>(&'a self, state: &'a State) -> StateView<'a> {
        self.view_words(&state.0)
    }

    pub(crate) fn view_words<'a>(&'a self, state: &'a [u64]) -> StateView<'a> {
        StateView {
            machine: self,
            state,
        }
    }
}

impl Machine {
    /// Where an instruction can lead to: on its way, or by what it raises.
    fn targets(&self, worker: WorkerId, pc: Pc) -> Vec<Pc> {
        let code = self.worker(worker);
        let mut targets = Vec::new();
        code.instrs[pc as usize]
            .clone()
            .targets(|&mut target| targets.push(target));
        let mut context = code.contexts[pc as usize];
        while let Some(frame) = context.map(|frame| code.frames[frame as usize]) {
            let (FrameKind::Pend { at, .. } | FrameKind::Catch { at, .. }) = frame.kind;
            targets.push(at);
            context = frame.outer;
        }
        targets
    }
}

impl StateView<'_> {
    /// Whether every worker has ended or was never started.
    pub(crate) fn is_finished(&self) -> bool {
        self.machine
            .worker_ids()
            .all(|w| !matches!(self.machine.standing(self.state, w), Standing::At(_)))
    }
}

impl View for StateView<'_> {
    fn semaphores(&self) -> u32 {
        self.machine.semaphores.len() as u32
    }

    fn workers(&self) -> u32 {
        self.machine.workers.len() as u32
    }

    #[inline]
    fn available(&self, id: SemaphoreId) -> u64 {
        self.machine.semaphore(id).available.get(self.state)
    }

    #[inline]
    fn capacity(&self, id: SemaphoreId) -> u64 {
        self.machine.capacity_of(self.state, id)
    }

    #[inline]
    fn debt(&self, id: SemaphoreId) -> u64 {
        self.machine.semaphore(id).debt.get(self.state)
    }

    fn is_closed(&self, id: SemaphoreId) -> bool {
        self.machine.is_closed(self.state, id)
    }

    fn is_signal(&self, id: SemaphoreId) -> bool {
        self.machine.is_signal(id)
    }

    fn is_plain(&self, id: SemaphoreId) -> bool {
        self.machine.semaphore(id).kind == Kind::Plain
    }

    fn queue(&self, id: SemaphoreId) -> Vec<WorkerId> {
        self.machine.queue(self.state, id)
    }

    fn is_queued(&self, id: SemaphoreId) -> bool {
        !self.machine.is_barging(id)
    }

    fn takes_parts(&self, id: SemaphoreId) -> bool {
        self.machine.semaphore(id).order == Order::FifoPartial
    }

    #[inline]
    fn held(&self, worker: WorkerId, id: SemaphoreId) -> u64 {
        self.machine.held_by(self.state, worker, id)
    }

    #[inline]
    fn taken(&self, id: SemaphoreId) -> u64 {
        self.machine.semaphore(id).taken.get(self.state)
    }

    #[inline]
    fn holders(&self, id: SemaphoreId) -> &[WorkerId] {
        &self.machine.semaphore(id).holders
    }

    fn status(&self, worker: WorkerId) -> Status {
        match self.machine.standing(self.state, worker) {
            Standing::At(_) => Status::Running,
            Standing::Ended(_) => Status::Ended,
            Standing::Unspawned => Status::Unspawned,
        }
    }

    fn wait(&self, worker: WorkerId) -> Option<Wait> {
        if let Some((semaphore, permits, waiting)) = self.machine.waiting(self.state, worker) {
            let head = self.machine.worker(worker).rank.get(self.state) == 1;
            let taken = self.machine.semaphore(semaphore).taken.get(self.state);
            return Some(Wait::Permits {
                semaphore,
                permits,
                taken: if head { taken } else { 0 },
                timed: waiting == Waiting::Timed,
            });
        }
        let Standing::At(pc) = self.machine.standing(self.state, worker) else {
            return None;
        };
        match *self.machine.instr(worker, pc) {
            Instr::Join { instances, .. } if !self.machine.all_ended(self.state, instances) => {
                Some(Wait::Join {
                    first: instances.first,
                    count: instances.count,
                })
            }
            _ => None,
        }
    }

    fn statement(&self, worker: WorkerId) -> Option<StatementId> {
        match self.machine.standing(self.state, worker) {
            Standing::At(pc) => Some(self.machine.worker(worker).statements[pc as usize]),
            _ => None,
        }
    }

    #[inline]
    fn acquires(&self, worker: WorkerId) -> Option<SemaphoreId> {
        let Standing::At(pc) = self.machine.standing(self.state, worker) else {
            return None;
        };
        match *self.machine.instr(worker, pc) {
            Instr::Acquire {
                semaphore,
                waiting: Waiting::Forever,
                ..
            } => Some(semaphore),
            _ => None,
        }
    }

    #[inline]
    fn owned(&self, worker: WorkerId) -> &[SemaphoreId] {
        &self.machine.worker(worker).owned
    }

    #[inline]
    fn are_alike(&self, worker: WorkerId, id: SemaphoreId) -> bool {
        self.machine.worker(worker).ledgers[id.index()].sites.len() <= 1
    }

    #[inline]
    fn op(&self, worker: WorkerId) -> Option<Op> {
        match self.machine.standing(self.state, worker) {
            Standing::At(pc) => Some(self.machine.op(worker, pc)),
            _ => None,
        }
    }

    fn may_barge_next(&self, worker: WorkerId) -> bool {
        let machine = self.machine;
        let mut next = match machine.standing(self.state, worker) {
            Standing::At(pc) => machine.targets(worker, pc),
            Standing::Unspawned => vec![machine.start(worker)],
            Standing::Ended(_) => return false,
        };
        let mut seen = 0;
        while let Some(&pc) = next.get(seen) {
            seen += 1;
            if pc == END {
                continue;
            }
            let instr = machine.instr(worker, pc);
            if instr.is_silent() {
                let further = machine.targets(worker, pc);
                let new = further.into_iter().filter(|pc| !next.contains(pc));
                next.extend(new.collect::<Vec<_>>());
            }
            if let Instr::Acquire {
                semaphore, waiting, ..
            } = *instr
                && waiting != Waiting::Never
                && machine.is_barging(semaphore)
                && !machine.is_closed(self.state, semaphore)
            {
                return true;
            }
        }
        false
    }

    fn instances(&self, first: WorkerId) -> u32 {
        let code = &self.machine.worker(first).instrs;
        self.machine.workers[first.index()..]
            .iter()
            .take_while(|w| Arc::ptr_eq(&w.instrs, code))
            .count() as u32
    }
}

/// For people: semaphores as available/capacity, then where each worker is.
impl fmt::Display for StateView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for s in self.machine.semaphore_ids() {
            write!(f, "s{}={}/{} ", s.0, self.available(s), self.capacity(s))?;
            if self.debt(s) > 0 {
                write!(f, "debt={} ", self.debt(s))?;
            }
            if self.is_closed(s) {
                write!(f, "closed ")?;
            }
        }
        for w in self.machine.worker_ids() {
            match self.machine.standing(self.state, w) {
                Standing::At(pc) => {
                    let statement = self.machine.worker(w).statements[pc as usize];
                    write!(f, "w{}@{}", w.0, statement.0)?;
                    if self.wait(w).is_some() {
                        write!(f, "(waits)")?;
                    }
                }
                Standing::Ended(how) => write!(f, "w{}:{how}", w.0)?,
                Standing::Unspawned => write!(f, "w{}:unspawned", w.0)?,
            }
            for &s in self.owned(w) {
                let held = self.held(w, s);
                if held > 0 {
                    write!(f, "[{held} of s{}]", s.0)?;
                }
            }
            write!(f, " ")?;
        }
        Ok(())
    }
}
