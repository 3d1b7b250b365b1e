//! Threads: starting them, waiting for them, letting others go first.

use std::any::Any;
use std::cell::RefCell;
use std::fmt;
use std::panic::Location;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use shuttle_engine::runtime::execution::ExecutionState;

use super::crew::Crew;
use super::engine::STACK;
use super::team::Stand;
use crate::run::{Cause, Ending, Event, Op, StatementId, WorkerId};
use crate::runtime::names::{Here, Verb};
use crate::runtime::scene::core::{NOBODY, Runner};
use crate::runtime::scene::panics::{INJECTED, Sight};
use crate::runtime::scene::slot::Striker;

thread_local! {
    /// Whose run this thread of the system executes.
    static CREW: RefCell<Option<Rc<Crew>>> = const { RefCell::new(None) };
}

/// The crew of this thread, if there is one.
pub(super) fn crew() -> Option<Rc<Crew>> {
    CREW.try_with(|slot| slot.borrow().clone()).ok()?
}

/// Makes a crew the one of this thread, until it is dropped.
pub(super) struct Present(());

impl Present {
    pub(super) fn new(crew: &Rc<Crew>) -> Present {
        CREW.with(|slot| *slot.borrow_mut() = Some(Rc::clone(crew)));
        Present(())
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        let _crew = CREW.with(|slot| slot.borrow_mut().take());
    }
}

/// Where a worker leaves its result.
pub(super) type Place<T> = Arc<Mutex<Option<thread::Result<T>>>>;

/// Leaves a result, or drops it if nobody is going to ask for it.
fn put<T>(place: &Place<T>, result: thread::Result<T>) {
    if Arc::strong_count(place) > 1 {
        *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
    }
}

/// Starts a thread: in an exploration a worker of it, elsewhere one of the standard library.
///
/// In an exploration the new thread and others may go on before this returns. So hold no lock of the
/// standard library meanwhile that they take: it would block the exploration itself.
///
/// # Panics
///
/// If the system has no thread left, or in an exploration of futures: a task spawns with
/// [`task::spawn`](crate::task::spawn).
#[track_caller]
pub fn spawn<F, T>(f: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let place = Here::from(Location::caller());
    let Some(crew) = crew() else {
        refuse_in_tasks();
        return JoinHandle(Handle::Std(thread::spawn(f)));
    };
    let result: Place<T> = Arc::default();
    let left = Arc::clone(&result);
    let worker = crew.spawn(place, |member| Box::new(move || live(member, f, &left)));
    JoinHandle(Handle::Worker(Worker::new(&crew, worker, result)))
}

/// # Panics
///
/// In an exploration of futures.
pub(super) fn refuse_in_tasks() {
    assert!(
        !crate::runtime::scene::is_exploring(),
        "selvedge::thread::spawn in an exploration of futures: spawn tasks there, with \
         selvedge::task::spawn"
    );
}

/// Waits for a thread. Dropping it lets the thread go on.
pub struct JoinHandle<T>(Handle<T>);

enum Handle<T> {
    Std(thread::JoinHandle<T>),
    Worker(Worker<T>),
}

/// A worker and its result.
pub(super) struct Worker<T> {
    worker: WorkerId,
    /// The run that it is a worker of.
    epoch: u64,
    result: Place<T>,
}

impl<T> JoinHandle<T> {
    /// Waits for the thread to end.
    ///
    /// # Errors
    ///
    /// What it panicked with. What an injected panic carries is a text that says so.
    #[track_caller]
    pub fn join(self) -> thread::Result<T> {
        match self.0 {
            Handle::Std(handle) => handle.join(),
            Handle::Worker(worker) => worker.join(),
        }
    }

    /// Whether the thread has ended.
    pub fn is_finished(&self) -> bool {
        match &self.0 {
            Handle::Std(handle) => handle.is_finished(),
            Handle::Worker(worker) => worker.is_finished(),
        }
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle").finish_non_exhaustive()
    }
}

impl<T> Worker<T> {
    pub(super) fn new(crew: &Crew, worker: WorkerId, result: Place<T>) -> Worker<T> {
        let epoch = crew.core.epoch.get();
        Worker {
            worker,
            epoch,
            result,
        }
    }

    /// # Panics
    ///
    /// Outside of the run that it is of.
    #[track_caller]
    fn crew(&self) -> Rc<Crew> {
        match crew() {
            Some(crew) if crew.core.epoch.get() == self.epoch => crew,
            Some(_) => panic!("a join handle of another run was used: keep none from run to run"),
            None => panic!("a join handle of an exploration was used outside of it"),
        }
    }

    #[track_caller]
    pub(super) fn join(self) -> thread::Result<T> {
        let place = Here::from(Location::caller());
        let crew = self.crew();
        crew.wait_for(place, self.worker);
        crew.was_joined(self.worker);
        let result = self.result.lock();
        let result = result.unwrap_or_else(PoisonError::into_inner).take();
        // only a run that is broken off has workers without one
        result.unwrap_or_else(|| Err(Box::new(gone())))
    }

    pub(super) fn is_finished(&self) -> bool {
        crew().is_none_or(|crew| {
            crew.core.epoch.get() != self.epoch || crew.core.has_ended(self.worker)
        })
    }
}

fn gone() -> String {
    format!("the thread was unwound at the end of the run, {INJECTED}")
}

/// How the panic of a thread shows in that of another one which unwraps the result of a join.
const AS_UNWRAPPED: &str = "Any { .. }";

/// What a scope panics with when a thread of it did, as that of the standard library.
pub(super) const IN_SCOPE: &str = "a scoped thread panicked";

/// Lets other threads go first.
#[track_caller]
pub fn yield_now() {
    let place = Here::from(Location::caller());
    let Some(crew) = crew() else {
        return thread::yield_now();
    };
    let statement = crew.core.book.borrow_mut().names.alone(place, Verb::Yield);
    crew.stand(statement, Op::Yield);
}

/// The whole life of a worker.
pub(super) fn live<T>(member: usize, f: impl FnOnce() -> T, result: &Place<T>) {
    if let Some(crew) = crew() {
        crew.live(member, f, result);
    }
}

impl Crew {
    /// A slot for a worker that begins.
    pub(super) fn takes_slot(&self, id: WorkerId, place: Here, start: StatementId) -> usize {
        let core = &self.core;
        let foreign = self.unknown_at(place);
        core.book.borrow_mut().start(id, start);
        let progress = &mut *core.progress.borrow_mut();
        let index = progress.take_slot(id);
        let slot = &mut progress.slots[index];
        slot.awaits = foreign;
        // nobody has woken it: it starts when it is chosen
        slot.flag.set(false);
        index
    }

    /// What a worker stands at that only shuttle knows of: where is not known, so where the worker was
    /// spawned tells it from others.
    fn unknown_at(&self, place: Here) -> StatementId {
        let mut known = self.unknown.borrow_mut();
        let at = known.iter().find(|(there, _)| *there == place);
        at.map(|(_, statement)| *statement).unwrap_or_else(|| {
            let statement = self.core.book.borrow_mut().names.alone(place, Verb::Sync);
            known.push((place, statement));
            statement
        })
    }

    /// Starts a worker of the one that runs; it begins when it is chosen.
    pub(super) fn spawn(
        &self,
        place: Here,
        body: impl FnOnce(usize) -> Box<dyn FnOnce()>,
    ) -> WorkerId {
        let (id, member) = self.hire(place);
        self.quiet.set(true);
        let host = self.host.borrow().clone();
        let task = match host {
            Some(host) => host.lend(member, body(member)),
            None => {
                let life = body(member);
                ExecutionState::spawn_thread(life, STACK, None, None, Location::caller()).into()
            }
        };
        self.quiet.set(false);
        self.join(task, Stand::At, None);
        self.stop_at_spawn(place);
        id
    }

    /// The worker that runs has started another one: lets others go first, where the strategy says so.
    pub(super) fn stop_at_spawn(&self, place: Here) {
        let core = &self.core;
        if core.is_ending() || std::thread::panicking() {
            return;
        }
        let stops = core.progress.borrow_mut().stops_at_spawn(core.worker());
        if stops {
            let statement = core.book.borrow_mut().names.alone(place, Verb::Spawn);
            self.stand(statement, Op::Work { fallible: false });
        }
    }

    /// Names a worker of the one that runs, and gives it a slot.
    pub(super) fn hire(&self, place: Here) -> (WorkerId, usize) {
        let core = &self.core;
        if core.is_ending() {
            self.leave();
        }
        core.refuse_while_looking();
        let parent = core.current.get().slot;
        let (parent_id, nth) = {
            let slot = &mut core.progress.borrow_mut().slots[parent];
            slot.children += 1;
            (slot.id, slot.children - 1)
        };
        let (id, start) = {
            let names = &mut core.book.borrow_mut().names;
            (names.child(parent_id, nth), names.alone(place, Verb::Start))
        };
        core.book.borrow_mut().pairs.spawned(parent_id, id);
        (id, self.takes_slot(id, place, start))
    }

    /// The worker that runs waits for another one to end.
    pub(super) fn wait_for(&self, place: Here, worker: WorkerId) {
        let core = &self.core;
        if core.is_ending() {
            return self.leave();
        }
        let statement = core.book.borrow_mut().names.join(place, worker);
        let op = Op::Join { first: worker };
        let Runner {
            slot: me,
            worker: of,
        } = core.current.get();
        if me != NOBODY.slot && self.unwinds(me) {
            if !core.has_ended(worker) {
                self.cannot_judge(me);
                self.stand_here(me, of, statement, op);
            }
        } else {
            self.stand(statement, op);
        }
        let mut book = core.book.borrow_mut();
        let members = &mut self.team.borrow_mut().members;
        members[me].heard_of_panic |= book.account(worker).how == Ending::Panicked;
        book.account_mut(core.worker()).wait = None;
        book.pairs.joined(core.worker(), worker);
    }

    /// Somebody has asked how a worker ended.
    pub(super) fn was_joined(&self, worker: WorkerId) {
        if let Some(member) = self.core.slot_of(worker) {
            self.team.borrow_mut().members[member].joined = true;
        }
    }

    fn live<T>(&self, me: usize, f: impl FnOnce() -> T, result: &Place<T>) {
        let core = &self.core;
        let id = core.worker();
        self.begins_on_stack(me);
        let mut how = Ending::Returned;
        if core.is_ending() {
            // it has never begun; what it was to own may put something back
            let _ = core.guarded(|| drop(f));
        } else {
            core.book.borrow_mut().account_mut(id).op = Op::Poll;
            let outcome = match core.guarded(f) {
                Ok(value) => Some(Ok(value)),
                Err(sight) if core.is_ending() || sight.is_abandoned() => None,
                Err(sight) => {
                    how = Ending::Panicked;
                    Some(Err(self.has_panicked(me, id, sight)))
                }
            };
            // what is dropped now may panic, and a run that is broken off meanwhile unwinds this
            let rest = core.guarded(|| {
                self.put_back_late();
                if let Some(outcome) = outcome {
                    put(result, outcome);
                }
                self.drop_task_locals();
            });
            // and if it does, that puts something back
            let back = core.guarded(|| self.put_back_late());
            for sight in [rest, back].into_iter().filter_map(Result::err) {
                if !core.is_ending() {
                    core.failed(id, &sight);
                }
            }
        }
        self.leaves_the_stage(me, how);
    }

    /// Drops thread-local values of shuttle's. A task that had one may not have it again.
    fn drop_task_locals(&self) {
        while let Some(value) = ExecutionState::with(|state| state.current_mut().pop_local()) {
            self.foreign.set(true);
            drop(value);
        }
    }

    /// A worker has ended.
    pub(super) fn leaves_the_stage(&self, me: usize, how: Ending) {
        let core = &self.core;
        if core.is_ending() {
            core.progress.borrow_mut().slots[me].ended = true;
        } else {
            core.ended(me, how, Striker::User, None);
            let (mut team, mut book) = (self.team.borrow_mut(), core.book.borrow_mut());
            team.ends(me, &mut book);
        }
        // what shuttle drops of it is nobody's step
        core.current.set(NOBODY);
    }

    /// Writes a panic down; what a join is told of it.
    fn has_panicked(&self, me: usize, id: WorkerId, sight: Sight) -> Box<dyn Any + Send> {
        let core = &self.core;
        let passes_on = self.team.borrow().members[me].heard_of_panic
            && sight
                .failure()
                .is_some_and(|(text, _)| text.contains(AS_UNWRAPPED) || text == IN_SCOPE);
        if !passes_on {
            core.failed(id, &sight);
        }
        core.book.borrow_mut().events.push(Event::Raised {
            worker: id,
            cause: Cause::Panic,
        });
        if sight.is_injected() {
            Box::new(format!("a panic, {INJECTED}"))
        } else {
            sight.into_payload()
        }
    }
}
