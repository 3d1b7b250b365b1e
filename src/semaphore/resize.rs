//! What changes how many permits there are: grow, shrink, drain, forget, close.

use super::error::OverRelease;
use super::hook::{Event, Op, Place};
use super::permit::{Hold, SemaphorePermit};
use super::semaphore::Semaphore;

impl Semaphore {
    /// Adds permits, and raises the capacity by as many. They pay debt first, then go to those who
    /// wait.
    ///
    /// # Panics
    ///
    /// If there were more than [`MAX_PERMITS`](Semaphore::MAX_PERMITS).
    #[track_caller]
    pub fn grow(&self, permits: usize) {
        let (scene, _) = self.begin(Op::Grow { permits }, Place::here());
        let Ok(wakes) = self.tray().grow(permits) else {
            panic!(
                "a semaphore has at most `Semaphore::MAX_PERMITS` permits: {permits} more do not fit"
            );
        };
        scene.tell(self, Event::Grew { permits });
        self.finish(&scene, wakes);
    }

    /// The same as [`grow`](Semaphore::grow), by tokio's name.
    ///
    /// # Panics
    ///
    /// If there were more than [`MAX_PERMITS`](Semaphore::MAX_PERMITS).
    #[track_caller]
    pub fn add_permits(&self, permits: usize) {
        self.grow(permits);
    }

    /// Lowers the capacity, at most to zero, and returns by how much. Free permits go first; the
    /// rest is [`debt`](Semaphore::debt), which whatever is put back pays before it is free.
    #[track_caller]
    pub fn shrink(&self, permits: usize) -> usize {
        let (scene, _) = self.begin(Op::Shrink { permits }, Place::here());
        let (permits, debt) = self.tray().shrink(permits);
        scene.tell(self, Event::Shrank { permits, debt });
        permits
    }

    /// Lowers the capacity by free permits alone, as many as there are up to that, and returns how
    /// many. Permits that somebody holds are given up by [`SemaphorePermit::forget`] and
    /// [`forget_raw`](Semaphore::forget_raw).
    #[track_caller]
    pub fn forget_permits(&self, permits: usize) -> usize {
        let (scene, _) = self.begin(Op::Shrink { permits }, Place::here());
        let permits = self.tray().remove(permits);
        scene.tell(self, Event::Shrank { permits, debt: 0 });
        permits
    }

    /// Gives up permits for good that are held without a guard: they pay debt first, the rest lowers
    /// the capacity.
    ///
    /// # Errors
    ///
    /// If fewer are held so; nothing is changed then.
    #[track_caller]
    pub fn forget_raw(&self, permits: usize) -> Result<(), OverRelease> {
        let (scene, token) = self.begin(Op::Forget { permits }, Place::here());
        if let Err(error) = self.uncount_raw(permits) {
            scene.tell(self, Event::OverReleased { permits });
            return Err(error);
        }
        self.tray().forget(permits);
        scene.tell(self, Event::Forgot { token, permits });
        Ok(())
    }

    /// Takes all that is free, past the queue; that may be nothing.
    #[track_caller]
    pub fn drain(&self) -> SemaphorePermit<'_> {
        let place = Place::here();
        let (scene, token) = self.begin(Op::Drain, place);
        let permits = self.tray().drain();
        scene.tell(self, Event::Granted { token, permits });
        SemaphorePermit(Hold::new(self, permits, token, place))
    }

    /// Closes it: all who wait fail, in the order of the queue and none of them being granted in
    /// between, and so do acquires and tries to come. What is held can be put back, and the capacity
    /// changed, as before. To close it again is nothing.
    #[track_caller]
    pub fn close(&self) {
        let (scene, _) = self.begin(Op::Close, Place::here());
        let Some(wakes) = self.tray().close() else {
            return;
        };
        scene.tell(self, Event::Closed);
        for called in wakes.iter() {
            scene.tell(
                self,
                Event::Left {
                    token: called.token,
                },
            );
        }
        self.wake(wakes);
    }
}
