//! What an exploration knows of a run of a closure: how its semaphores stand, who holds what, where
//! each worker is. It is written by what semaphores and workers tell, and read as a [`View`].
//!
//! **Invariants**
//!
//! 1. Permits have one entry for each worker that took some and each statement that it took them
//!    by. They stay in it until they are put back, whoever does that.
//! 2. Ids are those of [`Names`], and so the same in all runs; what is not in a run has no part in
//!    its view.

mod raw;
mod view;

use super::edge_pairs::{EdgePairs, Held};
use super::names::{Here, MAIN, Names};
use crate::property::WorkerEdge;
use crate::run::{
    Ending, Event, Op, SemaphoreId, StatementId, Status, TextId, View, Wait, WorkerId,
};

/// The state of a run.
#[derive(Debug)]
pub(crate) struct Book {
    pub(crate) names: Names,
    trays: Vec<Tray>,
    accounts: Vec<Account>,
    /// The semaphores of this run, in the order of their first use.
    present: Vec<SemaphoreId>,
    /// Counts runs.
    run: u64,
    /// The workers of this run, in the order in which they were started.
    started: Vec<WorkerId>,
    /// What happened since it was last told.
    pub(crate) events: Vec<Event>,
    /// The workers that stand elsewhere since then.
    pub(crate) moved: Vec<WorkerId>,
    /// The semaphores that stand differently since then.
    pub(crate) touched: Vec<SemaphoreId>,
    /// Which edges of the order graph can be waited on at once.
    pub(crate) pairs: EdgePairs,
}

/// A semaphore.
#[derive(Debug)]
pub(crate) struct Tray {
    /// Free permits and capacity when the run used it first.
    found: (u64, u64),
    /// The same of the first run of all that used it.
    found_first: Option<(u64, u64)>,
    /// Permits that are held by nobody knows whom: they were taken already when the run used it first,
    /// or past [`tracked`](crate::tracked()).
    pub(crate) missing: u64,
    pub(crate) available: u64,
    pub(crate) capacity: u64,
    pub(crate) debt: u64,
    pub(crate) closed: bool,
    /// Whether the run has it.
    is_present: bool,
    pub(crate) kind: TrayKind,
    queue: Vec<WorkerId>,
    entries: Vec<Entry>,
    holders: Vec<WorkerId>,
    /// What of the entries is held without a guard.
    raws: Vec<raw::Raw>,
    /// What workers have lost to the releases of others.
    taken_away: Vec<raw::TakenAway>,
    /// Whether somebody outside has put back what a worker took: whose it was is not known.
    is_unsure: bool,
    /// Permits that are neither there nor held, once that is known.
    pub(crate) lost: u64,
}

/// How much is known of a semaphore.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TrayKind {
    /// Ours, with permits that are held.
    Own,
    /// Ours, and not bounded: nobody holds what it hands out.
    Signal,
    /// Somebody else's, in whose queue, if it has one, the first comes first.
    Foreign {
        /// Whether it serves waiters in their order.
        queued: bool,
    },
}

/// Permits that a worker took by a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) worker: WorkerId,
    pub(crate) statement: StatementId,
    pub(crate) permits: u64,
}

/// A worker.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) status: Status,
    pub(crate) how: Ending,
    pub(crate) statement: StatementId,
    pub(crate) op: Op,
    pub(crate) wait: Option<Wait>,
    /// The semaphore of the acquire at which it stands or waits.
    pub(crate) acquires: Option<SemaphoreId>,
    /// How many timers can end what it waits for.
    pub(crate) timers: u32,
    owned: Vec<SemaphoreId>,
}

impl Account {
    fn blank() -> Account {
        Account {
            status: Status::Unspawned,
            how: Ending::Returned,
            statement: StatementId(0),
            op: Op::Poll,
            wait: None,
            acquires: None,
            timers: 0,
            owned: Vec::new(),
        }
    }
}

impl Book {
    pub(crate) fn new() -> Book {
        Book {
            names: Names::new(),
            trays: Vec::new(),
            accounts: Vec::new(),
            present: Vec::new(),
            run: 1,
            started: Vec::new(),
            events: Vec::new(),
            moved: Vec::new(),
            touched: Vec::new(),
            pairs: EdgePairs::default(),
        }
    }

    /// Forgets the run and all names.
    pub(crate) fn forget(&mut self) {
        self.reset();
        self.pairs = EdgePairs::default();
        self.trays.clear();
        self.names = Names::new();
    }

    /// Forgets the run, and keeps the names.
    pub(crate) fn reset(&mut self) {
        self.run += 1;
        for id in self.present.drain(..) {
            let tray = &mut self.trays[id.index()];
            // what a run has not used yet is as it is found
            (tray.available, tray.capacity) = tray.found;
            (tray.debt, tray.closed, tray.lost) = (0, false, 0);
            tray.is_present = false;
            tray.queue.clear();
            tray.entries.clear();
            tray.holders.clear();
            tray.raws.clear();
            tray.taken_away.clear();
            tray.is_unsure = false;
        }
        for id in self.started.drain(..) {
            let account = &mut self.accounts[id.index()];
            account.status = Status::Unspawned;
            account.wait = None;
            account.acquires = None;
            account.timers = 0;
            account.owned.clear();
        }
        self.pairs.begin();
        self.told();
    }

    /// A worker stands at the acquire of an edge.
    pub(crate) fn takes_edge(&mut self, edge: WorkerEdge) {
        let trays = &self.trays;
        let owned = self.accounts[edge.worker.index()].owned.iter();
        let held = owned.map(|&semaphore| {
            let tray = &trays[semaphore.index()];
            let own = tray.entries.iter().filter(|e| e.worker == edge.worker);
            Held {
                semaphore,
                permits: own.map(|e| e.permits).sum(),
                capacity: tray.capacity + tray.debt,
            }
        });
        self.pairs
            .stands(edge, held.filter(|held| held.permits > 0));
    }

    /// Whether nothing has happened since it was told.
    pub(crate) fn is_quiet(&self) -> bool {
        self.events.is_empty() && self.moved.is_empty() && self.touched.is_empty()
    }

    /// Forgets what happened, since it was told.
    pub(crate) fn told(&mut self) {
        self.events.clear();
        self.moved.clear();
        self.touched.clear();
    }

    /// A semaphore that the run has not had before.
    pub(crate) fn register(
        &mut self,
        given: Option<&str>,
        made: Here,
        kind: TrayKind,
        available: u64,
        capacity: u64,
    ) -> SemaphoreId {
        let trays = &self.trays;
        let id = self.names.semaphore(given, made, self.run, |id| {
            trays.get(id.index()).is_some_and(|tray| tray.is_present)
        });
        while self.trays.len() <= id.index() {
            self.trays.push(Tray {
                found: (0, 0),
                found_first: None,
                missing: 0,
                available: 0,
                capacity: 0,
                debt: 0,
                closed: false,
                is_present: false,
                kind,
                queue: Vec::new(),
                entries: Vec::new(),
                holders: Vec::new(),
                raws: Vec::new(),
                taken_away: Vec::new(),
                is_unsure: false,
                lost: 0,
            });
        }
        let tray = &mut self.trays[id.index()];
        tray.found = (available, capacity);
        tray.found_first.get_or_insert(tray.found);
        tray.missing = match kind {
            TrayKind::Own => capacity.saturating_sub(available),
            _ => 0,
        };
        tray.kind = kind;
        tray.available = available;
        tray.capacity = capacity;
        tray.debt = 0;
        tray.closed = false;
        tray.lost = 0;
        self.trays[id.index()].is_present = true;
        self.present.push(id);
        id
    }

    /// Whether a semaphore was found with permits missing that the first run did find.
    pub(crate) fn is_left_over(&self, id: SemaphoreId) -> bool {
        let tray = &self.trays[id.index()];
        tray.missing > 0 && tray.found_first != Some(tray.found)
    }

    /// The semaphores of this run that the first one with them found otherwise, with the permits that
    /// were free then, and the capacity.
    pub(crate) fn found_otherwise(&self) -> Vec<(SemaphoreId, (u64, u64))> {
        let present = self.present.iter().map(|&id| (id, self.tray(id)));
        present
            .filter(|(_, tray)| tray.kind == TrayKind::Own)
            .filter_map(|(id, tray)| Some((id, tray.found_first.filter(|f| *f != tray.found)?)))
            .collect()
    }

    /// The semaphore of that name, if the run has it.
    pub(crate) fn named(&self, name: &str) -> Option<SemaphoreId> {
        let found = |id: &&SemaphoreId| self.names.semaphore_name(**id) == name;
        self.present.iter().find(found).copied()
    }

    /// The semaphores of this run.
    pub(crate) fn present(&self) -> &[SemaphoreId] {
        &self.present
    }

    pub(crate) fn tray(&self, id: SemaphoreId) -> &Tray {
        &self.trays[id.index()]
    }

    /// A semaphore, to be changed.
    pub(crate) fn touch(&mut self, id: SemaphoreId) -> &mut Tray {
        if !self.touched.contains(&id) {
            self.touched.push(id);
        }
        &mut self.trays[id.index()]
    }

    /// Makes room for so many workers. None of them holds anything, also of those that never begin
    /// and are given permits all the same.
    pub(crate) fn make_room(&mut self, workers: usize) {
        self.accounts.iter_mut().for_each(|a| a.owned.clear());
        self.accounts.resize(workers, Account::blank());
    }

    /// A worker begins, at a statement.
    pub(crate) fn begin(&mut self, worker: WorkerId, statement: StatementId) {
        let account = &mut self.accounts[worker.index()];
        account.status = Status::Running;
        account.how = Ending::Returned;
        account.statement = statement;
        account.op = Op::Poll;
        self.started.push(worker);
    }

    /// A worker of a closure begins, at a statement.
    pub(crate) fn start(&mut self, worker: WorkerId, statement: StatementId) {
        if self.accounts.len() <= worker.index() {
            let accounts = worker.index() + 1;
            self.accounts.resize(accounts, Account::blank());
        }
        self.begin(worker, statement);
        if worker != MAIN {
            self.events.push(Event::Spawned { worker });
        }
    }

    /// A worker has ended.
    pub(crate) fn end(&mut self, worker: WorkerId, how: Ending) {
        let account = &mut self.accounts[worker.index()];
        account.status = Status::Ended;
        account.how = how;
        account.wait = None;
        account.acquires = None;
        self.events.push(Event::Ended { worker, how });
    }

    pub(crate) fn account(&self, worker: WorkerId) -> &Account {
        &self.accounts[worker.index()]
    }

    pub(crate) fn account_mut(&mut self, worker: WorkerId) -> &mut Account {
        &mut self.accounts[worker.index()]
    }

    /// A worker goes on from where it stands: what it does then is not known yet.
    #[inline]
    pub(crate) fn goes_on(&mut self, worker: WorkerId) {
        let account = &mut self.accounts[worker.index()];
        account.op = Op::Poll;
        if !matches!(account.wait, Some(Wait::Permits { .. })) {
            account.wait = None;
            account.acquires = None;
        }
    }

    /// A worker has come to an await of which nothing is known; whether it was woken meanwhile.
    #[inline]
    pub(crate) fn awaits(&mut self, worker: WorkerId, statement: StatementId, woken: bool) {
        let account = &mut self.accounts[worker.index()];
        if account.wait.is_none() {
            account.statement = statement;
            account.wait = (!woken).then_some(Wait::Unknown);
        }
    }

    /// A worker stands at a statement, about to perform an op.
    pub(crate) fn stands(&mut self, worker: WorkerId, statement: StatementId, op: Op) {
        let account = &mut self.accounts[worker.index()];
        account.statement = statement;
        account.op = op;
        account.acquires = match op {
            Op::Acquire {
                semaphore,
                timed: false,
                ..
            } => Some(semaphore),
            _ => None,
        };
        if account.acquires.is_some() {
            self.moved.push(worker);
        }
    }

    /// Permits were granted.
    pub(crate) fn granted(&mut self, id: SemaphoreId, entry: Entry) {
        let Entry {
            worker,
            statement,
            permits,
        } = entry;
        self.stops_waiting(id, worker);
        self.events.push(Event::Granted {
            worker,
            semaphore: id,
            permits,
            statement,
        });
        self.enter(id, entry);
    }

    /// Writes permits down as held.
    pub(crate) fn enter(&mut self, id: SemaphoreId, entry: Entry) {
        let tray = self.touch(id);
        if tray.kind == TrayKind::Signal || entry.permits == 0 {
            return;
        }
        let same = |e: &&mut Entry| (e.worker, e.statement) == (entry.worker, entry.statement);
        match tray.entries.iter_mut().find(same) {
            Some(known) => known.permits += entry.permits,
            None => tray.entries.push(entry),
        }
        if !tray.holders.contains(&entry.worker) {
            tray.holders.push(entry.worker);
        }
        let owned = &mut self.accounts[entry.worker.index()].owned;
        if !owned.contains(&id) {
            owned.push(id);
        }
    }

    /// Strikes permits out that are not held any more, those of that worker and statement first,
    /// then any of that worker, then any; whose they were.
    pub(crate) fn strike(
        &mut self,
        id: SemaphoreId,
        worker: WorkerId,
        statement: StatementId,
        permits: u64,
    ) -> WorkerId {
        let tray = self.touch(id);
        let mut left = permits;
        let mut holder = worker;
        let tiers: [&dyn Fn(&Entry) -> bool; 3] = [
            &|e| e.worker == worker && e.statement == statement,
            &|e| e.worker == worker,
            &|_| true,
        ];
        for fits in tiers {
            for entry in tray.entries.iter_mut().filter(|e| fits(e)) {
                let part = left.min(entry.permits);
                entry.permits -= part;
                left -= part;
                if part > 0 {
                    holder = entry.worker;
                }
            }
            if left == 0 {
                break;
            }
        }
        tray.entries.retain(|e| e.permits > 0);
        self.clip_raw(id);
        holder
    }

    /// What is free again nobody holds any more, whoever has put it back.
    pub(crate) fn strike_what_is_free(&mut self, id: SemaphoreId) {
        let held = self.held_by_all(id);
        let tray = self.touch(id);
        if tray.kind != TrayKind::Own {
            return;
        }
        let accounted = tray.available + tray.missing + held;
        let mut left = accounted.saturating_sub(tray.capacity + tray.debt);
        let unknown = left.min(tray.missing);
        tray.missing -= unknown;
        left -= unknown;
        tray.is_unsure |= left > 0;
        for entry in &mut tray.entries {
            let part = left.min(entry.permits);
            entry.permits -= part;
            left -= part;
        }
        tray.entries.retain(|e| e.permits > 0);
        self.clip_raw(id);
    }

    /// Whether the ledger of a semaphore may name the wrong ones.
    pub(crate) fn is_unsure(&self, id: SemaphoreId) -> bool {
        self.tray(id).is_unsure
    }

    /// A worker joins a queue.
    pub(crate) fn queued(
        &mut self,
        id: SemaphoreId,
        worker: WorkerId,
        statement: StatementId,
        permits: u64,
    ) {
        self.touch(id).queue.push(worker);
        self.events.push(Event::Queued {
            worker,
            semaphore: id,
            permits,
            statement,
        });
        let tray = &self.trays[id.index()];
        let timed = self.accounts[worker.index()].timers > 0;
        if timed && permits > tray.capacity && tray.kind != TrayKind::Signal {
            self.events.push(Event::AskedTooMuch {
                worker,
                semaphore: id,
                permits,
                capacity: tray.capacity,
                statement,
            });
        }
        let account = &mut self.accounts[worker.index()];
        account.statement = statement;
        account.wait = Some(Wait::Permits {
            semaphore: id,
            permits,
            taken: 0,
            timed: account.timers > 0,
        });
        account.acquires = (account.timers == 0).then_some(id);
    }

    /// A worker does not wait for that semaphore any more.
    pub(crate) fn stops_waiting(&mut self, id: SemaphoreId, worker: WorkerId) {
        let tray = &mut self.trays[id.index()];
        if let Some(at) = tray.queue.iter().position(|&w| w == worker) {
            tray.queue.remove(at);
        }
        let account = &mut self.accounts[worker.index()];
        if matches!(account.wait, Some(Wait::Permits { semaphore, .. }) if semaphore == id) {
            account.wait = None;
            account.acquires = None;
            account.op = Op::Poll;
        }
    }

    /// What is held of a semaphore.
    pub(crate) fn entries(&self, id: SemaphoreId) -> &[Entry] {
        &self.trays[id.index()].entries
    }

    /// Says that what is held of a semaphore is held so.
    pub(crate) fn set_entries(&mut self, id: SemaphoreId, entries: Vec<Entry>) {
        self.touch(id).entries.clear();
        for entry in entries {
            self.enter(id, entry);
        }
    }

    /// A line of the user's, or a message.
    pub(crate) fn text(&mut self, text: &str) -> TextId {
        self.names.text(text)
    }
}
