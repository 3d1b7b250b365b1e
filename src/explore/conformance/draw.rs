//! Which op comes next.
//!
//! The weights favour what semaphores have got wrong: waiters of different sizes, an acquire that is
//! dropped after it was woken, permits that come back in pieces.

use super::op::{CLIENTS, Client, LARGEST, LARGEST_RESIZE, Op, TOKENS, Token};
use super::trial::{Request, Standing, Trial};
use crate::run::Rng;
use crate::runtime::Counting;

/// The ops of a sequence: so many at random, and then everybody lets go.
pub(super) struct Draw {
    rng: Rng,
    random: u32,
    end: LetGo,
}

impl Draw {
    pub(super) fn new(rng: Rng, random: u32) -> Draw {
        Draw {
            rng,
            random,
            end: LetGo::new(),
        }
    }

    /// The next op; `None` at the end of the sequence.
    pub(super) fn next<S: Counting>(&mut self, trial: &Trial<'_, S>) -> Option<Op> {
        if self.random == 0 {
            return self.end.next(trial);
        }
        self.random -= 1;
        let ops = candidates(trial);
        let mut at = self.rng.below(ops.iter().map(|&(weight, _)| weight).sum());
        for (weight, op) in ops {
            if at < weight {
                return Some(op);
            }
            at -= weight;
        }
        unreachable!("a number below the sum of the weights lies in one of them")
    }
}

/// The ops with which everybody lets go.
pub(super) struct LetGo {
    phase: Phase,
    /// Polls without end are one op that tells of it.
    polls: u32,
}

/// More polls than it takes any semaphore that comes to rest.
const POLLS_ONE_BY_ONE: u32 = 30;

/// How far everybody has let go; it does not go back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    /// Whoever was woken is polled, and who waits then is cancelled.
    Waiting,
    /// What is held is released.
    Holding,
    /// What is free is tried for, permit by permit.
    Free,
}

impl LetGo {
    pub(super) fn new() -> LetGo {
        LetGo {
            phase: Phase::Waiting,
            polls: 0,
        }
    }

    /// The next op; `None` once there is nothing to let go.
    pub(super) fn next<S: Counting>(&mut self, trial: &Trial<'_, S>) -> Option<Op> {
        let first = |is: &dyn Fn(Client, &Request) -> bool| {
            (0..CLIENTS).find(|&c| trial.request(c).is_some_and(|request| is(c, request)))
        };
        if self.phase == Phase::Waiting {
            if let Some(client) = first(&|c, _| trial.is_woken(c)) {
                self.polls += 1;
                return Some(if self.polls > POLLS_ONE_BY_ONE {
                    Op::PollWoken
                } else {
                    Op::Poll { client }
                });
            }
            self.polls = 0;
            if let Some(client) = first(&|_, request| request.standing != Standing::Holding) {
                return Some(Op::Cancel { client });
            }
            self.phase = Phase::Holding;
        }
        if self.phase == Phase::Holding {
            if let Some(client) = first(&|_, _| true) {
                return Some(Op::Release { client });
            }
            self.phase = Phase::Free;
        }
        let client = idle(trial)?;
        (trial.available() > 0 && !trial.is_closed()).then_some(Op::Try { client, permits: 1 })
    }
}

/// All ops that make sense, each with its weight.
fn candidates<S: Counting>(trial: &Trial<'_, S>) -> Vec<(u64, Op)> {
    let mut ops = Vec::new();
    // all idle clients are alike
    if let Some(client) = idle(trial) {
        for permits in 1..=LARGEST {
            let acquire = |token| Op::Acquire {
                client,
                permits,
                token,
            };
            ops.push((24 / u64::from(permits), acquire(None)));
            if trial.has_tokens() {
                let tokens = 0..TOKENS as Token;
                ops.extend(tokens.map(|token| (12 / u64::from(permits), acquire(Some(token)))));
            }
            ops.push((8 / u64::from(permits), Op::Try { client, permits }));
        }
        ops.push((3, Op::Drain { client }));
    }
    for client in 0..CLIENTS {
        let Some(request) = trial.request(client) else {
            continue;
        };
        if request.standing == Standing::Holding {
            ops.push((20, Op::Release { client }));
            ops.push((3, Op::Forget { client }));
            ops.extend((0..CLIENTS).map(|from| (4, Op::Merge { client, from })));
            for permits in 1..LARGEST {
                ops.push((8, Op::ReleasePart { client, permits }));
            }
        } else {
            let (poll, cancel) = match trial.is_woken(client) {
                true => (40, 20),
                false => (4, 8),
            };
            ops.push((poll, Op::Poll { client }));
            ops.push((cancel, Op::Cancel { client }));
        }
    }
    for permits in 1..=LARGEST_RESIZE {
        ops.push((3, Op::Grow { permits }));
        ops.push((3, Op::Shrink { permits }));
        ops.push((3, Op::ForgetFree { permits }));
    }
    ops.extend((0..TOKENS as Token).map(|token| (6, Op::Fire { token })));
    ops.push((2, Op::Close));
    ops.retain(|&(_, op)| trial.applies(op));
    ops
}

fn idle<S: Counting>(trial: &Trial<'_, S>) -> Option<Client> {
    (0..CLIENTS).find(|&c| trial.request(c).is_none())
}
