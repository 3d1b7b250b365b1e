//! How the semaphores of a run stand, for invariants of the user's.

use std::fmt;

use crate::run::{SemaphoreId, Status, View, WorkerId};

/// How the semaphores of a run stand between two steps, by name. What a run has not used yet is not
/// known.
pub struct Standing<'a> {
    view: &'a dyn View,
    present: &'a [SemaphoreId],
    names: &'a [String],
}

impl<'a> Standing<'a> {
    pub(super) fn new(
        view: &'a dyn View,
        present: &'a [SemaphoreId],
        names: &'a [String],
    ) -> Standing<'a> {
        Standing {
            view,
            present,
            names,
        }
    }

    fn id(&self, name: &str) -> Option<SemaphoreId> {
        let mut ids = self.present.iter().copied();
        ids.find(|id| self.names[id.index()] == name)
    }

    /// Free permits.
    pub fn available(&self, name: &str) -> Option<u64> {
        Some(self.view.available(self.id(name)?))
    }

    /// The capacity; 0 if it has none.
    pub fn capacity(&self, name: &str) -> Option<u64> {
        Some(self.view.capacity(self.id(name)?))
    }

    /// Permits that tasks hold, those that ended included.
    pub fn held(&self, name: &str) -> Option<u64> {
        let id = self.id(name)?;
        let holders = self.view.holders(id).iter();
        Some(holders.map(|&w| self.view.held(w, id)).sum())
    }

    /// Tasks that wait for it.
    pub fn waiting(&self, name: &str) -> Option<usize> {
        Some(self.view.queue(self.id(name)?).len())
    }

    /// Tasks that have not ended.
    pub fn running(&self) -> usize {
        let workers = (0..self.view.workers()).map(WorkerId);
        workers
            .filter(|&w| self.view.status(w) == Status::Running)
            .count()
    }
}

impl fmt::Debug for Standing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for id in self.present {
            let (name, available) = (&self.names[id.index()], self.view.available(*id));
            map.entry(
                name,
                &format_args!("{available}/{}", self.view.capacity(*id)),
            );
        }
        map.finish()
    }
}
