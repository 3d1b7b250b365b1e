//! One sequence, performed on the model and on the semaphore side by side.
//!
//! What is compared after each op, and what is left open, is told at [`Conformance`].
//!
//! [`Conformance`]: super::Conformance

use super::op::{Abilities, CLIENTS, Client, Op, TOKENS, Token};
use super::parting::Parting;
use super::reference::{self, Models, Reference, Served};
use super::subject::{self, Answer, Subject};
use super::words::{self, Row};
use crate::program::Order;
use crate::runtime::{Counting, Handover, Refused, Unsupported};

/// Where a request stands, as the model sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Waiting,
    /// Granted, and not polled since.
    Due,
    /// Failed by a close, and not polled since; it had taken so many.
    Failed {
        taken: u64,
    },
    /// Called off by its token, and not polled since.
    CalledOff,
    Holding,
}

/// A request of a client: the number by which people know it, its permits, where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request {
    pub(super) number: u32,
    /// What it is called, together with the number.
    word: &'static str,
    pub(super) permits: u64,
    /// What calls it off.
    pub(super) token: Option<Token>,
    pub(super) standing: Standing,
}

/// What the model says of the one who performs an op.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    Granted,
    Waits,
    Closed,
    Cancelled,
    NoPermits,
    Nothing,
}

impl Expected {
    fn is(self, answer: Answer) -> bool {
        match self {
            Expected::Granted => answer == Answer::Granted,
            Expected::Waits => answer == Answer::Pending,
            Expected::Closed => answer == Answer::Refused(Refused::Closed),
            Expected::Cancelled => answer == Answer::Refused(Refused::Cancelled),
            Expected::NoPermits => answer == Answer::Refused(Refused::NoPermits),
            Expected::Nothing => answer == Answer::Nothing,
        }
    }
}

/// Whether anybody will read what happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// Which ops were performed, and a row for each.
    Rows,
    /// Only whether the sides part.
    Nothing,
}

/// A sequence under way.
pub(super) struct Trial<'s, S: Counting> {
    pub(super) reference: Reference<'s>,
    pub(super) subject: Subject<'s, S>,
    abilities: Abilities,
    pub(super) requests: [Option<Request>; CLIENTS],
    numbers: u32,
    /// Which tokens were fired.
    pub(super) fired: [bool; TOKENS],
    /// Those whom the present op served, but for the one who performs it.
    pub(super) served: &'s mut Vec<Client>,
    /// The present step; `None` if nobody will read it, and nothing is written.
    pub(super) row: Option<Row>,
    pub(super) rows: Vec<Row>,
}

/// What is used again for one trial after another.
#[derive(Debug, Default)]
pub(super) struct Room {
    reference: reference::Room,
    subject: subject::Room,
    served: Vec<Client>,
}

impl<'s, S: Counting> Trial<'s, S> {
    /// A trial that has not begun. Rows are written if it is told.
    pub(super) fn new(
        models: &'s Models,
        permits: u32,
        semaphore: &'s S,
        abilities: Abilities,
        told: Told,
        room: &'s mut Room,
    ) -> Self {
        Trial {
            reference: models.start(permits, &mut room.reference),
            subject: Subject::new(semaphore, &mut room.subject),
            abilities,
            requests: [None; CLIENTS],
            numbers: 0,
            fired: [false; TOKENS],
            served: &mut room.served,
            row: (told == Told::Rows).then(Row::default),
            rows: Vec::new(),
        }
    }

    pub(super) fn request(&self, client: Client) -> Option<&Request> {
        self.requests[client].as_ref()
    }

    pub(super) fn is_woken(&self, client: Client) -> bool {
        self.subject.is_woken(client)
    }

    pub(super) fn available(&self) -> u64 {
        self.reference.available()
    }

    pub(super) fn is_closed(&self) -> bool {
        self.reference.is_closed()
    }

    /// Drops what clients still have of the semaphore; whether that is in order.
    pub(super) fn end(&mut self) -> bool {
        self.subject.end()
    }

    /// Writes something into the row of the present step.
    pub(super) fn tell(&mut self, tell: impl FnOnce(&mut Row)) {
        if let Some(row) = &mut self.row {
            tell(row);
        }
    }

    pub(super) fn has_tokens(&self) -> bool {
        self.abilities.tokens
    }

    /// An op as this semaphore can do it: what has no tokens cannot be called off by one.
    pub(super) fn possible(&self, op: Op) -> Op {
        match op {
            Op::Acquire {
                client, permits, ..
            } if !self.abilities.tokens => Op::Acquire {
                client,
                permits,
                token: None,
            },
            op => op,
        }
    }

    /// Whether an op makes sense now.
    pub(super) fn applies(&self, op: Op) -> bool {
        let can = self.abilities;
        let fits = |permits| permits == 1 || can.many;
        match op {
            Op::Acquire {
                client, permits, ..
            }
            | Op::Try { client, permits } => {
                self.requests[client].is_none() && fits(permits) && self.is_settled()
            }
            Op::PollWoken => self.next_woken(0).is_some(),
            Op::Fire { token } => {
                can.tokens && !self.fired[usize::from(token)] && self.is_settled()
            }
            Op::Merge { client, from } => {
                let hold = || self.subject.holds(client) && self.subject.holds(from);
                can.merge && client != from && hold()
            }
            Op::Poll { client } | Op::Cancel { client } => self.subject.is_pending(client),
            Op::Release { client } => self.subject.holds(client),
            Op::ReleasePart { client, permits } => {
                let more = || self.reference.held(client) > u64::from(permits);
                can.split && self.subject.holds(client) && more()
            }
            Op::Forget { client } => can.forget && self.subject.holds(client),
            Op::Drain { client } => {
                can.drain && self.requests[client].is_none() && self.is_counted()
            }
            Op::Grow { .. } => can.grow,
            Op::Shrink { .. } => can.shrink && self.is_counted(),
            Op::ForgetFree { .. } => can.forget_free && self.is_counted(),
            Op::Close => can.close && self.is_settled(),
        }
    }

    /// Whether nobody can come in between: see [`Handover::WakeAndRetry`].
    fn is_settled(&self) -> bool {
        S::ORDER == Order::Barging
            || S::HANDOVER == Handover::HandOff
            || !self.standings().any(|s| s == Standing::Due)
    }

    /// Whether both sides have to agree on how many permits are free.
    fn is_counted(&self) -> bool {
        let late = |s| matches!(s, Standing::Failed { taken } if taken > 0);
        // in no other order does one that waits take anything
        let may_be_late = S::ORDER == Order::FifoPartial;
        self.is_settled() && !(may_be_late && self.standings().any(late))
    }

    fn standings(&self) -> impl Iterator<Item = Standing> {
        self.requests.iter().flatten().map(|r| r.standing)
    }

    /// Performs an op that applies.
    pub(super) fn step(&mut self, op: Op) -> Result<(), Parting> {
        self.served.clear();
        if let Op::Acquire { client, .. } | Op::Try { client, .. } | Op::Drain { client } = op {
            self.numbers += 1;
            self.requests[client] = Some(Request {
                number: self.numbers,
                word: words::request(op),
                permits: words::asked(op),
                token: match op {
                    Op::Acquire { token, .. } => token,
                    _ => None,
                },
                standing: Standing::Waiting,
            });
        }
        if let Some(row) = &mut self.row {
            let number = |client: Client| self.requests[client].map_or(0, |r| r.number);
            row.op = words::op(op, number);
        }
        let performed = self.perform(op);
        if let Some(row) = &mut self.row {
            row.counts(self.reference.available());
        }
        let parted = performed.and_then(|()| self.look());
        if let Some(row) = &mut self.row {
            self.rows.push(std::mem::take(row));
        }
        parted
    }

    fn perform(&mut self, op: Op) -> Result<(), Parting> {
        match op {
            Op::Acquire {
                client,
                permits,
                token,
            } => {
                if token.is_some_and(|token| self.fired[usize::from(token)]) {
                    let reason = self.row.is_some().then(|| "its token was fired".to_owned());
                    let answer = self.subject.acquire(client, permits, token)?;
                    return self.told(client, Expected::Cancelled, answer, reason);
                }
                let reason = self.row.is_some().then(|| self.reason_at_once());
                self.reference.acquire(client, permits, S::NEWCOMERS);
                let expected = self.heard(Some(client));
                let answer = self.subject.acquire(client, permits, token)?;
                self.answered(client, expected, answer, reason)
            }
            Op::Try { client, permits } => {
                let reason = self.row.is_some().then(|| self.reason_at_once());
                self.reference.try_acquire(client, permits, S::NEWCOMERS);
                let expected = self.heard(Some(client));
                let answer = self.subject.try_acquire(client, permits)?;
                self.answered(client, expected, answer, reason)
            }
            Op::Drain { client } => {
                let reason = self.row.is_some().then(|| self.reason_at_once());
                self.reference.drain(client);
                let expected = self.heard(Some(client));
                let answer = self.subject.drain(client)?;
                self.answered(client, expected, answer, reason)
            }
            Op::Poll { client } => self.poll(client),
            Op::PollWoken => self.poll_woken(),
            Op::Fire { token } => {
                self.call_off(token);
                self.subject.fire(token)
            }
            Op::Merge { client, from } => {
                self.reference.give(from, client);
                self.heard(None);
                self.requests[from] = None;
                let done = self.subject.merge(client, from)?;
                self.can(done, "merge permits")
            }
            Op::Cancel { client } => {
                match self.requests[client].map(|r| r.standing) {
                    Some(Standing::Waiting) => {
                        self.reference.cancel(client);
                        self.heard(Some(client));
                    }
                    Some(Standing::Due) => {
                        self.reference.release(client);
                        self.heard(Some(client));
                    }
                    _ => {}
                }
                self.requests[client] = None;
                self.subject.cancel(client)
            }
            Op::Release { client } => {
                self.reference.release(client);
                self.heard(None);
                self.requests[client] = None;
                self.subject.release(client)
            }
            Op::ReleasePart { client, permits } => {
                self.reference.release_part(client, permits);
                self.heard(None);
                let done = self.subject.release_part(client, permits)?;
                self.can(done, "split its permits")
            }
            Op::Forget { client } => {
                self.reference.forget(client);
                self.heard(None);
                self.requests[client] = None;
                let done = self.subject.forget(client)?;
                self.can(done, "forget permits")
            }
            Op::Grow { permits } => {
                self.reference.grow(permits);
                self.heard(None);
                let done = self.subject.ask(|s| s.grow(permits))?;
                self.can(done, "grow")
            }
            Op::Shrink { permits } => {
                self.reference.shrink(permits);
                self.heard(None);
                let done = self.subject.ask(|s| s.shrink(permits))?;
                self.can(done, "shrink")
            }
            Op::ForgetFree { permits } => {
                let free = self.reference.available().min(u64::from(permits)) as u32;
                if free > 0 {
                    self.reference.shrink(free);
                    self.heard(None);
                }
                match self.subject.ask(|s| s.forget_free(permits))? {
                    Ok(said) if said == free => Ok(()),
                    Ok(said) => Err(Parting::new(format!(
                        "it should have removed {} and says that it removed {said}",
                        words::permits(free.into())
                    ))),
                    Err(Unsupported) => self.can(Err(Unsupported), "forget free permits"),
                }
            }
            Op::Close => {
                self.reference.close();
                self.heard(None);
                let done = self.subject.ask(S::close)?;
                self.can(done, "be closed")
            }
        }
    }

    pub(super) fn poll(&mut self, client: Client) -> Result<(), Parting> {
        let Some(request) = self.requests[client] else {
            unreachable!("who is polled has a request")
        };
        let woken = self.subject.is_woken(client);
        let first = self.first_due() == Some(client);
        let barging = S::ORDER == Order::Barging;
        let may_go_on = barging && !self.reference.is_barred(client);
        let reason = self.row.is_some().then(|| self.reason_of(client));
        let answer = self.subject.poll(client)?;
        let closed = answer == Answer::Refused(Refused::Closed) && self.reference.is_closed();
        match request.standing {
            Standing::Waiting if may_go_on => {
                if answer == Answer::Pending && !woken {
                    self.tell(|row| row.expects("may go on"));
                    self.tell(|row| row.answers(answer));
                    return Ok(());
                }
                self.reference.proceed(client);
                let expected = self.heard(Some(client));
                self.answered(client, expected, answer, reason)
            }
            Standing::Waiting => self.told(client, Expected::Waits, answer, reason),
            Standing::Due if closed => {
                // left open by `close`: it gives back what it was granted
                self.reference.release(client);
                self.heard(None);
                self.requests[client] = None;
                self.tell(|row| row.expects("may be closed"));
                self.tell(|row| row.answers(answer));
                Ok(())
            }
            Standing::Due if answer == Answer::Pending && self.may_retry(woken && first) => {
                self.tell(|row| row.expects("may be granted"));
                self.tell(|row| row.answers(answer));
                Ok(())
            }
            Standing::Due => self.told(client, Expected::Granted, answer, reason),
            Standing::Failed { .. } => self.told(client, Expected::Closed, answer, reason),
            Standing::CalledOff => self.told(client, Expected::Cancelled, answer, reason),
            Standing::Holding => unreachable!("who holds permits is not polled"),
        }
    }

    /// As `answered`, where the model has said it in an earlier step.
    fn told(
        &mut self,
        client: Client,
        expected: Expected,
        answer: Answer,
        reason: Option<String>,
    ) -> Result<(), Parting> {
        self.tell(|row| row.expects(words::expected(expected)));
        self.answered(client, expected, answer, reason)
    }

    fn may_retry(&self, is_its_turn: bool) -> bool {
        S::HANDOVER == Handover::WakeAndRetry && !is_its_turn
    }

    /// Of those that are granted and not polled since, the one who asked first.
    pub(super) fn first_due(&self) -> Option<Client> {
        let due = |c: &Client| self.requests[*c].is_some_and(|r| r.standing == Standing::Due);
        (0..CLIENTS).filter(due).min_by_key(|&c| self.number(c))
    }

    /// Takes in what the model did; what it says of `own`, the one who performs the op.
    pub(super) fn heard(&mut self, own: Option<Client>) -> Expected {
        let mut expected = Expected::Nothing;
        for &served in self.reference.heard() {
            let (client, standing, says) = match served {
                Served::Granted { client, permits } => {
                    if permits == 0 {
                        continue;
                    }
                    if let Some(request) = &mut self.requests[client] {
                        request.permits = permits;
                    }
                    (client, Standing::Due, Expected::Granted)
                }
                Served::Closed { client } => {
                    let taken = match self.requests[client].map(|r| r.standing) {
                        Some(Standing::Failed { taken }) => taken,
                        _ => 0,
                    };
                    (client, Standing::Failed { taken }, Expected::Closed)
                }
                Served::GaveBack { client, permits } => {
                    // a close tells of what comes back before it tells of the failure
                    if let Some(request) = &mut self.requests[client] {
                        request.standing = Standing::Failed { taken: permits };
                    }
                    continue;
                }
                Served::Queued { client } => (client, Standing::Waiting, Expected::Waits),
                Served::TryFailed { client } => (client, Standing::Waiting, Expected::NoPermits),
            };
            if own == Some(client) {
                if let Some(row) = &mut self.row {
                    row.expects(words::expected(says));
                }
                expected = says;
                continue;
            }
            let mut number = 0;
            if let Some(request) = &mut self.requests[client] {
                request.standing = standing;
                number = request.number;
            }
            if let Some(row) = &mut self.row {
                row.serves(says, number);
            }
            self.served.push(client);
        }
        expected
    }

    /// Compares what the one who performs an op is answered.
    fn answered(
        &mut self,
        client: Client,
        expected: Expected,
        answer: Answer,
        reason: Option<String>,
    ) -> Result<(), Parting> {
        self.tell(|row| row.answers(answer));
        if !expected.is(answer) {
            let reason = reason.unwrap_or_default();
            return Err(Parting::new(format!(
                "{} should have been {} ({}: {reason}) but {}",
                self.name(client),
                words::should_be(expected),
                words::claim::<S>(),
                words::was(answer),
            )));
        }
        match (&mut self.requests[client], expected) {
            (Some(request), Expected::Granted) => request.standing = Standing::Holding,
            (Some(request), Expected::Waits) => request.standing = Standing::Waiting,
            (request, _) => *request = None,
        }
        Ok(())
    }

    fn can(&self, done: Result<(), Unsupported>, what: &str) -> Result<(), Parting> {
        done.map_err(|Unsupported| Parting::cannot(what))
    }

    /// Why the model answers a newcomer as it does.
    fn reason_at_once(&self) -> String {
        let waiting = (0..CLIENTS).filter(|&c| self.reference.place(c).is_some());
        words::at_once(
            self.reference.is_closed(),
            self.reference.available(),
            waiting.count(),
        )
    }

    /// Why the model answers one who has waited as it does.
    pub(super) fn reason_of(&self, client: Client) -> String {
        let permits = self.requests[client].map_or(0, |r| r.permits);
        match self.requests[client].map(|r| r.standing) {
            Some(Standing::Due) => words::its_turn(permits),
            Some(Standing::Failed { .. }) => "closed while it waited".to_owned(),
            Some(Standing::CalledOff) => "its token was fired while it waited".to_owned(),
            _ => words::still_waits(
                self.reference.place(client),
                self.reference.available(),
                permits,
            ),
        }
    }

    pub(super) fn number(&self, client: Client) -> u32 {
        self.requests[client].map_or(0, |r| r.number)
    }

    pub(super) fn name(&self, client: Client) -> String {
        let word = self.requests[client].map_or("", |r| r.word);
        format!("{word} #{}", self.number(client))
    }
}
