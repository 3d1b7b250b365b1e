//! Our own semaphore in a run of tasks: what it tells is written into the book.

use std::panic::Location;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};

use crate::property::Identity;
use crate::run::{
    Event as Told, Op as Announced, Outcome, SemaphoreId, StatementId, View, WorkerId,
};
use crate::runtime::book::{Book, Entry, Tray, TrayKind};
use crate::runtime::names::{Here, Verb};
use crate::runtime::scene::core::{Core, Found};
use crate::semaphore::hook::{Event, Hook, Mark, Op, Site, Token, Woken, take_dropped_outside};

/// A mark is the number of a run, and the id of the semaphore in it.
pub(in crate::runtime) const ID_BITS: u32 = 20;

/// More uses of semaphores within one poll are a spin.
const MOST_USES: u32 = 100_000;

/// Number of permits as the language counts them.
fn count(permits: usize) -> u32 {
    u32::try_from(permits).unwrap_or(u32::MAX)
}

fn pack(worker: WorkerId, statement: StatementId) -> Token {
    Token(u64::from(worker.0) << 32 | u64::from(statement.0))
}

fn state(site: &Site<'_>) -> (u64, u64, bool) {
    let capacity = site.capacity.unwrap_or(0);
    (site.available as u64, capacity as u64, site.closed)
}

impl Tray {
    /// A semaphore of ours stands so.
    #[inline]
    fn stands(&mut self, site: &Site<'_>) {
        (self.available, self.capacity, self.closed) = state(site);
        self.debt = site.debt as u64;
    }
}

impl Core {
    /// The id of a semaphore in this run.
    #[inline]
    pub(in crate::runtime) fn id_of(&self, site: &Site<'_>) -> SemaphoreId {
        let mark = site.mark.0.load(Ordering::Relaxed);
        if mark >> ID_BITS == self.epoch.get() {
            return SemaphoreId(mark as u32 & ((1 << ID_BITS) - 1));
        }
        self.meets(site)
    }

    /// The run comes to a semaphore for the first time, or again after a thread used it that is none of
    /// its workers.
    #[cold]
    fn meets(&self, site: &Site<'_>) -> SemaphoreId {
        let mark = site.mark.0.fetch_and(!Mark::OUTSIDE, Ordering::Relaxed) & !Mark::OUTSIDE;
        if mark >> ID_BITS == self.epoch.get() {
            let id = SemaphoreId(mark as u32 & ((1 << ID_BITS) - 1));
            self.book.borrow_mut().touch(id).stands(site);
            self.meddled.borrow_mut().push(id);
            self.watched.set(true);
            return id;
        }
        let kind = match site.capacity {
            Some(_) => TrayKind::Own,
            None => TrayKind::Signal,
        };
        let (available, capacity, _) = state(site);
        let id = self.book.borrow_mut().register(
            site.name,
            Here::from(site.made),
            kind,
            available,
            capacity,
        );
        assert!(id.0 < 1 << ID_BITS, "more semaphores than a mark can tell");
        let mark = self.epoch.get() << ID_BITS | u64::from(id.0);
        site.mark.0.store(mark, Ordering::Relaxed);
        if self.book.borrow().is_left_over(id) {
            self.add_fact(Identity::LeftOver { semaphore: id });
        }
        self.found.borrow_mut().push(Found {
            id,
            at_first: state(site),
            left: None,
            gone: false,
            debt: 0,
            taken_outside: false,
        });
        id
    }

    pub(in crate::runtime) fn statement_of(
        &self,
        id: SemaphoreId,
        op: Op,
        place: Here,
    ) -> StatementId {
        if self.script.on.get() {
            return self.book.borrow().account(self.worker()).statement;
        }
        let verb = match op {
            Op::Acquire {
                permits,
                timed: false,
            } => Verb::Acquire(count(permits)),
            Op::Acquire { permits, .. } => Verb::AcquireWithin(count(permits)),
            Op::TryAcquire { permits } => Verb::TryAcquire(count(permits)),
            Op::Release { permits } => Verb::Release(count(permits)),
            Op::Grow { permits } => Verb::Grow(count(permits)),
            Op::Shrink { permits } => Verb::Shrink(count(permits)),
            Op::Drain => Verb::Drain,
            Op::Forget { permits } => Verb::Forget(count(permits)),
            Op::Close => Verb::Close,
        };
        self.book.borrow_mut().names.op(place, verb, id)
    }

    /// Ends a poll that uses semaphores without end.
    pub(in crate::runtime) fn count_use(&self) {
        let uses = self.uses.get() + 1;
        self.uses.set(uses);
        if uses > MOST_USES && !std::thread::panicking() {
            let worker = self.worker();
            let statement = self.book.borrow().account(worker).statement;
            self.add_fact(Identity::Spin { statement });
            self.break_off(Outcome::Abandoned);
        }
    }

    /// Who a token says took permits, and by which statement.
    fn entry(&self, token: Token, permits: usize) -> Entry {
        let (worker, statement) = if token == Token::NONE {
            (self.worker(), self.statement.get())
        } else {
            (
                WorkerId((token.0 >> 32) as u32),
                StatementId(token.0 as u32),
            )
        };
        Entry {
            worker,
            statement,
            permits: permits as u64,
        }
    }

    /// A semaphore is dropped with permits missing that no worker has ever used.
    #[cold]
    fn dropped_unmet(&self, site: &Site<'_>) {
        let (available, capacity, _) = state(site);
        let made = Here::from(site.made);
        let id = {
            let mut book = self.book.borrow_mut();
            book.register(site.name, made, TrayKind::Own, available, capacity)
        };
        self.add_fact(Identity::TakenOutside { semaphore: id });
    }

    /// Whether more permits of a semaphore are missing than workers hold, or are about to put back, and
    /// than were missing when it was last told of: that was judged as a failure of conservation.
    fn is_taken_outside(&self, id: SemaphoreId, (available, there_are): (u64, u64)) -> bool {
        if available >= there_are {
            return false;
        }
        let book = self.book.borrow();
        let tray = book.tray(id);
        let all = book.taken(id) + book.held_by_all(id);
        let dropped = self.dropped.borrow();
        let put_back = dropped.iter().filter(|d| d.semaphore == id);
        let put_back: u64 = put_back.map(|d| d.entry.permits).sum();
        let missing = there_are.saturating_sub(available + all.saturating_sub(put_back));
        let before = (tray.capacity + tray.debt).saturating_sub(tray.available + all);
        tray.kind == TrayKind::Own && missing > before
    }

    /// Whether a token is that of an op without a guard: it took nothing by itself.
    #[inline]
    fn is_raw(&self, book: &Book, token: Token) -> bool {
        token != Token::NONE && book.names.is_raw_op(StatementId(token.0 as u32))
    }

    /// What is told of a semaphore that is dropped, and of all while the run is taken down: how they are
    /// left, and who puts back what.
    #[cold]
    fn tell_ending(&self, id: SemaphoreId, site: &Site<'_>, event: Event) {
        let gone = event == Event::Dropped;
        self.is_left(id, gone, state(site), site.debt as u64);
        if let Event::Released { token, permits } | Event::Returned { token, permits } = event {
            self.drops(id, self.entry(token, permits));
        }
    }
}

impl Core {
    /// A semaphore stands so when it is dropped, or while the run is taken down.
    fn is_left(&self, id: SemaphoreId, gone: bool, left: (u64, u64, bool), debt: u64) {
        let (available, capacity, _) = left;
        let taken_outside = gone && self.is_taken_outside(id, (available, capacity + debt));
        if let Some(found) = self.found.borrow_mut().iter_mut().find(|f| f.id == id) {
            found.left = Some(left);
            found.debt = debt;
            found.gone |= gone;
            found.taken_outside |= taken_outside;
        }
    }

    /// Takes note of the semaphores of this run that were dropped by threads which are no part of it.
    pub(in crate::runtime) fn hear_of_dropped_outside(&self) {
        let epoch = self.epoch.get();
        for dropped in take_dropped_outside(|mark| mark >> ID_BITS == epoch) {
            let id = SemaphoreId(dropped.mark as u32 & ((1 << ID_BITS) - 1));
            let left = (
                dropped.available as u64,
                dropped.capacity as u64,
                dropped.closed,
            );
            self.is_left(id, true, left, dropped.debt as u64);
        }
    }
}

/// A worker has put back permits without a guard: whose they were is told.
fn puts_back_raw(book: &mut Book, semaphore: SemaphoreId, entry: &Entry) {
    let (worker, statement) = (entry.worker, entry.statement);
    let held = book.held_raw(semaphore, worker);
    let put = book.put_back_raw(semaphore, worker, statement, entry.permits);
    let known = put.of.filter(|_| put.of_others > 0);
    let parts = [(worker, put.own)].into_iter().chain(put.handed_over);
    for (holder, permits) in parts.filter(|part| part.1 > 0) {
        book.events.push(Told::Released {
            worker,
            holder,
            semaphore,
            permits,
        });
    }
    if put.of_others > put.excused && !book.is_unsure(semaphore) {
        book.events.push(Told::ReleasedOthers {
            worker,
            semaphore,
            permits: entry.permits,
            held,
            of_others: put.of_others - put.excused,
            of: known,
            statement,
        });
    }
}

impl Hook for Core {
    fn announce(&self, site: &Site<'_>, op: Op, place: &'static Location<'static>) {
        if self.is_ending() {
            return;
        }
        self.refuse_while_looking();
        self.count_use();
        self.counts.ops.add();
        let id = self.id_of(site);
        self.statement.set(self.statement_of(id, op, place.into()));
    }

    fn poll_announce(
        &self,
        site: &Site<'_>,
        op: Op,
        place: &'static Location<'static>,
        announced: &mut bool,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        if self.is_ending() {
            return Poll::Ready(());
        }
        self.refuse_while_looking();
        let id = self.id_of(site);
        let statement = self.statement_of(id, op, place.into());
        if *announced && self.may_perform.replace(false) {
            self.counts.ops.add();
            self.statement.set(statement);
            return Poll::Ready(());
        }
        if !std::mem::replace(announced, true) {
            let (permits, mut timed) = match op {
                Op::Acquire { permits, timed } => (count(permits), timed),
                _ => (0, false),
            };
            let worker = self.worker();
            let mut book = self.book.borrow_mut();
            timed |= book.account(worker).timers > 0;
            let op = Announced::Acquire {
                semaphore: id,
                permits,
                timed,
            };
            book.stands(worker, statement, op);
        }
        // another await of this task may have gone on in this poll: one at a time
        self.knows.set(true);
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// It is part of the step, as all that does not wait.
    fn cancels(&self, _place: &'static Location<'static>) {}

    fn token(&self, _op: Op, _place: &'static Location<'static>) -> Token {
        // the op has been announced just now
        pack(self.worker(), self.statement.get())
    }

    fn tell(&self, site: &Site<'_>, event: Event) {
        let gone = event == Event::Dropped;
        let mark = site.mark.0.load(Ordering::Relaxed) & !Mark::OUTSIDE;
        if gone && mark >> ID_BITS != self.epoch.get() {
            if mark == 0 && !self.is_ending() {
                self.dropped_unmet(site);
            }
            return;
        }
        if gone {
            let known = SemaphoreId(mark as u32 & ((1 << ID_BITS) - 1));
            let there_are = site.capacity.unwrap_or(0) + site.debt;
            let stands = (site.available as u64, there_are as u64);
            if self.is_taken_outside(known, stands) {
                // held against how workers last saw it: to meet it again would take what is missing for known
                return self.tell_ending(known, site, event);
            }
        }
        let id = self.id_of(site);
        if gone || self.is_ending() {
            return self.tell_ending(id, site, event);
        }
        let worker = self.worker();
        let mut book = self.book.borrow_mut();
        book.touch(id).stands(site);
        let scripted = self.script.on.get();
        match event {
            Event::Granted { token, permits } => book.granted(id, self.entry(token, permits)),
            Event::Queued { token, permits } => {
                let entry = self.entry(token, permits);
                book.queued(id, entry.worker, entry.statement, entry.permits);
                self.knows.set(true);
            }
            Event::Left { token } => {
                let worker = self.entry(token, 0).worker;
                book.stops_waiting(id, worker);
                if scripted {
                    self.script.left.borrow_mut().push(worker);
                }
            }
            Event::MadeRaw { .. } if scripted => {}
            Event::MadeRaw { token, permits } => {
                book.made_raw(id, self.entry(token, permits), worker);
            }
            Event::Released { token, permits } if !scripted && self.is_raw(&book, token) => {
                puts_back_raw(&mut book, id, &self.entry(token, permits));
            }
            Event::Forgot { token, permits } if !scripted && self.is_raw(&book, token) => {
                let entry = self.entry(token, permits);
                book.put_back_raw(id, worker, entry.statement, entry.permits);
                book.events.push(Told::Forgot {
                    worker,
                    semaphore: id,
                    permits: entry.permits,
                });
            }
            Event::Returned { token, permits } | Event::Released { token, permits } => {
                let entry = self.entry(token, permits);
                let holder = if scripted {
                    self.script.holder.get()
                } else {
                    book.strike(id, entry.worker, entry.statement, entry.permits)
                };
                book.events.push(Told::Released {
                    worker,
                    holder,
                    semaphore: id,
                    permits: entry.permits,
                });
            }
            // the program tells these itself: it knows who holds what, and what it raises
            Event::OverReleased { .. } if scripted => {}
            Event::TryFailed { .. } if scripted && site.closed => {}
            Event::TryFailed { permits } => book.events.push(Told::TryFailed {
                worker,
                semaphore: id,
                permits: permits as u64,
            }),
            // who took it away is not known
            Event::OverReleased { .. } if book.is_unsure(id) => {}
            Event::OverReleased { permits } => {
                let permits = permits as u64;
                let event = match book.to_blame(id, worker, permits) {
                    Some(culprit) => Told::RefusedAfter {
                        worker,
                        semaphore: id,
                        permits,
                        by: culprit.worker,
                        cause: culprit.statement,
                    },
                    None => Told::OverReleased {
                        worker,
                        holder: worker,
                        semaphore: id,
                        permits,
                        held: book.held_raw(id, worker),
                        refused: true,
                        statement: self.statement.get(),
                    },
                };
                book.events.push(event);
            }
            Event::Grew { permits } => book.events.push(Told::Grew {
                semaphore: id,
                permits: permits as u64,
            }),
            Event::Shrank { permits, debt } => book.events.push(Told::Shrank {
                semaphore: id,
                permits: permits as u64,
                debt: debt as u64,
            }),
            Event::Forgot { token, permits } => {
                let entry = self.entry(token, permits);
                if !scripted {
                    book.strike(id, entry.worker, entry.statement, entry.permits);
                }
                book.events.push(Told::Forgot {
                    worker,
                    semaphore: id,
                    permits: entry.permits,
                });
            }
            Event::Moved { from, to, permits } => {
                let (from, to) = (self.entry(from, permits), self.entry(to, permits));
                book.strike(id, from.worker, from.statement, from.permits);
                book.enter(id, to);
            }
            Event::Closed => book.events.push(Told::Closed { semaphore: id }),
            Event::Dropped => {}
        }
    }

    fn hands_over(&self, site: &Site<'_>, permits: usize) {
        if self.is_ending() || self.script.on.get() {
            return;
        }
        let id = self.id_of(site);
        let worker = self.worker();
        let mut book = self.book.borrow_mut();
        book.hand_over(id, worker, permits as u64);
    }

    fn drops_guard(&self, address: usize) {
        let (start, end) = self.own.get();
        self.in_own.set((start..end).contains(&address));
    }

    fn may_block(&self) {
        panic!(
            "a blocking acquire in a task blocks the executor, and so every other task: use \
             `acquire().await`"
        );
    }

    fn waker(&self) -> Waker {
        unreachable!("who blocks has asked whether it may")
    }

    fn wait(&self, _site: &Site<'_>, _timed: bool) -> Woken {
        unreachable!("who blocks has asked whether it may")
    }
}
