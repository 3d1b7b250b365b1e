//! Programs built in Rust.

use selvedge::program::{Amount, BudgetDecl, CatchKind, Order, Program, PropertyName};

#[test]
fn every_statement() {
    let program = Program::builder()
        .semaphore("pool", 4, |s| s.order(Order::Barging).plain())
        .semaphore("ready", 0, |s| s.order(Order::FifoPartial).signal())
        .budget(BudgetDecl {
            panics: Some(2),
            ..BudgetDecl::default()
        })
        .worker("handler", |w| {
            w.count(6);
            w.body(|b| {
                b.acquire("pool", 1).work("query").release("pool", 1);
                b.try_acquire("pool", 2, |b| {
                    b.release("pool", 2);
                });
                b.try_acquire_else(
                    "pool",
                    1,
                    |_| {},
                    |b| {
                        b.panic();
                    },
                );
                b.acquire_within("ready", 1, |_| {});
                b.acquire_within_else(
                    "ready",
                    1,
                    |_| {},
                    |b| {
                        b.return_();
                    },
                );
                b.release_from("pool", Amount::All, "helper");
                b.with("pool", 1, |b| {
                    b.work_that_never_panics("log");
                });
                b.try_catch(|_| {}, &[CatchKind::Closed, CatchKind::Panic], |_| {});
                b.try_finally(|_| {}, |_| {});
                b.try_catch_finally(|_| {}, &[], |_| {}, |_| {});
                b.repeat(3, |b| {
                    b.either(|e| {
                        e.branch(|b| {
                            b.grow("pool", 1);
                        });
                        e.branch(|b| {
                            b.shrink("pool", 1);
                        });
                    });
                });
                b.drain("pool")
                    .forget("pool", 1)
                    .give("pool", 2, "handler.2");
                b.close("pool")
                    .cancel("handler.1")
                    .spawn("helper")
                    .join("helper");
            });
        })
        .worker("helper", |w| {
            w.spawned();
        })
        .expect(PropertyName::Deadlock)
        .expect_on(PropertyName::Leak, "pool")
        .build()
        .unwrap();
    insta::with_settings!({ snapshot_path => crate::snapshots::SNAPSHOTS, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("program-built", program);
    });
    assert_eq!(Program::parse(&program.to_string()).unwrap(), program);
    assert_eq!(program.format(), program.to_string());
}

#[track_caller]
fn check(built: Result<Program, selvedge::program::ProgramError>, expected: &str) {
    let error = built.unwrap_err();
    let messages: Vec<_> = error.problems().iter().map(|p| p.message()).collect();
    assert_eq!(messages.join("; "), expected, "{error}");
}

#[test]
fn mistakes() {
    let with = |name: &str| {
        Program::builder()
            .worker("w", |w| {
                w.body(|b| {
                    b.work(name);
                })
            })
            .build()
    };
    check(with("x } worker v {"), "`x } worker v {` cannot be a name");
    check(with("x // y"), "`x // y` cannot be a name");
    check(with("x\npanic"), "`x\\npanic` cannot be a name");
    check(with("panic"), "`panic` cannot be a name");
    check(with(""), "`` cannot be a name");
    check(
        Program::builder()
            .worker("w", |w| {
                w.body(|b| {
                    b.acquire("a", 0).cancel("w.7");
                    b.either(|_| {});
                })
            })
            .build(),
        "no semaphore is called `a`; a request for zero permits; there is no instance `w.7`; `either` with only one branch",
    );
    check(
        Program::builder()
            .worker("w", |w| {
                w.body(|b| {
                    b.cancel("w.x").cancel("w.1.1");
                })
            })
            .build(),
        "`w.x` cannot be a name; `w.1.1` cannot be a name",
    );
    check(Program::builder().build(), "the program has no worker");
    check(
        Program::builder()
            .expect_clean()
            .expect_clean()
            .worker("w", |_| {})
            .build(),
        "repeated `expect clean`",
    );
    fn deep(b: &mut selvedge::program::BlockBuilder) {
        b.repeat(2, deep);
    }
    check(
        Program::builder().worker("w", |w| w.body(deep)).build(),
        "blocks nested too deeply: the limit is 64",
    );
}
