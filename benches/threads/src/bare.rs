//! The bare loop: stacks that are kept, dice, a counting semaphore, and nothing else.
//!
//! It makes the choices that the exploration makes: a worker stands before each op, whoever is granted
//! a permit goes on within the step that granted it, and who is spawned starts when it is chosen. A
//! worker that is chosen again does not switch. Nothing is named, recorded, watched, judged or bounded,
//! and a worker that panics takes the loop with it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use corosensei::stack::DefaultStack;
use corosensei::{Coroutine, CoroutineResult, Yielder};

/// Bytes of a stack, as many as the exploration gives.
const STACK: usize = 2 << 20;

type Body = Box<dyn FnOnce(&Me<'_>)>;

/// What a stack is resumed with: whom to run on it, or to go on. What it yields: whether that ended.
type Stack = Coroutine<Option<Body>, bool, ()>;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stand {
    At,
    Waiting,
    Joining(usize),
    Ended,
}

/// What all workers share.
#[derive(Default)]
pub struct Shared {
    stands: RefCell<Vec<Stand>>,
    /// What those run that have not begun.
    bodies: RefCell<Vec<Option<Body>>>,
    /// Who was granted, and goes on without being chosen.
    granted: RefCell<Vec<usize>>,
    can_run: RefCell<Vec<usize>>,
    next: Cell<usize>,
    random: Cell<u64>,
    decisions: Cell<u64>,
}

impl Shared {
    /// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
    fn below(&self, bound: usize) -> usize {
        let state = self.random.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.random.set(state);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        ((u128::from(z) * bound as u128) >> 64) as usize
    }

    /// Who goes on; `None` if nobody can.
    fn pick(&self) -> Option<usize> {
        if let Some(worker) = self.granted.borrow_mut().pop() {
            return Some(worker);
        }
        let stands = self.stands.borrow();
        let mut can_run = self.can_run.borrow_mut();
        can_run.clear();
        for (worker, stand) in stands.iter().enumerate() {
            let can = match *stand {
                Stand::At => true,
                Stand::Joining(of) => stands[of] == Stand::Ended,
                Stand::Waiting | Stand::Ended => false,
            };
            if can {
                can_run.push(worker);
            }
        }
        if can_run.is_empty() {
            return None;
        }
        self.decisions.set(self.decisions.get() + 1);
        Some(can_run[self.below(can_run.len())])
    }
}

/// The worker that runs.
pub struct Me<'a> {
    number: usize,
    shared: &'a Shared,
    yielder: &'a Yielder<Option<Body>, bool>,
}

impl Me<'_> {
    pub fn number(&self) -> usize {
        self.number
    }

    /// Lets others go on until this one is chosen again.
    fn stand(&self, stand: Stand) {
        self.shared.stands.borrow_mut()[self.number] = stand;
        let Some(next) = self.shared.pick() else {
            panic!("a deadlock: the program has none");
        };
        if next != self.number {
            self.shared.next.set(next);
            self.yielder.suspend(false);
        }
        self.shared.stands.borrow_mut()[self.number] = Stand::At;
    }

    pub fn spawn(&self, body: impl FnOnce(&Me<'_>) + 'static) -> usize {
        let mut stands = self.shared.stands.borrow_mut();
        stands.push(Stand::At);
        self.shared.bodies.borrow_mut().push(Some(Box::new(body)));
        stands.len() - 1
    }

    pub fn join(&self, worker: usize) {
        self.stand(Stand::Joining(worker));
    }
}

/// A counting semaphore, first come, first served.
pub struct Semaphore {
    available: Cell<usize>,
    queue: RefCell<std::collections::VecDeque<usize>>,
}

impl Semaphore {
    pub fn new(permits: usize) -> Semaphore {
        Semaphore {
            available: Cell::new(permits),
            queue: RefCell::default(),
        }
    }

    pub fn acquire(&self, me: &Me<'_>) {
        me.stand(Stand::At);
        match self.available.get() {
            0 => {
                self.queue.borrow_mut().push_back(me.number);
                me.stand(Stand::Waiting);
            }
            n => self.available.set(n - 1),
        }
    }

    pub fn release(&self, me: &Me<'_>) {
        me.stand(Stand::At);
        match self.queue.borrow_mut().pop_front() {
            // it has been handed over
            Some(first) => me.shared.granted.borrow_mut().push(first),
            None => self.available.set(self.available.get() + 1),
        }
    }
}

/// Makes runs.
#[derive(Default)]
pub struct Loop {
    shared: Rc<Shared>,
    stacks: Vec<Stack>,
}

fn stack(number: usize, shared: Rc<Shared>) -> Stack {
    let stack = DefaultStack::new(STACK).expect("memory for a stack");
    Coroutine::with_stack(stack, move |yielder, first: Option<Body>| {
        let me = Me {
            number,
            shared: &shared,
            yielder,
        };
        let mut body = first;
        loop {
            if let Some(body) = body.take() {
                body(&me);
            }
            body = yielder.suspend(true);
        }
    })
}

impl Loop {
    /// Makes so many runs; decisions a run.
    pub fn runs(&mut self, runs: u64, main: impl Fn(&Me<'_>) + Clone + 'static) -> f64 {
        self.shared.decisions.set(0);
        for run in 0..runs {
            self.shared.random.set(run);
            self.run(Box::new(main.clone()));
        }
        self.shared.decisions.get() as f64 / runs as f64
    }

    fn run(&mut self, main: Body) {
        let shared = &self.shared;
        shared.stands.borrow_mut().clear();
        shared.stands.borrow_mut().push(Stand::At);
        shared.bodies.borrow_mut().clear();
        shared.bodies.borrow_mut().push(Some(main));
        let mut next = 0;
        loop {
            while self.stacks.len() <= next {
                let number = self.stacks.len();
                self.stacks.push(stack(number, Rc::clone(shared)));
            }
            let body = shared.bodies.borrow_mut()[next].take();
            match self.stacks[next].resume(body) {
                CoroutineResult::Yield(false) => next = shared.next.get(),
                CoroutineResult::Yield(true) => {
                    shared.stands.borrow_mut()[next] = Stand::Ended;
                    match shared.pick() {
                        Some(picked) => next = picked,
                        None => break,
                    }
                }
                CoroutineResult::Return(()) => unreachable!("a stack loops for ever"),
            }
        }
    }
}
