//! What is watched besides our own semaphores: foreign ones through probes, and what a user wants
//! to hold.

use std::cell::Cell;
use std::panic::{Location, resume_unwind};
use std::rc::Rc;
use std::sync::Arc;

use crate::run::{Event, SemaphoreId, StatementId};
use crate::runtime::Standing;
use crate::runtime::book::TrayKind;
use crate::runtime::names::{Here, Verb};
use crate::runtime::scene::core::{Core, NOBODY};
use crate::runtime::scene::current::with_core;

/// Reads how many permits of a foreign semaphore are free.
pub(in crate::runtime) struct Probe {
    pub(in crate::runtime) semaphore: SemaphoreId,
    /// Where it was registered: what is told of what nobody took in our sight.
    pub(in crate::runtime) statement: StatementId,
    read: Rc<dyn Fn() -> usize>,
    /// It panicked once, and is not asked any more.
    broken: Cell<bool>,
}

/// Whether something holds.
pub(crate) type Holds = Arc<dyn Fn(&Standing<'_>) -> bool + Send + Sync>;

/// What a user wants to hold after each step.
pub(in crate::runtime) struct Invariant {
    pub(in crate::runtime) statement: StatementId,
    pub(in crate::runtime) name: String,
    pub(in crate::runtime) holds: Holds,
}

/// What a user wants to hold in one run, over the data of that run.
pub(in crate::runtime) struct OfRun {
    statement: StatementId,
    name: String,
    holds: Rc<dyn Fn() -> bool>,
    /// It did not hold once, and is not asked any more.
    failed: Cell<bool>,
}

/// Watches a semaphore of which nothing is known but how many permits are free: `available` is
/// asked after each step, and must neither wait nor change anything: one that comes to a scheduling
/// point, an atomic of shuttle's say, is told and asked no more.
///
/// It is judged at every step that no more than `capacity` permits are free, and when a run ends
/// that all of them are. Who holds some is not known, so of what is missing nobody is blamed, and who
/// waits is said to wait for it perhaps: wrap the semaphore with [`tracked`] of the same name for
/// that. Outside of an exploration nothing happens.
///
/// [`tracked`]: crate::tracked()
#[track_caller]
pub fn probe(name: &str, capacity: usize, available: impl Fn() -> usize + 'static) {
    let place = Here::from(Location::caller());
    with_core(|core| {
        if core.is_ending() {
            return;
        }
        let known = core.book.borrow().named(name);
        let semaphore = known.unwrap_or_else(|| {
            let kind = TrayKind::Foreign { queued: false };
            let capacity = capacity as u64;
            let mut book = core.book.borrow_mut();
            book.register(Some(name), place, kind, capacity, capacity)
        });
        core.book.borrow_mut().touch(semaphore).capacity = capacity as u64;
        let statement = core
            .book
            .borrow_mut()
            .names
            .op(place, Verb::Probe, semaphore);
        let read: Rc<dyn Fn() -> usize> = Rc::new(available);
        if core.is_refused(statement, || read()) {
            core.tell_refused(statement, "a probe");
            return;
        }
        let probe = Probe {
            semaphore,
            statement,
            read,
            broken: Cell::new(false),
        };
        // a probe that makes a probe is odd, but harmless
        core.watched.set(true);
        core.counts.probes.add();
        match core.probes.try_borrow_mut() {
            Ok(mut probes) => probes.push(probe),
            Err(_) => core.new_probes.borrow_mut().push(probe),
        }
    });
}

/// Says what must hold after each step of this run; what [`invariant`](crate::invariant()) calls.
pub(crate) fn invariant_of_run(place: Here, name: &str, holds: impl Fn() -> bool + 'static) {
    with_core(|core| {
        if core.is_ending() {
            return;
        }
        let statement = core.statement_at(place, &format!("invariant {name}"));
        let holds: Rc<dyn Fn() -> bool> = Rc::new(holds);
        if core.is_refused(statement, || holds()) {
            core.tell_refused(statement, &format!("invariant `{name}`"));
            return;
        }
        let of_run = OfRun {
            statement,
            name: name.to_owned(),
            holds,
            failed: Cell::new(false),
        };
        core.watched.set(true);
        // one that makes another one is odd, but harmless
        match core.of_run.try_borrow_mut() {
            Ok(mut all) => all.push(of_run),
            Err(_) => core.new_of_run.borrow_mut().push(of_run),
        }
    });
}

/// What is wrong with what is watched by something that can switch.
const SCHEDULES: &str = "comes to a scheduling point (an op of a semaphore, or of shuttle's `sync` types), \
     where others could go on: let it read plain data, or atomics of the standard library";

/// Writes a line into the timeline of the run, beside the step that is under way; what
/// [`note!`](crate::note) calls.
pub(crate) fn note_line(text: impl FnOnce() -> String) {
    with_core(|core| {
        // who only counts runs does not pay for the text
        if core.is_ending() || !core.progress.borrow().options.recording {
            return;
        }
        // a scheduling point would be a step of the run that is reported alone
        let before = core.looking.replace(true);
        let text = text();
        core.looking.set(before);
        core.came_to_a_point.set(false);
        let worker = core.worker();
        let mut book = core.book.borrow_mut();
        let text = book.text(&text);
        book.events.push(Event::Note { worker, text });
    });
}

/// The run reaches a place; what [`reached`](crate::reached) calls.
pub(crate) fn reaches(place: &str) {
    with_core(|core| {
        if core.is_ending() {
            return;
        }
        let reached = &mut core.progress.borrow_mut().exercised.reached;
        if !reached.contains(place) {
            reached.insert(place.to_owned());
        }
    });
}

impl Probe {
    /// What reads it.
    pub(in crate::runtime) fn reading(&self) -> Rc<dyn Fn() -> usize> {
        Rc::clone(&self.read)
    }
}

impl Core {
    /// Calls what the user watches something with, which must not come to a scheduling point.
    fn look_with<T>(&self, look: impl FnOnce() -> T) -> Result<T, Look> {
        let before = self.looking.replace(true);
        let looked = self.guarded(look);
        self.looking.set(before);
        let came_to_a_point = self.came_to_a_point.take();
        match looked {
            Ok(value) if !came_to_a_point => Ok(value),
            Err(sight) if !came_to_a_point => match sight.failure() {
                // shuttle refuses what is used while it asks whose turn it is
                Some((text, _)) if text.contains("ExecutionState") => Err(Look::Switches),
                Some((text, _)) => Err(Look::Panicked(text)),
                None => Err(Look::Panicked(String::new())),
            },
            _ => Err(Look::Switches),
        }
    }

    /// Whether what is watched by something else comes to a scheduling point: tried once, where that
    /// is no harm, and remembered for the runs that follow.
    fn is_refused<T>(&self, statement: StatementId, look: impl FnOnce() -> T) -> bool {
        if self.refused.borrow().contains(&statement) {
            return true;
        }
        let refused = matches!(self.look_with(look), Err(Look::Switches));
        if refused {
            self.refused.borrow_mut().push(statement);
        }
        refused
    }

    /// Says that something cannot be watched so.
    fn tell_refused(&self, statement: StatementId, what: &str) {
        self.tell_failed(statement, &format!("{what} {SCHEDULES}"));
    }

    fn tell_failed(&self, statement: StatementId, text: &str) {
        // what is seen after a step is the doing of who took it
        let worker = match self.current.get() {
            NOBODY => self
                .progress
                .borrow()
                .last_worker()
                .unwrap_or(self.worker()),
            runner => runner.worker,
        };
        let mut book = self.book.borrow_mut();
        let text = book.text(text);
        book.events.push(Event::Failed {
            worker,
            statement,
            text,
        });
    }

    /// An op is about to be performed. What the user watches something with may not.
    ///
    /// # Panics
    ///
    /// If that is what performs it.
    #[inline]
    pub(in crate::runtime) fn refuse_while_looking(&self) {
        if self.looking.get() {
            self.came_to_a_point.set(true);
            resume_unwind(Box::new(SCHEDULES));
        }
    }

    /// Asks the probes how things stand. Once the run is being taken down what is left is no part of
    /// its last state.
    #[inline]
    pub(in crate::runtime) fn read_probes(&self) {
        if self.watched.get() && !self.is_ending() {
            self.read_all_probes();
        }
    }

    /// Allows for what threads put back that are none of the run's workers: it is not known whose it
    /// was. What they take and keep is missed, and told.
    pub(in crate::runtime) fn allow_for_meddling(&self) {
        for id in self.meddled.borrow_mut().drain(..) {
            self.book.borrow_mut().strike_what_is_free(id);
        }
    }

    fn read_all_probes(&self) {
        self.allow_for_meddling();
        let probes = self.probes.borrow();
        for probe in probes.iter().filter(|probe| !probe.broken.get()) {
            match self.look_with(|| (probe.read)()) {
                Ok(available) => {
                    let available = available as u64;
                    self.notice(probe.semaphore, available);
                    let mut book = self.book.borrow_mut();
                    if book.tray(probe.semaphore).available != available {
                        book.touch(probe.semaphore).available = available;
                    }
                }
                Err(failed) => {
                    probe.broken.set(true);
                    self.failed_to_look(probe.statement, "a probe", failed);
                }
            }
        }
        drop(probes);
        if !self.new_probes.borrow().is_empty() {
            let new = std::mem::take(&mut *self.new_probes.borrow_mut());
            self.probes.borrow_mut().extend(new);
        }
    }

    /// What a waker does that looks at the semaphores.
    pub(in crate::runtime) fn look_at_probes(&self) {
        if self.is_ending() {
            // a semaphore that blocks then is one that blocked in a step of some run
            return;
        }
        let Ok(probes) = self.probes.try_borrow() else {
            return;
        };
        let reads: Vec<Rc<dyn Fn() -> usize>> = probes
            .iter()
            .filter(|probe| !probe.broken.get())
            .map(|probe| Rc::clone(&probe.read))
            .collect();
        drop(probes);
        for read in reads {
            // a probe that panics is found when it is read in its turn
            let _ = self.look_with(|| read());
        }
    }

    fn failed_to_look(&self, statement: StatementId, what: &str, failed: Look) {
        match failed {
            Look::Switches => {
                self.refused.borrow_mut().push(statement);
                self.tell_refused(statement, what);
            }
            Look::Panicked(text) if text.is_empty() => {}
            Look::Panicked(text) => {
                self.tell_failed(statement, &format!("{what} panicked: {text}"));
            }
        }
    }

    /// Checks what the user wants to hold.
    #[inline]
    pub(in crate::runtime) fn check_invariants(&self) {
        if self.watched.get() && !self.unjudged.get() {
            self.check_invariants_over_all_runs();
            self.check_invariants_of_run();
        }
    }

    fn check_invariants_of_run(&self) {
        let all = self.of_run.borrow();
        for one in all.iter().filter(|one| !one.failed.get()) {
            let looked = self.look_with(|| (one.holds)());
            one.failed.set(!matches!(looked, Ok(true)));
            self.judge_invariant(one.statement, &one.name, looked);
        }
        drop(all);
        if !self.new_of_run.borrow().is_empty() {
            let new = std::mem::take(&mut *self.new_of_run.borrow_mut());
            self.of_run.borrow_mut().extend(new);
        }
    }

    fn judge_invariant(&self, statement: StatementId, name: &str, looked: Result<bool, Look>) {
        let what = || format!("invariant `{name}`");
        match looked {
            Ok(true) => {}
            Ok(false) => self.tell_failed(statement, &format!("{} does not hold", what())),
            Err(failed) => self.failed_to_look(statement, &what(), failed),
        }
    }

    fn check_invariants_over_all_runs(&self) {
        let invariants = self.invariants.borrow();
        // before the first step there is nothing but what the run before left
        if invariants.is_empty() || self.progress.borrow().steps() == 0 {
            return;
        }
        let names = self.book.borrow().names.semaphore_names();
        for invariant in invariants.iter() {
            if self.refused.borrow().contains(&invariant.statement) {
                self.tell_refused(
                    invariant.statement,
                    &format!("invariant `{}`", invariant.name),
                );
                continue;
            }
            let looked = {
                let book = self.book.borrow();
                let standing = Standing::new(&*book, book.present(), &names);
                self.look_with(|| (invariant.holds)(&standing))
            };
            self.judge_invariant(invariant.statement, &invariant.name, looked);
        }
    }
}

/// Why the user's code could not look.
enum Look {
    /// It came to a scheduling point.
    Switches,
    /// It panicked; with what text, if that is its own.
    Panicked(String),
}
