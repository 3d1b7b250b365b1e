//! What is asked of a pool of connections, whoever wrote it: connections are opened, used and put
//! back while opening fails, tasks panic, time runs out and whoever waits is cancelled.
//!
//! What has to hold:
//!
//! 1. No more connections are open than the pool may have.
//! 2. When all have been put back, the pool counts what is open, and nobody as waiting.
//! 3. As many connections as the pool may have can be had then, at once.
//! 4. Whoever waits gets what is put back: a run that is stuck is found without being asked for.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use selvedge::{fault, task, time};

/// What connections are opened to.
#[derive(Debug, Clone)]
pub(crate) struct Server(Arc<Counts>);

#[derive(Debug)]
struct Counts {
    open: AtomicUsize,
    most: AtomicUsize,
}

impl Server {
    /// No more connections than this may be open at a time.
    pub(crate) fn of_at_most(most: usize) -> Server {
        Server(Arc::new(Counts {
            open: AtomicUsize::new(0),
            most: AtomicUsize::new(most),
        }))
    }

    pub(crate) fn admit_at_most(&self, most: usize) {
        self.0.most.store(most, Ordering::Relaxed);
    }

    pub(crate) fn open(&self) -> usize {
        self.0.open.load(Ordering::Relaxed)
    }

    /// Opens a connection, which takes time and may fail, panic and be cancelled.
    ///
    /// # Panics
    ///
    /// If too many are open.
    pub(crate) async fn connect(&self) -> Result<Connection, fault::Failure> {
        fault::io("connect").await?;
        let open = self.0.open.fetch_add(1, Ordering::Relaxed) + 1;
        let connection = Connection(self.clone());
        let most = self.0.most.load(Ordering::Relaxed);
        assert!(open <= most, "{open} connections are open, of {most}");
        Ok(connection)
    }
}

/// A connection; it is closed when it is dropped.
#[derive(Debug)]
pub(crate) struct Connection(Server);

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A pool.
pub(crate) trait Pool: Clone + 'static {
    /// A connection that goes back to the pool when it is dropped.
    type Pooled: 'static;

    fn with_size(size: usize, server: &Server) -> Self;

    /// `None` if none could be opened, or the pool is closed.
    fn get(&self) -> impl Future<Output = Option<Self::Pooled>>;

    /// Takes a connection out of the pool for good.
    fn take(pooled: Self::Pooled) -> Connection;

    fn resize(&self, size: usize) -> impl Future<Output = ()>;

    /// Waits until what has been dropped is back in the pool.
    fn settle(&self) -> impl Future<Output = ()>;

    /// # Panics
    ///
    /// If the pool counts otherwise than the server does, when nothing is in use.
    fn adds_up(&self, server: &Server) -> impl Future<Output = ()>;
}

/// Uses a connection, if there is one.
async fn use_one<P: Pool>(pool: P) {
    if let Some(connection) = pool.get().await {
        // a query that fails leaves the connection as it is
        let _ = fault::io("query").await;
        drop(connection);
    }
}

/// Nothing is in use any more: everything adds up, and as many connections as the pool has can be
/// had at once, and no more.
pub(crate) async fn is_whole<P: Pool>(pool: &P, size: usize, server: &Server) {
    pool.settle().await;
    pool.adds_up(server).await;
    let mut held = Vec::new();
    for _ in 0..size {
        let connection = match pool.get().await {
            Some(connection) => Some(connection),
            // no more than one fails in a run
            None => pool.get().await,
        };
        held.push(connection.expect("a pool of which nothing is in use has a connection"));
    }
    server.admit_at_most(server.open());
    let another = time::timeout(Duration::from_secs(1), pool.get()).await;
    assert!(!matches!(another, Ok(Some(_))), "one more than there are");
}

/// How a user goes about it.
macro_rules! users {
    ($pool:ident, $size:literal, $($user:expr),+) => {{
        let server = Server::of_at_most($size);
        let $pool = P::with_size($size, &server);
        let users = [$({
            let $pool = $pool.clone();
            task::spawn(async move { $user })
        }),+];
        for user in users {
            // who panicked or was cancelled has no result
            let _ = user.await;
        }
        is_whole(&$pool, $size, &server).await;
    }};
}

/// Three use two connections.
pub(crate) async fn using<P: Pool>() {
    users!(
        pool,
        2,
        use_one(pool).await,
        use_one(pool).await,
        use_one(pool).await
    );
}

/// One connection, used twice in a row beside another user.
pub(crate) async fn using_again<P: Pool>() {
    users!(
        pool,
        1,
        {
            use_one(pool.clone()).await;
            use_one(pool).await;
        },
        use_one(pool).await
    );
}

/// Those who wait give up after a while.
pub(crate) async fn timing_out<P: Pool>() {
    users!(
        pool,
        1,
        {
            let _ = time::timeout(Duration::from_secs(1), use_one(pool)).await;
        },
        {
            let _ = time::timeout(Duration::from_secs(2), use_one(pool)).await;
        },
        use_one(pool).await
    );
}

/// Those who wait are cancelled, and go on with something else.
pub(crate) async fn cancelling<P: Pool>() {
    users!(
        pool,
        1,
        {
            if fault::cancellable(use_one(pool.clone())).await.is_err() {
                use_one(pool).await;
            }
        },
        {
            let _ = fault::cancellable(use_one(pool)).await;
        },
        use_one(pool).await
    );
}

/// A connection is taken out of the pool, and closed.
pub(crate) async fn taking<P: Pool>() {
    users!(
        pool,
        1,
        {
            if let Some(pooled) = pool.get().await {
                drop(P::take(pooled));
            }
        },
        use_one(pool).await,
        use_one(pool).await
    );
}

/// While three use it, a pool of one connection grows to two.
pub(crate) async fn growing<P: Pool>() {
    resizing::<P>(1, 2).await;
}

/// While three use it, a pool of two connections shrinks to one.
pub(crate) async fn shrinking<P: Pool>() {
    resizing::<P>(2, 1).await;
}

async fn resizing<P: Pool>(from: usize, to: usize) {
    let server = Server::of_at_most(from.max(to));
    let pool = P::with_size(from, &server);
    let users = [(); 3].map(|()| task::spawn(use_one(pool.clone())));
    let theirs = pool.clone();
    let resized = task::spawn(async move { theirs.resize(to).await });
    for user in users {
        let _ = user.await;
    }
    let size = if resized.await.is_ok() { to } else { from };
    is_whole(&pool, size, &server).await;
}

/// A pool of two connections that nobody uses shrinks to one.
pub(crate) async fn shrinking_unused<P: Pool>() {
    let server = Server::of_at_most(1);
    let pool = P::with_size(2, &server);
    pool.resize(1).await;
    let _held = [pool.get().await, pool.get().await];
}

/// A pool whose only connection is in use grows to two.
pub(crate) async fn growing_used<P: Pool>() {
    let server = Server::of_at_most(2);
    let pool = P::with_size(1, &server);
    let _held = pool.get().await;
    pool.resize(2).await;
    let _another = pool.get().await;
}

/// A pool of two shrinks and grows again while both connections are in use.
pub(crate) async fn shrinking_and_growing<P: Pool>() {
    let server = Server::of_at_most(2);
    let pool = P::with_size(2, &server);
    let _held = [pool.get().await, pool.get().await];
    pool.resize(1).await;
    pool.resize(2).await;
    // nobody puts one back: there is none
    let _ = time::timeout(Duration::from_secs(1), pool.get()).await;
}

/// Everything is closed with the pool, and with what is in use.
pub(crate) async fn dropping<P: Pool>() {
    let server = Server::of_at_most(2);
    let pool = P::with_size(2, &server);
    let users = [(); 3].map(|()| task::spawn(use_one(pool.clone())));
    for user in users {
        let _ = user.await;
    }
    pool.settle().await;
    drop(pool);
    assert_eq!(server.open(), 0, "connections outlive the pool");
}
