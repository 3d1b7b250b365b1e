//! What any async counting semaphore can be asked, whoever wrote it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::program::Order;

/// An async counting semaphore, and the discipline that it claims.
///
/// Permits are borrowed, so that plain semaphores fit. An acquire is a future that may be dropped
/// at any moment: queued, granted but not polled since, or done; what it had been given is back
/// then. Permits asked for are at least one.
///
/// What a semaphore cannot do is left as it is here: the default of each such method answers
/// [`Unsupported`] and changes nothing.
///
/// ```
/// use std::cell::{Cell, RefCell};
/// use std::future::{Future, poll_fn};
/// use std::task::{Poll, Waker};
///
/// use selvedge::program::Order;
/// use selvedge::runtime::{Counting, Refused};
///
/// /// Whoever comes takes what fits; whatever comes back wakes all who wait.
/// struct Crowd {
///     free: Cell<u32>,
///     waiting: RefCell<Vec<Waker>>,
/// }
///
/// struct Permit<'a>(&'a Crowd, u32);
///
/// impl Drop for Permit<'_> {
///     fn drop(&mut self) {
///         self.0.free.set(self.0.free.get() + self.1);
///         self.0.waiting.take().into_iter().for_each(Waker::wake);
///     }
/// }
///
/// impl Counting for Crowd {
///     const ORDER: Order = Order::Barging;
///
///     type Permit<'a> = Permit<'a>;
///
///     fn with_permits(permits: u32) -> Crowd {
///         Crowd { free: Cell::new(permits), waiting: RefCell::default() }
///     }
///
///     fn acquire(&self, permits: u32) -> impl Future<Output = Result<Permit<'_>, Refused>> + '_ {
///         poll_fn(move |context| {
///             if let Ok(permit) = self.try_acquire(permits) {
///                 return Poll::Ready(Ok(permit));
///             }
///             self.waiting.borrow_mut().push(context.waker().clone());
///             Poll::Pending
///         })
///     }
///
///     fn try_acquire(&self, permits: u32) -> Result<Permit<'_>, Refused> {
///         let left = self.free.get().checked_sub(permits).ok_or(Refused::NoPermits)?;
///         self.free.set(left);
///         Ok(Permit(self, permits))
///     }
///
///     fn available(&self) -> Option<usize> {
///         Some(self.free.get() as usize)
///     }
/// }
///
/// selvedge::check_semaphore::<Crowd>(); // it keeps to `barging`
/// ```
pub trait Counting: Sized {
    /// In which order waiters are served; the meaning of each is that of the worker-program
    /// language.
    const ORDER: Order;

    /// Who takes the permits that a waiter is granted. It matters in the `fifo` orders only: whoever
    /// waits in barging order takes them itself.
    const HANDOVER: Handover = Handover::HandOff;

    /// Whether who arrives goes past those who wait. It matters in the `fifo` orders only.
    const NEWCOMERS: Newcomers = Newcomers::Queue;

    /// Permits that are held; dropping it releases them.
    type Permit<'a>
    where
        Self: 'a;

    /// A semaphore of so many permits, all of them free.
    fn with_permits(permits: u32) -> Self;

    /// Waits until the permits are granted.
    ///
    /// # Errors
    ///
    /// [`Refused::Closed`] if the semaphore is closed or is closed meanwhile, and
    /// [`Refused::Unsupported`] if it hands out one permit at a time and more are asked for.
    fn acquire(&self, permits: u32)
    -> impl Future<Output = Result<Self::Permit<'_>, Refused>> + '_;

    /// Takes the permits at once or not at all.
    ///
    /// # Errors
    ///
    /// [`Refused`] says why not.
    fn try_acquire(&self, permits: u32) -> Result<Self::Permit<'_>, Refused>;

    /// How many permits are free; `None` if it cannot say.
    fn available(&self) -> Option<usize> {
        None
    }

    /// Splits so many permits off, which must be fewer than are held.
    ///
    /// # Errors
    ///
    /// [`Unsupported`] if permits stay together.
    fn split<'a>(
        _permit: &mut Self::Permit<'a>,
        _permits: u32,
    ) -> Result<Self::Permit<'a>, Unsupported>
    where
        Self: 'a,
    {
        Err(Unsupported)
    }

    /// Merges other permits of this semaphore into these.
    ///
    /// # Errors
    ///
    /// [`Unsupported`] if permits stay apart; the other ones are released then.
    fn merge<'a>(
        _permit: &mut Self::Permit<'a>,
        _other: Self::Permit<'a>,
    ) -> Result<(), Unsupported>
    where
        Self: 'a,
    {
        Err(Unsupported)
    }

    /// A new token, by which acquires can be called off from elsewhere.
    ///
    /// # Errors
    ///
    /// [`Unsupported`] if acquires are called off by being dropped alone.
    fn cancel_token() -> Result<Box<dyn CancelToken<Self>>, Unsupported> {
        Err(Unsupported)
    }

    /// Gives up permits for good: they do not come back, and the capacity is lower by as much.
    ///
    /// # Errors
    ///
    /// [`Unsupported`] if it cannot; the permits are released then.
    fn forget(_permit: Self::Permit<'_>) -> Result<(), Unsupported> {
        Err(Unsupported)
    }

    /// Adds permits that nobody held, and serves those who wait.
    ///
    /// # Errors
    ///
    /// [`Unsupported`] if it cannot.
    fn grow(&self, _permits: u32) -> Result<(), Unsupported> {
        Err(Unsupported)
    }

    /// Lowers the capacity, at most to zero: what is free goes first, the rest is debt, which
    /// whatever comes back pays before any of it is free.
    ///
    /// # Errors
    ///
    /// [`Unsupported`] if it cannot, or cannot owe.
    fn shrink(&self, _permits: u32) -> Result<(), Unsupported> {
        Err(Unsupported)
    }

    /// Removes up to so many free permits for good, and says how many.
    ///
    /// # Errors
    ///
    /// [`Unsupported`] if it cannot.
    fn forget_free(&self, _permits: u32) -> Result<u32, Unsupported> {
        Err(Unsupported)
    }

    /// Takes all that is free now, past the queue; `None` if that is nothing.
    ///
    /// # Errors
    ///
    /// [`Unsupported`] if it cannot.
    fn drain(&self) -> Result<Option<Self::Permit<'_>>, Unsupported> {
        Err(Unsupported)
    }

    /// Makes all waiting and later acquires and tries fail. A waiter that was granted but not polled
    /// since may keep that or give it back, and fail.
    ///
    /// # Errors
    ///
    /// [`Unsupported`] if it cannot be closed.
    fn close(&self) -> Result<(), Unsupported> {
        Err(Unsupported)
    }
}

/// A semaphore in an [`Arc`] that permits can keep alive, so that they may outlive every borrow of it.
/// The rest is as in [`Counting`].
#[allow(missing_docs)] // each is what its namesake in `Counting` is
pub trait CountingOwned: Counting + 'static {
    /// Permits that are held; dropping it releases them.
    type OwnedPermit: 'static;

    fn acquire_owned(
        self: Arc<Self>,
        permits: u32,
    ) -> impl Future<Output = Result<Self::OwnedPermit, Refused>> + 'static;

    fn try_acquire_owned(self: Arc<Self>, permits: u32) -> Result<Self::OwnedPermit, Refused>;

    fn split_owned(
        _permit: &mut Self::OwnedPermit,
        _permits: u32,
    ) -> Result<Self::OwnedPermit, Unsupported> {
        Err(Unsupported)
    }

    fn merge_owned(
        _permit: &mut Self::OwnedPermit,
        _other: Self::OwnedPermit,
    ) -> Result<(), Unsupported> {
        Err(Unsupported)
    }

    fn forget_owned(_permit: Self::OwnedPermit) -> Result<(), Unsupported> {
        Err(Unsupported)
    }
}

/// What calls off acquires of a semaphore that wait, any number of them.
pub trait CancelToken<S: Counting> {
    /// An acquire that this token calls off.
    ///
    /// # Errors
    ///
    /// [`Refused::Cancelled`] if the token was fired before the acquire was granted, be it before it
    /// was made; else as [`Counting::acquire`].
    fn acquire<'s>(&self, semaphore: &'s S, permits: u32) -> Acquiring<'s, S>;

    /// Fires the token, once and for all. In one step, all that wait with it leave the queue and are
    /// woken, none of them being granted in between, and those behind them are granted what fits.
    /// What was granted before stays granted.
    fn fire(&self);
}

/// An acquire under way.
pub type Acquiring<'s, S> =
    Pin<Box<dyn Future<Output = Result<<S as Counting>::Permit<'s>, Refused>> + 's>>;

/// What becomes of an acquire or a try that finds others waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Newcomers {
    /// An acquire queues behind them, and a try is refused.
    Queue,
    /// It takes the permits if they are free: the queue is for those alone who did not fit when they
    /// came. So is Java's `Semaphore` unless it is made fair, and the unfair one of futures-intrusive.
    Barge,
}

/// Who takes the permits that a waiter is granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Handover {
    /// Whoever makes them free gives them to the waiter, which need not be polled for that: they
    /// are free for nobody else from then on, and all whom one op serves are woken by it.
    HandOff,
    /// The waiter is woken, and takes them when it is polled. Until then they count as free, and
    /// whoever comes meanwhile may find the queue in between: what it is answered is left open.
    WakeAndRetry,
}

/// Why no permits were granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refused {
    /// Too few are free, or somebody waits for them already.
    NoPermits,
    /// The semaphore is closed.
    Closed,
    /// The acquire was called off.
    Cancelled,
    /// It hands out one permit at a time.
    Unsupported,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Refused::NoPermits => "no permits",
            Refused::Closed => "closed",
            Refused::Cancelled => "cancelled",
            Refused::Unsupported => "one permit at a time",
        })
    }
}

impl std::error::Error for Refused {}

/// A semaphore has no such operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Unsupported;

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("this semaphore has no such operation")
    }
}

impl std::error::Error for Unsupported {}
