//! Which programs can be performed on the real semaphore.

use crate::program::{Kind, Order, Program};

/// A program needs a semaphore that is not ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "semaphore {semaphore} is `{word}`, and the semaphore of this crate is not: it serves in \
     `order=fifo`, and is bounded or a `signal`; run the program on the machine"
)]
pub struct NotLowered {
    /// The first semaphore that stands in the way.
    pub semaphore: String,
    /// What it is, in the words of the language.
    pub word: &'static str,
}

/// # Errors
///
/// If some semaphore is neither bounded nor a signal, or not `fifo`.
pub(super) fn check(program: &Program) -> Result<(), NotLowered> {
    for decl in program.semaphores() {
        let word = match (decl.order, decl.kind) {
            (Order::FifoPartial, _) => "order=fifo-partial",
            (Order::Barging, _) => "order=barging",
            (Order::Fifo, Kind::Plain) => "plain",
            (Order::Fifo, Kind::Bounded | Kind::Signal) => continue,
        };
        return Err(NotLowered {
            semaphore: decl.name.to_string(),
            word,
        });
    }
    Ok(())
}
