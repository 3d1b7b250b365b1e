//! The faults of a build that does not explore.

use std::convert::Infallible;
use std::fmt;
use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::task::{Context, Poll};

/// A place at which a panic may strike in an exploration.
#[inline(always)]
pub fn point(_name: &str) {}

/// In an exploration one of `0..branches`, of the scheduler's choice; here always 0.
///
/// # Panics
///
/// If there is no branch to choose.
#[inline]
pub fn choose(branches: usize) -> usize {
    assert!(branches > 0, "there is nothing to choose from");
    0
}

/// Stands for I/O, which may fail in an exploration.
#[inline]
pub fn io(_name: &str) -> Ready<Result<(), Failure>> {
    ready(Ok(()))
}

/// A future that may be cancelled in an exploration.
pub fn cancellable<F: Future>(future: F) -> Cancellable<F> {
    Cancellable {
        future: Box::pin(future),
    }
}

/// A future that the scheduler may cancel.
#[must_use = "futures do nothing unless they are awaited"]
pub struct Cancellable<F> {
    future: Pin<Box<F>>,
}

impl<F> fmt::Debug for Cancellable<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cancellable").finish_non_exhaustive()
    }
}

impl<F> Unpin for Cancellable<F> {}

impl<F: Future> Future for Cancellable<F> {
    type Output = Result<F::Output, Cancelled>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.future.as_mut().poll(cx).map(Ok)
    }
}

/// The scheduler cancelled the future: there is none here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cancelled(Infallible);

impl fmt::Display for Cancelled {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {}
    }
}

impl std::error::Error for Cancelled {}

/// An injected failure of I/O: there is none here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure(Infallible);

impl fmt::Display for Failure {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {}
    }
}

impl std::error::Error for Failure {}

impl From<Failure> for std::io::Error {
    fn from(failure: Failure) -> std::io::Error {
        match failure.0 {}
    }
}
