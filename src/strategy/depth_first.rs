//! Every run, one after the other, depth first, without memory of states: it knows what it was
//! offered on the way down, and nothing else.

use crate::run::{Choice, Point, Strategy};

/// All runs in the order of their choices.
#[derive(Debug, Default)]
pub struct DepthFirst {
    /// What was enabled at each step of the run before, and which of it was taken.
    path: Vec<(Vec<Choice>, usize)>,
    /// Steps of this run so far.
    depth: usize,
    started: bool,
}

impl DepthFirst {
    /// A search that has seen nothing yet.
    pub fn new() -> DepthFirst {
        DepthFirst::default()
    }
}

impl Strategy for DepthFirst {
    fn begin(&mut self, _run: u64) -> bool {
        self.depth = 0;
        if !std::mem::replace(&mut self.started, true) {
            return true;
        }
        while let Some((choices, taken)) = self.path.last_mut() {
            *taken += 1;
            if *taken < choices.len() {
                return true;
            }
            self.path.pop();
        }
        false
    }

    fn choose(&mut self, point: &Point<'_>) -> Option<Choice> {
        if self.depth == self.path.len() {
            let choices = point.enabled.iter().map(|e| e.choice).collect();
            self.path.push((choices, 0));
        }
        let (choices, taken) = &self.path[self.depth];
        self.depth += 1;
        choices.get(*taken).copied()
    }
}
