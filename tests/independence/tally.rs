//! Compares what `commute` says with what the machine does, and counts.

use std::collections::BTreeMap;
use std::fmt;

use selvedge::machine::{Machine, State};
use selvedge::run::{
    Action, Budget, Choice, Enabled, Op, Resource, SemaphoreId, View, Wait, WorkerId, commute,
    commute_within,
};

/// A state with what it offers, and what comes after each.
pub(crate) struct Point<'m> {
    machine: &'m Machine,
    state: &'m State,
    enabled: Vec<Enabled>,
    /// What comes after each of them.
    next: Vec<Vec<(Choice, State)>>,
}

impl<'m> Point<'m> {
    /// Looks at the choices of some workers.
    pub(crate) fn new(
        machine: &'m Machine,
        state: &'m State,
        successors: &[(Choice, State)],
        who: impl Fn(WorkerId) -> bool,
    ) -> Point<'m> {
        let mut enabled = machine.choices(state);
        enabled.retain(|e| who(e.choice.worker));
        let next = successors
            .iter()
            .filter(|(choice, _)| who(choice.worker))
            .map(|(_, state)| machine.successors(state))
            .collect();
        Point {
            machine,
            state,
            enabled,
            next,
        }
    }

    /// Compares all pairs of choices of different workers that `which` lets through.
    pub(crate) fn compare(&self, tally: &mut Tally, which: impl Fn(WorkerId, WorkerId) -> bool) {
        for (i, a) in self.enabled.iter().enumerate() {
            for (j, b) in self.enabled.iter().enumerate().skip(i + 1) {
                if a.choice.worker != b.choice.worker && which(a.choice.worker, b.choice.worker) {
                    self.pair(tally, (i, a), (j, b));
                }
            }
        }
    }

    fn pair(&self, tally: &mut Tally, (i, a): (usize, &Enabled), (j, b): (usize, &Enabled)) {
        let view = self.machine.view(self.state);
        let last = |first: usize, then: &Enabled| {
            let mut after = self.next[first].iter();
            after.find(|(choice, _)| *choice == then.choice)
        };
        let (one, other) = (last(i, b), last(j, a));
        let truth = match (one, other) {
            (Some((_, one)), Some((_, other))) => one == other,
            _ => false,
        };
        let says = commute(a, b, &view);
        assert_eq!(
            says,
            commute(b, a, &view),
            "symmetric: {a:?} and {b:?} in {view}"
        );
        assert!(
            truth || !says,
            "{a:?} and {b:?} do not commute in {view}\nin {}",
            tally.program
        );
        let names = match (name(a), name(b)) {
            (x, y) if x <= y => (x, y),
            (x, y) => (y, x),
        };
        let entry = tally.pairs.entry(names).or_default();
        entry.seen += 1;
        entry.commute += u64::from(truth);
        entry.missed += u64::from(truth && !says);
        if has_exact_line(a, b, &view) {
            assert!(
                says || !truth,
                "{a:?} and {b:?} commute in {view}\nin {}",
                tally.program
            );
            tally.exact += 1;
        }
    }

    /// Checks that what is said to commute within a budget spends the same in both orders; made
    /// for all choices of the state.
    pub(crate) fn compare_within(
        &self,
        successors: &[(Choice, State)],
        left: &Budget,
        program: &str,
    ) -> u64 {
        let view = self.machine.view(self.state);
        let mut claims = 0;
        for (i, a) in self.enabled.iter().enumerate() {
            for (j, b) in self.enabled.iter().enumerate().skip(i + 1) {
                let allowed = |e: &Enabled| e.draws.is_none_or(|r| left.limit(r) > 0);
                if !allowed(a) || !allowed(b) {
                    continue;
                }
                if !commute_within(a, b, &view, &self.enabled, left) {
                    continue;
                }
                claims += 1;
                let one = self.spent(a.draws, &successors[i].1, b, left);
                let other = self.spent(b.draws, &successors[j].1, a, left);
                assert!(
                    one.is_some() && one == other,
                    "{a:?} and {b:?} do not commute within {left:?} in {view}\nin {program}"
                );
            }
        }
        claims
    }

    /// What a choice and then another spend; `None` if it is too much.
    fn spent(
        &self,
        first: Option<Resource>,
        between: &State,
        then: &Enabled,
        left: &Budget,
    ) -> Option<[u32; 3]> {
        let enabled = self.machine.choices(between);
        let then = enabled.iter().find(|e| e.choice == then.choice)?;
        let mut drawn = [0; 3];
        for resource in [first, then.draws].into_iter().flatten() {
            drawn[resource as usize] += 1;
        }
        Resource::ALL
            .into_iter()
            .all(|r| drawn[r as usize] <= left.limit(r))
            .then_some(drawn)
    }
}

/// What was found out about the pairs of two kinds.
#[derive(Default, Clone, Copy)]
struct Pairs {
    seen: u64,
    commute: u64,
    missed: u64,
}

/// Counts of compared pairs.
#[derive(Default)]
pub(crate) struct Tally {
    /// The text of the program at hand.
    pub(crate) program: String,
    /// Pairs for which the condition has to be exact.
    pub(crate) exact: u64,
    pairs: BTreeMap<(&'static str, &'static str), Pairs>,
}

/// A table: how many of the pairs that commute are missed.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:26} {:>9} {:>9} {:>7}",
            "pair", "seen", "commute", "missed"
        )?;
        let mut sum = Pairs::default();
        for ((a, b), pairs) in &self.pairs {
            if pairs.missed > 0 {
                row(f, &format!("{a}, {b}"), *pairs)?;
            }
            sum.seen += pairs.seen;
            sum.commute += pairs.commute;
            sum.missed += pairs.missed;
        }
        row(f, "all", sum)?;
        writeln!(f, "{} of them by the exact lines", self.exact)
    }
}

fn row(f: &mut fmt::Formatter<'_>, title: &str, pairs: Pairs) -> fmt::Result {
    let rate = 100.0 * pairs.missed as f64 / pairs.commute.max(1) as f64;
    writeln!(
        f,
        "{title:26} {:9} {:9} {:7} {rate:6.2} %",
        pairs.seen, pairs.commute, pairs.missed
    )
}

/// Whether the pair is one of those that the reference table has for `fifo` or `barging`.
fn has_exact_line(a: &Enabled, b: &Enabled, view: &dyn View) -> bool {
    let (Some(x), Some(y)) = (discipline(a, view), discipline(b, view)) else {
        return false;
    };
    match (x, y) {
        (Discipline::Fifo, Discipline::Fifo) => true,
        (Discipline::Barging, Discipline::Barging) => {
            let (x, y) = (name(a), name(b));
            x == "acquire" && matches!(y, "acquire" | "release") || y == "acquire" && x == "release"
        }
        _ => false,
    }
}

enum Discipline {
    Fifo,
    Barging,
}

/// The discipline of the semaphore that a choice touches; `None` if it has no line.
fn discipline(e: &Enabled, view: &dyn View) -> Option<Discipline> {
    let worker = e.choice.worker;
    let of = |semaphore: SemaphoreId| match view.is_queued(semaphore) {
        true if view.takes_parts(semaphore) => None,
        true => Some(Discipline::Fifo),
        false => Some(Discipline::Barging),
    };
    match e.op {
        Op::Acquire { semaphore, .. } | Op::TryAcquire { semaphore, .. } => of(semaphore),
        Op::Release {
            semaphore, holder, ..
        } if holder == worker => of(semaphore),
        Op::Cancel { worker } if !view.may_barge_next(worker) => match view.wait(worker) {
            Some(Wait::Permits { semaphore, .. }) => of(semaphore),
            _ => Some(Discipline::Fifo),
        },
        _ => None,
    }
}

fn name(e: &Enabled) -> &'static str {
    match e.choice.action {
        Action::Timeout => return "timeout",
        Action::Cancel => return "cancelled",
        Action::Proceed => {}
        _ => return "local",
    }
    match e.op {
        Op::Acquire { .. } => "acquire",
        Op::TryAcquire { .. } => "try",
        Op::Release { holder, .. } if holder != e.choice.worker => "release-from",
        Op::Release { .. } => "release",
        Op::Grow { .. } => "grow",
        Op::Shrink { .. } => "shrink",
        Op::Drain { .. } => "drain",
        Op::Forget { .. } => "forget",
        Op::Give { .. } => "give",
        Op::Close { .. } => "close",
        Op::Cancel { .. } => "cancel",
        Op::Spawn { .. } => "spawn",
        Op::Join { .. } => "join",
        _ => "local",
    }
}
