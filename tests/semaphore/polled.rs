//! Acquires that are polled by hand.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use selvedge::{AcquireError, OwnedSemaphorePermit, Semaphore};

/// Counts how often it is woken.
#[derive(Default)]
pub(crate) struct Bell(AtomicUsize);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Bell {
    pub(crate) fn rings(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

type Answer = Result<OwnedSemaphorePermit, AcquireError>;

/// A task that acquires, with a waker of its own.
pub(crate) struct Acquiring {
    future: Pin<Box<dyn Future<Output = Answer> + Send>>,
    pub(crate) bell: Arc<Bell>,
}

impl Acquiring {
    pub(crate) fn of(future: impl Future<Output = Answer> + Send + 'static) -> Acquiring {
        Acquiring {
            future: Box::pin(future),
            bell: Arc::default(),
        }
    }

    pub(crate) fn new(semaphore: &Arc<Semaphore>, permits: u32) -> Acquiring {
        Acquiring::of(Arc::clone(semaphore).acquire_many_owned(permits))
    }

    /// A task that waits.
    pub(crate) fn waiting(semaphore: &Arc<Semaphore>, permits: u32) -> Acquiring {
        let mut acquiring = Acquiring::new(semaphore, permits);
        assert!(acquiring.poll().is_pending(), "it was to wait");
        acquiring
    }

    pub(crate) fn poll(&mut self) -> Poll<Answer> {
        self.poll_with(&Waker::from(Arc::clone(&self.bell)))
    }

    pub(crate) fn poll_with(&mut self, waker: &Waker) -> Poll<Answer> {
        self.future.as_mut().poll(&mut Context::from_waker(waker))
    }

    /// The permits that it has to have by now.
    pub(crate) fn granted(mut self) -> OwnedSemaphorePermit {
        match self.poll() {
            Poll::Ready(Ok(permit)) => permit,
            other => panic!("it was to be granted: {other:?}"),
        }
    }

    /// The error with which it has to have failed by now.
    pub(crate) fn failed(mut self) -> AcquireError {
        match self.poll() {
            Poll::Ready(Err(error)) => error,
            other => panic!("it was to fail: {other:?}"),
        }
    }
}

/// How it stands: available, capacity, debt, waiters.
pub(crate) fn stands(semaphore: &Semaphore) -> (usize, Option<usize>, usize, usize) {
    (
        semaphore.available_permits(),
        semaphore.capacity(),
        semaphore.debt(),
        semaphore.waiters(),
    )
}

pub(crate) fn semaphore(permits: usize) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(permits))
}
