//! Connections that are lent, for threads and for tasks.

use std::error::Error;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use selvedge::{AcquireError, Semaphore, SemaphorePermit};

/// Makes connections.
pub trait Connect {
    /// What is lent.
    type Connection;
    /// Why there may be none.
    type Error;

    /// Makes one more.
    fn connect(&self) -> Result<Self::Connection, Self::Error>;

    /// Whether one that comes back can be lent once more.
    fn is_usable(&self, _connection: &Self::Connection) -> bool {
        true
    }
}

/// So many connections at most, made when they are needed and used again.
pub struct Pool<C: Connect> {
    connect: C,
    /// A permit for each connection that is lent.
    permits: Semaphore,
    idle: Mutex<Vec<C::Connection>>,
}

/// Why there is no connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GetError<E> {
    /// The pool is closed.
    Closed,
    /// All connections were lent, for too long.
    TimedOut,
    /// One was to be made, and that failed.
    Connect(E),
}

impl<C: Connect> Pool<C> {
    /// A pool of that many connections; none is made yet.
    pub fn new(size: usize, connect: C) -> Pool<C> {
        Pool {
            connect,
            permits: Semaphore::new(size).named("connections"),
            idle: Mutex::new(Vec::with_capacity(size)),
        }
    }

    /// Lends a connection; blocks the thread while all are lent.
    pub fn get(&self) -> Result<Lease<'_, C>, GetError<C::Error>> {
        self.lend(self.permits.acquire_blocking()?)
    }

    /// As [`get`](Pool::get), but does not wait longer than that.
    pub fn get_within(&self, time: Duration) -> Result<Lease<'_, C>, GetError<C::Error>> {
        self.lend(self.permits.acquire_timeout(time)?)
    }

    /// Lends a connection to a task. It may be dropped at any await.
    pub async fn get_async(&self) -> Result<Lease<'_, C>, GetError<C::Error>> {
        self.lend(self.permits.acquire().await?)
    }

    /// How many more could be lent now.
    pub fn available(&self) -> usize {
        self.permits.available_permits()
    }

    /// Lends no more, and fails those who wait. What is lent stays so until it comes back.
    pub fn close(&self) {
        self.permits.close();
        self.idle().clear();
    }

    fn lend<'p>(&'p self, permit: SemaphorePermit<'p>) -> Result<Lease<'p, C>, GetError<C::Error>> {
        let idle = self.idle().pop();
        let connection = match idle {
            Some(connection) => connection,
            // where this fails or panics, the permit is dropped
            None => self.connect.connect().map_err(GetError::Connect)?,
        };
        Ok(Lease {
            pool: self,
            connection: Some(connection),
            _permit: permit,
        })
    }

    /// No lock is held while foreign code runs, so a poisoned one is as good as any.
    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<C::Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that is lent; it goes back when this is dropped.
#[must_use = "the connection goes back as soon as this is dropped"]
pub struct Lease<'p, C: Connect> {
    pool: &'p Pool<C>,
    /// There until it goes back.
    connection: Option<C::Connection>,
    // dropped after the connection is back: whoever gets the permit finds the connection
    _permit: SemaphorePermit<'p>,
}

impl<C: Connect> Drop for Lease<'_, C> {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else {
            return;
        };
        // who panicked may have left it in the middle of an exchange
        let usable = !std::thread::panicking() && self.pool.connect.is_usable(&connection);
        if usable && !self.pool.permits.is_closed() {
            self.pool.idle().push(connection);
        }
    }
}

impl<C: Connect> Deref for Lease<'_, C> {
    type Target = C::Connection;

    fn deref(&self) -> &C::Connection {
        self.connection
            .as_ref()
            .expect("it is there until the drop")
    }
}

impl<C: Connect> DerefMut for Lease<'_, C> {
    fn deref_mut(&mut self) -> &mut C::Connection {
        self.connection
            .as_mut()
            .expect("it is there until the drop")
    }
}

impl<E> From<AcquireError> for GetError<E> {
    fn from(error: AcquireError) -> GetError<E> {
        match error {
            AcquireError::TimedOut => GetError::TimedOut,
            _ => GetError::Closed,
        }
    }
}

impl<E: fmt::Display> fmt::Display for GetError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GetError::Closed => f.write_str("the pool is closed"),
            GetError::TimedOut => f.write_str("all connections were lent, for too long"),
            GetError::Connect(error) => write!(f, "no connection could be made: {error}"),
        }
    }
}

impl<E: fmt::Debug + fmt::Display> Error for GetError<E> {}
