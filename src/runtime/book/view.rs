//! What properties and strategies see of the book.

use super::{Book, TrayKind};
use crate::run::{Op, SemaphoreId, StatementId, Status, View, Wait, WorkerId};

impl View for Book {
    fn semaphores(&self) -> u32 {
        self.trays.len() as u32
    }

    fn workers(&self) -> u32 {
        self.names.workers() as u32
    }

    fn available(&self, id: SemaphoreId) -> u64 {
        self.trays[id.index()].available
    }

    fn capacity(&self, id: SemaphoreId) -> u64 {
        self.trays[id.index()].capacity
    }

    fn debt(&self, id: SemaphoreId) -> u64 {
        self.trays[id.index()].debt
    }

    fn lost(&self, id: SemaphoreId) -> u64 {
        self.trays[id.index()].lost
    }

    fn is_closed(&self, id: SemaphoreId) -> bool {
        self.trays[id.index()].closed
    }

    fn is_signal(&self, id: SemaphoreId) -> bool {
        self.trays[id.index()].kind == TrayKind::Signal
    }

    fn is_plain(&self, _id: SemaphoreId) -> bool {
        false
    }

    fn is_foreign(&self, id: SemaphoreId) -> bool {
        matches!(self.trays[id.index()].kind, TrayKind::Foreign { .. })
    }

    fn queue(&self, id: SemaphoreId) -> Vec<WorkerId> {
        self.trays[id.index()].queue.clone()
    }

    fn is_queued(&self, id: SemaphoreId) -> bool {
        match self.trays[id.index()].kind {
            TrayKind::Own | TrayKind::Signal => true,
            TrayKind::Foreign { queued } => queued,
        }
    }

    fn takes_parts(&self, _id: SemaphoreId) -> bool {
        false
    }

    fn held(&self, worker: WorkerId, id: SemaphoreId) -> u64 {
        let entries = self.trays[id.index()].entries.iter();
        entries
            .filter(|e| e.worker == worker)
            .map(|e| e.permits)
            .sum()
    }

    fn held_by_all(&self, id: SemaphoreId) -> u64 {
        let entries = self.trays[id.index()].entries.iter();
        entries.map(|e| e.permits).sum()
    }

    /// Those that were held before the run: nobody knows by whom.
    fn taken(&self, id: SemaphoreId) -> u64 {
        self.trays[id.index()].missing
    }

    fn holders(&self, id: SemaphoreId) -> &[WorkerId] {
        &self.trays[id.index()].holders
    }

    fn status(&self, worker: WorkerId) -> Status {
        self.accounts
            .get(worker.index())
            .map_or(Status::Unspawned, |account| account.status)
    }

    fn wait(&self, worker: WorkerId) -> Option<Wait> {
        self.accounts.get(worker.index())?.wait
    }

    fn statement(&self, worker: WorkerId) -> Option<StatementId> {
        let account = self.accounts.get(worker.index())?;
        (account.status == Status::Running).then_some(account.statement)
    }

    fn acquires(&self, worker: WorkerId) -> Option<SemaphoreId> {
        self.accounts.get(worker.index())?.acquires
    }

    fn owned(&self, worker: WorkerId) -> &[SemaphoreId] {
        self.accounts
            .get(worker.index())
            .map_or(&[], |account| &account.owned)
    }

    fn are_alike(&self, _worker: WorkerId, _id: SemaphoreId) -> bool {
        false
    }

    fn op(&self, worker: WorkerId) -> Option<Op> {
        let account = self.accounts.get(worker.index())?;
        (account.status == Status::Running).then_some(account.op)
    }

    fn may_barge_next(&self, _worker: WorkerId) -> bool {
        true
    }

    fn instances(&self, _first: WorkerId) -> u32 {
        1
    }
}
