//! deadpool 0.13.1, `managed`, on tokio's semaphore: `get` forgets its permit, and what is put back
//! adds one.
//!
//! Its own timeouts need a runtime's timer; a `timeout` around `get` does not. What waits for
//! nothing, as `Timeouts::wait` of zero does, needs none.

use ::deadpool::managed::{self, Metrics, Object, RecycleResult};
use selvedge::program::PropertyName;
use selvedge::{fault, task};

use crate::driver::{finds, finds_nothing};
use crate::pools::{self, Connection, Pool, Server};

struct Manager(Server);

impl managed::Manager for Manager {
    type Type = Connection;
    type Error = fault::Failure;

    async fn create(&self) -> Result<Connection, fault::Failure> {
        self.0.connect().await
    }

    async fn recycle(&self, _: &mut Connection, _: &Metrics) -> RecycleResult<fault::Failure> {
        fault::io("ping").await?;
        Ok(())
    }
}

type Deadpool = managed::Pool<Manager>;

impl Pool for Deadpool {
    type Pooled = Object<Manager>;

    fn with_size(size: usize, server: &Server) -> Deadpool {
        let builder = managed::Pool::builder(Manager(server.clone())).max_size(size);
        builder.build().expect("no timeout is asked for")
    }

    async fn get(&self) -> Option<Object<Manager>> {
        Deadpool::get(self).await.ok()
    }

    fn take(pooled: Object<Manager>) -> Connection {
        Object::take(pooled)
    }

    async fn resize(&self, size: usize) {
        Deadpool::resize(self, size);
    }

    async fn settle(&self) {}

    async fn adds_up(&self, server: &Server) {
        let status = self.status();
        assert_eq!(status.size, server.open(), "connections that are open");
        assert_eq!(status.available, status.size, "connections that are idle");
        assert_eq!(status.waiting, 0, "users that wait");
    }
}

/// Who waits or comes later is refused; `ALL` asks besides that nothing stays open.
async fn closing<const ALL: bool>() {
    let server = Server::of_at_most(1);
    let pool = Deadpool::with_size(1, &server);
    let users = [(); 2].map(|()| {
        let pool = pool.clone();
        task::spawn(async move {
            if let Ok(connection) = pool.get().await {
                let _ = fault::io("query").await;
                drop(connection);
            }
        })
    });
    let theirs = pool.clone();
    let closed = task::spawn(async move { theirs.close() });
    for user in users {
        let _ = user.await;
    }
    if closed.await.is_ok() {
        assert!(pool.get().await.is_err(), "a connection of a closed pool");
        if ALL {
            assert_eq!(server.open(), 0, "connections of a closed pool");
        }
    }
    drop(pool);
    assert_eq!(server.open(), 0, "connections outlive the pool");
}

/// Idle connections are thrown out while others are used.
async fn retaining() {
    let server = Server::of_at_most(2);
    let pool = Deadpool::with_size(2, &server);
    let users = [(); 2].map(|()| {
        let pool = pool.clone();
        task::spawn(async move {
            for _ in 0..2 {
                drop(Pool::get(&pool).await);
            }
        })
    });
    let theirs = pool.clone();
    let thrown_out = task::spawn(async move { drop(theirs.retain(|_, _| false)) });
    for user in users {
        let _ = user.await;
    }
    let _ = thrown_out.await;
    pools::is_whole(&pool, 2, &server).await;
}

#[test]
fn deadpool_0_13() {
    finds_nothing("deadpool-0.13-using", pools::using::<Deadpool>);
    finds_nothing("deadpool-0.13-again", pools::using_again::<Deadpool>);
    finds_nothing("deadpool-0.13-timing-out", pools::timing_out::<Deadpool>);
    finds_nothing("deadpool-0.13-cancelling", pools::cancelling::<Deadpool>);
    finds_nothing("deadpool-0.13-taking", pools::taking::<Deadpool>);
    finds_nothing("deadpool-0.13-growing", pools::growing::<Deadpool>);
    finds_nothing(
        "deadpool-0.13-growing-used",
        pools::growing_used::<Deadpool>,
    );
    finds_nothing("deadpool-0.13-dropping", pools::dropping::<Deadpool>);
    finds_nothing("deadpool-0.13-closing", closing::<false>);
    finds_nothing("deadpool-0.13-retaining", retaining);
}

#[test]
fn deadpool_0_13_shrinks_in_name_only() {
    finds(
        PropertyName::Assertion,
        "2 connections are open, of 1",
        "deadpool-0.13-shrinking-unused",
        pools::shrinking_unused::<Deadpool>,
    );
}

#[test]
fn deadpool_0_13_shrinks_and_grows_by_one() {
    finds(
        PropertyName::Assertion,
        "3 connections are open, of 2",
        "deadpool-0.13-shrinking-and-growing",
        pools::shrinking_and_growing::<Deadpool>,
    );
}

#[test]
fn deadpool_0_13_shrinks_while_it_is_used() {
    finds(
        PropertyName::Assertion,
        "2 connections are open, of 1",
        "deadpool-0.13-shrinking",
        pools::shrinking::<Deadpool>,
    );
}

#[test]
fn deadpool_0_13_is_closed_and_keeps_a_connection() {
    finds(
        PropertyName::Assertion,
        "connections of a closed pool",
        "deadpool-0.13-closing-all",
        closing::<true>,
    );
}
