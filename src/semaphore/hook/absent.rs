//! What the ops of the semaphore call where there is no exploration: nothing, and of no size.

use std::task::{Context, Poll, Waker};

use super::words::{Event, Op, Woken};
use crate::semaphore::Semaphore;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::semaphore) struct Token;

impl Token {
    pub(in crate::semaphore) const NONE: Token = Token;
}

#[derive(Debug, Clone, Copy)]
pub(in crate::semaphore) struct Place;

impl Place {
    pub(in crate::semaphore) const fn here() -> Place {
        Place
    }
}

#[derive(Debug)]
pub(in crate::semaphore) struct Mark;

impl Mark {
    pub(in crate::semaphore) const fn new() -> Mark {
        Mark
    }
}

#[derive(Debug)]
pub(in crate::semaphore) struct Origin;

impl Origin {
    pub(in crate::semaphore) const fn here() -> Origin {
        Origin
    }
}

#[derive(Debug)]
pub(in crate::semaphore) struct Target;

impl Target {
    #[inline]
    pub(in crate::semaphore) fn of(_: &Semaphore) -> Target {
        Target
    }

    #[inline]
    pub(in crate::semaphore) fn tell(&self, _: &Scene, _: Event) {}
}

#[derive(Debug)]
pub(in crate::semaphore) struct Announced;

impl Announced {
    pub(in crate::semaphore) const NOT_YET: Announced = Announced;
}

pub(in crate::semaphore) struct Scene;

impl Scene {
    #[inline]
    pub(in crate::semaphore) fn here() -> Scene {
        Scene
    }

    #[inline]
    pub(in crate::semaphore) fn announce(&self, _: &Semaphore, _: Op, _: Place) {}

    #[inline]
    pub(in crate::semaphore) fn defers(&self, _: &Semaphore, _: Op, _: Place, _: Token) -> bool {
        false
    }

    #[inline]
    pub(in crate::semaphore) fn announce_drop(&self, _: &Semaphore, _: Op, _: Place, _: usize) {}

    #[inline]
    pub(in crate::semaphore) fn poll_announce(
        &self,
        _: &Semaphore,
        _: Op,
        _: Place,
        _: &mut Announced,
        _: &mut Context<'_>,
    ) -> Poll<()> {
        Poll::Ready(())
    }

    #[inline]
    pub(in crate::semaphore) fn token(&self, _: Op, _: Place) -> Token {
        Token
    }

    #[inline]
    pub(in crate::semaphore) fn tell(&self, _: &Semaphore, _: Event) {}

    #[inline]
    pub(in crate::semaphore) fn blocks(&self) -> bool {
        false
    }

    #[inline]
    pub(in crate::semaphore) fn waker(&self) -> Waker {
        Waker::noop().clone()
    }

    #[inline]
    pub(in crate::semaphore) fn wait(&self, _: &Semaphore, _: bool) -> Woken {
        Woken::Woken
    }
}

#[inline]
pub(in crate::semaphore) fn cancels(_: Place) {}

#[inline]
pub(in crate::semaphore) fn hands_over(_: &Semaphore, _: usize) {}

#[inline]
pub(in crate::semaphore) fn looks() {}

#[inline]
pub(in crate::semaphore) fn dropped(semaphore: &Semaphore) {
    let (Origin, Mark) = (semaphore.origin(), &semaphore.tray().mark);
}
