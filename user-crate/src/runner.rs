//! Jobs in threads of their own, so many at a time.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

use selvedge::{Semaphore, thread};

/// Runs jobs in threads, not more at a time than its limit.
pub struct Runner {
    /// A permit for each job that runs; the thread that runs it puts it back.
    running: Arc<Semaphore>,
    limit: u32,
}

/// The runner takes no more jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShutDown;

/// A job that was started.
#[derive(Debug)]
pub struct Job<T>(thread::JoinHandle<T>);

impl Runner {
    /// A runner of that many jobs at a time.
    pub fn new(limit: u32) -> Runner {
        Runner {
            running: Arc::new(Semaphore::new(limit as usize).named("running")),
            limit,
        }
    }

    /// Starts a job; blocks while as many run as may.
    pub fn start<T, F>(&self, job: F) -> Result<Job<T>, ShutDown>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let acquire = Arc::clone(&self.running).acquire_owned();
        let permit = acquire.wait().map_err(|_| ShutDown)?;
        Ok(Job(thread::spawn(move || {
            // put back however the job ends
            let _permit = permit;
            job()
        })))
    }

    /// Waits for the jobs that run, and takes no more. Whoever waits to start one is told so.
    pub fn shut_down(&self) {
        let all = self.running.acquire_many_blocking(self.limit);
        // closed by somebody else: then there is nothing to wait for either
        self.running.close();
        drop(all);
    }
}

impl<T> Job<T> {
    /// Waits for the job to end; what it panicked with, if it did.
    pub fn wait(self) -> Result<T, Box<dyn Any + Send>> {
        self.0.join()
    }
}

impl fmt::Display for ShutDown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the runner takes no more jobs")
    }
}

impl Error for ShutDown {}
