//! A brute-force interpreter of worker programs, to check the real engine against.
//!
//! It is written from the text of the design alone, separately from the engine, and as plainly as
//! possible: states are cloned whole, every choice of every state is tried, a set remembers the
//! states that were seen. No reduction, no symmetry, no sharing.
//!
//! **Identities.** Statements are numbered in pre-order over the whole file, from 0, workers in
//! the order of the text, blocks in the order of the text. A list is written `[3,7]`, sorted,
//! each statement once: instances of one worker are not told apart.
//!
//! **Readings**, where the design leaves something open. Those marked with a star are settled by
//! the programs in `tests/conformance`: read otherwise, some of those programs disagree. The
//! identities are settled by none of them: they expect names of properties only.
//!
//! 1. *Waiting, barging.* A worker at an acquire that does not fit waits, unless the semaphore
//!    is closed: then failing is its next step, it does not wait, and neither its timer nor a
//!    `cancel` reaches it.
//! 2. *Over-release, plain.* (\*) All the permits asked for go into the count, the ledger falls to
//!    zero, the capacity stays. Debt is paid first. A guard's over-release inflates too.
//! 3. *Forget* lowers the capacity at most to zero. (Only on a plain semaphore whose count is
//!    inflated can a worker hold more than the capacity and the debt.)
//! 4. *Giving back.* A waiter in `fifo-partial` that is cancelled or timed out gives back what it
//!    took, and (\*) the queue is served in that step. Debt is paid first. When the semaphore is
//!    closed the permits come back after all waiters have left.
//! 5. *Never spawned.* Permits in the ledger of an instance that never started are no leak at the
//!    run's end, and are not held by an unfinished worker (over-admission, wait-for graph), nor
//!    put back when a stuck state is told from exhaustion.
//! 6. *Late leaks* go by the instance that a `release from=` names, wherever that statement
//!    stands: in the worker itself, or where it is never reached.
//! 7. *Over-admission* (\*) counts what unfinished workers' waiting requests have taken.
//! 8. *Wait-for graph.* A worker waits for itself only if what it holds is needed: if all that is
//!    available, that unfinished others hold, and that waiters have taken (debt paid) is too
//!    little for its request.
//! 9. *Timers are free* (\*) exactly when no worker can proceed, however many timers and possible
//!    cancellations there are. A free one draws nothing from the budget.
//! 10. *Preemption.* A worker could have gone on if it has a choice besides its timer and an
//!     injected cancellation. A timer and an injected cancellation are choices of the worker that
//!     they strike.
//! 11. *A `return` in `catch` or `finally`* replaces what was under way, as what is raised does.
//! 12. *Giving to oneself* changes nothing but is refused when the ledger holds too little.
//! 13. *Stuck, with cancellations left.* (\*) The state is judged as stuck, and explored further.
//!     Late leaks are judged in it and again later.
//! 14. *Lock order, closed.* Standing at an acquire of a closed semaphore makes an edge too.
//! 15. *Trying, barging.* A try that fits succeeds though others wait for more.
//! 16. *Trying, closed.* It raises `closed`; its `else` is not for that.

mod code;
mod control;
mod explore;
mod judge;
mod state;
mod step;

pub(crate) use explore::Budget;
#[allow(unused_imports)] // no test needs all of them
pub(crate) use explore::{Finding, Outcome, findings, findings_and_circles};
