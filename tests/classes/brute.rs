//! All interleavings, one by one, told apart by what makes a class.

use std::collections::BTreeMap;

use selvedge::machine::{Machine, State};
use selvedge::run::{Action, SemaphoreId, View, WorkerId};

/// Who joined each queue, in order; and what each worker chose to do by itself, in order.
type Key = (
    BTreeMap<SemaphoreId, Vec<WorkerId>>,
    BTreeMap<WorkerId, Vec<Action>>,
);

/// Classes of runs with the same queue order, and how many of them end stuck; `None` if there are
/// more runs than that.
pub(crate) fn queue_orders(machine: &Machine, panics: u32, most: u32) -> Option<(u64, u64)> {
    let mut brute = Brute {
        machine,
        left: most,
        classes: BTreeMap::new(),
    };
    brute.runs(&machine.initial(&mut ()), panics, &mut Key::default())?;
    let stuck = brute.classes.values().filter(|&&stuck| stuck).count();
    Some((brute.classes.len() as u64, stuck as u64))
}

struct Brute<'a> {
    machine: &'a Machine,
    left: u32,
    /// Each class, and whether it is stuck.
    classes: BTreeMap<Key, bool>,
}

impl Brute<'_> {
    fn runs(&mut self, state: &State, panics: u32, key: &mut Key) -> Option<()> {
        let mut ended = true;
        for (choice, next) in self.machine.successors(state) {
            let faults = match choice.action {
                Action::Cancel => continue,
                Action::Panic if panics == 0 => continue,
                Action::Panic => 1,
                _ => 0,
            };
            ended = false;
            let queue = self.machine.view(state).acquires(choice.worker);
            match queue {
                Some(queue) => key.0.entry(queue).or_default().push(choice.worker),
                None => key.1.entry(choice.worker).or_default().push(choice.action),
            }
            self.runs(&next, panics - faults, key)?;
            match queue {
                Some(queue) => key.0.get_mut(&queue)?.pop().map(|_| ()),
                None => key.1.get_mut(&choice.worker)?.pop().map(|_| ()),
            };
        }
        if ended {
            self.left = self.left.checked_sub(1)?;
            let stuck = self.machine.is_stuck(state);
            let mut key = key.clone();
            key.0.retain(|_, queue| !queue.is_empty());
            key.1.retain(|_, actions| !actions.is_empty());
            let known = *self.classes.entry(key).or_insert(stuck);
            assert_eq!(known, stuck, "a class is stuck in some runs only");
        }
        Some(())
    }
}
