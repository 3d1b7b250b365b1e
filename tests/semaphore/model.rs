//! Against a model that is too simple to be wrong: any ops, in any order, lead to the same.

use std::collections::VecDeque;
use std::sync::Arc;

use proptest::prelude::*;
use selvedge::{OwnedSemaphorePermit, Semaphore};

use crate::polled::{Acquiring, stands};

#[derive(Debug, Clone)]
enum Op {
    Acquire(u32),
    Try(u32),
    /// Whichever it is of those that hold, wait, or were granted and have not asked.
    PutBack(usize),
    Forget(usize),
    Split(usize, usize),
    Drop(usize),
    Ask(usize),
    Raw(u32),
    Release(usize),
    ForgetRaw(usize),
    Grow(usize),
    Shrink(usize),
    ForgetFree(usize),
    Drain,
    Close,
}

fn op() -> impl Strategy<Value = Op> {
    let small = 0..5usize;
    prop_oneof![
        6 => (0..5u32).prop_map(Op::Acquire),
        3 => (0..5u32).prop_map(Op::Try),
        5 => any::<usize>().prop_map(Op::PutBack),
        1 => any::<usize>().prop_map(Op::Forget),
        1 => (any::<usize>(), small.clone()).prop_map(|(i, n)| Op::Split(i, n)),
        3 => any::<usize>().prop_map(Op::Drop),
        4 => any::<usize>().prop_map(Op::Ask),
        2 => (0..4u32).prop_map(Op::Raw),
        2 => small.clone().prop_map(Op::Release),
        1 => small.clone().prop_map(Op::ForgetRaw),
        1 => small.clone().prop_map(Op::Grow),
        1 => small.clone().prop_map(Op::Shrink),
        1 => small.prop_map(Op::ForgetFree),
        1 => Just(Op::Drain),
    ]
}

/// A run may end with a close and some more.
fn ops() -> impl Strategy<Value = Vec<Op>> {
    let some = prop::collection::vec(op(), 0..60);
    let more = prop::collection::vec(op(), 0..15);
    (some, any::<bool>(), more).prop_map(|(mut all, closes, more)| {
        if closes {
            all.push(Op::Close);
            all.extend(more);
        }
        all
    })
}

#[derive(Debug, Default)]
struct Model {
    available: usize,
    capacity: Option<usize>,
    debt: usize,
    raw: usize,
    closed: bool,
    queue: VecDeque<(usize, usize)>,
    granted: Vec<usize>,
    failed: Vec<usize>,
}

impl Model {
    fn serve(&mut self) {
        while let Some(&(id, permits)) = self.queue.front() {
            if permits > self.available {
                break;
            }
            self.available -= permits;
            self.queue.pop_front();
            self.granted.push(id);
        }
    }

    fn put(&mut self, permits: usize) {
        let paid = permits.min(self.debt);
        self.debt -= paid;
        self.available += permits - paid;
        self.serve();
    }

    fn take(&mut self, permits: usize) -> bool {
        let fits = permits == 0 || self.queue.is_empty() && permits <= self.available;
        if fits && !self.closed {
            self.available -= permits;
        }
        fits && !self.closed
    }

    fn lower(&mut self, permits: usize) {
        self.capacity = self.capacity.map(|c| c - permits);
    }

    fn forget(&mut self, permits: usize) {
        let paid = permits.min(self.debt);
        self.debt -= paid;
        self.lower(permits - paid);
    }
}

struct Waiter {
    id: usize,
    permits: usize,
    task: Acquiring,
}

/// The semaphore beside its model.
struct Both {
    real: Arc<Semaphore>,
    model: Model,
    waiters: Vec<Waiter>,
    held: Vec<OwnedSemaphorePermit>,
    next: usize,
}

impl Both {
    fn new(permits: usize, bounded: bool) -> Both {
        let real = if bounded {
            Semaphore::new(permits)
        } else {
            Semaphore::unbounded(permits)
        };
        Both {
            real: Arc::new(real),
            model: Model {
                available: permits,
                capacity: bounded.then_some(permits),
                ..Model::default()
            },
            waiters: Vec::new(),
            held: Vec::new(),
            next: 0,
        }
    }

    fn step(&mut self, op: Op) {
        let (real, model) = (&self.real, &mut self.model);
        match op {
            Op::Acquire(n) => {
                let permits = n as usize;
                let mut task = Acquiring::new(real, n);
                let took = model.take(permits);
                match task.poll() {
                    std::task::Poll::Pending => {
                        assert!(!took && !model.closed);
                        let id = self.next;
                        self.next += 1;
                        model.queue.push_back((id, permits));
                        self.waiters.push(Waiter { id, permits, task });
                    }
                    std::task::Poll::Ready(Ok(permit)) => {
                        assert!(took);
                        self.held.push(permit);
                    }
                    std::task::Poll::Ready(Err(_)) => assert!(model.closed),
                }
            }
            Op::Try(n) => {
                let tried = Arc::clone(real).try_acquire_many_owned(n);
                assert_eq!(tried.is_ok(), model.take(n as usize));
                self.held.extend(tried.ok());
            }
            Op::PutBack(i) if !self.held.is_empty() => {
                let permit = self.held.swap_remove(i % self.held.len());
                model.put(permit.num_permits());
                drop(permit);
            }
            Op::Forget(i) if !self.held.is_empty() => {
                let permit = self.held.swap_remove(i % self.held.len());
                model.forget(permit.num_permits());
                permit.forget();
            }
            Op::Split(i, n) if !self.held.is_empty() => {
                let at = i % self.held.len();
                let parts = self.held[at].split(n);
                self.held.extend(parts);
            }
            Op::Drop(i) if !self.waiters.is_empty() => {
                let waiter = self.waiters.swap_remove(i % self.waiters.len());
                if let Some(at) = model.granted.iter().position(|&id| id == waiter.id) {
                    model.granted.remove(at);
                    model.put(waiter.permits);
                } else {
                    model.queue.retain(|&(id, _)| id != waiter.id);
                    model.serve();
                }
                drop(waiter);
            }
            Op::Ask(i) if !self.waiters.is_empty() => {
                let at = i % self.waiters.len();
                let waiter = &mut self.waiters[at];
                let granted = model.granted.iter().position(|&id| id == waiter.id);
                match waiter.task.poll() {
                    std::task::Poll::Pending => {
                        assert!(model.queue.iter().any(|&(id, _)| id == waiter.id));
                        return;
                    }
                    std::task::Poll::Ready(Ok(permit)) => {
                        model.granted.remove(granted.unwrap());
                        self.held.push(permit);
                    }
                    std::task::Poll::Ready(Err(_)) => assert!(model.failed.contains(&waiter.id)),
                }
                self.waiters.swap_remove(at);
            }
            Op::Raw(n) => {
                if let Ok(permit) = real.try_acquire_many(n) {
                    permit.into_raw();
                    assert!(model.take(n as usize));
                    model.raw += n as usize;
                } else {
                    assert!(!model.take(n as usize));
                }
            }
            Op::Release(n) => {
                let fine = model.capacity.is_none() || n <= model.raw;
                assert_eq!(real.release(n).is_ok(), fine);
                if fine {
                    model.raw = model.raw.saturating_sub(n);
                    model.put(n);
                }
            }
            Op::ForgetRaw(n) => {
                let fine = model.capacity.is_none() || n <= model.raw;
                assert_eq!(real.forget_raw(n).is_ok(), fine);
                if fine {
                    model.raw = model.raw.saturating_sub(n);
                    model.forget(n);
                }
            }
            Op::Grow(n) => {
                real.grow(n);
                model.capacity = model.capacity.map(|c| c + n);
                model.put(n);
            }
            Op::Shrink(n) => {
                let lowered = n.min(model.capacity.unwrap_or(n));
                assert_eq!(real.shrink(n), lowered);
                let at_once = lowered.min(model.available);
                model.available -= at_once;
                model.debt += lowered - at_once;
                model.lower(lowered);
            }
            Op::ForgetFree(n) => {
                let removed = n.min(model.available);
                assert_eq!(real.forget_permits(n), removed);
                model.available -= removed;
                model.lower(removed);
            }
            Op::Drain => {
                let drained = real.drain();
                assert_eq!(drained.num_permits(), model.available);
                drained.into_raw();
                model.raw += std::mem::take(&mut model.available);
            }
            Op::Close => {
                real.close();
                model.closed = true;
                model.failed.extend(model.queue.drain(..).map(|(id, _)| id));
            }
            // nobody is there whom it could concern
            _ => {}
        }
    }

    fn agree(&self) {
        let model = &self.model;
        assert_eq!(
            (stands(&self.real), self.real.is_closed()),
            (
                (
                    model.available,
                    model.capacity,
                    model.debt,
                    model.queue.len()
                ),
                model.closed
            )
        );
        for waiter in &self.waiters {
            let answered = !model.queue.iter().any(|&(id, _)| id == waiter.id);
            assert_eq!(waiter.task.bell.rings(), usize::from(answered));
        }
        if let Some(capacity) = model.capacity {
            let held: usize = self.held.iter().map(|p| p.num_permits()).sum();
            let owned = self
                .waiters
                .iter()
                .filter(|w| model.granted.contains(&w.id));
            let granted: usize = owned.map(|w| w.permits).sum();
            let all = model.available + held + granted + model.raw;
            assert_eq!(all, capacity + model.debt, "permits are conserved");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn as_the_model_does(permits in 0..6usize, bounded: bool, ops in ops()) {
        let mut both = Both::new(permits, bounded);
        for op in ops {
            both.step(op);
            both.agree();
        }
    }
}
