//! The bare poll loop: the same choices, and nothing checked.
//!
//! They are made by whatever picks: dice, with as little as they need, or the strategy of the
//! exploration. At most once a run a task is dropped instead of polled. Futures are boxed, since they have to be; wakers are kept from run to run; a join handle
//! is a cell. Nothing is named, recorded, watched or offered to anybody.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

type Body = Pin<Box<dyn Future<Output = ()>>>;

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

struct Slot {
    body: Option<Body>,
    flag: Arc<Flag>,
    waker: Waker,
    joined: Option<Rc<Handle>>,
}

impl Slot {
    fn new() -> Slot {
        let flag = Arc::new(Flag(AtomicBool::new(false)));
        Slot {
            body: None,
            waker: Waker::from(Arc::clone(&flag)),
            flag,
            joined: None,
        }
    }
}

thread_local! {
    static SPAWNED: RefCell<Vec<(Body, Rc<Handle>)>> = const { RefCell::new(Vec::new()) };
}

/// Waits for a task; whether it was not cancelled.
pub struct Join(Rc<Handle>);

#[derive(Default)]
struct Handle {
    done: Cell<Option<bool>>,
    waker: Cell<Option<Waker>>,
}

impl Handle {
    fn end(&self, finished: bool) {
        self.done.set(Some(finished));
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

impl Future for Join {
    type Output = bool;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<bool> {
        match self.0.done.get() {
            Some(done) => Poll::Ready(done),
            None => {
                self.0.waker.set(Some(cx.waker().clone()));
                Poll::Pending
            }
        }
    }
}

pub fn spawn(future: impl Future<Output = ()> + 'static) -> Join {
    let handle = Rc::new(Handle::default());
    let body: Body = Box::pin(future);
    SPAWNED.with(|spawned| spawned.borrow_mut().push((body, Rc::clone(&handle))));
    Join(handle)
}

/// Picks what is next.
pub trait Pick {
    /// A run begins.
    fn begin(&mut self, run: u64);
    /// One of the tasks that are ready, or of those that may be dropped.
    fn pick(&mut self, ready: &[usize], droppable: &[usize]) -> Next;
}

/// What is next.
pub enum Next {
    Poll(usize),
    Drop(usize),
}

/// As little as it takes: a random number for each choice, and one cancellation in half of the
/// runs, at a step on a logarithmic scale.
pub struct Dice {
    rng: Rng,
    cancel: Option<usize>,
    step: usize,
}

impl Dice {
    pub fn new() -> Dice {
        Dice {
            rng: Rng(0),
            cancel: None,
            step: 0,
        }
    }
}

impl Pick for Dice {
    fn begin(&mut self, run: u64) {
        self.rng = Rng(run);
        self.step = 0;
        self.cancel = (self.rng.below(2) == 1).then(|| {
            let scale = self.rng.below(13);
            self.rng.below(1 << scale)
        });
    }

    fn pick(&mut self, ready: &[usize], droppable: &[usize]) -> Next {
        let step = self.step;
        self.step += 1;
        if self.cancel.is_some_and(|at| at <= step) && !droppable.is_empty() {
            self.cancel = None;
            return Next::Drop(droppable[self.rng.below(droppable.len())]);
        }
        Next::Poll(ready[self.rng.below(ready.len())])
    }
}

/// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
struct Rng(u64);

impl Rng {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        ((u128::from(z) * bound as u128) >> 64) as usize
    }
}

/// Makes so many runs; polls and drops in all.
pub fn runs<F: Future<Output = ()> + 'static>(
    runs: u64,
    picks: &mut impl Pick,
    root: impl Fn() -> F,
) -> u64 {
    let mut slots: Vec<Slot> = Vec::new();
    let mut steps = 0;
    let mut ready: Vec<usize> = Vec::new();
    let mut pending: Vec<usize> = Vec::new();
    for run in 0..runs {
        picks.begin(run);
        let mut used = 0;
        let mut take = |slots: &mut Vec<Slot>, body: Body, joined: Option<Rc<Handle>>| {
            if used == slots.len() {
                slots.push(Slot::new());
            }
            let slot = &mut slots[used];
            slot.body = Some(body);
            slot.joined = joined;
            slot.flag.0.store(true, Ordering::Relaxed);
            used += 1;
        };
        take(&mut slots, Box::pin(root()), None);
        let mut step = 0;
        loop {
            ready.clear();
            pending.clear();
            for (i, slot) in slots.iter().enumerate().filter(|(_, s)| s.body.is_some()) {
                if i > 0 {
                    pending.push(i);
                }
                if slot.flag.0.load(Ordering::Relaxed) {
                    ready.push(i);
                }
            }
            if ready.is_empty() {
                break;
            }
            match picks.pick(&ready, &pending) {
                Next::Drop(at) => {
                    let slot = &mut slots[at];
                    slot.body = None;
                    if let Some(joined) = slot.joined.take() {
                        joined.end(false);
                    }
                }
                Next::Poll(at) => {
                    let slot = &mut slots[at];
                    slot.flag.0.store(false, Ordering::Relaxed);
                    let mut cx = Context::from_waker(&slot.waker);
                    let done = match &mut slot.body {
                        Some(body) => body.as_mut().poll(&mut cx).is_ready(),
                        None => false,
                    };
                    if done {
                        slot.body = None;
                        if let Some(joined) = slot.joined.take() {
                            joined.end(true);
                        }
                    }
                    SPAWNED.with(|spawned| {
                        for (body, joined) in spawned.borrow_mut().drain(..) {
                            take(&mut slots, body, Some(joined));
                        }
                    });
                }
            }
            step += 1;
        }
        steps += step as u64;
    }
    steps
}
