//! Permits of a guard that was dropped while its thread panicked, in an exploration that has them put
//! back later.

use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::hook::{Event, Mark, Scene, Site, Token};
use super::semaphore::put_back;
use super::tray::Tray;

/// Permits that are to be put back, though nobody may have the semaphore any more.
#[derive(Debug)]
pub struct Later {
    pub(super) tray: Arc<Tray>,
    pub(super) mark: u64,
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
        let scene = Scene::here();
        let mark = Mark(AtomicU64::new(self.mark));
        let tell = |event: Event| {
            let tray = &self.tray;
            let site = Site {
                mark: &mark,
                name: None,
                made: self.made,
                available: tray.available(),
                capacity: tray.capacity(),
                debt: tray.debt(),
                closed: tray.is_closed(),
            };
            scene.tell_of(&site, event);
        };
        put_back(&self.tray, tell, self.permits, self.token);
        debug_assert_eq!(mark.0.load(Ordering::Relaxed), self.mark, "it was known");
    }
}
