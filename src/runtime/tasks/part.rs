//! Futures within a task that may be cancelled by themselves, as the losing branch of a `select` is.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::runtime::scene::core::{Core, NOBODY};
use crate::runtime::scene::current::with_core;
use crate::runtime::scene::slot::Part;

/// Lets the scheduler cancel a future at each await: it is dropped there, and the task goes on with
/// [`Cancelled`]. Outside of an exploration it is the future itself.
pub fn cancellable<F: Future>(future: F) -> Cancellable<F> {
    Cancellable {
        future: Some(Box::pin(future)),
        part: None,
    }
}

/// A future that the scheduler may cancel.
#[must_use = "futures do nothing unless they are awaited"]
pub struct Cancellable<F> {
    future: Option<Pin<Box<F>>>,
    /// Its number, and the slot that knows it.
    part: Option<(u32, usize)>,
}

impl<F> fmt::Debug for Cancellable<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cancellable").finish_non_exhaustive()
    }
}

impl<F> Unpin for Cancellable<F> {}

/// # Panics
///
/// If it is polled again after it was ready.
impl<F: Future> Future for Cancellable<F> {
    type Output = Result<F::Output, Cancelled>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let cancelled = this
            .part
            .is_some_and(|part| with_core(|core| core.is_cancelled(part)) == Some(true));
        if cancelled {
            this.future = None;
            this.leave();
            return Poll::Ready(Err(Cancelled(())));
        }
        let Some(future) = this.future.as_mut() else {
            panic!("a cancellable future was polled after it was ready");
        };
        if this.part.is_none() {
            this.part = with_core(|core| core.enter_part()).flatten();
        }
        match future.as_mut().poll(cx) {
            Poll::Ready(output) => {
                this.future = None;
                this.leave();
                Poll::Ready(Ok(output))
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<F> Cancellable<F> {
    fn leave(&mut self) {
        if let Some(part) = self.part.take() {
            with_core(|core| core.leave_part(part));
        }
    }
}

impl<F> Drop for Cancellable<F> {
    fn drop(&mut self) {
        self.leave();
    }
}

/// The scheduler cancelled the future.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Cancelled(());

impl fmt::Display for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cancelled, {}", crate::runtime::scene::panics::INJECTED)
    }
}

impl fmt::Debug for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // who unwraps this panics because of us: see `Sight`
        write!(f, "Cancelled({self})")
    }
}

impl std::error::Error for Cancelled {}

impl Core {
    fn enter_part(&self) -> Option<(u32, usize)> {
        let current = self.current.get();
        if current == NOBODY || self.is_ending() {
            return None;
        }
        let number = self.next_part.get();
        self.next_part.set(number + 1);
        let slot = current.slot;
        self.progress.borrow_mut().slots[slot].parts.push(Part {
            number,
            cancelled: false,
        });
        Some((number, slot))
    }

    fn leave_part(&self, (number, slot): (u32, usize)) {
        let slots = &mut self.progress.borrow_mut().slots;
        if let Some(slot) = slots.get_mut(slot) {
            slot.parts.retain(|part| part.number != number);
        }
    }

    fn is_cancelled(&self, (number, slot): (u32, usize)) -> bool {
        let slots = &self.progress.borrow().slots;
        let parts = slots.get(slot).map_or(&[][..], |slot| &slot.parts);
        parts.iter().any(|p| p.number == number && p.cancelled)
    }

    /// Marks one of the parts of a task, of those that are not cancelled yet.
    pub(in crate::runtime) fn cancel_part(&self, slot: usize, nth: u32) {
        let slots = &mut self.progress.borrow_mut().slots;
        let parts = slots[slot].parts.iter_mut();
        if let Some(part) = parts.filter(|part| !part.cancelled).nth(nth as usize) {
            part.cancelled = true;
        }
    }
}
