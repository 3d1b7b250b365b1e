//! What an engine does for the workers of a program.

use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use super::cast::Cast;
use super::ledger::Part;
use crate::run::{Action, Ending, Event, Op, SemaphoreId, StatementId, Status, WorkerId};
use crate::semaphore::{AcquireError, AcquireOwned, AcquireRaw, Cancel, OwnedSemaphorePermit};

/// A request for permits, and what is said of it.
#[derive(Debug)]
pub(crate) struct Request<F> {
    pub(crate) worker: WorkerId,
    pub(crate) statement: StatementId,
    pub(crate) op: Op,
    pub(crate) timed: bool,
    /// What calls it off; one without is dropped where it stands.
    pub(crate) cancel: Option<Cancel>,
    pub(crate) acquire: F,
}

/// What came of a request.
#[derive(Debug)]
pub(crate) enum Answer<T> {
    Granted(T),
    TimedOut,
    Cancelled,
    Closed,
}

impl<T> From<Result<T, AcquireError>> for Answer<T> {
    fn from(answer: Result<T, AcquireError>) -> Answer<T> {
        match answer {
            Ok(granted) => Answer::Granted(granted),
            Err(AcquireError::Cancelled) => Answer::Cancelled,
            Err(AcquireError::TimedOut) => Answer::TimedOut,
            Err(AcquireError::Closed) => Answer::Closed,
        }
    }
}

/// An acquire that can be awaited, or waited for in a thread.
pub(crate) trait Acquiring<T>: Future<Output = Result<T, AcquireError>> + Unpin {
    /// Blocks the thread until the answer is there, or until a timer fires if one runs.
    fn block(self, timed: bool) -> Result<T, AcquireError>;
}

/// How long a timer runs: in an exploration, until it is chosen.
const TIMER: Duration = Duration::from_secs(1);

impl Acquiring<()> for AcquireRaw<'_> {
    fn block(self, timed: bool) -> Result<(), AcquireError> {
        if timed {
            self.wait_timeout(TIMER)
        } else {
            self.wait()
        }
    }
}

impl Acquiring<OwnedSemaphorePermit> for AcquireOwned {
    fn block(self, timed: bool) -> Result<OwnedSemaphorePermit, AcquireError> {
        if timed {
            self.wait_timeout(TIMER)
        } else {
            self.wait()
        }
    }
}

/// Where the workers of a program stand, and who says how they go on.
pub(crate) trait Stage: Sized + 'static {
    /// Whether an acquire can be dropped where it waits. If not, each has what calls it off.
    const DROPS: bool;

    /// A worker stands at a statement: how it goes on.
    fn stand(
        &self,
        worker: WorkerId,
        statement: StatementId,
        op: Op,
    ) -> impl Future<Output = Action>;

    /// A worker stands at an acquire, then performs it, and waits if it has to.
    fn acquire<T, F>(&self, request: Request<F>) -> impl Future<Output = Answer<T>>
    where
        F: Acquiring<T>;

    /// Something happened of which no semaphore tells.
    fn tell(&self, event: Event);

    /// The permits that the next op moves are this worker's: `parts` are not held by it any more.
    fn moves(&self, semaphore: SemaphoreId, holder: WorkerId, parts: &[Part]);

    /// A worker has been given permits.
    fn receives(&self, semaphore: SemaphoreId, worker: WorkerId, parts: &[Part]);

    /// Where a worker is in its life, and how it ended if it did.
    fn status(&self, worker: WorkerId) -> (Status, Ending);

    /// Whether a worker waits in an acquire.
    fn waits(&self, worker: WorkerId) -> bool;

    /// A worker whose acquire was called off learns of it within this step.
    fn call(&self, worker: WorkerId);

    /// Starts a worker.
    fn spawn(&self, cast: &Rc<Cast<Self>>, worker: WorkerId);

    /// A worker's body has been left.
    fn ends(&self, worker: WorkerId, how: Ending);
}
