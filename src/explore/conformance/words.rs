//! The words in which a difference is told.

use super::op::{Client, Op, Token};
use super::subject::Answer;
use super::trial::Expected;
use crate::program::Order;
use crate::runtime::{Counting, Newcomers, Refused};

/// One step as both sides tell it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) op: String,
    pub(super) model: String,
    pub(super) subject: String,
}

impl Row {
    /// What the model says of the one who performs the op.
    pub(super) fn expects(&mut self, model: &str) {
        add(&mut self.model, model);
    }

    /// What the one who performs the op is answered.
    pub(super) fn answers(&mut self, subject: Answer) {
        add(&mut self.subject, answer(subject));
    }

    /// The model serves another.
    pub(super) fn serves(&mut self, how: Expected, number: u32) {
        add(&mut self.model, &format!("{} #{number}", expected(how)));
    }

    /// The semaphore wakes somebody.
    pub(super) fn wakes(&mut self, number: u32) {
        add(&mut self.subject, &format!("wakes #{number}"));
    }

    /// How many permits are free in the model.
    pub(super) fn counts(&mut self, model: u64) {
        add(&mut self.model, &format!("{model} free"));
    }

    /// How many permits are free, if the semaphore can say.
    pub(super) fn tells(&mut self, subject: Option<usize>) {
        if let Some(subject) = subject {
            add(&mut self.subject, &format!("{subject} free"));
        }
    }
}

fn add(text: &mut String, part: &str) {
    if !text.is_empty() {
        text.push_str(", ");
    }
    text.push_str(part);
}

/// How many permits an op asks for; a drain takes what there is.
pub(super) fn asked(op: Op) -> u64 {
    match op {
        Op::Acquire { permits, .. } | Op::Try { permits, .. } => permits.into(),
        _ => 0,
    }
}

/// What the request of an op is called.
pub(super) fn request(op: Op) -> &'static str {
    match op {
        Op::Try { .. } => "try-acquire",
        Op::Drain { .. } => "drain",
        _ => "acquire",
    }
}

/// An op, in the words of the language; requests by their number.
pub(super) fn op(op: Op, number: impl Fn(Client) -> u32) -> String {
    let many = |permits: u32| match permits {
        1 => String::new(),
        n => format!(" permits={n}"),
    };
    match op {
        Op::Acquire {
            client,
            permits,
            token,
        } => {
            let token = token.map_or(String::new(), |t| format!(" token={}", self::token(t)));
            format!("acquire #{}{}{token}", number(client), many(permits))
        }
        Op::Try { client, permits } => format!("try-acquire #{}{}", number(client), many(permits)),
        Op::Poll { client } => format!("poll #{}", number(client)),
        Op::PollWoken => "poll whoever is woken".to_owned(),
        Op::Cancel { client } => format!("cancel #{}", number(client)),
        Op::Fire { token } => format!("fire {}", self::token(token)),
        Op::Release { client } => format!("release #{}", number(client)),
        Op::ReleasePart { client, permits } => format!("release {permits} of #{}", number(client)),
        Op::Merge { client, from } => format!("merge #{} into #{}", number(from), number(client)),
        Op::Forget { client } => format!("forget #{}", number(client)),
        Op::Drain { client } => format!("drain #{}", number(client)),
        Op::Grow { permits } => format!("grow{}", many(permits)),
        Op::Shrink { permits } => format!("shrink{}", many(permits)),
        Op::ForgetFree { permits } => format!("forget free{}", many(permits)),
        Op::Close => "close".to_owned(),
    }
}

/// `a`, `b`
fn token(token: Token) -> char {
    char::from(b'a' + token)
}

/// `1 permit`, `2 permits`
pub(super) fn permits(n: u64) -> String {
    match n {
        1 => "1 permit".to_owned(),
        n => format!("{n} permits"),
    }
}

/// The word of the language.
fn order(order: Order) -> &'static str {
    match order {
        Order::Fifo => "fifo",
        Order::FifoPartial => "fifo-partial",
        Order::Barging => "barging",
    }
}

/// What a semaphore claims to be.
pub(super) fn claim<S: Counting>() -> String {
    let order = order(S::ORDER);
    match S::NEWCOMERS {
        Newcomers::Queue => order.to_owned(),
        Newcomers::Barge => format!("{order}, newcomers barge"),
    }
}

/// The model's column.
pub(super) fn expected(expected: Expected) -> &'static str {
    match expected {
        Expected::Granted => "granted",
        Expected::Waits => "waits",
        Expected::Closed => "closed",
        Expected::Cancelled => "cancelled",
        Expected::NoPermits => "refused",
        Expected::Nothing => "nothing",
    }
}

/// After "should have been".
pub(super) fn should_be(expected: Expected) -> &'static str {
    match expected {
        Expected::Granted => "granted",
        Expected::Waits => "left waiting",
        Expected::Closed => "refused as closed",
        Expected::Cancelled => "refused as cancelled",
        Expected::NoPermits => "refused for want of permits",
        Expected::Nothing => "given nothing",
    }
}

/// The column of the semaphore.
fn answer(answer: Answer) -> &'static str {
    match answer {
        Answer::Granted => "granted",
        Answer::Pending => "pending",
        Answer::Refused(Refused::NoPermits) => "refused",
        Answer::Refused(Refused::Closed) => "closed",
        Answer::Refused(Refused::Cancelled) => "cancelled",
        Answer::Refused(Refused::Unsupported) => "unsupported",
        Answer::Nothing => "nothing",
    }
}

/// After "but".
pub(super) fn was(answer: Answer) -> &'static str {
    match answer {
        Answer::Granted => "was granted",
        Answer::Pending => "is pending",
        Answer::Refused(Refused::NoPermits) => "was refused for want of permits",
        Answer::Refused(Refused::Closed) => "was refused as closed",
        Answer::Refused(Refused::Cancelled) => "was refused as cancelled",
        Answer::Refused(Refused::Unsupported) => "was refused as unsupported",
        Answer::Nothing => "was given nothing",
    }
}

/// Why a newcomer is answered so.
pub(super) fn at_once(closed: bool, available: u64, waiting: usize) -> String {
    match (closed, waiting) {
        (true, _) => "it is closed".to_owned(),
        (false, 0) => format!("nobody queues, {available} available"),
        (false, n) => format!("{n} in the queue, {available} available"),
    }
}

/// Why a waiter is granted.
pub(super) fn its_turn(wanted: u64) -> String {
    match wanted {
        1 => "head of the queue, and its permit is there".to_owned(),
        n => format!("head of the queue, and its {n} permits are there"),
    }
}

/// Why a waiter is answered as it is.
pub(super) fn still_waits(place: Option<usize>, available: u64, wanted: u64) -> String {
    let rest = format!("{available} available, {wanted} wanted");
    match place {
        None => rest,
        Some(0) => format!("head of the queue, {rest}"),
        Some(n) => format!("{n} before it in the queue, {rest}"),
    }
}
