//! Choices from bytes: those of a fuzzer or of a property test.
//!
//! Any bytes are valid, and decision i reads byte i. The choices of a point are the plain ones and
//! the faults; "go on as before" is the first plain choice of the worker that made the last choice,
//! or, if it has none, the first plain choice there is. With p plain choices and f faults, byte b
//! means:
//!
//! | b | where there are faults | where there are none |
//! |---|---|---|
//! | 0 | go on as before | the same |
//! | below 224 | the plain choice b places behind it, modulo p, round the end | the same |
//! | from 224 on | the fault at place b - 224, modulo f | as below 224 |
//!
//! So zeros are plain and simple, a byte that is larger by one takes the next choice, few choices
//! are covered evenly, and one byte in eight is a fault where one can strike. Bytes that are missing
//! are zero. Where nothing but faults is left, as for workers that wait for ever and could only be
//! cancelled, a byte below 224 ends the run.
//!
//! **Invariants**
//!
//! 1. The same bytes on the same subject are the same run, and a run is replayed by the schedule
//!    that it left, not by its bytes: those mean something else once the subject changes.
//! 2. Where no point has more than 224 plain choices or 32 faults, each run has bytes.

use super::fault_plan::is_planned;
use crate::run::{Choice, Enabled, Point, Strategy, WorkerId};

/// From this byte on a byte is a fault, where one can strike.
const FAULTS: u8 = 224;

/// Bytes that decide a run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Decisions(pub Vec<u8>);

/// Makes one run, as bytes decide.
#[derive(Debug)]
pub struct Bytes {
    bytes: Vec<u8>,
    next: usize,
    begun: bool,
}

impl Bytes {
    /// Will read these decisions, first to last.
    pub fn new(decisions: Decisions) -> Bytes {
        Bytes {
            bytes: decisions.0,
            next: 0,
            begun: false,
        }
    }

    /// How many bytes were read: those after them have no say.
    pub fn read(&self) -> usize {
        self.next.min(self.bytes.len())
    }
}

impl Strategy for Bytes {
    fn begin(&mut self, _run: u64) -> bool {
        !std::mem::replace(&mut self.begun, true)
    }

    fn choose(&mut self, point: &Point<'_>) -> Option<Choice> {
        let byte = self.bytes.get(self.next).copied().unwrap_or(0);
        self.next += 1;
        decide(byte, point.enabled, point.last.map(|last| last.worker))
    }
}

/// What a byte means at a point.
fn decide(byte: u8, enabled: &[Enabled], last: Option<WorkerId>) -> Option<Choice> {
    let faults = enabled.iter().filter(|e| is_planned(e)).count();
    if byte >= FAULTS && faults > 0 {
        let place = usize::from(byte - FAULTS) % faults;
        let mut faults = enabled.iter().filter(|e| is_planned(e));
        return faults.nth(place).map(|e| e.choice);
    }
    let plain = || enabled.iter().filter(|e| !is_planned(e));
    let count = enabled.len() - faults;
    if count == 0 {
        return None;
    }
    let before = plain().position(|e| Some(e.choice.worker) == last);
    let place = (before.unwrap_or(0) + usize::from(byte)) % count;
    plain().nth(place).map(|e| e.choice)
}
