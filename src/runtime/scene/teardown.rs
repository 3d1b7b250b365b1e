//! The end of a run: whatever is left is dropped, and shows by that who held it. What nobody drops
//! is lost for good.
//!
//! While a run goes on, permits count as held by the worker that took them, though its guard may have
//! been moved to another one. When the run ends or is stuck, the futures are dropped one after the
//! other, or the threads unwound: a guard that is dropped within the future or the stack of a worker
//! was that worker's. One that is dropped from elsewhere (an `Arc`, a `Vec`, a channel) was reached by
//! that worker, and perhaps by others too: it still counts as held by who took it, and if that one
//! has ended, by nobody who runs. Deadlocks and leaks are judged by that.

use crate::property::{Fact, Identity, Situation, servable};
use crate::run::{Ending, Event, SemaphoreId, Status, View};
use crate::runtime::book::{Entry, TrayKind};
use crate::runtime::scene::core::{Core, Found, NOBODY, Phase, Runner};
use crate::runtime::scene::slot::Slot;

impl Core {
    /// Drops what is left of the tasks.
    pub(in crate::runtime) fn take_down(&self) {
        if self.phase.replace(Phase::Ending) == Phase::Ending {
            return;
        }
        let is_left = |slot: &Slot| slot.body.is_some() || slot.joined.is_some();
        if !self.progress.borrow().slots().iter().any(is_left) {
            return;
        }
        let used = self.progress.borrow().slots().len();
        for index in 0..used {
            let body = self.progress.borrow_mut().slots[index].body.take();
            if let Some(body) = &body {
                self.runs(index);
                let start = std::ptr::from_ref(&**body).addr();
                self.own.set((start, start + size_of_val(&**body)));
            }
            if body.is_some() {
                // a panic of a destructor, now that all is over, changes nothing
                let _ = self.guarded(|| drop(body));
                self.own.set((0, 0));
            }
        }
        for index in 0..used {
            // a waker that is kept there is dropped with it
            let joined = self.progress.borrow_mut().slots[index].joined.take();
            if joined.is_some() {
                self.runs(index);
                let _ = self.guarded(|| drop(joined));
            }
        }
        self.current.set(NOBODY);
    }

    /// What is dropped now is that of the task in a slot.
    fn runs(&self, slot: usize) {
        let worker = self.progress.borrow().slots()[slot].id;
        self.current.set(Runner { slot, worker });
    }

    /// Drops the rest of the run, once it is told.
    pub(in crate::runtime) fn clear(&self) {
        let mut probes = std::mem::take(&mut *self.probes.borrow_mut());
        let _ = self.guarded(|| probes.clear());
        *self.probes.borrow_mut() = probes;
        let mut of_run = std::mem::take(&mut *self.of_run.borrow_mut());
        let _ = self.guarded(|| of_run.clear());
        *self.of_run.borrow_mut() = of_run;
    }

    /// Says who held what, what is lost, and what is left otherwise than it was found. Returns as what
    /// the end is to be judged: a run that somebody from outside sets going again is not stuck.
    pub(in crate::runtime) fn settle(&self, situation: Situation) -> Situation {
        let is_woken = self.was_woken_from_outside();
        if is_woken || situation == Situation::Stuck && self.is_about_to_be_woken() {
            // whoever did that has put permits back of which nothing is known here: they are not lost
            return match situation {
                Situation::Stuck => Situation::Going,
                other => other,
            };
        }
        self.hear_of_dropped_outside();
        self.allow_for_meddling();
        self.settle_entries(situation);
        self.settle_foreign(situation);
        let found = std::mem::take(&mut *self.found.borrow_mut());
        if situation == Situation::Finished {
            let taken = found.iter().filter(|found| found.taken_outside);
            taken.for_each(|found| self.settle_gone(found));
        }
        for one in found.iter().filter(|f| !f.gone) {
            let book = &mut *self.book.borrow_mut();
            let tray = book.tray(one.id);
            let now = (tray.available, tray.capacity, tray.closed);
            let left = one.left.unwrap_or(now);
            if left == one.at_first || !book.entries(one.id).is_empty() {
                continue;
            }
            // what the run shows last is what it leaves behind
            let tray = book.touch(one.id);
            (tray.available, tray.capacity, tray.closed) = left;
            self.add_fact(Identity::LeftOver { semaphore: one.id });
        }
        *self.found.borrow_mut() = found;
        situation
    }

    /// A semaphore that was dropped while permits were missing that no worker had.
    fn settle_gone(&self, found: &Found) {
        let Some(left) = found.left else { return };
        let book = &mut *self.book.borrow_mut();
        let tray = book.touch(found.id);
        (tray.available, tray.capacity, tray.closed) = left;
        tray.debt = found.debt;
        let semaphore = found.id;
        self.add_fact(Identity::TakenOutside { semaphore });
    }

    /// Whether a thread or a task woke a worker that is no part of the run; tells it.
    fn was_woken_from_outside(&self) -> bool {
        let progress = &mut *self.progress.borrow_mut();
        let outside = |slot: &&Slot| slot.flag.woken_outside();
        let woken = progress.slots().iter().find(outside).map(|s| s.awaits);
        if let Some(statement) = woken {
            let identity = Identity::Outside { statement };
            progress.facts.push(Fact::Failed(identity));
        }
        woken.is_some()
    }

    /// Whether a thread that is no part of the run has put permits back that a worker waits for, and has
    /// not woken that one yet; tells it.
    fn is_about_to_be_woken(&self) -> bool {
        let meddled = self.meddled.borrow();
        let waits = {
            let book = self.book.borrow();
            meddled.iter().find_map(|&id| servable(&*book, id))
        };
        if let Some(statement) = waits {
            self.add_fact(Identity::Outside { statement });
        }
        waits.is_some()
    }

    fn settle_entries(&self, situation: Situation) {
        let count = self.book.borrow().present().len();
        for at in 0..count {
            let id = self.book.borrow().present()[at];
            if !self.book.borrow().entries(id).is_empty() {
                self.settle_tray(id, situation);
            }
        }
    }

    fn settle_tray(&self, id: SemaphoreId, situation: Situation) {
        let mut left: Vec<Entry> = self.book.borrow().entries(id).to_vec();
        let mut held = Vec::new();
        for dropped in self.dropped.borrow().iter().filter(|d| d.semaphore == id) {
            let entry = dropped.entry;
            let worker = if dropped.own {
                dropped.by
            } else {
                entry.worker
            };
            let mut permits = entry.permits;
            let same = |e: &&mut Entry| (e.worker, e.statement) == (entry.worker, entry.statement);
            for e in left.iter_mut().filter(same) {
                let part = permits.min(e.permits);
                e.permits -= part;
                permits -= part;
                held.push(Entry {
                    worker,
                    permits: part,
                    ..entry
                });
            }
        }
        left.retain(|e| e.permits > 0);
        let mut book = self.book.borrow_mut();
        for entry in &mut left {
            // who was to put it back is not known
            let handed_over = book.is_handed_over(id, entry).min(entry.permits);
            if handed_over > 0 {
                entry.permits -= handed_over;
                book.touch(id).lost += handed_over;
                book.events.push(Event::Missing {
                    semaphore: id,
                    permits: handed_over,
                    statement: entry.statement,
                });
            }
        }
        left.retain(|e| e.permits > 0);
        for entry in &left {
            if book.status(entry.worker) == Status::Ended {
                let how = book.account(entry.worker).how;
                book.events.push(leaked(id, *entry, how));
            }
        }
        if situation == Situation::Stuck {
            left.extend(held.into_iter().filter(|e| e.permits > 0));
        }
        book.set_entries(id, left);
    }

    /// Foreign semaphores: what is neither free nor held now is lost within them.
    fn settle_foreign(&self, situation: Situation) {
        let count = self.book.borrow().present().len();
        for at in 0..count {
            let id = self.book.borrow().present()[at];
            if matches!(self.book.borrow().tray(id).kind, TrayKind::Foreign { .. }) {
                self.settle_one(id, situation);
            }
        }
    }

    fn settle_one(&self, id: SemaphoreId, situation: Situation) {
        let probed = {
            let probes = self.probes.borrow();
            let probe = probes.iter().find(|p| p.semaphore == id);
            probe.map(|p| (p.statement, p.reading()))
        };
        let told = {
            let tracked = self.tracked.borrow();
            let known = tracked.iter().find(|t| t.semaphore == id);
            if probed.is_none() && known.is_some_and(|t| t.past) {
                // nobody has looked since whether what was taken past `tracked` came back
                return;
            }
            known.and_then(|t| Some((t.statement, t.last?)))
        };
        let available = match (&probed, told) {
            (Some((_, read)), _) => match self.guarded(|| read()) {
                Ok(available) => available as u64,
                Err(_) => return,
            },
            (None, Some((_, available))) => available,
            (None, None) => return,
        };
        let statement = told.map(|t| t.0).or(probed.map(|p| p.0));
        let mut book = self.book.borrow_mut();
        let entries: u64 = book.entries(id).iter().map(|e| e.permits).sum();
        // a stuck state is told with what was held in it; by now that has been put back, and is free
        let put_back: u64 = match situation {
            Situation::Stuck => {
                let dropped = self.dropped.borrow();
                let of = dropped.iter().filter(|d| d.semaphore == id);
                of.map(|d| d.entry.permits).sum()
            }
            _ => 0,
        };
        let held = entries.saturating_sub(put_back);
        let lost = book.tray(id).capacity.saturating_sub(available + held);
        if let Some(statement) = statement.filter(|_| lost > 0) {
            book.touch(id).lost = lost;
            book.events.push(Event::Missing {
                semaphore: id,
                permits: lost,
                statement,
            });
        }
    }
}

fn leaked(semaphore: SemaphoreId, entry: Entry, how: Ending) -> Event {
    Event::Leaked {
        worker: entry.worker,
        semaphore,
        permits: entry.permits,
        acquired: entry.statement,
        how,
    }
}
