//! What a run knows of the semaphores that are tracked in it.

use std::rc::Rc;
use std::sync::Arc;

use super::count::count_by_trying;
use super::handle::Label;
use super::wakes::Calls;
use crate::program::Order;
use crate::run::{Event, SemaphoreId, StatementId, View};
use crate::runtime::book::{Entry, TrayKind};
use crate::runtime::counting::Counting;
use crate::runtime::scene::core::Core;

/// A semaphore that is tracked in a run: its address finds it again.
#[derive(Debug, Clone)]
pub(in crate::runtime) struct Known {
    address: usize,
    name: Option<&'static str>,
    pub(in crate::runtime) semaphore: SemaphoreId,
    /// Where it was first seen.
    pub(in crate::runtime) statement: StatementId,
    /// How many permits it said last were free, if it can say.
    pub(in crate::runtime) last: Option<u64>,
    /// Whether it was seen to be used past `tracked`: then the ledgers are not all there is.
    pub(in crate::runtime) past: bool,
    calls: Arc<Calls>,
}

/// A call of a semaphore that goes through `tracked`, until it is dropped.
pub(super) struct Call<'s, S: Counting> {
    pub(super) core: Rc<Core>,
    semaphore: &'s S,
    pub(super) id: SemaphoreId,
    pub(super) calls: Arc<Calls>,
    wakes_of_others: u64,
}

impl<'s, S: Counting> Call<'s, S> {
    /// Looks first what was done to the semaphore since the last call.
    pub(super) fn begin(core: &Rc<Core>, semaphore: &'s S, label: Label) -> Call<'s, S> {
        let (id, calls) = core.tracked_id(semaphore, label);
        let call = Call {
            core: Rc::clone(core),
            semaphore,
            id,
            wakes_of_others: calls.wakes_of_others(),
            calls,
        };
        if call.calls.begin()
            && let Some(now) = semaphore.available()
        {
            core.notice(id, now as u64);
        }
        call
    }
}

impl<S: Counting> Drop for Call<'_, S> {
    fn drop(&mut self) {
        self.calls.end();
        // whoever was woken by it, and does not wait through `tracked`, may have been given permits
        let others = self.calls.wakes_of_others() != self.wakes_of_others;
        let past = others || self.calls.woken_past();
        self.core.refresh(self.semaphore, self.id, past);
    }
}

impl Core {
    /// The id of a tracked semaphore in this run.
    fn tracked_id<S: Counting>(&self, semaphore: &S, label: Label) -> (SemaphoreId, Arc<Calls>) {
        let address = std::ptr::from_ref(semaphore) as usize;
        let differs = |name: Option<&str>| {
            label.name.is_some() && name.is_some_and(|n| Some(n) != label.name)
        };
        let known = {
            let tracked = self.tracked.borrow();
            // where one was dropped another one may lie now
            let mut known = tracked.iter().rev();
            let known = known.find(|t| t.address == address && !differs(t.name));
            known.map(|t| (t.semaphore, Arc::clone(&t.calls)))
        };
        if let Some(known) = known {
            return known;
        }
        let told = semaphore.available().map(|n| n as u64);
        let available = told.unwrap_or_else(|| count_by_trying(semaphore));
        let kind = TrayKind::Foreign {
            queued: S::ORDER != Order::Barging,
        };
        let mut book = self.book.borrow_mut();
        let is_tracked =
            |id: &SemaphoreId| self.tracked.borrow().iter().any(|t| t.semaphore == *id);
        let probed = label.name.and_then(|name| book.named(name));
        let id = match probed.filter(|id| !is_tracked(id)) {
            Some(id) => {
                // the probe has said how many there are
                let tray = book.touch(id);
                tray.kind = kind;
                tray.available = available;
                tray.missing = tray.capacity.saturating_sub(available);
                id
            }
            None => book.register(label.name, label.made, kind, available, available),
        };
        let statement = book.names.statement(label.made, "tracked");
        let calls = Arc::<Calls>::default();
        self.tracked.borrow_mut().push(Known {
            address,
            name: label.name,
            semaphore: id,
            statement,
            last: told,
            past: false,
            calls: Arc::clone(&calls),
        });
        (id, calls)
    }

    /// So many permits are free, and no call has gone through `tracked` since that was looked at last:
    /// if there are more or less now, it was used past it.
    pub(in crate::runtime) fn notice(&self, id: SemaphoreId, now: u64) {
        {
            let mut tracked = self.tracked.borrow_mut();
            let Some(known) = tracked.iter_mut().find(|t| t.semaphore == id) else {
                return;
            };
            if known.last.replace(now).is_none_or(|last| last == now) {
                return;
            }
            known.past = true;
        }
        if !self.is_ending() {
            self.book.borrow_mut().touch(id).available = now;
            self.balance(id);
        }
    }

    /// Asks how many permits are free now; of a semaphore that cannot say, what is not held is.
    fn refresh<S: Counting>(&self, semaphore: &S, id: SemaphoreId, past: bool) {
        let told = semaphore.available().map(|n| n as u64);
        let past = {
            let mut tracked = self.tracked.borrow_mut();
            let Some(known) = tracked.iter_mut().find(|t| t.semaphore == id) else {
                return;
            };
            known.last = told;
            known.past |= past;
            known.past
        };
        if self.is_ending() {
            return;
        }
        {
            let mut book = self.book.borrow_mut();
            let held = book.held_by_all(id);
            let tray = book.touch(id);
            let rest = tray.capacity.saturating_sub(held + tray.missing);
            tray.available = told.unwrap_or(rest);
        }
        if past {
            self.balance(id);
        }
    }

    /// What is neither free nor held was taken past `tracked`; what there is more than the capacity,
    /// unless a probe says what that is, was added past it.
    fn balance(&self, id: SemaphoreId) {
        // while probes are read it is one of them that asks
        let probes = self.probes.try_borrow();
        let stated = probes.is_ok_and(|probes| probes.iter().any(|p| p.semaphore == id));
        let mut book = self.book.borrow_mut();
        let held = book.held_by_all(id);
        let tray = book.touch(id);
        let accounted = tray.available + held;
        if !stated {
            tray.capacity = tray.capacity.max(accounted);
        }
        tray.missing = tray.capacity.saturating_sub(accounted);
    }

    /// The worker that runs was granted permits.
    pub(super) fn take(&self, id: SemaphoreId, statement: StatementId, permits: u64) -> Entry {
        let entry = Entry {
            worker: self.worker(),
            statement,
            permits,
        };
        self.book.borrow_mut().granted(id, entry);
        entry
    }

    /// Permits were released.
    pub(super) fn put_back(&self, id: SemaphoreId, entry: Entry) {
        if self.is_ending() {
            self.drops(id, entry);
            return;
        }
        let worker = self.worker();
        let mut book = self.book.borrow_mut();
        let holder = book.strike(id, entry.worker, entry.statement, entry.permits);
        book.events.push(Event::Released {
            worker,
            holder,
            semaphore: id,
            permits: entry.permits,
        });
    }

    /// Held permits were given up on purpose.
    pub(super) fn give_up(&self, id: SemaphoreId, entry: Entry) {
        if self.is_ending() {
            self.drops(id, entry);
            return;
        }
        let worker = self.worker();
        let mut book = self.book.borrow_mut();
        book.strike(id, entry.worker, entry.statement, entry.permits);
        let tray = book.touch(id);
        tray.capacity = tray.capacity.saturating_sub(entry.permits);
        book.events.push(Event::Forgot {
            worker,
            semaphore: id,
            permits: entry.permits,
        });
    }
}
