//! The semaphore of this crate with cancel tokens that do one thing wrong.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::task::{Poll, Waker};

use selvedge::program::Order;
use selvedge::runtime::{Acquiring, CancelToken, Counting, Refused, Unsupported};
use selvedge::{Acquire, AcquireError, Cancel, Semaphore, SemaphorePermit};

/// What is wrong.
pub(crate) const NOTHING: u8 = 0;
/// Whoever is called off is not woken.
pub(crate) const SILENCE: u8 = 1;
/// Whoever is called off is woken, and leaves the queue when it is polled.
pub(crate) const LEAVES_LATER: u8 = 2;
/// They leave one after another, and who leaves last may be granted what the others left.
pub(crate) const ONE_BY_ONE: u8 = 3;
/// A token that was fired is as good as new.
pub(crate) const FIRES_ONCE: u8 = 4;
/// What is merged is one permit less.
pub(crate) const MERGES_AND_LOSES: u8 = 5;

pub(crate) struct Tokens<const HOW: u8>(Semaphore);

#[derive(Default)]
struct Token {
    fired: Cell<bool>,
    /// One for all, or one for each.
    cancels: RefCell<Vec<Cancel>>,
    listeners: RefCell<Vec<Waker>>,
}

fn refused(error: AcquireError) -> Refused {
    match error {
        AcquireError::Cancelled => Refused::Cancelled,
        _ => Refused::Closed,
    }
}

impl<const HOW: u8> CancelToken<Tokens<HOW>> for std::rc::Rc<Token> {
    fn acquire<'s>(&self, semaphore: &'s Tokens<HOW>, permits: u32) -> Acquiring<'s, Tokens<HOW>> {
        let token = std::rc::Rc::clone(self);
        let leaves_itself = [SILENCE, LEAVES_LATER].contains(&HOW);
        let acquire = semaphore.0.acquire_many(permits);
        let acquire = if leaves_itself {
            acquire
        } else {
            acquire.or_cancelled(&token.cancel(HOW))
        };
        let mut acquire: Option<Acquire<'s>> = Some(acquire);
        Box::pin(poll_fn(move |context| {
            if leaves_itself && token.fired.get() {
                acquire = None;
                return Poll::Ready(Err(Refused::Cancelled));
            }
            token.listeners.borrow_mut().push(context.waker().clone());
            let acquire = acquire.as_mut().expect("it was not ready before");
            std::pin::pin!(acquire).poll(context).map_err(refused)
        }))
    }

    fn fire(&self) {
        self.fired.set(true);
        let cancels = self.cancels.take();
        cancels.iter().for_each(Cancel::fire);
        if HOW != FIRES_ONCE {
            self.cancels.replace(cancels);
        }
        if HOW == LEAVES_LATER {
            self.listeners.take().into_iter().for_each(Waker::wake);
        }
    }
}

impl Token {
    fn cancel(&self, how: u8) -> Cancel {
        let mut cancels = self.cancels.borrow_mut();
        if cancels.is_empty() || how == ONE_BY_ONE {
            cancels.push(Cancel::new());
        }
        let cancel = cancels[cancels.len() - 1].clone();
        if self.fired.get() && how != FIRES_ONCE {
            cancel.fire();
        }
        cancel
    }
}

impl<const HOW: u8> Counting for Tokens<HOW> {
    const ORDER: Order = Order::Fifo;

    type Permit<'a> = SemaphorePermit<'a>;

    fn with_permits(permits: u32) -> Self {
        Tokens(Semaphore::new(permits as usize))
    }

    fn acquire(
        &self,
        permits: u32,
    ) -> impl Future<Output = Result<SemaphorePermit<'_>, Refused>> + '_ {
        Counting::acquire(&self.0, permits)
    }

    fn try_acquire(&self, permits: u32) -> Result<SemaphorePermit<'_>, Refused> {
        Counting::try_acquire(&self.0, permits)
    }

    fn available(&self) -> Option<usize> {
        Counting::available(&self.0)
    }

    fn merge<'a>(
        permit: &mut SemaphorePermit<'a>,
        mut other: SemaphorePermit<'a>,
    ) -> Result<(), Unsupported>
    where
        Self: 'a,
    {
        if HOW == MERGES_AND_LOSES {
            other.split(1).expect("it holds one").into_raw();
        }
        permit.merge(other);
        Ok(())
    }

    fn cancel_token() -> Result<Box<dyn CancelToken<Self>>, Unsupported> {
        Ok(Box::new(std::rc::Rc::new(Token::default())))
    }
}
