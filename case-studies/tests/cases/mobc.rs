//! mobc 0.9.0, on tokio's semaphore: a permit is kept beside each connection that is in use, and
//! what is dropped is put back by a task of its own.
//!
//! It spawns through its manager, and so with our tasks. Its timeout and its cleaner run on a clock
//! of their own thread, and are left out; a `timeout` around `get` stands for the first.

use std::cell::RefCell;
use std::future::Future;

use ::mobc::async_trait;
use selvedge::program::PropertyName;
use selvedge::{fault, task};

use crate::driver::{finds, finds_nothing};
use crate::pools::{self, Connection, Pool, Server};

thread_local! {
    /// The tasks that put connections back.
    static RETURNING: RefCell<Vec<task::JoinHandle<()>>> = const { RefCell::new(Vec::new()) };
}

struct Manager(Server);

#[async_trait]
impl ::mobc::Manager for Manager {
    type Connection = Connection;
    type Error = fault::Failure;

    fn spawn_task<T>(&self, task: T)
    where
        T: Future + Send + 'static,
        T::Output: Send + 'static,
    {
        let returning = task::spawn(async move {
            task.await;
        });
        RETURNING.with_borrow_mut(|tasks| tasks.push(returning));
    }

    async fn connect(&self) -> Result<Connection, fault::Failure> {
        self.0.connect().await
    }

    async fn check(&self, connection: Connection) -> Result<Connection, fault::Failure> {
        fault::io("ping").await?;
        Ok(connection)
    }
}

type Mobc = ::mobc::Pool<Manager>;

impl Pool for Mobc {
    type Pooled = ::mobc::Connection<Manager>;

    fn with_size(size: usize, server: &Server) -> Mobc {
        drop(RETURNING.take());
        let size = size as u64;
        let builder = ::mobc::Pool::builder().max_open(size).max_idle(size);
        builder.get_timeout(None).build(Manager(server.clone()))
    }

    async fn get(&self) -> Option<Self::Pooled> {
        Mobc::get(self).await.ok()
    }

    fn take(pooled: Self::Pooled) -> Connection {
        pooled.into_inner()
    }

    async fn resize(&self, size: usize) {
        self.set_max_open_conns(size as u64).await;
    }

    async fn settle(&self) {
        while let Some(returning) = RETURNING.with_borrow_mut(Vec::pop) {
            // who is cancelled closes the connection
            let _ = returning.await;
        }
    }

    async fn adds_up(&self, server: &Server) {
        let state = self.state().await;
        assert_eq!(state.connections, server.open() as u64, "connections");
        assert_eq!(state.idle, state.connections, "connections that are idle");
        assert_eq!(state.in_use, 0, "connections that are in use");
    }
}

/// Nobody is counted as waiting when nobody waits.
async fn waiting() {
    let server = Server::of_at_most(1);
    let pool = Mobc::with_size(1, &server);
    let held = Pool::get(&pool).await;
    let theirs = pool.clone();
    let waiter = task::spawn(async move { drop(Pool::get(&theirs).await) });
    task::yield_now().await;
    drop(held);
    let _ = waiter.await;
    pool.settle().await;
    assert_eq!(pool.state().await.wait_count, 0, "somebody waits");
}

#[test]
fn mobc_0_9() {
    finds_nothing("mobc-0.9-using", pools::using::<Mobc>);
    finds_nothing("mobc-0.9-again", pools::using_again::<Mobc>);
    finds_nothing("mobc-0.9-timing-out", pools::timing_out::<Mobc>);
    finds_nothing("mobc-0.9-cancelling", pools::cancelling::<Mobc>);
    finds_nothing("mobc-0.9-taking", pools::taking::<Mobc>);
    finds_nothing("mobc-0.9-dropping", pools::dropping::<Mobc>);
}

#[test]
fn mobc_0_9_shrinks_in_name_only() {
    finds(
        PropertyName::Assertion,
        "2 connections are open, of 1",
        "mobc-0.9-shrinking-unused",
        pools::shrinking_unused::<Mobc>,
    );
}

#[test]
fn mobc_0_9_grows_in_name_only() {
    finds(
        PropertyName::Deadlock,
        "main waits, and nobody is left",
        "mobc-0.9-growing-used",
        pools::growing_used::<Mobc>,
    );
}

#[test]
fn mobc_0_9_counts_who_is_cancelled_as_waiting() {
    finds(
        PropertyName::Assertion,
        "somebody waits",
        "mobc-0.9-waiting",
        waiting,
    );
}
