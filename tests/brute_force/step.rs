//! What a choice makes of a state: the permits. Where workers go then is in `control`.

use std::collections::{BTreeMap, BTreeSet};

use selvedge::program::{Amount, CatchKind, Kind, Order, PropertyName};

use super::code::{Action, Code, Form, Instance, Numbered, Ordinal, Sem};
use super::explore::{Budget, Finding};
use super::state::{Choice, Exit, Frame, Life, Next, Request, State, Tray, Worker};

impl State {
    /// The state in which nothing has happened, every worker advanced to its first step.
    pub(super) fn initial(code: &Code, budget: Budget, findings: &mut BTreeSet<Finding>) -> State {
        let workers = code.instances.iter().map(|_| Worker {
            life: Life::NotStarted,
            frames: Vec::new(),
            leaving: None,
            ledgers: vec![BTreeMap::new(); code.semaphores.len()],
        });
        let trays = code.semaphores.iter().map(|semaphore| Tray {
            available: semaphore.permits,
            capacity: semaphore.permits,
            debt: 0,
            closed: false,
            queue: Vec::new(),
        });
        let state = State {
            workers: workers.collect(),
            trays: trays.collect(),
            left: budget,
            last: None,
        };
        let mut step = Step {
            code,
            state,
            findings,
        };
        for (w, instance) in code.instances.iter().enumerate() {
            if !instance.spawned {
                step.start(w);
            }
        }
        step.state
    }

    /// The state after a choice that [`State::choices`] offered.
    pub(super) fn after(
        &self,
        code: &Code,
        choice: Choice,
        findings: &mut BTreeSet<Finding>,
    ) -> State {
        let mut step = Step {
            code,
            state: self.clone(),
            findings,
        };
        step.pay(self, choice);
        match choice {
            Choice::Proceed(w) => step.proceed(w),
            Choice::Branch(w, k) => step.pick(w, k),
            Choice::Panic(w) => step.raise(w, CatchKind::Panic),
            Choice::Timeout(w) => step.time_out(w),
            Choice::Cancel(w) => step.cancel(w),
        }
        step.state.check(code);
        step.state
    }
}

/// A step under way.
pub(super) struct Step<'a> {
    pub(super) code: &'a Code,
    pub(super) state: State,
    pub(super) findings: &'a mut BTreeSet<Finding>,
}

impl Step<'_> {
    /// Draws the choice from the budget.
    fn pay(&mut self, before: &State, choice: Choice) {
        if before.is_preemption(self.code, choice)
            && let Some(preemptions) = &mut self.state.left.preemptions
        {
            *preemptions -= 1;
        }
        if self.state.left.preemptions.is_some() {
            self.state.last = Some(choice.worker());
        }
        match choice {
            Choice::Panic(_) => self.state.left.panics -= 1,
            Choice::Timeout(_) if !before.timers_are_free(self.code) => {
                self.state.left.timeouts -= 1;
            }
            Choice::Cancel(_) => self.state.left.cancels -= 1,
            Choice::Timeout(_) | Choice::Proceed(_) | Choice::Branch(..) => {}
        }
    }

    fn proceed(&mut self, w: Instance) {
        let code = self.code;
        match self.state.next(code, w) {
            Some(Next::Statement(statement)) => self.perform(w, statement),
            Some(Next::GuardRelease {
                semaphore,
                permits,
                site,
            }) => {
                self.state.workers[w].frames.pop();
                self.release_guard(w, semaphore, permits, site);
                self.settle(w);
            }
            None => unreachable!("a worker that has ended makes no step"),
        }
    }

    fn perform(&mut self, w: Instance, statement: &Numbered) {
        let ordinal = statement.ordinal;
        match &statement.action {
            Action::Acquire(semaphore, permits, form) => {
                let timed = matches!(form, Form::Within(..));
                self.acquire(w, *semaphore, *permits, timed.then_some(ordinal));
            }
            Action::TryAcquire(semaphore, permits, then, otherwise) => {
                let tray = &self.state.trays[*semaphore];
                // In barging order nobody is ever in the queue.
                if tray.closed {
                    self.raise(w, CatchKind::Closed);
                } else if tray.queue.is_empty() && tray.available >= *permits {
                    self.state.trays[*semaphore].available -= permits;
                    self.credit(w, *semaphore, ordinal, *permits);
                    self.enter(w, *then);
                } else {
                    self.enter(w, *otherwise);
                }
            }
            Action::Release(semaphore, amount, from) => {
                let refused = self.release(ordinal, *semaphore, *amount, from.unwrap_or(w));
                self.finish_op(w, refused);
            }
            Action::Forget(semaphore, amount) => {
                let refused = self.forget(ordinal, *semaphore, *amount, w);
                self.finish_op(w, refused);
            }
            Action::Give(semaphore, amount, to) => {
                let refused = self.give(ordinal, *semaphore, *amount, w, *to);
                self.finish_op(w, refused);
            }
            Action::Work(_) => self.go_on(w),
            Action::Panic => self.raise(w, CatchKind::Panic),
            Action::Return => self.leave(w, Exit::Return),
            Action::Grow(semaphore, permits) => {
                self.state.trays[*semaphore].capacity += permits;
                self.put_back(*semaphore, *permits);
                self.go_on(w);
            }
            Action::Shrink(semaphore, permits) => {
                let tray = &mut self.state.trays[*semaphore];
                let lowered = tray.capacity.min(*permits);
                let at_once = tray.available.min(lowered);
                tray.capacity -= lowered;
                tray.available -= at_once;
                tray.debt += lowered - at_once;
                self.go_on(w);
            }
            Action::Drain(semaphore) => {
                let taken = std::mem::take(&mut self.state.trays[*semaphore].available);
                self.credit(w, *semaphore, ordinal, taken);
                self.go_on(w);
            }
            Action::Close(semaphore) => {
                self.close(*semaphore);
                self.go_on(w);
            }
            Action::Cancel(other) => {
                if self.state.waits_for_permits(self.code, *other) {
                    self.cancel(*other);
                }
                self.go_on(w);
            }
            Action::Spawn(worker) => {
                let mut instances = self.code.instances_of(*worker);
                let fresh = instances.find(|&i| self.state.workers[i].life == Life::NotStarted);
                match fresh {
                    Some(fresh) => {
                        self.start(fresh);
                        self.go_on(w);
                    }
                    None => self.raise(w, CatchKind::Panic),
                }
            }
            Action::Join(_) => self.go_on(w),
            Action::Either(_) | Action::Try(_) | Action::Repeat(..) => {
                unreachable!("an either has branches to choose, the others take no choice")
            }
        }
    }

    fn pick(&mut self, w: Instance, k: usize) {
        let code = self.code;
        match self.state.next(code, w) {
            Some(Next::Statement(Numbered {
                action: Action::Either(branches),
                ..
            })) => self.enter(w, branches[k]),
            _ => unreachable!("only an either has branches"),
        }
    }

    // Permits.

    /// One that has to wait and has a timer is told if it asks for more than there is.
    fn judge_request(&mut self, semaphore: Sem, permits: u64, timed: Ordinal) {
        let capacity = self.state.trays[semaphore].capacity;
        if permits > capacity && !self.code.is_signal(semaphore) {
            self.findings.insert(Finding {
                property: PropertyName::ImpossibleRequest,
                semaphores: [self.code.semaphores[semaphore].name.clone()].into(),
                identity: format!("timed={timed}"),
            });
        }
    }

    fn acquire(&mut self, w: Instance, semaphore: Sem, permits: u64, timed: Option<Ordinal>) {
        let order = self.code.semaphores[semaphore].order;
        let tray = &mut self.state.trays[semaphore];
        if tray.closed {
            self.raise(w, CatchKind::Closed);
        } else if tray.queue.is_empty() && tray.available >= permits {
            tray.available -= permits;
            self.granted(w);
        } else {
            assert!(order != Order::Barging, "no step for one who waits");
            tray.queue.push(Request {
                worker: w,
                wanted: permits,
                taken: 0,
            });
            if let Some(ordinal) = timed {
                self.judge_request(semaphore, permits, ordinal);
            }
            // A head in fifo-partial takes what there is.
            self.serve(semaphore);
        }
    }

    /// Grants from the head while the head fits.
    fn serve(&mut self, semaphore: Sem) {
        let partial = self.code.semaphores[semaphore].order == Order::FifoPartial;
        loop {
            let tray = &mut self.state.trays[semaphore];
            let Some(head) = tray.queue.first_mut() else {
                return;
            };
            let missing = head.wanted - head.taken;
            if tray.available < missing {
                if partial {
                    head.taken += std::mem::take(&mut tray.available);
                }
                return;
            }
            tray.available -= missing;
            let w = tray.queue.remove(0).worker;
            self.granted(w);
        }
    }

    /// The acquire that the worker stands at has its permits: the worker goes on.
    fn granted(&mut self, w: Instance) {
        let code = self.code;
        let Some(Next::Statement(statement)) = self.state.next(code, w) else {
            unreachable!("permits are granted to an acquire");
        };
        let Action::Acquire(semaphore, permits, form) = &statement.action else {
            unreachable!("permits are granted to an acquire");
        };
        self.credit(w, *semaphore, statement.ordinal, *permits);
        match form {
            Form::Acquire => self.go_on(w),
            Form::Within(then, _) => self.enter(w, *then),
            Form::With(body) => {
                self.advance(w);
                self.state.workers[w].frames.push(Frame::Guard {
                    semaphore: *semaphore,
                    permits: *permits,
                    site: statement.ordinal,
                });
                self.push_block(w, *body);
                self.settle(w);
            }
        }
    }

    /// Pays debt, makes the rest available and serves the queue.
    fn put_back(&mut self, semaphore: Sem, permits: u64) {
        let tray = &mut self.state.trays[semaphore];
        let paid = tray.debt.min(permits);
        tray.debt -= paid;
        tray.available += permits - paid;
        self.serve(semaphore);
    }

    /// Says whether it was refused.
    fn release(
        &mut self,
        ordinal: Ordinal,
        semaphore: Sem,
        amount: Amount,
        holder: Instance,
    ) -> bool {
        let held = self.state.held(holder, semaphore);
        let permits = number(amount, held);
        let kind = self.code.semaphores[semaphore].kind;
        if kind != Kind::Signal && permits > held {
            self.over_release(ordinal, semaphore);
            if kind == Kind::Bounded {
                return true;
            }
        }
        self.debit(holder, semaphore, permits, None);
        self.put_back(semaphore, permits);
        false
    }

    fn release_guard(&mut self, w: Instance, semaphore: Sem, permits: u64, site: Ordinal) {
        let held = self.state.held(w, semaphore);
        let kind = self.code.semaphores[semaphore].kind;
        if kind != Kind::Signal && permits > held {
            self.over_release(site, semaphore);
            if kind == Kind::Bounded {
                return;
            }
        }
        self.debit(w, semaphore, permits, Some(site));
        self.put_back(semaphore, permits);
    }

    /// Says whether it was refused.
    fn forget(&mut self, ordinal: Ordinal, semaphore: Sem, amount: Amount, w: Instance) -> bool {
        let held = self.state.held(w, semaphore);
        let permits = number(amount, held);
        if permits > held {
            self.over_release(ordinal, semaphore);
            return true;
        }
        self.debit(w, semaphore, permits, None);
        let tray = &mut self.state.trays[semaphore];
        let paid = tray.debt.min(permits);
        tray.debt -= paid;
        // Reading 3.
        tray.capacity = tray.capacity.saturating_sub(permits - paid);
        false
    }

    /// Says whether it was refused.
    fn give(
        &mut self,
        ordinal: Ordinal,
        semaphore: Sem,
        amount: Amount,
        w: Instance,
        to: Instance,
    ) -> bool {
        let held = self.state.held(w, semaphore);
        let permits = number(amount, held);
        if permits > held {
            self.over_release(ordinal, semaphore);
            return true;
        }
        for (site, permits) in self.debit(w, semaphore, permits, None) {
            self.credit(to, semaphore, site, permits);
        }
        if !self.code.judged_late.contains(&(to, semaphore)) {
            judge_leaks(self.code, &self.state, to, semaphore, self.findings);
        }
        false
    }

    fn over_release(&mut self, ordinal: Ordinal, semaphore: Sem) {
        self.findings.insert(Finding {
            property: PropertyName::OverRelease,
            semaphores: [self.code.semaphores[semaphore].name.clone()].into(),
            identity: format!("stmt={ordinal}"),
        });
    }

    /// Writes permits into a ledger, by the statement that took them.
    fn credit(&mut self, w: Instance, semaphore: Sem, site: Ordinal, permits: u64) {
        if permits > 0 && !self.code.is_signal(semaphore) {
            let ledger = &mut self.state.workers[w].ledgers[semaphore];
            *ledger.entry(site).or_insert(0) += permits;
        }
    }

    /// Takes permits out of a ledger, as many as there are, and says from where. A guard takes
    /// its own first; then come those that no guard took, the latest statement first; then those
    /// that guards took, the latest first.
    fn debit(
        &mut self,
        w: Instance,
        semaphore: Sem,
        permits: u64,
        guard: Option<Ordinal>,
    ) -> Vec<(Ordinal, u64)> {
        let guards = &self.code.guards;
        let ledger = &mut self.state.workers[w].ledgers[semaphore];
        let mut sites: Vec<Ordinal> = ledger.keys().rev().copied().collect();
        sites.sort_by_key(|site| (Some(*site) != guard, guards.contains(site)));
        let mut missing = permits;
        let mut taken = Vec::new();
        for site in sites {
            let part = ledger[&site].min(missing);
            missing -= part;
            if part > 0 {
                taken.push((site, part));
            }
            *ledger.get_mut(&site).expect("it is one of its keys") -= part;
        }
        ledger.retain(|_, permits| *permits > 0);
        taken
    }

    fn close(&mut self, semaphore: Sem) {
        let tray = &mut self.state.trays[semaphore];
        tray.closed = true;
        let queue = std::mem::take(&mut tray.queue);
        let taken = queue.iter().map(|request| request.taken).sum();
        self.put_back(semaphore, taken);
        for request in queue {
            self.raise(request.worker, CatchKind::Closed);
        }
    }

    /// The acquire in which the worker waits fails.
    fn cancel(&mut self, w: Instance) {
        self.stop_waiting(w);
        self.raise(w, CatchKind::Cancelled);
    }

    fn time_out(&mut self, w: Instance) {
        let code = self.code;
        let Some(Next::Statement(Numbered {
            action: Action::Acquire(semaphore, permits, Form::Within(_, otherwise)),
            ordinal,
            ..
        })) = self.state.next(code, w)
        else {
            unreachable!("only an acquire-within has a timer");
        };
        // Without a queue there is no step by which the wait begins.
        if code.semaphores[*semaphore].order == Order::Barging {
            self.judge_request(*semaphore, *permits, *ordinal);
        }
        self.stop_waiting(w);
        self.enter(w, *otherwise);
    }

    /// Leaves the queue, if it is in one, and gives back what it took.
    fn stop_waiting(&mut self, w: Instance) {
        for semaphore in 0..self.state.trays.len() {
            let queue = &mut self.state.trays[semaphore].queue;
            if let Some(place) = queue.iter().position(|request| request.worker == w) {
                let request = queue.remove(place);
                self.put_back(semaphore, request.taken);
            }
        }
    }
}

/// `permits=all` is what is held.
fn number(amount: Amount, held: u64) -> u64 {
    match amount {
        Amount::Exactly(permits) => u64::from(permits),
        Amount::All => held,
    }
}

/// If the worker has ended, what its ledger holds is leaked.
pub(super) fn judge_leaks(
    code: &Code,
    state: &State,
    w: Instance,
    semaphore: Sem,
    findings: &mut BTreeSet<Finding>,
) {
    let Life::Ended(exit) = state.workers[w].life else {
        return;
    };
    let end = match exit {
        Exit::Return => "returned",
        Exit::Raised(CatchKind::Panic) => "panicked",
        Exit::Raised(CatchKind::Cancelled) => "cancelled",
        Exit::Raised(CatchKind::Closed) => "closed",
        Exit::Raised(CatchKind::OverRelease) => "over-release",
    };
    for site in state.workers[w].ledgers[semaphore].keys() {
        findings.insert(Finding {
            property: PropertyName::Leak,
            semaphores: [code.semaphores[semaphore].name.clone()].into(),
            identity: format!("acq={site} end={end}"),
        });
    }
}
