//! Takes the choices of a recorded run.

use crate::run::{Action, Choice, Point, Strategy};

/// Replays one run.
#[derive(Debug)]
pub struct Replay {
    choices: Vec<Choice>,
    next: usize,
    diverged: Option<usize>,
}

impl Replay {
    /// Will take these choices, first to last.
    pub fn new(choices: Vec<Choice>) -> Replay {
        Replay {
            choices,
            next: 0,
            diverged: None,
        }
    }

    /// The step, from zero, whose choice was not on offer; `None` while all were.
    pub fn diverged(&self) -> Option<usize> {
        self.diverged
    }

    /// How many choices were taken.
    pub fn taken(&self) -> usize {
        self.next
    }
}

impl Strategy for Replay {
    fn begin(&mut self, _run: u64) -> bool {
        self.next = 0;
        true
    }

    fn choose(&mut self, point: &Point<'_>) -> Option<Choice> {
        let choice = self.choices.get(self.next)?.offered();
        if point.enabled.iter().any(|e| e.choice == choice) {
            self.next += 1;
            Some(choice)
        } else {
            self.diverged = Some(self.next);
            None
        }
    }

    fn stops_at_spawn(&mut self) -> bool {
        let last = self.next.checked_sub(1).map(|at| self.choices[at].action);
        last == Some(Action::ToSpawn)
    }
}
