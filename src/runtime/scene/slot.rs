//! A task, and what wakes it.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Wake, Waker};

use crate::run::{StatementId, WorkerId};
use crate::runtime::scene::current::{count_wake, exploration, with_core};
use crate::runtime::scene::panics::Sight;

/// What a task runs.
pub(in crate::runtime) type Body = Pin<Box<dyn Future<Output = ()>>>;

/// One task of a run.
pub(in crate::runtime) struct Slot {
    pub(in crate::runtime) id: WorkerId,
    pub(in crate::runtime) body: Option<Body>,
    pub(in crate::runtime) flag: Arc<Flag>,
    /// Kept from run to run: a waker costs an allocation.
    pub(in crate::runtime) waker: Option<Waker>,
    pub(in crate::runtime) ended: bool,
    /// Whether it cancelled itself, and ends when its poll returns.
    pub(in crate::runtime) aborted: bool,
    /// Where it was spawned: what is said of an await of which nothing is known.
    pub(in crate::runtime) awaits: StatementId,
    /// How many tasks it has spawned.
    pub(in crate::runtime) children: usize,
    /// Who is told how it ended.
    pub(in crate::runtime) joined: Option<Rc<dyn Joined>>,
    /// The futures in it that may be cancelled, the outermost first.
    pub(in crate::runtime) parts: Vec<Part>,
    /// What stands at a `fault::io`, and how it turned out.
    pub(in crate::runtime) io: Option<Io>,
}

/// A future that may be cancelled by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::runtime) struct Part {
    pub(in crate::runtime) number: u32,
    pub(in crate::runtime) cancelled: bool,
}

/// Where a task stands that is at a `fault::io`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::runtime) enum Io {
    /// It has not been decided how it turns out.
    Open,
    /// It fails.
    Fails,
    /// It panics.
    Panics,
}

/// Who makes a task end before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::runtime) enum Striker {
    /// The scheduler.
    Injected,
    /// The user's code.
    User,
}

/// Who waits for a task to end.
pub(in crate::runtime) trait Joined {
    /// It was cancelled or panicked.
    fn failed(&self, by: Striker, sight: Option<Sight>);
}

/// Whether a task was woken.
#[derive(Debug)]
pub(in crate::runtime) struct Flag {
    ready: AtomicBool,
    /// Whether it was woken from another thread, or after its exploration.
    outside: AtomicBool,
    exploration: u64,
}

impl Flag {
    pub(in crate::runtime) fn new() -> Arc<Flag> {
        Arc::new(Flag {
            ready: AtomicBool::new(false),
            outside: AtomicBool::new(false),
            exploration: exploration(),
        })
    }

    pub(in crate::runtime) fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Relaxed)
    }

    pub(in crate::runtime) fn set(&self, ready: bool) {
        self.ready.store(ready, Ordering::Relaxed);
    }

    pub(in crate::runtime) fn woken_outside(&self) -> bool {
        self.outside.load(Ordering::Relaxed)
    }
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        Flag::wake_by_ref(&self);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if exploration() != self.exploration {
            self.outside.store(true, Ordering::Relaxed);
        }
        count_wake();
        self.set(true);
    }
}

/// A waker that looks at the semaphores when it is woken and when it is dropped, as a user's waker
/// may: a semaphore that holds a lock meanwhile blocks for ever.
struct Nosy {
    flag: Arc<Flag>,
}

/// A waker for a flag that looks at the semaphores.
pub(in crate::runtime) fn nosy(flag: &Arc<Flag>) -> Waker {
    Waker::from(Arc::new(Nosy {
        flag: Arc::clone(flag),
    }))
}

impl Wake for Nosy {
    fn wake(self: Arc<Self>) {
        Nosy::wake_by_ref(&self);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        with_core(|core| core.look_at_probes());
        Flag::wake_by_ref(&self.flag);
    }
}

impl Drop for Nosy {
    fn drop(&mut self) {
        with_core(|core| core.look_at_probes());
    }
}

impl Slot {
    /// A slot that is not used.
    pub(in crate::runtime) fn vacant() -> Slot {
        let flag = Flag::new();
        Slot {
            id: WorkerId(0),
            body: None,
            waker: Some(Waker::from(Arc::clone(&flag))),
            flag,
            ended: false,
            aborted: false,
            awaits: StatementId(0),
            children: 0,
            joined: None,
            parts: Vec::new(),
            io: None,
        }
    }

    /// Makes a slot ready for another task. A waker that somebody kept from the task before must
    /// not wake this one.
    pub(in crate::runtime) fn renew(&mut self, id: WorkerId) {
        if Arc::strong_count(&self.flag) != 2 || self.waker.is_none() {
            self.new_waker();
        }
        self.id = id;
        self.flag.set(true);
        self.flag.outside.store(false, Ordering::Relaxed);
        self.ended = false;
        self.aborted = false;
        self.children = 0;
        self.parts.clear();
        self.io = None;
    }

    /// Its poll has returned, or unwound.
    #[inline]
    pub(in crate::runtime) fn was_polled(&mut self, waker: Waker) {
        self.waker = Some(waker);
        // how it turned out has been told
        self.io.take_if(|io| *io != Io::Open);
    }

    /// Has the task woken by another waker from now on.
    pub(in crate::runtime) fn new_waker(&mut self) {
        let ready = self.flag.is_ready();
        self.flag = Flag::new();
        self.flag.set(ready);
        self.waker = Some(Waker::from(Arc::clone(&self.flag)));
    }
}
