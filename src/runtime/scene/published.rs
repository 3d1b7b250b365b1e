//! The schedule so far, where another thread can read it: whoever watches over a run that does not
//! come back has to say where it is.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::run::{Action, Choice, WorkerId};
use crate::schedule::{Digest, Schedule};

/// The steps of the run that is under way. There is one writer.
#[derive(Debug)]
pub(crate) struct Published {
    /// Of the closure.
    digest: Digest,
    /// Counts runs and steps: while it does not change, a step does not end.
    beat: AtomicU64,
    length: AtomicU64,
    runs: AtomicU64,
    /// Steps of all runs.
    all_steps: AtomicU64,
    /// Runs of the exploration that were made to their end, without replays.
    made: AtomicU64,
    steps: Box<[AtomicU64]>,
    /// The names of the workers, in the order of their ids.
    workers: Mutex<Vec<String>>,
}

impl Published {
    /// Room for so many steps; of longer runs the first are kept.
    pub(crate) fn new(digest: Digest, steps: usize) -> Published {
        Published {
            digest,
            beat: AtomicU64::new(0),
            length: AtomicU64::new(0),
            runs: AtomicU64::new(0),
            all_steps: AtomicU64::new(0),
            made: AtomicU64::new(0),
            steps: (0..steps).map(|_| AtomicU64::new(0)).collect(),
            workers: Mutex::default(),
        }
    }

    /// A run begins.
    #[inline]
    pub(in crate::runtime) fn begin(&self) {
        self.length.store(0, Ordering::Relaxed);
        add_one(&self.runs);
        add_one(&self.beat);
    }

    /// The `number`th step begins, counted from one.
    #[inline]
    pub(in crate::runtime) fn step(&self, number: usize, choice: Choice) {
        if let Some(slot) = self.steps.get(number - 1) {
            slot.store(pack(choice), Ordering::Relaxed);
            // what is counted can be read
            self.length.store(number as u64, Ordering::Release);
        }
        add_one(&self.all_steps);
        add_one(&self.beat);
    }

    /// How many runs were begun, and how many steps they had together.
    pub(crate) fn figures(&self) -> (u64, u64) {
        let [runs, steps] = [&self.runs, &self.all_steps].map(|n| n.load(Ordering::Relaxed));
        (runs, steps)
    }

    /// A number that changes as long as something happens.
    pub(crate) fn beat(&self) -> u64 {
        self.beat.load(Ordering::Relaxed)
    }

    /// So many runs of the exploration were made to their end.
    #[inline]
    pub(crate) fn made(&self, runs: u64) {
        self.made.store(runs, Ordering::Relaxed);
    }

    /// How many runs of the exploration were made to their end.
    pub(crate) fn runs_made(&self) -> u64 {
        self.made.load(Ordering::Relaxed)
    }

    /// The workers from the `first` on have these names.
    pub(in crate::runtime) fn name_workers(&self, first: usize, names: Vec<String>) {
        let mut workers = self.workers.lock().unwrap_or_else(PoisonError::into_inner);
        workers.truncate(first);
        workers.extend(names);
    }

    /// The names of the workers, in the order of their ids.
    pub(crate) fn workers(&self) -> Vec<String> {
        let workers = self.workers.lock();
        workers.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The text of the steps so far.
    pub(in crate::runtime) fn schedule(&self) -> String {
        let schedule = Schedule {
            digest: self.digest,
            choices: self.choices(),
        };
        schedule.encode(&self.workers())
    }

    /// The steps so far, the one that is under way last.
    pub(crate) fn choices(&self) -> Vec<Choice> {
        let length = self.length.load(Ordering::Acquire) as usize;
        let steps = self.steps[..length].iter();
        steps
            .map(|step| unpack(step.load(Ordering::Relaxed)))
            .collect()
    }
}

/// There is one writer, so that this loses nothing.
#[inline]
fn add_one(count: &AtomicU64) {
    let before = count.load(Ordering::Relaxed);
    count.store(before.wrapping_add(1), Ordering::Relaxed);
}

#[inline]
fn pack(choice: Choice) -> u64 {
    let worker = u64::from(choice.worker.0) << 32;
    if choice.action == Action::Proceed {
        // as most do
        return worker;
    }
    let (kind, number) = match choice.action {
        Action::Proceed => (0, 0),
        Action::Branch(k) => (1, k),
        Action::Panic => (2, 0),
        Action::Timeout => (3, 0),
        Action::Cancel => (4, 0),
        Action::CancelPart(k) => (5, k),
        Action::Fail => (6, 0),
        Action::Spurious => (7, 0),
        Action::NewWaker => (8, 0),
        Action::ToSpawn => (9, 0),
    };
    // a branch beyond 2^28 is none that a run is likely to have
    worker | u64::from(number & 0x0fff_ffff) << 4 | kind
}

fn unpack(word: u64) -> Choice {
    let number = (word as u32) >> 4;
    Choice {
        worker: WorkerId((word >> 32) as u32),
        action: match word & 15 {
            0 => Action::Proceed,
            1 => Action::Branch(number),
            2 => Action::Panic,
            3 => Action::Timeout,
            4 => Action::Cancel,
            5 => Action::CancelPart(number),
            6 => Action::Fail,
            7 => Action::Spurious,
            8 => Action::NewWaker,
            _ => Action::ToSpawn,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_read_as_they_were_written() {
        let published = Published::new(Digest::of("subject"), 16);
        let actions = [
            Action::Proceed,
            Action::Branch(3),
            Action::Panic,
            Action::Timeout,
            Action::Cancel,
            Action::CancelPart(1),
            Action::Fail,
            Action::Spurious,
            Action::NewWaker,
            Action::ToSpawn,
        ];
        published.begin();
        let choices = actions.map(|action| Choice {
            worker: WorkerId(7),
            action,
        });
        for (i, &choice) in choices.iter().enumerate() {
            published.step(i + 1, choice);
        }
        assert_eq!(published.choices(), choices);
        published.begin();
        assert!(published.choices().is_empty());
    }
}
