//! The pool over futures: tasks are cancelled at any await.

use std::sync::Arc;

use depot::{Connect, Pool};
use selvedge::{check_async, fault, task};

/// A database that is always there.
struct Database;

impl Connect for Database {
    type Connection = ();
    type Error = &'static str;

    fn connect(&self) -> Result<(), &'static str> {
        fault::point("connect");
        Ok(())
    }
}

#[test]
fn cancelled_requests_take_nothing_along() {
    check_async(|| async {
        let pool = Arc::new(Pool::new(2, Database));
        let requests: Vec<_> = (0..3)
            .map(|_| {
                let pool = Arc::clone(&pool);
                task::spawn(async move {
                    let _connection = pool.get_async().await;
                    let _ = fault::io("query").await;
                })
            })
            .collect();
        for request in requests {
            let _ = request.await;
        }
        assert_eq!(pool.available(), 2);
    });
}
