//! A state, and what one choice makes of it.

use std::collections::{BTreeMap, BTreeSet};

use selvedge::program::{Amount, CatchKind, Kind, Order, Panics, PropertyName};

use super::code::{Action, BlockId, Code, Form, Instance, Numbered, Ordinal, Sem};
use super::explore::{Budget, Finding};

#[derive(Clone, PartialEq, Eq, Hash)]
pub struct State {
    pub workers: Vec<Worker>,
    pub trays: Vec<Tray>,
    /// What is left of the budget.
    pub left: Budget,
    /// The worker that made the last choice; told only where preemptions are counted.
    last: Option<Instance>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Worker {
    pub life: Life,
    frames: Vec<Frame>,
    /// What unwinds the worker, if anything does.
    leaving: Option<Exit>,
    /// For each semaphore what is held, by the statement that took it. No zeros.
    pub ledgers: Vec<BTreeMap<Ordinal, u64>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Life {
    NotStarted,
    Running,
    Ended(Exit),
}

/// How a block is left before its end, and how a worker ended (at its end: `Return`).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exit {
    Return,
    Raised(CatchKind),
}

/// Where a worker is: the last frame is the innermost.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Frame {
    /// Statement `next` of the block is what comes next.
    Block { block: BlockId, next: usize },
    /// Under the body of a `with`. On top, it is the guard's release that comes next.
    Guard {
        semaphore: Sem,
        permits: u64,
        site: Ordinal,
    },
    /// Under the body of a `repeat`.
    Repeat { body: BlockId, left: u32 },
    /// Under one of the blocks of statement `at` of `block`, a `try`.
    Try {
        block: BlockId,
        at: usize,
        part: Part,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Part {
    Body,
    Catch,
    /// And what is under way again once the block is done.
    Finally(Option<Exit>),
}

#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Tray {
    pub available: u64,
    pub capacity: u64,
    pub debt: u64,
    pub closed: bool,
    pub queue: Vec<Request>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Request {
    pub worker: Instance,
    pub wanted: u64,
    /// What it has been given so far (`fifo-partial`).
    pub taken: u64,
}

#[derive(Clone, Copy)]
pub enum Choice {
    Proceed(Instance),
    Branch(Instance, usize),
    Panic(Instance),
    Timeout(Instance),
    Cancel(Instance),
}

impl Choice {
    fn worker(self) -> Instance {
        match self {
            Choice::Proceed(w)
            | Choice::Branch(w, _)
            | Choice::Panic(w)
            | Choice::Timeout(w)
            | Choice::Cancel(w) => w,
        }
    }
}

/// What a worker does next.
enum Next<'c> {
    Statement(&'c Numbered),
    GuardRelease {
        semaphore: Sem,
        permits: u64,
        site: Ordinal,
    },
}

/// What a worker waits for, and at which statement.
pub struct Wait {
    pub ordinal: Ordinal,
    pub what: Awaited,
}

pub enum Awaited {
    Permits {
        semaphore: Sem,
        permits: u64,
        timer: bool,
    },
    /// The end of all instances of the worker.
    Join(usize),
}

impl State {
    /// The state in which nothing has happened, every worker advanced to its first step.
    pub fn initial(code: &Code, budget: Budget, findings: &mut BTreeSet<Finding>) -> State {
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
    pub fn after(&self, code: &Code, choice: Choice, findings: &mut BTreeSet<Finding>) -> State {
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

    /// Everything that the scheduler can choose here.
    pub fn choices(&self, code: &Code) -> Vec<Choice> {
        let mut choices = Vec::new();
        for w in 0..self.workers.len() {
            if self.can_go_on(code, w) {
                match self.next(code, w) {
                    Some(Next::Statement(statement)) => match &statement.action {
                        Action::Either(branches) => {
                            choices.extend((0..branches.len()).map(|k| Choice::Branch(w, k)));
                        }
                        Action::Work(Panics::May) => {
                            choices.push(Choice::Proceed(w));
                            if self.left.panics > 0 {
                                choices.push(Choice::Panic(w));
                            }
                        }
                        _ => choices.push(Choice::Proceed(w)),
                    },
                    _ => choices.push(Choice::Proceed(w)),
                }
            }
            if self.has_timer(code, w) && (self.left.timeouts > 0 || self.timers_are_free(code)) {
                choices.push(Choice::Timeout(w));
            }
            if self.waits_for_permits(code, w) && self.left.cancels > 0 {
                choices.push(Choice::Cancel(w));
            }
        }
        choices.retain(|&c| !self.is_preemption(code, c) || self.left.preemptions != Some(0));
        choices
    }

    /// Reading 9.
    fn timers_are_free(&self, code: &Code) -> bool {
        !(0..self.workers.len()).any(|w| self.can_go_on(code, w))
    }

    /// Reading 10.
    fn is_preemption(&self, code: &Code, choice: Choice) -> bool {
        match self.last {
            Some(last) => last != choice.worker() && self.can_go_on(code, last),
            None => false,
        }
    }

    /// Whether the worker can make a step that is not its timer or a cancellation.
    fn can_go_on(&self, code: &Code, w: Instance) -> bool {
        self.workers[w].life == Life::Running && self.wait(code, w).is_none()
    }

    fn waits_for_permits(&self, code: &Code, w: Instance) -> bool {
        let wait = self.wait(code, w);
        wait.is_some_and(|wait| matches!(wait.what, Awaited::Permits { .. }))
    }

    fn has_timer(&self, code: &Code, w: Instance) -> bool {
        let wait = self.wait(code, w);
        wait.is_some_and(|wait| matches!(wait.what, Awaited::Permits { timer: true, .. }))
    }

    /// What the worker waits for, if it waits.
    pub fn wait(&self, code: &Code, w: Instance) -> Option<Wait> {
        let Some(Next::Statement(statement)) = self.next(code, w) else {
            return None;
        };
        let what = match &statement.action {
            Action::Acquire(semaphore, permits, form) => {
                let tray = &self.trays[*semaphore];
                let waits = match code.semaphores[*semaphore].order {
                    // Reading 1.
                    Order::Barging => !tray.closed && tray.available < *permits,
                    Order::Fifo | Order::FifoPartial => tray.queue.iter().any(|r| r.worker == w),
                };
                waits.then_some(Awaited::Permits {
                    semaphore: *semaphore,
                    permits: *permits,
                    timer: matches!(form, Form::Within(..)),
                })
            }
            Action::Join(worker) => code
                .instances_of(*worker)
                .any(|i| self.workers[i].life == Life::Running)
                .then_some(Awaited::Join(*worker)),
            _ => None,
        };
        what.map(|what| Wait {
            ordinal: statement.ordinal,
            what,
        })
    }

    /// The semaphore of the `acquire` or `with` that the worker stands at or waits in.
    pub fn acquires(&self, code: &Code, w: Instance) -> Option<Sem> {
        match self.next(code, w) {
            Some(Next::Statement(statement)) => match &statement.action {
                Action::Acquire(semaphore, _, Form::Acquire | Form::With(_)) => Some(*semaphore),
                _ => None,
            },
            _ => None,
        }
    }

    /// How many permits of a semaphore the worker's ledger holds.
    pub fn held(&self, w: Instance, semaphore: Sem) -> u64 {
        self.workers[w].ledgers[semaphore].values().sum()
    }

    /// How many permits the worker's waiting request has taken.
    pub fn taken(&self, w: Instance, semaphore: Sem) -> u64 {
        let queue = &self.trays[semaphore].queue;
        let mine = queue.iter().filter(|request| request.worker == w);
        mine.map(|request| request.taken).sum()
    }

    fn next<'c>(&self, code: &'c Code, w: Instance) -> Option<Next<'c>> {
        match self.workers[w].frames.last()? {
            Frame::Block { block, next } => Some(Next::Statement(&code.blocks[*block][*next])),
            Frame::Guard {
                semaphore,
                permits,
                site,
            } => Some(Next::GuardRelease {
                semaphore: *semaphore,
                permits: *permits,
                site: *site,
            }),
            Frame::Repeat { .. } | Frame::Try { .. } => {
                unreachable!("between two steps every worker has advanced to its next op")
            }
        }
    }

    /// What must hold between two steps, or this interpreter is wrong.
    fn check(&self, code: &Code) {
        for (s, tray) in self.trays.iter().enumerate() {
            assert!(tray.available == 0 || tray.debt == 0, "debt is paid first");
            if code.semaphores[s].kind == Kind::Bounded {
                let held = |w| self.held(w, s) + self.taken(w, s);
                let held: u64 = (0..self.workers.len()).map(held).sum();
                assert_eq!(tray.available + held, tray.capacity + tray.debt);
            }
            if let Some(head) = tray.queue.first() {
                assert!(tray.available < head.wanted - head.taken, "lost wakeup");
            }
        }
    }
}

/// A step under way.
struct Step<'a> {
    code: &'a Code,
    state: State,
    findings: &'a mut BTreeSet<Finding>,
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
            Action::Acquire(semaphore, permits, _) => self.acquire(w, *semaphore, *permits),
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

    fn acquire(&mut self, w: Instance, semaphore: Sem, permits: u64) {
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
        self.stop_waiting(w);
        match self.state.next(code, w) {
            Some(Next::Statement(Numbered {
                action: Action::Acquire(_, _, Form::Within(_, otherwise)),
                ..
            })) => self.enter(w, *otherwise),
            _ => unreachable!("only an acquire-within has a timer"),
        }
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

    // Control.

    fn start(&mut self, w: Instance) {
        self.state.workers[w].life = Life::Running;
        self.push_block(w, self.code.instances[w].body);
        self.settle(w);
    }

    fn push_block(&mut self, w: Instance, block: BlockId) {
        let frame = Frame::Block { block, next: 0 };
        self.state.workers[w].frames.push(frame);
    }

    /// Counts the statement that the worker stands at as done.
    fn advance(&mut self, w: Instance) {
        match self.state.workers[w].frames.last_mut() {
            Some(Frame::Block { next, .. }) => *next += 1,
            _ => unreachable!("a worker stands at a statement of a block"),
        }
    }

    /// The statement is done; on to the next op.
    fn go_on(&mut self, w: Instance) {
        self.advance(w);
        self.settle(w);
    }

    /// The statement is done but for one of its blocks.
    fn enter(&mut self, w: Instance, block: BlockId) {
        self.advance(w);
        self.push_block(w, block);
        self.settle(w);
    }

    fn finish_op(&mut self, w: Instance, refused: bool) {
        if refused {
            self.raise(w, CatchKind::OverRelease);
        } else {
            self.go_on(w);
        }
    }

    fn raise(&mut self, w: Instance, kind: CatchKind) {
        self.leave(w, Exit::Raised(kind));
    }

    fn leave(&mut self, w: Instance, exit: Exit) {
        self.state.workers[w].leaving = Some(exit);
        self.settle(w);
    }

    /// Advances a worker silently to its next op, or to its end.
    fn settle(&mut self, w: Instance) {
        let code = self.code;
        loop {
            let worker = &mut self.state.workers[w];
            let leaving = worker.leaving;
            match worker.frames.last_mut() {
                None => return self.end(w),
                Some(Frame::Guard { .. }) => return,
                Some(Frame::Block { block, next }) => {
                    let (block, at) = (*block, *next);
                    if leaving.is_some() || at == code.blocks[block].len() {
                        worker.frames.pop();
                        continue;
                    }
                    match &code.blocks[block][at].action {
                        Action::Repeat(times, body) => {
                            *next += 1;
                            worker.frames.push(Frame::Repeat {
                                body: *body,
                                left: *times,
                            });
                        }
                        Action::Try(code) => {
                            *next += 1;
                            let part = Part::Body;
                            worker.frames.push(Frame::Try { block, at, part });
                            self.push_block(w, code.body);
                        }
                        _ => return,
                    }
                }
                Some(Frame::Repeat { body, left }) => {
                    if leaving.is_some() || *left == 0 {
                        worker.frames.pop();
                    } else {
                        *left -= 1;
                        let body = *body;
                        self.push_block(w, body);
                    }
                }
                Some(Frame::Try { .. }) => self.settle_try(w),
            }
        }
    }

    /// One of the blocks of a `try` has been left, by its end or otherwise.
    fn settle_try(&mut self, w: Instance) {
        let code = self.code;
        let worker = &mut self.state.workers[w];
        let Some(Frame::Try { block, at, part }) = worker.frames.last_mut() else {
            unreachable!("the caller saw it");
        };
        let Action::Try(parts) = &code.blocks[*block][*at].action else {
            unreachable!("a frame of a try stands for a try");
        };
        if let (Part::Body, Some(Exit::Raised(kind)), Some((kinds, body))) =
            (*part, worker.leaving, &parts.catch)
            && kinds.contains(&kind)
        {
            *part = Part::Catch;
            worker.leaving = None;
            self.push_block(w, *body);
            return;
        }
        match (*part, parts.finally) {
            (Part::Body | Part::Catch, Some(finally)) => {
                *part = Part::Finally(worker.leaving.take());
                self.push_block(w, finally);
            }
            (Part::Body | Part::Catch, None) => {
                worker.frames.pop();
            }
            (Part::Finally(under_way), _) => {
                // What the block raised replaces what was under way.
                worker.leaving = worker.leaving.or(under_way);
                worker.frames.pop();
            }
        }
    }

    fn end(&mut self, w: Instance) {
        let worker = &mut self.state.workers[w];
        worker.life = Life::Ended(worker.leaving.take().unwrap_or(Exit::Return));
        for semaphore in 0..self.code.semaphores.len() {
            if !self.code.judged_late.contains(&(w, semaphore)) {
                judge_leaks(self.code, &self.state, w, semaphore, self.findings);
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
pub fn judge_leaks(
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
