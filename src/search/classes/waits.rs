//! One run of each Mazurkiewicz class when an acquire is an enqueue and a wait.
//!
//! Enqueues on one semaphore depend on each other, waits and releases of one semaphore do, and the
//! events of one worker; nothing else. A wait is enabled when what there was and what was released
//! reaches its ticket, and nothing ever disables it. So every event that is enabled happens in
//! every run that goes on to its end, and three cuts lose no class:
//!
//! - sleep sets (Godefroid 1996), with which every class is run to its end once;
//! - an event on which nothing that others have still to do depends is taken alone: a persistent
//!   set of one (Godefroid 1996);
//! - a run is given up as soon as some event sleeps that nothing will wake. What can still happen
//!   is overestimated for that, by leaving out that permits are used up (the relaxation of planners,
//!   Bonet and Geffner 2001).

use super::queue_order::Tally;
use super::straight::{Act, Event, Straight};

/// A count of Mazurkiewicz classes.
#[derive(Debug, Clone, Copy)]
pub struct WaitClasses<'a> {
    /// What is run.
    pub program: &'a Straight,
}

impl WaitClasses<'_> {
    /// Counts until all classes are or the probe says stop; why it stopped then. The probe is
    /// asked every thousand steps.
    pub fn count<Stop>(
        &self,
        probe: &mut dyn FnMut(&Tally) -> Option<Stop>,
    ) -> (Tally, Option<Stop>) {
        let mut search = Search::new(self.program);
        let stopped = search.run(probe);
        (search.tally, stopped)
    }
}

/// A set of workers.
type Workers = u64;

/// A branching of the tree of runs.
struct Node {
    /// Workers whose next event is still to be followed.
    todo: Workers,
    /// Those whose next event leads to classes that were counted.
    sleep: Workers,
    /// The event that is being followed, and the ticket of its worker before.
    taken: Option<(usize, u64)>,
}

struct Search<'a> {
    workers: &'a [Vec<Event>],
    /// For each event of each worker, whether it is the last of its slot.
    last: Vec<Vec<bool>>,
    /// Where each worker is.
    at: Vec<usize>,
    /// The ticket of each worker's last enqueue.
    tickets: Vec<u64>,
    /// For each semaphore, what was asked for so far.
    asked: Vec<u64>,
    /// For each semaphore, what there was and what was released so far.
    released: Vec<u64>,
    /// For each slot, the workers that stand at such an event.
    standing: Vec<Workers>,
    /// For each slot, the workers that have such an event ahead of them.
    ahead: Vec<Workers>,
    /// Those that have not ended.
    unfinished: Workers,
    nodes: Vec<Node>,
    tally: Tally,
    relaxed: Relaxed,
}

/// Memory for what could happen at best.
#[derive(Default)]
struct Relaxed {
    at: Vec<usize>,
    released: Vec<u64>,
    /// For each slot, whether such an event could happen.
    happened: Vec<bool>,
}

fn bits(mut set: Workers) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let next = (set != 0).then_some(set.trailing_zeros() as usize);
        set &= set.wrapping_sub(1);
        next
    })
}

impl<'a> Search<'a> {
    fn new(program: &'a Straight) -> Search<'a> {
        let workers = &program.workers;
        let slots = 3 * program.permits.len();
        let mut search = Search {
            workers,
            last: Vec::new(),
            at: vec![0; workers.len()],
            tickets: vec![0; workers.len()],
            asked: vec![0; program.permits.len()],
            released: program.permits.clone(),
            standing: vec![0; slots],
            ahead: vec![0; slots],
            unfinished: 0,
            nodes: Vec::new(),
            tally: Tally::default(),
            relaxed: Relaxed {
                happened: vec![false; slots],
                ..Relaxed::default()
            },
        };
        for (w, events) in workers.iter().enumerate() {
            let mut last = vec![false; events.len()];
            for (i, event) in events.iter().enumerate().rev() {
                let ahead = &mut search.ahead[event.slot()];
                last[i] = *ahead & (1 << w) == 0;
                *ahead |= 1 << w;
            }
            search.last.push(last);
            if let Some(event) = events.first() {
                search.standing[event.slot()] |= 1 << w;
                search.unfinished |= 1 << w;
            }
        }
        search
    }

    fn run<Stop>(&mut self, probe: &mut dyn FnMut(&Tally) -> Option<Stop>) -> Option<Stop> {
        self.enter(0);
        while let Some(node) = self.nodes.last_mut() {
            if self.tally.steps.is_multiple_of(1024)
                && let Some(stop) = probe(&self.tally)
            {
                return Some(stop);
            }
            if let Some((worker, ticket)) = node.taken.take() {
                node.sleep |= 1 << worker;
                self.undo(worker, ticket);
                continue;
            }
            if node.todo == 0 {
                self.nodes.pop();
                continue;
            }
            let worker = node.todo.trailing_zeros() as usize;
            node.todo &= node.todo - 1;
            let event = self.workers[worker][self.at[worker]];
            let sleep = node.sleep & !self.standing[event.counterpart()];
            node.taken = Some((worker, self.tickets[worker]));
            self.perform(worker, event);
            self.tally.steps += 1;
            self.enter(sleep);
        }
        None
    }

    /// Counts the run if it is at its end, gives it up, or makes it a node.
    fn enter(&mut self, sleep: Workers) {
        let enabled = self.enabled();
        let mut todo = enabled & !sleep;
        if enabled == 0 {
            self.tally.classes += 1;
            self.tally.deadlocked += u64::from(self.unfinished != 0);
        } else if todo == 0 || self.sleeps_for_good(sleep, todo) {
            self.tally.blocked += 1;
            todo = 0;
        } else if let Some(alone) = bits(todo).find(|&w| self.is_alone(w)) {
            todo = 1 << alone;
        }
        self.nodes.push(Node {
            todo,
            sleep,
            taken: None,
        });
    }

    fn enabled(&self) -> Workers {
        let mut enabled = self.unfinished;
        for (semaphore, &released) in self.released.iter().enumerate() {
            let wait = Event {
                act: Act::Wait,
                semaphore,
                permits: 0,
            };
            for worker in bits(self.standing[wait.slot()]) {
                if self.tickets[worker] > released {
                    enabled &= !(1 << worker);
                }
            }
        }
        enabled
    }

    /// Whether nothing that others have still to do depends on a worker's next event.
    fn is_alone(&self, worker: usize) -> bool {
        let event = &self.workers[worker][self.at[worker]];
        self.ahead[event.counterpart()] & !(1 << worker) == 0
    }

    /// Whether some sleeping event can be woken no more. What can happen is overestimated: every
    /// acquire is the next to be enqueued, and no permit that was released is used up.
    fn sleeps_for_good(&mut self, mut asleep: Workers, awake: Workers) -> bool {
        asleep = self.not_woken_at_once(asleep, awake);
        if asleep == 0 {
            return false;
        }
        let Relaxed {
            at,
            released,
            happened,
        } = &mut self.relaxed;
        at.clone_from(&self.at);
        released.clone_from(&self.released);
        happened.fill(false);
        let mut moving = self.unfinished & !asleep;
        loop {
            let mut changed = false;
            for worker in bits(moving) {
                let mut ticket = self.tickets[worker];
                while let Some(event) = self.workers[worker].get(at[worker]) {
                    match event.act {
                        Act::Enqueue => {}
                        Act::Wait => {
                            if at[worker] > self.at[worker] {
                                ticket = self.asked[event.semaphore] + event.permits;
                            }
                            if ticket > released[event.semaphore] {
                                break;
                            }
                        }
                        Act::Release => released[event.semaphore] += event.permits,
                    }
                    happened[event.slot()] = true;
                    at[worker] += 1;
                    changed = true;
                }
            }
            let woken = bits(asleep)
                .filter(|&w| happened[self.workers[w][self.at[w]].counterpart()])
                .fold(0, |set, w| set | 1 << w);
            moving |= woken;
            asleep &= !woken;
            if asleep == 0 || (!changed && woken == 0) {
                return asleep != 0;
            }
        }
    }

    /// Of those who sleep, who stays asleep if all that is enabled happens.
    fn not_woken_at_once(&self, mut asleep: Workers, mut enabled: Workers) -> Workers {
        loop {
            let woken = bits(asleep)
                .filter(|&w| {
                    let event = &self.workers[w][self.at[w]];
                    self.standing[event.counterpart()] & enabled != 0
                })
                .fold(0, |set, w| set | 1 << w);
            if woken == 0 {
                return asleep;
            }
            enabled |= woken;
            asleep &= !woken;
        }
    }

    fn perform(&mut self, worker: usize, event: Event) {
        let Event {
            semaphore, permits, ..
        } = event;
        match event.act {
            Act::Enqueue => {
                self.asked[semaphore] += permits;
                self.tickets[worker] = self.asked[semaphore];
            }
            Act::Wait => {}
            Act::Release => self.released[semaphore] += permits,
        }
        let bit = 1 << worker;
        self.standing[event.slot()] ^= bit;
        if self.last[worker][self.at[worker]] {
            self.ahead[event.slot()] ^= bit;
        }
        self.at[worker] += 1;
        match self.workers[worker].get(self.at[worker]) {
            Some(next) => self.standing[next.slot()] ^= bit,
            None => self.unfinished ^= bit,
        }
    }

    /// Takes back the last event of a worker.
    fn undo(&mut self, worker: usize, ticket: u64) {
        let bit = 1 << worker;
        match self.workers[worker].get(self.at[worker]) {
            Some(next) => self.standing[next.slot()] ^= bit,
            None => self.unfinished ^= bit,
        }
        self.at[worker] -= 1;
        let event = self.workers[worker][self.at[worker]];
        if self.last[worker][self.at[worker]] {
            self.ahead[event.slot()] ^= bit;
        }
        self.standing[event.slot()] ^= bit;
        let Event {
            semaphore, permits, ..
        } = event;
        match event.act {
            Act::Enqueue => self.asked[semaphore] -= permits,
            Act::Wait => {}
            Act::Release => self.released[semaphore] -= permits,
        }
        self.tickets[worker] = ticket;
    }
}
