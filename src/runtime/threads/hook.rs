//! Our own semaphore in a run of threads: before each op its worker stands there, and who waits lets
//! others go on.

use std::panic::Location;
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};

use super::crew::{Crew, Late};
use super::team::Stand;
use crate::run::{
    Action, Event as Told, Op as Announced, Permits, SemaphoreId, StatementId, Wait, WorkerId,
};
use crate::runtime::scene::core::Core;
use crate::runtime::scene::hook::ID_BITS;
use crate::semaphore::Later;
use crate::semaphore::hook::{Event, Hook, Mark, Op, Site, Token, Woken};

/// What the semaphores of a run of threads call.
pub(super) struct ThreadHook {
    core: Rc<Core>,
    crew: Rc<Crew>,
}

fn count(permits: usize) -> u32 {
    u32::try_from(permits).unwrap_or(u32::MAX)
}

impl ThreadHook {
    pub(super) fn new(crew: &Rc<Crew>) -> ThreadHook {
        ThreadHook {
            core: Rc::clone(&crew.core),
            crew: Rc::clone(crew),
        }
    }

    /// The op as strategies see it.
    fn announced(&self, semaphore: SemaphoreId, op: Op) -> Announced {
        match op {
            Op::Acquire { permits, timed } => Announced::Acquire {
                semaphore,
                permits: count(permits),
                timed,
            },
            Op::TryAcquire { permits } => Announced::TryAcquire {
                semaphore,
                permits: count(permits),
            },
            Op::Release { permits } => Announced::Release {
                semaphore,
                permits: Permits::Exactly(count(permits)),
                holder: self.core.worker(),
            },
            Op::Grow { permits } => Announced::Grow {
                semaphore,
                permits: count(permits),
            },
            Op::Shrink { permits } => Announced::Shrink {
                semaphore,
                permits: count(permits),
            },
            Op::Drain => Announced::Drain { semaphore },
            Op::Forget { permits } => Announced::Forget {
                semaphore,
                permits: Permits::Exactly(count(permits)),
            },
            Op::Close => Announced::Close { semaphore },
        }
    }

    fn place(
        &self,
        site: &Site<'_>,
        op: Op,
        place: &'static Location<'static>,
    ) -> (Announced, StatementId) {
        let id = self.core.id_of(site);
        let statement = self.core.statement_of(id, op, place.into());
        (self.announced(id, op), statement)
    }
}

impl Hook for ThreadHook {
    fn knows(&self, mark: &Mark) -> bool {
        mark.0.load(Ordering::Relaxed) >> ID_BITS == self.core.epoch.get()
    }

    fn announce(&self, site: &Site<'_>, op: Op, place: &'static Location<'static>) {
        if self.core.is_ending() {
            return self.crew.leave();
        }
        // the book may be borrowed for what looks
        self.core.refuse_while_looking();
        self.core.counts.ops.add();
        let (announced, statement) = self.place(site, op, place);
        // of a program's ops each has been stood at but those that may wait
        if !self.core.script.on.get() || matches!(op, Op::Acquire { .. }) {
            self.crew.stand(statement, announced);
        }
        self.core.statement.set(statement);
    }

    fn looks(&self) {
        self.crew.looks();
    }

    /// A future that is polled by a worker stands before its op as blocking code does.
    fn poll_announce(
        &self,
        site: &Site<'_>,
        op: Op,
        place: &'static Location<'static>,
        _announced: &mut bool,
        _cx: &mut Context<'_>,
    ) -> Poll<()> {
        self.announce(site, op, place);
        Poll::Ready(())
    }

    fn cancels(&self, place: &'static Location<'static>) {
        if self.core.is_ending() {
            return self.crew.leave();
        }
        if !self.core.script.on.get() {
            let statement = self.core.statement_at(place.into(), "cancel");
            self.crew.stand(statement, Announced::Poll);
        }
    }

    fn defers(&self) -> bool {
        !self.core.is_ending()
    }

    fn put_back_later(
        &self,
        site: &Site<'_>,
        op: Op,
        place: &'static Location<'static>,
        later: Later,
    ) {
        let (op, statement) = self.place(site, op, place);
        self.crew.defer(Late {
            statement,
            op,
            permits: later,
        });
    }

    fn hands_over(&self, site: &Site<'_>, permits: usize) {
        Hook::hands_over(&*self.core, site, permits);
    }

    fn drops_guard(&self, address: usize) {
        let own = self.crew.is_on_own_stack(address);
        self.core.in_own.set(own);
    }

    fn token(&self, op: Op, place: &'static Location<'static>) -> Token {
        self.core.token(op, place)
    }

    fn tell(&self, site: &Site<'_>, event: Event) {
        Hook::tell(&*self.core, site, event);
    }

    fn waker(&self) -> Waker {
        let progress = self.core.progress.borrow();
        let waker = progress
            .slots()
            .get(self.core.current.get().slot)
            .and_then(|s| s.waker.clone());
        waker.unwrap_or_else(|| Waker::noop().clone())
    }

    fn wait(&self, site: &Site<'_>, timed: bool) -> Woken {
        let core = &self.core;
        if core.is_ending() {
            self.crew.leave();
            // it unwinds already, and waits for nothing
            return Woken::TimedOut;
        }
        let semaphore = core.id_of(site);
        let (me, worker) = (core.current.get().slot, core.worker());
        if self.crew.unwinds(me) {
            self.crew.cannot_judge(me);
        }
        self.crew.shows_what_it_waits_for(worker);
        let is_woken = core.progress.borrow().slots[me].flag.is_ready();
        if !is_woken {
            match self
                .crew
                .switch(me, Stand::Waiting { timed }, core.book.borrow_mut())
            {
                Action::Timeout => {
                    core.book
                        .borrow_mut()
                        .events
                        .push(Told::TimedOut { worker, semaphore });
                    return Woken::TimedOut;
                }
                Action::Cancel => self.crew.call_off(me),
                _ => {}
            }
        }
        core.progress.borrow().slots[me].flag.set(false);
        Woken::Woken
    }
}

impl Crew {
    /// A worker that waits in an acquire still shows that.
    fn shows_what_it_waits_for(&self, worker: WorkerId) {
        let mut book = self.core.book.borrow_mut();
        let account = book.account_mut(worker);
        if let Some(Wait::Permits {
            semaphore,
            permits,
            timed,
            ..
        }) = account.wait
        {
            account.op = Announced::Acquire {
                semaphore,
                permits: permits as u32,
                timed,
            };
        }
    }

    /// The acquire is called off at which a worker waits.
    fn call_off(&self, member: usize) {
        let cancel = self.team.borrow().members[member].cancel.clone();
        if let Some(cancel) = cancel {
            cancel.fire();
        }
    }
}
