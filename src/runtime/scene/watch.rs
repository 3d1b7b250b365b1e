//! What is watched besides our own semaphores: foreign ones through probes, and what a user wants
//! to hold.

use std::cell::Cell;
use std::panic::Location;
use std::rc::Rc;
use std::sync::Arc;

use crate::run::{Event, SemaphoreId, StatementId};
use crate::runtime::Standing;
use crate::runtime::book::TrayKind;
use crate::runtime::names::{Here, Verb};
use crate::runtime::scene::core::Core;
use crate::runtime::scene::current::with_core;
use crate::runtime::scene::panics::Sight;

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

/// Watches a semaphore of which nothing is known but how many permits are free: `available` is
/// asked after each step, and must neither wait nor change anything.
///
/// It is judged at every step that no more than `capacity` permits are free, and when a run ends
/// that all of them are. Those who hold some are not known: wrap the semaphore with
/// [`tracked`] of the same name for that. Outside of an exploration nothing happens.
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
        let names = &mut core.book.borrow_mut().names;
        let statement = names.op(place, Verb::Probe, semaphore);
        let probe = Probe {
            semaphore,
            statement,
            read: Rc::new(available),
            broken: Cell::new(false),
        };
        // a probe that makes a probe is odd, but harmless
        core.watched.set(true);
        match core.probes.try_borrow_mut() {
            Ok(mut probes) => probes.push(probe),
            Err(_) => core.new_probes.borrow_mut().push(probe),
        }
    });
}

/// Writes a line into the timeline of the run, beside the step that is under way; what
/// [`note!`](crate::note) calls.
pub(crate) fn note_line(text: impl FnOnce() -> String) {
    with_core(|core| {
        // who only counts runs does not pay for the text
        if core.is_ending() || !core.progress.borrow().options.recording {
            return;
        }
        let text = text();
        let worker = core.worker();
        let mut book = core.book.borrow_mut();
        let text = book.text(&text);
        book.events.push(Event::Note { worker, text });
    });
}

impl Probe {
    /// What reads it.
    pub(in crate::runtime) fn reading(&self) -> Rc<dyn Fn() -> usize> {
        Rc::clone(&self.read)
    }
}

impl Core {
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
            match self.guarded(|| (probe.read)()) {
                Ok(available) => {
                    let available = available as u64;
                    self.notice(probe.semaphore, available);
                    let mut book = self.book.borrow_mut();
                    if book.tray(probe.semaphore).available != available {
                        book.touch(probe.semaphore).available = available;
                    }
                }
                Err(sight) => {
                    probe.broken.set(true);
                    self.probe_failed(probe.statement, &sight);
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
            let _ = self.guarded(|| read());
        }
    }

    fn probe_failed(&self, statement: StatementId, sight: &Sight) {
        if let Some((text, _)) = sight.failure() {
            let worker = self.worker();
            let mut book = self.book.borrow_mut();
            let text = book.text(&format!("a probe panicked: {text}"));
            book.events.push(Event::Failed {
                worker,
                statement,
                text,
            });
        }
    }

    /// Checks what the user wants to hold.
    #[inline]
    pub(in crate::runtime) fn check_invariants(&self) {
        if self.watched.get() {
            self.check_all_invariants();
        }
    }

    fn check_all_invariants(&self) {
        let invariants = self.invariants.borrow();
        if invariants.is_empty() {
            return;
        }
        let names = self.book.borrow().names.semaphore_names();
        let worker = self.worker();
        for invariant in invariants.iter() {
            let outcome = {
                let book = self.book.borrow();
                let standing = Standing::new(&*book, book.present(), &names);
                self.guarded(|| (invariant.holds)(&standing))
            };
            let text = match outcome {
                Ok(true) => continue,
                Ok(false) => format!("invariant `{}` does not hold", invariant.name),
                Err(sight) => match sight.failure() {
                    Some((text, _)) => text,
                    None => continue,
                },
            };
            let mut book = self.book.borrow_mut();
            let text = book.text(&text);
            book.events.push(Event::Failed {
                worker,
                statement: invariant.statement,
                text,
            });
        }
    }
}
