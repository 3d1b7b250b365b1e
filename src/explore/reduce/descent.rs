//! The way down: which edits are tried, in which order, and what is kept of them.
//!
//! Delta debugging (Zeller and Hildebrandt: Simplifying and isolating failure-inducing input, IEEE
//! TSE 2002) over the tree of a program (Misherghi and Su: HDD, ICSE 2006): large parts first, then
//! smaller ones, then blocks give way to what stands in them, then numbers become smaller; all of it
//! again until nothing changes.
//!
//! **Invariants**
//!
//! 1. The draft that it ends with was shown to `keep`, and `keep` said yes, or it is the first one.
//! 2. What is tried depends on the drafts and the answers alone.

use super::edits::{Edit, can_leave_out, each, is_ornate};
use crate::program::{Draft, Kind, Order};

/// Whether a smaller draft is kept; `None` when no more are asked for.
pub type Keep<'k> = &'k mut dyn FnMut(&Draft) -> Option<bool>;

/// The smallest draft that was found.
pub fn descend(draft: Draft, keep: Keep<'_>) -> Draft {
    let mut descent = Descent {
        best: draft,
        keep,
        over: false,
    };
    loop {
        let mut better = false;
        better |= descent.one_by_one(&workers);
        better |= descent.one_by_one(&counts);
        better |= descent.pieces();
        better |= descent.one_by_one(&blocks);
        better |= descent.one_by_one(&semaphores);
        better |= descent.one_by_one(&numbers);
        better |= descent.one_by_one(&words);
        if !better || descent.over {
            return descent.best;
        }
    }
}

/// All edits of a draft that leave out a small part, those that leave out most first.
pub fn edits(draft: &Draft) -> Vec<Edit> {
    let size = draft.size() as usize;
    let mut edits = workers(draft);
    edits.extend(counts(draft));
    let mut piece = size.div_ceil(2);
    while piece > 0 {
        edits.extend((0..size).step_by(piece).map(|at| Edit::Drop(at, piece)));
        piece /= 2;
    }
    for more in [blocks, semaphores, numbers, words] {
        edits.extend(more(draft));
    }
    edits
}

struct Descent<'k> {
    best: Draft,
    keep: Keep<'k>,
    over: bool,
}

impl Descent<'_> {
    /// Tries an edit; whether it was kept.
    fn attempt(&mut self, edit: &Edit) -> bool {
        if self.over {
            return false;
        }
        let Some(draft) = edit.apply(&self.best) else {
            return false;
        };
        match (self.keep)(&draft) {
            Some(true) => {
                self.best = draft;
                true
            }
            Some(false) => false,
            None => {
                self.over = true;
                false
            }
        }
    }

    /// Tries the edits of a kind; after each that is kept, those of what there is then, from the
    /// same place on.
    fn one_by_one(&mut self, of: &dyn Fn(&Draft) -> Vec<Edit>) -> bool {
        let mut better = false;
        let mut at = 0;
        let mut edits = of(&self.best);
        while at < edits.len() && !self.over {
            if self.attempt(&edits[at]) {
                better = true;
                edits = of(&self.best);
            } else {
                at += 1;
            }
        }
        better
    }

    /// Leaves out runs of statements, the long ones first, from the end of the text to its start:
    /// what comes late is needed least.
    fn pieces(&mut self) -> bool {
        let mut better = false;
        let mut piece = (self.best.size() as usize).div_ceil(2);
        while piece > 0 && !self.over {
            let mut end = self.best.size() as usize;
            while end > 0 && !self.over {
                let first = end.saturating_sub(piece);
                better |= self.attempt(&Edit::Drop(first, end - first));
                end = first;
            }
            piece /= 2;
        }
        better
    }
}

fn workers(draft: &Draft) -> Vec<Edit> {
    if draft.workers.len() < 2 {
        return Vec::new();
    }
    (0..draft.workers.len()).rev().map(Edit::Worker).collect()
}

/// Numbers below `from` and at least `least`, those that are tried in its place.
fn smaller(from: u32, least: u32) -> Vec<u32> {
    let mut numbers: Vec<u32> = [
        least,
        least.saturating_add(1),
        from / 2,
        from.saturating_sub(1),
    ]
    .into_iter()
    .filter(|&n| n >= least && n < from)
    .collect();
    numbers.dedup();
    numbers
}

fn counts(draft: &Draft) -> Vec<Edit> {
    let mut edits = Vec::new();
    for (at, worker) in draft.workers.iter().enumerate() {
        edits.extend(
            smaller(worker.count, 1)
                .into_iter()
                .map(|n| Edit::Count(at, n)),
        );
        if worker.spawned {
            edits.push(Edit::Unspawned(at));
        }
    }
    edits
}

fn blocks(draft: &Draft) -> Vec<Edit> {
    let mut edits = Vec::new();
    let mut at = 0;
    each(draft, &mut |statement, _| {
        for block in 0..statement.blocks().len() {
            edits.push(Edit::Unwrap(at, block));
            if can_leave_out(statement, block) {
                edits.push(Edit::Without(at, block));
            }
        }
        at += 1;
    });
    edits
}

fn semaphores(draft: &Draft) -> Vec<Edit> {
    (0..draft.semaphores.len())
        .rev()
        .map(Edit::Semaphore)
        .collect()
}

fn numbers(draft: &Draft) -> Vec<Edit> {
    let mut edits = Vec::new();
    for (at, semaphore) in draft.semaphores.iter().enumerate() {
        for n in smaller(semaphore.permits, 0) {
            edits.extend([Edit::Narrow(at, n), Edit::Permits(at, n)]);
        }
    }
    let mut at = 0;
    each(draft, &mut |statement, _| {
        let mut statement = statement.clone();
        if let Some(number) = statement.number_mut() {
            edits.extend(smaller(*number, 1).into_iter().map(|n| Edit::Number(at, n)));
        }
        at += 1;
    });
    edits
}

fn words(draft: &Draft) -> Vec<Edit> {
    let mut edits = Vec::new();
    let budget = &draft.budget;
    let limits = [
        budget.panics,
        budget.timeouts,
        budget.cancels,
        budget.preemptions,
    ];
    for (at, limit) in limits.into_iter().enumerate() {
        if let Some(limit) = limit {
            edits.push(Edit::Budget(at, None));
            edits.extend(
                smaller(limit, 0)
                    .into_iter()
                    .map(|n| Edit::Budget(at, Some(n))),
            );
        }
    }
    for (at, semaphore) in draft.semaphores.iter().enumerate() {
        if semaphore.kind != Kind::Bounded {
            edits.push(Edit::Bounded(at));
        }
        if semaphore.order != Order::Fifo {
            edits.push(Edit::Fifo(at));
        }
    }
    let mut at = 0;
    each(draft, &mut |statement, _| {
        if is_ornate(statement) {
            edits.push(Edit::Plain(at));
        }
        at += 1;
    });
    edits
}
