//! How many permits a semaphore has that cannot say it.

use crate::runtime::counting::{Counting, Refused};

/// How many permits are free, of a semaphore that nobody uses yet: takes all it can, and puts that
/// back.
pub(super) fn count_by_trying<S: Counting>(semaphore: &S) -> u64 {
    /// More are not told apart of a semaphore that hands out one permit at a time.
    const MOST: usize = 4096;
    let mut taken = Vec::new();
    let mut count = 0;
    let mut next: u32 = 1;
    let mut grows = true;
    while next > 0 {
        match semaphore.try_acquire(next) {
            Ok(permit) => {
                taken.push(permit);
                count += u64::from(next);
                grows &= next < 1 << 31;
            }
            Err(Refused::Unsupported) if next > 1 => {
                while taken.len() < MOST
                    && let Ok(permit) = semaphore.try_acquire(1)
                {
                    taken.push(permit);
                    count += 1;
                }
                break;
            }
            Err(_) => grows = false,
        }
        next = if grows { next << 1 } else { next >> 1 };
    }
    count
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::future::{Future, ready};

    use super::count_by_trying;
    use crate::program::Order;
    use crate::runtime::counting::{Counting, Refused};

    /// Hands out as many as `MOST` at once.
    struct Free<const MOST: u32>(Cell<u32>);

    struct Permits<'a>(&'a Cell<u32>, u32);

    impl Drop for Permits<'_> {
        fn drop(&mut self) {
            self.0.set(self.0.get() + self.1);
        }
    }

    impl<const MOST: u32> Counting for Free<MOST> {
        const ORDER: Order = Order::Barging;

        type Permit<'a> = Permits<'a>;

        fn with_permits(permits: u32) -> Self {
            Free(Cell::new(permits))
        }

        fn acquire(&self, permits: u32) -> impl Future<Output = Result<Permits<'_>, Refused>> + '_ {
            ready(self.try_acquire(permits))
        }

        fn try_acquire(&self, permits: u32) -> Result<Permits<'_>, Refused> {
            if permits > MOST {
                return Err(Refused::Unsupported);
            }
            let left = self.0.get().checked_sub(permits);
            self.0.set(left.ok_or(Refused::NoPermits)?);
            Ok(Permits(&self.0, permits))
        }
    }

    #[test]
    fn all_permits_are_counted_and_put_back() {
        for permits in [
            0,
            1,
            2,
            3,
            4,
            5,
            6,
            7,
            8,
            1000,
            4095,
            4097,
            1 << 20,
            u32::MAX,
        ] {
            let free = Free::<{ u32::MAX }>::with_permits(permits);
            assert_eq!(count_by_trying(&free), u64::from(permits));
            assert_eq!(free.0.get(), permits);
        }
        for permits in [0, 1, 2, 3, 100] {
            let free = Free::<1>::with_permits(permits);
            assert_eq!(count_by_trying(&free), u64::from(permits));
            assert_eq!(free.0.get(), permits);
        }
    }
}
