//! The model's side: the machine, told op by op what to do.
//!
//! No second model is written. One program can do everything: each of its workers is a client that
//! picks, again and again, one op among all that there are,
//!
//! ```text
//! worker client count=5 {
//!     repeat … { try { either { acquire s permits=1 } or { … } or { close s } } catch { } }
//! }
//! ```
//!
//! and to perform an op is to make the choice of its branch, and then the choice to proceed. So one
//! machine serves all sequences that begin with as many permits.
//!
//! **Invariants**
//!
//! 1. Between two ops a worker stands at its pick, or at an acquire in which it waits.
//! 2. In barging order an acquire that fits again stands where it is until it is polled.

use std::mem;

use super::op::{CLIENTS, Client, LARGEST, LARGEST_RESIZE, MOST_PERMITS};
use crate::machine::{Machine, Sink, State};
use crate::program::{Amount, BlockBuilder, Order, Program};
use crate::run::{Action, Cause, Choice, Event, SemaphoreId, View, WorkerId};

const SEMAPHORE: &str = "s";
const S: SemaphoreId = SemaphoreId(0);

/// Resizes and closing are nobody's: a worker of its own performs them.
const KEEPER: Client = CLIENTS;

/// What a worker can pick, in the order of the branches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Branch {
    Acquire(u32),
    Try(u32),
    Release(u32),
    ReleaseAll,
    ForgetAll,
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
        // a client lets go with a poll, a cancel or release, and a try; no op takes more than two
        // picks, and a worker is never at its end
        let picks = ops.saturating_add(3).saturating_mul(2).saturating_add(1);
        let branches = branches();
        let build = |permits| {
            let program = Program::builder()
                .semaphore(SEMAPHORE, permits, |s| s.order(order))
                .worker("client", |w| {
                    w.count(CLIENTS as u32 + 1);
                    w.body(|b| {
                        b.repeat(picks, |b| {
                            b.try_catch(|b| pick(b, &branches), &[], |_| {});
                        });
                    });
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

    /// A semaphore of so many permits that nobody has used.
    pub(super) fn start(&self, permits: u32) -> Reference<'_> {
        let (machine, initial) = &self.machines[permits as usize];
        Reference {
            machine,
            state: initial.clone(),
            spare: Vec::new(),
        }
    }
}

fn branches() -> Vec<Branch> {
    let mut branches = vec![
        Branch::ReleaseAll,
        Branch::ForgetAll,
        Branch::Drain,
        Branch::Close,
    ];
    branches.extend((1..=LARGEST).map(Branch::Acquire));
    branches.extend((1..=LARGEST).map(Branch::Try));
    branches.extend((1..=LARGEST).map(Branch::Release));
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
                    Branch::Grow(n) => b.grow(SEMAPHORE, n),
                    Branch::Shrink(n) => b.shrink(SEMAPHORE, n),
                    Branch::Drain => b.drain(SEMAPHORE),
                    Branch::Close => b.close(SEMAPHORE),
                };
            });
        }
    });
}

/// The model in the middle of a sequence.
pub(super) struct Reference<'a> {
    machine: &'a Machine,
    state: State,
    /// Room for what is heard, used again and again.
    spare: Vec<Served>,
}

/// Keeps what concerns the clients.
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
    /// Its place in the order of the branches.
    fn place(self) -> u32 {
        const SIMPLE: u32 = 4;
        match self {
            Branch::ReleaseAll => 0,
            Branch::ForgetAll => 1,
            Branch::Drain => 2,
            Branch::Close => 3,
            Branch::Acquire(n) => SIMPLE + n - 1,
            Branch::Try(n) => SIMPLE + LARGEST + n - 1,
            Branch::Release(n) => SIMPLE + 2 * LARGEST + n - 1,
            Branch::Grow(n) => SIMPLE + 3 * LARGEST + n - 1,
            Branch::Shrink(n) => SIMPLE + 3 * LARGEST + LARGEST_RESIZE + n - 1,
        }
    }
}

impl Reference<'_> {
    /// Permits that are free.
    pub(super) fn available(&self) -> u64 {
        self.machine.view(&self.state).available(S)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.machine.view(&self.state).is_closed(S)
    }

    pub(super) fn held(&self, client: Client) -> u64 {
        let view = self.machine.view(&self.state);
        view.held(WorkerId(client as u32), S)
    }

    /// How many wait before it in the queue; `None` if it does not wait in one.
    pub(super) fn place(&self, client: Client) -> Option<usize> {
        let queue = self.machine.view(&self.state).queue(S);
        queue.iter().position(|w| w.index() == client)
    }

    pub(super) fn acquire(&mut self, client: Client, permits: u32) -> Vec<Served> {
        let silent = self.make(client, self.branch(Branch::Acquire(permits)));
        self.keep(silent);
        if self.is_barred(client) {
            return vec![Served::Queued { client }];
        }
        self.proceed(client)
    }

    pub(super) fn try_acquire(&mut self, client: Client, permits: u32) -> Vec<Served> {
        self.perform(client, Branch::Try(permits))
    }

    /// Puts back a part of what a client holds.
    pub(super) fn release_part(&mut self, client: Client, permits: u32) -> Vec<Served> {
        self.perform(client, Branch::Release(permits))
    }

    /// Puts back all that a client holds.
    pub(super) fn release(&mut self, client: Client) -> Vec<Served> {
        self.perform(client, Branch::ReleaseAll)
    }

    pub(super) fn forget(&mut self, client: Client) -> Vec<Served> {
        self.perform(client, Branch::ForgetAll)
    }

    pub(super) fn drain(&mut self, client: Client) -> Vec<Served> {
        self.perform(client, Branch::Drain)
    }

    pub(super) fn grow(&mut self, permits: u32) -> Vec<Served> {
        self.perform(KEEPER, Branch::Grow(permits))
    }

    pub(super) fn shrink(&mut self, permits: u32) -> Vec<Served> {
        self.perform(KEEPER, Branch::Shrink(permits))
    }

    pub(super) fn close(&mut self) -> Vec<Served> {
        self.perform(KEEPER, Branch::Close)
    }

    /// Ends the wait of a client.
    pub(super) fn cancel(&mut self, client: Client) -> Vec<Served> {
        if self.waits(client) {
            return self.make(client, Action::Cancel);
        }
        // It fits again, in barging order, where the language has nothing to cancel: it takes the
        // permits and puts them back, which serves nobody.
        self.proceed(client);
        self.release(client)
    }

    /// Lets a client go on that waits in barging order and is not barred any more.
    pub(super) fn proceed(&mut self, client: Client) -> Vec<Served> {
        self.make(client, Action::Proceed)
    }

    /// Whether a client waits: in a queue, or in barging order for what does not fit.
    fn waits(&self, client: Client) -> bool {
        let view = self.machine.view(&self.state);
        view.wait(WorkerId(client as u32)).is_some()
    }

    /// Whether a client waits in barging order and cannot go on.
    pub(super) fn is_barred(&self, client: Client) -> bool {
        let view = self.machine.view(&self.state);
        !view.is_queued(S) && view.wait(WorkerId(client as u32)).is_some()
    }

    /// Takes back what it gave to be heard, for its room.
    pub(super) fn keep(&mut self, mut heard: Vec<Served>) {
        heard.clear();
        self.spare = heard;
    }

    fn branch(&self, branch: Branch) -> Action {
        Action::Branch(branch.place())
    }

    fn perform(&mut self, client: Client, branch: Branch) -> Vec<Served> {
        let silent = self.make(client, self.branch(branch));
        self.keep(silent);
        self.proceed(client)
    }

    fn make(&mut self, client: Client, action: Action) -> Vec<Served> {
        let choice = Choice {
            worker: WorkerId(client as u32),
            action,
        };
        debug_assert!(
            self.machine
                .choices(&self.state)
                .iter()
                .any(|e| e.choice == choice),
            "invariant 1: {choice:?} is no choice of {}",
            self.machine.view(&self.state)
        );
        let mut heard = Heard(mem::take(&mut self.spare));
        self.machine.apply(&mut self.state.0, choice, &mut heard);
        heard.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_branch_is_in_its_place() {
        for (at, branch) in branches().into_iter().enumerate() {
            assert_eq!(branch.place(), at as u32, "{branch:?}");
        }
    }
}
