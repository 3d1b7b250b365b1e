//! What events race on.

use crate::run::Op;

/// What an event is about: a semaphore, or something that is not known.
///
/// What shuttle's primitives and awaits of foreign futures are about is not known; they all count as
/// events on one object. Work and yields are about nothing that others see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Object(u32);

impl Object {
    /// What is not known.
    pub(super) const UNKNOWN: Object = Object(0);

    /// What an op is about, if others can see it.
    #[inline]
    pub(super) fn of(op: &Op) -> Option<Object> {
        match op {
            Op::Poll => Some(Object::UNKNOWN),
            op => op.semaphore().map(|semaphore| Object(semaphore.0 + 1)),
        }
    }

    /// The object of that place among all.
    pub(super) fn at(place: usize) -> Object {
        Object(place as u32)
    }

    /// Its place among all objects.
    pub(super) fn place(self) -> usize {
        self.0 as usize
    }
}
