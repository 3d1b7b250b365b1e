//! Worker programs as plain code over the public API: what a check infers of it is held against
//! ledgers that the code keeps itself.

use std::collections::BTreeSet;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use selvedge::program::{
    Amount, Block, Catch, CatchKind, Kind, Panics, Program, Statement, StatementKind,
};
use selvedge::{Semaphore, TryAcquireError, fault, task, thread, time};

/// Which worker instance, by its number in the text, and which semaphore.
pub(crate) type Of = (usize, usize);

/// What workers did in some run, by their own ledgers.
#[derive(Debug, Default)]
pub(crate) struct Truth {
    /// Who put back more than it held.
    pub(crate) over_released: BTreeSet<Of>,
    /// Who ended while it held something.
    pub(crate) leaked: BTreeSet<Of>,
}

pub(crate) type SharedTruth = Arc<Mutex<Truth>>;

/// A program that is made of what this performs, and made so where it is not.
pub(crate) fn plain_program(program: &Program) -> Program {
    const LEFT_OUT: [&str; 11] = [
        "spawn ", "join ", "give ", "grow ", "shrink ", "drain ", "forget ", "close ", "cancel ",
        "ensure ", "expect ",
    ];
    let text = program.to_string();
    let kept = text.lines().filter(|line| {
        let line = line.trim_start();
        let foreign = line.starts_with("release ") && line.contains(" from=");
        !foreign && !LEFT_OUT.iter().any(|word| line.starts_with(word))
    });
    let mut text = kept.collect::<Vec<&str>>().join("\n");
    for word in [
        " order=fifo-partial",
        " order=barging",
        " plain",
        " spawned",
    ] {
        text = text.replace(word, "");
    }
    Program::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// Runs a program as threads.
pub(crate) fn as_threads(program: &Arc<Program>, truth: &SharedTruth) {
    let semaphores = semaphores(program);
    let threads: Vec<_> = instances(program)
        .into_iter()
        .enumerate()
        .map(|(me, worker)| {
            let (program, truth) = (Arc::clone(program), Arc::clone(truth));
            let semaphores = Arc::clone(&semaphores);
            thread::spawn(move || {
                let mut life = pin!(live(program, worker, me, semaphores, truth, false));
                let polled = life.as_mut().poll(&mut Context::from_waker(Waker::noop()));
                assert!(polled.is_ready(), "a thread blocks");
            })
        })
        .collect();
    for thread in threads {
        let _ = thread.join();
    }
}

/// Runs a program as tasks.
pub(crate) async fn as_tasks(program: Arc<Program>, truth: SharedTruth) {
    let semaphores = semaphores(&program);
    for (me, worker) in instances(&program).into_iter().enumerate() {
        let (program, truth) = (Arc::clone(&program), Arc::clone(&truth));
        let semaphores = Arc::clone(&semaphores);
        task::spawn(live(program, worker, me, semaphores, truth, true));
    }
}

fn semaphores(program: &Program) -> Arc<Vec<Semaphore>> {
    let made = program.semaphores().iter().map(|decl| {
        let permits = decl.permits as usize;
        let semaphore = match decl.kind {
            Kind::Signal => Semaphore::unbounded(permits),
            _ => Semaphore::new(permits),
        };
        semaphore.with_name(decl.name.as_str().to_owned())
    });
    Arc::new(made.collect())
}

/// The worker of each instance.
pub(crate) fn instances(program: &Program) -> Vec<usize> {
    let workers = program.workers().iter().enumerate();
    workers
        .flat_map(|(worker, decl)| (0..decl.count).map(move |_| worker))
        .collect()
}

async fn live(
    program: Arc<Program>,
    worker: usize,
    me: usize,
    semaphores: Arc<Vec<Semaphore>>,
    truth: SharedTruth,
    waits: bool,
) {
    let mut worker_of = Worker {
        me,
        held: vec![0; semaphores.len()],
        blocked: false,
        waits,
        program: &program,
        semaphores: &semaphores,
        truth,
    };
    let _ = worker_of.block(&program.workers()[worker].body).await;
}

/// Why a block is left.
enum Left {
    Return,
    OverRelease,
    Panic(Box<dyn std::any::Any + Send>),
}

struct Worker<'a> {
    me: usize,
    /// Its ledger: what it took without a guard and did not put back.
    held: Vec<u64>,
    /// Whether it is in an acquire: who is dropped there did not end.
    blocked: bool,
    /// Whether an acquire is awaited.
    waits: bool,
    program: &'a Program,
    semaphores: &'a [Semaphore],
    truth: SharedTruth,
}

impl Drop for Worker<'_> {
    fn drop(&mut self) {
        if self.blocked {
            return;
        }
        let mut truth = self.truth.lock().unwrap_or_else(PoisonError::into_inner);
        for (semaphore, _) in self.held.iter().enumerate().filter(|(_, held)| **held > 0) {
            truth.leaked.insert((self.me, semaphore));
        }
    }
}

type Walk<'a> = Pin<Box<dyn Future<Output = Result<(), Left>> + 'a>>;

impl Worker<'_> {
    fn semaphore(&self, name: &str) -> usize {
        let mut declared = self.program.semaphores().iter();
        let found = declared.position(|s| s.name.as_str() == name);
        found.expect("a program that was read knows its semaphores")
    }

    fn is_signal(&self, semaphore: usize) -> bool {
        self.program.semaphores()[semaphore].kind == Kind::Signal
    }

    fn takes(&mut self, semaphore: usize, permits: u32) {
        if !self.is_signal(semaphore) {
            self.held[semaphore] += u64::from(permits);
        }
    }

    fn block<'a>(&'a mut self, block: &'a Block) -> Walk<'a> {
        Box::pin(async move {
            for statement in block {
                self.statement(statement).await?;
            }
            Ok(())
        })
    }

    /// The block, with a panic in it as one of the ways out.
    async fn caught(&mut self, block: &Block) -> Result<(), Left> {
        let mut walk = self.block(block);
        let polled = |cx: &mut Context<'_>| {
            catch_unwind(AssertUnwindSafe(|| walk.as_mut().poll(cx)))
                .unwrap_or_else(|panic| Poll::Ready(Err(Left::Panic(panic))))
        };
        poll_fn(polled).await
    }

    async fn statement(&mut self, statement: &Statement) -> Result<(), Left> {
        match &statement.kind {
            StatementKind::Acquire { semaphore, permits } => {
                let at = self.semaphore(semaphore.as_str());
                self.acquire(at, *permits).await;
                self.takes(at, *permits);
            }
            StatementKind::TryAcquire {
                semaphore,
                permits,
                then,
                otherwise,
            } => {
                let at = self.semaphore(semaphore.as_str());
                let granted = match self.semaphores[at].try_acquire_many(*permits) {
                    Ok(permit) => {
                        permit.into_raw();
                        true
                    }
                    Err(TryAcquireError::NoPermits) => false,
                    Err(TryAcquireError::Closed) => unreachable!("nobody closes it"),
                };
                return self.one_of(at, *permits, granted, then, otherwise).await;
            }
            StatementKind::AcquireWithin {
                semaphore,
                permits,
                then,
                otherwise,
            } => {
                let at = self.semaphore(semaphore.as_str());
                let granted = self.acquire_within(at, *permits).await;
                return self.one_of(at, *permits, granted, then, otherwise).await;
            }
            StatementKind::Release {
                semaphore, permits, ..
            } => {
                let at = self.semaphore(semaphore.as_str());
                return self.release(at, *permits);
            }
            StatementKind::With {
                semaphore,
                permits,
                body,
            } => {
                let semaphore = &self.semaphores[self.semaphore(semaphore.as_str())];
                self.blocked = true;
                let permit = match self.waits {
                    true => semaphore.acquire_many(*permits).await,
                    false => semaphore.acquire_many_blocking(*permits),
                };
                self.blocked = false;
                let permit = permit.expect("nobody closes it");
                let left = self.block(body).await;
                drop(permit);
                return left;
            }
            StatementKind::Work { name, panics } => {
                if *panics == Panics::May {
                    fault::point(name.as_str());
                }
            }
            StatementKind::Panic => resume_unwind(Box::new("it panics")),
            StatementKind::Return => return Err(Left::Return),
            StatementKind::Try {
                body,
                catch,
                finally,
            } => {
                let mut left = self.caught(body).await;
                if let Some(catch) = catch
                    && left.as_ref().is_err_and(|left| catches(catch, left))
                {
                    left = self.caught(&catch.body).await;
                }
                if let Some(finally) = finally {
                    self.block(finally).await?;
                }
                if let Err(Left::Panic(panic)) = left {
                    resume_unwind(panic);
                }
                return left;
            }
            StatementKind::Repeat { times, body } => {
                for _ in 0..*times {
                    self.block(body).await?;
                }
            }
            StatementKind::Either { branches } => {
                return self.block(&branches[fault::choose(branches.len())]).await;
            }
            other => unreachable!("it was left out: {other:?}"),
        }
        Ok(())
    }

    async fn one_of(
        &mut self,
        semaphore: usize,
        permits: u32,
        granted: bool,
        then: &Block,
        otherwise: &Option<Block>,
    ) -> Result<(), Left> {
        if granted {
            self.takes(semaphore, permits);
            return self.block(then).await;
        }
        match otherwise {
            Some(block) => self.block(block).await,
            None => Ok(()),
        }
    }

    async fn acquire(&mut self, semaphore: usize, permits: u32) {
        let semaphore = &self.semaphores[semaphore];
        self.blocked = true;
        let granted = match self.waits {
            true => semaphore.acquire_many_raw(permits).await,
            false => semaphore.acquire_many_raw(permits).wait(),
        };
        self.blocked = false;
        granted.expect("nobody closes it");
    }

    async fn acquire_within(&mut self, semaphore: usize, permits: u32) -> bool {
        let semaphore = &self.semaphores[semaphore];
        let second = Duration::from_secs(1);
        self.blocked = true;
        let granted = match self.waits {
            true => {
                let acquire = semaphore.acquire_many_raw(permits);
                time::timeout(second, acquire).await.is_ok()
            }
            false => semaphore
                .acquire_many_raw(permits)
                .wait_timeout(second)
                .is_ok(),
        };
        self.blocked = false;
        granted
    }

    fn release(&mut self, semaphore: usize, amount: Amount) -> Result<(), Left> {
        let held = self.held[semaphore];
        let permits = match amount {
            Amount::Exactly(permits) => u64::from(permits),
            Amount::All => held,
        };
        let signal = self.is_signal(semaphore);
        if permits > held && !signal {
            let mut truth = self.truth.lock().unwrap_or_else(PoisonError::into_inner);
            truth.over_released.insert((self.me, semaphore));
        }
        if permits == 0 {
            return Ok(());
        }
        match self.semaphores[semaphore].release(permits as usize) {
            Ok(()) => {
                self.held[semaphore] = held.saturating_sub(permits);
                Ok(())
            }
            Err(_) => Err(Left::OverRelease),
        }
    }
}

fn catches(catch: &Catch, left: &Left) -> bool {
    let kind = match left {
        Left::Return => return false,
        Left::OverRelease => CatchKind::OverRelease,
        Left::Panic(_) => CatchKind::Panic,
    };
    catch.kinds.is_empty() || catch.kinds.contains(&kind)
}
