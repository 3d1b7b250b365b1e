//! The semaphore of a version of shuttle, made in executions of it.

/// A version of shuttle.
macro_rules! version {
    ($module:ident, $shuttle:ident) => {
        mod $module {
            use std::future::Future;
            use std::pin::Pin;
            use std::sync::{Arc, Mutex};
            use std::task::{Context, Poll};

            use selvedge::program::Order;
            use selvedge::runtime::{Counting, Refused};
            use $shuttle::future::batch_semaphore::{
                Acquire, BatchSemaphore, Fairness, TryAcquireError,
            };
            use $shuttle::scheduler::RoundRobinScheduler;
            use $shuttle::{Config, Runner};

            /// Makes a call in an execution of shuttle.
            fn inside<T: Send + 'static>(call: impl FnOnce() -> T + Send + 'static) -> T {
                let call = Mutex::new(Some(call));
                let result = Arc::new(Mutex::new(None));
                let there = Arc::clone(&result);
                Runner::new(RoundRobinScheduler::new(1), Config::new()).run(move || {
                    let call = call.lock().unwrap().take();
                    let call = call.expect("an execution is made once");
                    *there.lock().unwrap() = Some(call());
                });
                let result = result.lock().unwrap().take();
                result.expect("the execution has ended")
            }

            pub(super) struct Fair(&'static BatchSemaphore);

            pub(super) struct Permit(&'static BatchSemaphore, usize);

            impl Drop for Permit {
                fn drop(&mut self) {
                    let Permit(semaphore, permits) = *self;
                    inside(move || semaphore.release(permits));
                }
            }

            struct Acquiring {
                semaphore: &'static BatchSemaphore,
                permits: usize,
                acquire: Option<Acquire<'static>>,
            }

            impl Future for Acquiring {
                type Output = Result<Permit, Refused>;

                fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
                    let (semaphore, permits) = (self.semaphore, self.permits);
                    let (acquire, waker) = (self.acquire.take(), context.waker().clone());
                    let (acquire, polled) = inside(move || {
                        let mut acquire = acquire.unwrap_or_else(|| semaphore.acquire(permits));
                        let mut context = Context::from_waker(&waker);
                        let polled = Pin::new(&mut acquire).poll(&mut context);
                        (acquire, polled.map_err(|_| Refused::Closed))
                    });
                    self.acquire = Some(acquire);
                    polled.map_ok(|()| Permit(semaphore, permits))
                }
            }

            impl Drop for Acquiring {
                fn drop(&mut self) {
                    if let Some(acquire) = self.acquire.take() {
                        inside(move || drop(acquire));
                    }
                }
            }

            impl Counting for Fair {
                const ORDER: Order = Order::Fifo;

                type Permit<'a> = Permit;

                fn with_permits(permits: u32) -> Fair {
                    let semaphore = inside(move || {
                        BatchSemaphore::new(permits as usize, Fairness::StrictlyFair)
                    });
                    Fair(Box::leak(Box::new(semaphore)))
                }

                fn acquire(
                    &self,
                    permits: u32,
                ) -> impl Future<Output = Result<Permit, Refused>> + '_ {
                    Acquiring {
                        semaphore: self.0,
                        permits: permits as usize,
                        acquire: None,
                    }
                }

                fn try_acquire(&self, permits: u32) -> Result<Permit, Refused> {
                    let (semaphore, permits) = (self.0, permits as usize);
                    match inside(move || semaphore.try_acquire(permits)) {
                        Ok(()) => Ok(Permit(semaphore, permits)),
                        Err(TryAcquireError::NoPermits) => Err(Refused::NoPermits),
                        Err(TryAcquireError::Closed) => Err(Refused::Closed),
                    }
                }

                fn available(&self) -> Option<usize> {
                    Some(self.0.available_permits())
                }
            }
        }
    };
}

pub(crate) use version;
