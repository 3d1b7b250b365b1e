//! Where a semaphore keeps its tray: in itself, but in a build that can explore behind a pointer, so
//! that permits can be put back after the last borrow of it is gone.

#[cfg(feature = "check")]
mod shared {
    use std::fmt;
    use std::sync::{Arc, OnceLock};

    use crate::semaphore::tray::Tray;

    /// A tray that is made when it is used first.
    pub(in crate::semaphore) struct Kept {
        permits: usize,
        capacity: Option<usize>,
        tray: OnceLock<Arc<Tray>>,
    }

    impl Kept {
        #[inline]
        pub(in crate::semaphore) const fn new(permits: usize, capacity: Option<usize>) -> Kept {
            Kept {
                permits,
                capacity,
                tray: OnceLock::new(),
            }
        }

        #[inline]
        pub(in crate::semaphore) fn tray(&self) -> &Arc<Tray> {
            self.tray
                .get_or_init(|| Arc::new(Tray::new(self.permits, self.capacity)))
        }

        /// The tray, if it was used.
        pub(in crate::semaphore) fn used(&self) -> Option<&Arc<Tray>> {
            self.tray.get()
        }
    }

    impl fmt::Debug for Kept {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            fmt::Debug::fmt(self.tray(), f)
        }
    }
}

#[cfg(not(feature = "check"))]
mod own;

#[cfg(not(feature = "check"))]
pub(super) use own::Kept;
#[cfg(feature = "check")]
pub(super) use shared::Kept;
