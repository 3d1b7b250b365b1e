//! When what two choices do to ledgers commutes.

use super::effect::Effect;
use super::tray::Tray;
use crate::run::{Action, Enabled, Op, Permits, SemaphoreId, View, WorkerId};

/// How a choice takes permits out of a ledger.
#[derive(Clone, Copy)]
pub(super) struct Take {
    holder: WorkerId,
    semaphore: SemaphoreId,
    permits: Permits,
    purpose: Purpose,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Release,
    Forget,
    Give,
}

impl Take {
    /// How a choice takes out of a ledger, if it does.
    pub(super) fn of(choice: &Enabled) -> Option<Take> {
        if choice.choice.action != Action::Proceed {
            return None;
        }
        let worker = choice.choice.worker;
        let (holder, semaphore, permits, purpose) = match choice.op {
            Op::Release {
                semaphore,
                permits,
                holder,
            } => (holder, semaphore, permits, Purpose::Release),
            Op::Forget { semaphore, permits } => (worker, semaphore, permits, Purpose::Forget),
            Op::Give {
                semaphore, permits, ..
            } => (worker, semaphore, permits, Purpose::Give),
            _ => return None,
        };
        Some(Take {
            holder,
            semaphore,
            permits,
            purpose,
        })
    }

    /// How many permits the op moves; `None` if it is refused.
    pub(super) fn amount(&self, view: &dyn View) -> Option<u64> {
        match self.permits {
            Permits::All => Some(self.held(view)),
            Permits::Exactly(n) => {
                let permits = u64::from(n);
                let inflates = self.inflates(view);
                (inflates || permits <= self.held(view)).then_some(permits)
            }
        }
    }

    /// Whether it goes on though the ledger holds too little.
    fn inflates(&self, view: &dyn View) -> bool {
        self.purpose == Purpose::Release
            && (view.is_plain(self.semaphore) || view.is_signal(self.semaphore))
    }

    fn held(&self, view: &dyn View) -> u64 {
        view.held(self.holder, self.semaphore)
    }

    /// Whether it does the same, to the same end, before and after another take from the ledger.
    fn bears(&self, other: &Take, view: &dyn View) -> bool {
        if self.amount(view).is_none() || other.amount(view).is_none() {
            return true;
        }
        let held = self.held(view);
        let released = self.purpose == Purpose::Release && other.purpose == Purpose::Release;
        match (self.permits, other.permits) {
            (Permits::All, Permits::All) => released || held == 0,
            (Permits::All, _) | (_, Permits::All) => held == 0,
            (Permits::Exactly(_), Permits::Exactly(_)) if released && self.inflates(view) => true,
            (Permits::Exactly(n), Permits::Exactly(m)) => {
                // which permits go where matters to nobody but a give
                let given = self.purpose == Purpose::Give || other.purpose == Purpose::Give;
                u64::from(n) + u64::from(m) <= held
                    && (!given || view.are_alike(self.holder, self.semaphore))
            }
        }
    }

    /// Whether it does the same, to the same end, before and after so many are added.
    fn bears_more(&self, added: u64, view: &dyn View) -> bool {
        let held = self.held(view);
        match self.permits {
            _ if added == 0 => true,
            Permits::All => false,
            Permits::Exactly(n) if u64::from(n) <= held => {
                view.are_alike(self.holder, self.semaphore)
            }
            Permits::Exactly(n) => !self.inflates(view) && u64::from(n) > held + added,
        }
    }
}

/// Whether what two choices do to ledgers commutes; additions always do.
pub(super) fn commute(a: &Enabled, b: &Enabled, view: &dyn View) -> bool {
    let (take_a, take_b) = (Take::of(a), Take::of(b));
    if let (Some(x), Some(y)) = (&take_a, &take_b)
        && (x.holder, x.semaphore) == (y.holder, y.semaphore)
        && !view.is_signal(x.semaphore)
        && !x.bears(y, view)
    {
        return false;
    }
    let bears = |take: Option<Take>, other: &Enabled| {
        take.is_none_or(|t| {
            view.is_signal(t.semaphore) || t.bears_more(added(other, &t, view), view)
        })
    };
    bears(take_a, b) && bears(take_b, a)
}

/// What a choice adds to the ledger that the other one takes from.
fn added(choice: &Enabled, take: &Take, view: &dyn View) -> u64 {
    if let Op::Give { semaphore, to, .. } = choice.op {
        let reaches = (to, semaphore) == (take.holder, take.semaphore);
        return match Take::of(choice) {
            Some(give) if reaches => give.amount(view).unwrap_or(0),
            _ => 0,
        };
    }
    let Some((semaphore, effect)) = Effect::of(choice, view) else {
        return 0;
    };
    if semaphore != take.semaphore {
        return 0;
    }
    let own = choice.choice.worker == take.holder;
    match effect {
        Effect::Acquire(n) | Effect::Try(n) if own => match Tray::new(semaphore, view).fits(n) {
            true => n,
            false => 0,
        },
        Effect::Drain if own => view.available(semaphore),
        Effect::Put(_) | Effect::Grow(_) | Effect::Remove(_) => {
            Tray::new(semaphore, view).grants(effect, take.holder)
        }
        _ => 0,
    }
}
