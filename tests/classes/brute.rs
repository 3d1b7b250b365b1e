//! All interleavings, one by one, told apart by what makes a class.

use std::collections::{BTreeMap, BTreeSet};

use selvedge::machine::{Machine, State};
use selvedge::program::{Amount, Program, StatementKind};
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

/// An event of a worker: its act, its semaphore, its permits.
type Event = (Act, usize, u64);

#[derive(Clone, Copy, PartialEq)]
enum Act {
    Enqueue,
    Wait,
    Release,
}

/// Who enqueued on each semaphore, in order; and for each wait the releases before it. Events are
/// told by their worker and place.
type WaitKey = (
    BTreeMap<usize, Vec<usize>>,
    BTreeMap<(usize, usize), BTreeSet<(usize, usize)>>,
);

/// Mazurkiewicz classes of enqueues, waits and releases of a program of acquires and releases
/// alone, and how many end stuck; `None` if there are more runs than that.
pub(crate) fn waits(program: &Program, most: u32) -> Option<(u64, u64)> {
    let index = |name: &str| {
        let mut all = program.semaphores().iter();
        all.position(|s| s.name.as_str() == name).expect("declared")
    };
    let mut workers = Vec::new();
    for decl in program.workers() {
        let mut events: Vec<Event> = Vec::new();
        for statement in &decl.body {
            match &statement.kind {
                StatementKind::Acquire { semaphore, permits } => {
                    let s = index(semaphore.as_str());
                    events.push((Act::Enqueue, s, u64::from(*permits)));
                    events.push((Act::Wait, s, u64::from(*permits)));
                }
                StatementKind::Release {
                    semaphore,
                    permits: Amount::Exactly(permits),
                    ..
                } => events.push((Act::Release, index(semaphore.as_str()), u64::from(*permits))),
                _ => unreachable!("acquires and releases alone"),
            }
        }
        workers.extend(std::iter::repeat_n(events, decl.count as usize));
    }
    let mut brute = Waits {
        permits: program
            .semaphores()
            .iter()
            .map(|s| u64::from(s.permits))
            .collect(),
        workers: &workers,
        at: vec![0; workers.len()],
        run: Vec::new(),
        left: most,
        classes: BTreeMap::new(),
    };
    brute.runs()?;
    let stuck = brute.classes.values().filter(|&&stuck| stuck).count();
    Some((brute.classes.len() as u64, stuck as u64))
}

struct Waits<'a> {
    permits: Vec<u64>,
    workers: &'a [Vec<Event>],
    at: Vec<usize>,
    run: Vec<(usize, usize)>,
    left: u32,
    classes: BTreeMap<WaitKey, bool>,
}

impl Waits<'_> {
    fn runs(&mut self) -> Option<()> {
        let mut ended = true;
        for worker in 0..self.workers.len() {
            if !self.enabled(worker) {
                continue;
            }
            ended = false;
            self.run.push((worker, self.at[worker]));
            self.at[worker] += 1;
            self.runs()?;
            self.at[worker] -= 1;
            self.run.pop();
        }
        if ended {
            self.left = self.left.checked_sub(1)?;
            let stuck = (0..self.workers.len()).any(|w| self.at[w] < self.workers[w].len());
            self.classes.insert(self.key(), stuck);
        }
        Some(())
    }

    fn enabled(&self, worker: usize) -> bool {
        match self.workers[worker].get(self.at[worker]) {
            None => false,
            Some(&(Act::Wait, semaphore, _)) => {
                let mut asked = 0;
                let mut ticket = 0;
                let mut released = self.permits[semaphore];
                for &(w, place) in &self.run {
                    match self.workers[w][place] {
                        (Act::Enqueue, s, permits) if s == semaphore => {
                            asked += permits;
                            if (w, place + 1) == (worker, self.at[worker]) {
                                ticket = asked;
                            }
                        }
                        (Act::Release, s, permits) if s == semaphore => released += permits,
                        _ => {}
                    }
                }
                released >= ticket
            }
            Some(_) => true,
        }
    }

    fn key(&self) -> WaitKey {
        let mut key = WaitKey::default();
        for (i, &(worker, place)) in self.run.iter().enumerate() {
            let (act, semaphore, _) = self.workers[worker][place];
            match act {
                Act::Enqueue => key.0.entry(semaphore).or_default().push(worker),
                Act::Wait => {
                    let before = self.run[..i].iter().copied();
                    let released = before.filter(|&(w, p)| {
                        let (act, s, _) = self.workers[w][p];
                        act == Act::Release && s == semaphore
                    });
                    key.1.insert((worker, place), released.collect());
                }
                Act::Release => {}
            }
        }
        key
    }
}
