//! The model's side: the machine, told op by op what to do.
//!
//! No second model is written. One program can do everything: each of its workers, the clients and a
//! keeper for what is nobody's, picks one op among all that it can do,
//!
//! ```text
//! worker client count=5 {
//!     repeat … { try { either { acquire s permits=1 } or { … } or { drain s } } catch { } work rest }
//! }
//! worker keeper { … }
//! ```
//!
//! and rests. To perform an op is to bring a worker to the branch, and to make the choice to proceed.
//! So one machine serves all sequences that begin with as many permits.
//!
//! **Invariants**
//!
//! 1. Between two ops a worker stands at its pick, at its rest, or at an acquire in which it waits.
//! 2. In barging order an acquire that fits again stands where it is until it is polled.
//! 3. The loop is never gone round: it makes the numbers of a state as wide as so many ops need.

use std::fmt;

use super::op::{CLIENTS, Client, LARGEST, LARGEST_RESIZE, MOST_PERMITS};
use crate::machine::{Machine, Sink, State};
use crate::program::{Amount, BlockBuilder, Order, Program};
use crate::run::{Action, Cause, Choice, Event, Op, SemaphoreId, View, WorkerId};
use crate::runtime::Newcomers;

const SEMAPHORE: &str = "s";
const S: SemaphoreId = SemaphoreId(0);

/// Resizes and closing are nobody's: a worker of its own performs them, the one after the clients.
const KEEPER: Client = CLIENTS;

/// What a worker can pick, in the order of the branches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Branch {
    Acquire(u32),
    Try(u32),
    Release(u32),
    ReleaseAll,
    ForgetAll,
    GiveAll(Client),
    Grow(u32),
    Shrink(u32),
    Drain,
    Close,
}

/// What an op did to a client, in the order of happening.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Served {
    /// Its acquire, try or drain got so many.
    Granted { client: Client, permits: u64 },
    /// Its acquire or try met a closed semaphore.
    Closed { client: Client },
    /// It waits.
    Queued { client: Client },
    /// Its try was refused.
    TryFailed { client: Client },
    /// It stopped waiting, and put back so many that it had taken.
    GaveBack { client: Client, permits: u64 },
}

/// The machines of an order, for every number of permits at the start.
pub(super) struct Models {
    /// Each with its initial state.
    machines: Vec<(Machine, State)>,
}

impl Models {
    /// Models for sequences of at most so many ops, and those with which everybody lets go.
    pub(super) fn new(order: Order, ops: u32) -> Models {
        // The keeper adds permits at most once an op, and a client holds those of one request: the
        // machine has room for all that each could do as often as the loop goes round.
        let body = |b: &mut BlockBuilder, branches: &[Branch]| {
            b.repeat(ops.saturating_add(1), |b| {
                b.try_catch(|b| pick(b, branches), &[], |_| {});
                b.work("rest");
            });
        };
        let build = |permits| {
            let program = Program::builder()
                .semaphore(SEMAPHORE, permits, |s| s.order(order))
                .worker("client", |w| {
                    w.count(CLIENTS as u32);
                    w.body(|b| body(b, &branches_of_clients()));
                })
                .worker("keeper", |w| {
                    w.body(|b| body(b, &branches_of_the_keeper()));
                })
                .build();
            match program {
                Ok(program) => {
                    let machine = Machine::new(&program);
                    let initial = machine.initial(&mut ());
                    (machine, initial)
                }
                Err(error) => unreachable!("the program of the model is valid: {error}"),
            }
        };
        Models {
            machines: (0..=MOST_PERMITS).map(build).collect(),
        }
    }

    /// A semaphore of so many permits that nobody has used, written down in a room.
    pub(super) fn start<'a>(&'a self, permits: u32, room: &'a mut Room) -> Reference<'a> {
        let (machine, initial) = &self.machines[permits as usize];
        room.state.0.clone_from(&initial.0);
        Reference { machine, room }
    }
}

fn branches_of_clients() -> Vec<Branch> {
    let mut branches = vec![Branch::ReleaseAll, Branch::ForgetAll, Branch::Drain];
    branches.extend((1..=LARGEST).map(Branch::Acquire));
    branches.extend((1..=LARGEST).map(Branch::Try));
    branches.extend((1..=LARGEST).map(Branch::Release));
    branches.extend((0..CLIENTS).map(Branch::GiveAll));
    branches
}

fn branches_of_the_keeper() -> Vec<Branch> {
    let mut branches = vec![Branch::Close];
    branches.extend((1..=LARGEST_RESIZE).map(Branch::Grow));
    branches.extend((1..=LARGEST_RESIZE).map(Branch::Shrink));
    branches
}

fn pick(b: &mut BlockBuilder, branches: &[Branch]) {
    b.either(|either| {
        for &branch in branches {
            either.branch(|b| {
                match branch {
                    Branch::Acquire(n) => b.acquire(SEMAPHORE, n),
                    Branch::Try(n) => b.try_acquire(SEMAPHORE, n, |_| {}),
                    Branch::Release(n) => b.release(SEMAPHORE, n),
                    Branch::ReleaseAll => b.release(SEMAPHORE, Amount::All),
                    Branch::ForgetAll => b.forget(SEMAPHORE, Amount::All),
                    Branch::GiveAll(to) => {
                        b.give(SEMAPHORE, Amount::All, &format!("client.{}", to + 1))
                    }
                    Branch::Grow(n) => b.grow(SEMAPHORE, n),
                    Branch::Shrink(n) => b.shrink(SEMAPHORE, n),
                    Branch::Drain => b.drain(SEMAPHORE),
                    Branch::Close => b.close(SEMAPHORE),
                };
            });
        }
    });
}

/// Where a model is written down, one after another.
#[derive(Debug)]
pub(super) struct Room {
    state: State,
    heard: Heard,
}

impl Default for Room {
    fn default() -> Room {
        Room {
            state: State(Box::default()),
            heard: Heard(Vec::new()),
        }
    }
}

/// The model in the middle of a sequence.
pub(super) struct Reference<'a> {
    machine: &'a Machine,
    room: &'a mut Room,
}

/// Keeps what concerns the clients.
#[derive(Debug)]
struct Heard(Vec<Served>);

impl Sink for Heard {
    fn event(&mut self, event: Event) {
        let served = match event {
            Event::Granted {
                worker, permits, ..
            } => Served::Granted {
                client: worker.index(),
                permits,
            },
            Event::Raised {
                worker,
                cause: Cause::Closed,
            } => Served::Closed {
                client: worker.index(),
            },
            Event::Queued { worker, .. } => Served::Queued {
                client: worker.index(),
            },
            Event::TryFailed { worker, .. } => Served::TryFailed {
                client: worker.index(),
            },
            Event::GaveBack {
                worker, permits, ..
            } => Served::GaveBack {
                client: worker.index(),
                permits,
            },
            _ => return,
        };
        self.0.push(served);
    }
}

impl Branch {
    /// Its place among those of the clients, or of the keeper.
    #[inline(always)]
    fn place(self) -> u32 {
        const SIMPLE: u32 = 3;
        match self {
            Branch::ReleaseAll => 0,
            Branch::ForgetAll => 1,
            Branch::Drain => 2,
            Branch::Acquire(n) => SIMPLE + n - 1,
            Branch::Try(n) => SIMPLE + LARGEST + n - 1,
            Branch::Release(n) => SIMPLE + 2 * LARGEST + n - 1,
            Branch::GiveAll(to) => SIMPLE + 3 * LARGEST + to as u32,
            Branch::Close => 0,
            Branch::Grow(n) => n,
            Branch::Shrink(n) => LARGEST_RESIZE + n,
        }
    }
}

impl Reference<'_> {
    fn view(&self) -> impl View + fmt::Display + '_ {
        self.machine.view(&self.room.state)
    }

    /// Permits that are free.
    #[inline]
    pub(super) fn available(&self) -> u64 {
        self.view().available(S)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.view().is_closed(S)
    }

    pub(super) fn held(&self, client: Client) -> u64 {
        let view = self.view();
        view.held(WorkerId(client as u32), S)
    }

    /// How many wait before it in the queue; `None` if it does not wait in one.
    pub(super) fn place(&self, client: Client) -> Option<usize> {
        let queue = self.view().queue(S);
        queue.iter().position(|w| w.index() == client)
    }

    /// What the last op did, in the order of happening.
    pub(super) fn heard(&self) -> &[Served] {
        &self.room.heard.0
    }

    pub(super) fn acquire(&mut self, client: Client, permits: u32, newcomers: Newcomers) {
        if newcomers == Newcomers::Barge && self.can_barge(permits) {
            return self.barge(client, permits);
        }
        self.pick(client, Branch::Acquire(permits));
        if self.is_barred(client) {
            self.room.heard.0.clear();
            self.room.heard.0.push(Served::Queued { client });
            return;
        }
        self.proceed(client);
    }

    pub(super) fn try_acquire(&mut self, client: Client, permits: u32, newcomers: Newcomers) {
        if newcomers == Newcomers::Barge && self.can_barge(permits) {
            return self.barge(client, permits);
        }
        self.perform(client, Branch::Try(permits));
    }

    /// Whether somebody queues, and so many permits are free nevertheless.
    fn can_barge(&self, permits: u32) -> bool {
        let free = self.available() >= u64::from(permits);
        free && !self.is_closed() && !self.view().queue(S).is_empty()
    }

    /// Takes permits past the queue: all that are free, and then puts back what is too much. For
    /// that nobody is served, since the head does not fit in all of it.
    fn barge(&mut self, client: Client, permits: u32) {
        self.drain(client);
        let mut more = self.held(client) - u64::from(permits);
        while more > 0 {
            let some = more.min(u64::from(LARGEST));
            self.release_part(client, some as u32);
            more -= some;
        }
        self.room.heard.0.clear();
        let permits = u64::from(permits);
        self.room.heard.0.push(Served::Granted { client, permits });
    }

    /// Puts back a part of what a client holds.
    pub(super) fn release_part(&mut self, client: Client, permits: u32) {
        self.perform(client, Branch::Release(permits));
    }

    /// Puts back all that a client holds.
    pub(super) fn release(&mut self, client: Client) {
        self.perform(client, Branch::ReleaseAll);
    }

    pub(super) fn forget(&mut self, client: Client) {
        self.perform(client, Branch::ForgetAll);
    }

    /// Hands all that a client holds to another one.
    pub(super) fn give(&mut self, client: Client, to: Client) {
        self.perform(client, Branch::GiveAll(to));
    }

    pub(super) fn drain(&mut self, client: Client) {
        self.perform(client, Branch::Drain);
    }

    pub(super) fn grow(&mut self, permits: u32) {
        self.perform(KEEPER, Branch::Grow(permits));
    }

    pub(super) fn shrink(&mut self, permits: u32) {
        self.perform(KEEPER, Branch::Shrink(permits));
    }

    pub(super) fn close(&mut self) {
        self.perform(KEEPER, Branch::Close);
    }

    /// Ends the wait of a client.
    pub(super) fn cancel(&mut self, client: Client) {
        if !self.is_barging() || self.waits(client) {
            self.make(client, Action::Cancel);
            return;
        }
        // It fits again, in barging order, where the language has nothing to cancel: it takes the
        // permits and puts them back, which serves nobody.
        self.proceed(client);
        self.release(client);
    }

    /// Lets a client go on that waits in barging order and is not barred any more.
    pub(super) fn proceed(&mut self, client: Client) {
        self.make(client, Action::Proceed);
    }

    /// Whether a client waits: in a queue, or in barging order for what does not fit.
    fn waits(&self, client: Client) -> bool {
        let view = self.view();
        view.wait(WorkerId(client as u32)).is_some()
    }

    fn is_barging(&self) -> bool {
        !self.view().is_queued(S)
    }

    /// Whether a client waits in barging order and cannot go on.
    pub(super) fn is_barred(&self, client: Client) -> bool {
        self.is_barging() && self.waits(client)
    }

    #[inline(always)]
    fn perform(&mut self, client: Client, branch: Branch) {
        self.pick(client, branch);
        self.proceed(client);
    }

    /// Brings a client to an op.
    #[inline(always)]
    fn pick(&mut self, client: Client, branch: Branch) {
        let worker = WorkerId(client as u32);
        debug_assert!(
            self.machine.choices(&self.room.state).iter().any(|e| {
                e.choice.worker == worker && matches!(e.op, Op::Pick { .. } | Op::Work { .. })
            }),
            "invariant 1: {worker:?} is in the middle of an op in {}",
            self.view()
        );
        self.machine
            .start_again(&mut self.room.state.0, worker, branch.place());
    }

    #[inline]
    fn make(&mut self, client: Client, action: Action) {
        let choice = Choice {
            worker: WorkerId(client as u32),
            action,
        };
        debug_assert!(
            self.machine
                .choices(&self.room.state)
                .iter()
                .any(|e| e.choice == choice),
            "invariant 1: {choice:?} is no choice of {}",
            self.view()
        );
        self.room.heard.0.clear();
        self.machine
            .apply(&mut self.room.state.0, choice, &mut self.room.heard);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_branch_is_in_its_place() {
        for branches in [branches_of_clients(), branches_of_the_keeper()] {
            for (at, branch) in branches.into_iter().enumerate() {
                assert_eq!(branch.place(), at as u32, "{branch:?}");
            }
        }
    }
}
