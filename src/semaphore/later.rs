//! Permits of a guard that was dropped while its thread panicked, in an exploration that has them put
//! back later.

use std::panic::Location;
use std::sync::Arc;

use super::hook::{Event, Scene, Token, site_of};
use super::semaphore::put_back;
use super::tray::Tray;

/// Permits that are to be put back, though nobody may have the semaphore any more.
#[derive(Debug)]
pub struct Later {
    pub(super) tray: Arc<Tray>,
    pub(super) made: &'static Location<'static>,
    pub(super) permits: usize,
    pub(super) token: Token,
}

impl Later {
    /// Whether the semaphore is gone, so that nobody can see whether its permits are back.
    pub fn is_gone(&self) -> bool {
        Arc::strong_count(&self.tray) == 1
    }

    /// Puts them back, and tells the hook of the thread.
    pub fn put_back(self) {
        let (tray, scene) = (&self.tray, Scene::here());
        let tell = |event: Event| scene.tell_of(&site_of(tray, self.made), event);
        put_back(tray, tell, self.permits, self.token);
    }
}
