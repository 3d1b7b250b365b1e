//! A tray in the semaphore itself.

use crate::semaphore::sync::const_fn;
use crate::semaphore::tray::Tray;

#[derive(Debug)]
pub(in crate::semaphore) struct Kept(Tray);

impl Kept {
    const_fn! {
        #[inline]
        pub(in crate::semaphore) fn new(permits: usize, capacity: Option<usize>) -> Kept {
            Kept(Tray::new(permits, capacity))
        }
    }

    #[inline]
    pub(in crate::semaphore) fn tray(&self) -> &Tray {
        &self.0
    }
}
