//! Threads that borrow from the one that starts them.

use std::fmt;
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::thread;

use shuttle_std::thread as shuttles;

use super::spawn::{IN_SCOPE, Place, Worker, crew, live, refuse_in_tasks};
use super::team::{Opened, Stand};
use crate::run::WorkerId;
use crate::runtime::names::Here;

/// Calls `f` with a scope in which threads may borrow from here, and returns when all of them have
/// ended.
///
/// It differs from the standard library's in one thing: the scope is handed out by value, and can be
/// copied into threads that spawn others.
///
/// # Panics
///
/// If `f` panics, or a thread of the scope did that nobody joined.
#[track_caller]
pub fn scope<'env, F, T>(f: F) -> T
where
    F: for<'scope> FnOnce(Scope<'scope, 'env>) -> T,
{
    let place = Here::from(Location::caller());
    let Some(crew) = crew() else {
        refuse_in_tasks();
        return thread::scope(|scope| f(Scope(Kind::Std(scope))));
    };
    let me = crew.core.current.get().slot;
    let opened = crew.team.borrow_mut().opens(me);
    let of_scope = || {
        let team = crew.team.borrow();
        let progress = crew.core.progress.borrow();
        let all = team.members.iter().zip(progress.slots());
        let own = all.filter(|(member, _)| member.scoped_in == Some(opened));
        own.map(|(_, slot)| slot.id).collect::<Vec<WorkerId>>()
    };
    let ran = shuttles::scope(|scope| {
        // nothing may unwind past threads that borrow from here
        let ran = catch_unwind(AssertUnwindSafe(|| f(Scope(Kind::Worker(scope, opened)))));
        // those that were spawned meanwhile included; a run that is broken off has unwound them
        let waited = catch_unwind(AssertUnwindSafe(|| {
            crew.put_back_late();
            let mut waited = 0;
            while let Some(&next) = of_scope().get(waited) {
                if crew.core.has_ended(next) {
                    let mut book = crew.core.book.borrow_mut();
                    book.pairs.joined(crew.core.worker(), next);
                } else {
                    crew.wait_for(place, next);
                }
                waited += 1;
            }
        }));
        ran.and_then(|value| waited.map(|()| value))
    });
    match ran {
        Err(payload) => resume_unwind(payload),
        Ok(value) => {
            let unheard = of_scope()
                .into_iter()
                .any(|worker| crew.is_unheard_panic(worker));
            if unheard {
                crew.team.borrow_mut().members[me].heard_of_panic = true;
                resume_unwind(Box::new(IN_SCOPE));
            }
            value
        }
    }
}

/// Where threads are spawned that borrow.
#[derive(Clone, Copy)]
pub struct Scope<'scope, 'env: 'scope>(Kind<'scope, 'env>);

#[derive(Clone, Copy)]
enum Kind<'scope, 'env: 'scope> {
    Std(&'scope thread::Scope<'scope, 'env>),
    Worker(&'scope shuttles::Scope<'scope, 'env>, Opened),
}

impl<'scope> Scope<'scope, '_> {
    /// Starts a thread that may borrow from outside of the scope.
    #[track_caller]
    pub fn spawn<F, T>(&self, f: F) -> ScopedJoinHandle<'scope, T>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        let place = Here::from(Location::caller());
        let (scope, opened) = match self.0 {
            Kind::Std(scope) => return ScopedJoinHandle(Handle::Std(scope.spawn(f))),
            Kind::Worker(scope, opened) => (scope, opened),
        };
        let Some(crew) = crew() else {
            panic!("a scope of an exploration was used outside of it");
        };
        let result: Place<T> = Arc::default();
        let left = Arc::clone(&result);
        let (worker, member) = crew.hire(place);
        // shuttle has a task for it, and keeps that to the end of the execution
        crew.foreign.set(true);
        crew.quiet.set(true);
        let task = scope.spawn(move || live(member, f, &left));
        crew.quiet.set(false);
        crew.join(usize::from(task.thread().id()), Stand::At, Some(opened));
        crew.stop_at_spawn(place);
        ScopedJoinHandle(Handle::Worker(Worker::new(&crew, worker, result)))
    }
}

impl fmt::Debug for Scope<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").finish_non_exhaustive()
    }
}

/// Waits for a thread of a scope.
pub struct ScopedJoinHandle<'scope, T>(Handle<'scope, T>);

enum Handle<'scope, T> {
    Std(thread::ScopedJoinHandle<'scope, T>),
    Worker(Worker<T>),
}

impl<T> ScopedJoinHandle<'_, T> {
    /// Waits for the thread to end.
    ///
    /// # Errors
    ///
    /// What it panicked with.
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

impl<T> fmt::Debug for ScopedJoinHandle<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopedJoinHandle").finish_non_exhaustive()
    }
}
