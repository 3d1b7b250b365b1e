//! Makes a schedule cheaper: fewest faults, fewest steps, fewest switches, first choices first.
//!
//! Deterministic. Each round tries to leave out pieces of the schedule, the large ones first, and
//! to bring forward choices of the worker that has just gone on; a change that shows the same fact
//! at a lower cost is kept. A choice that cannot be made after a change is passed over.

use std::cell::RefCell;
use std::rc::Rc;

use super::runs::Costed;
use super::subject::Subject;
use crate::property::{Engine, Fact, Situation, Step, StepBound, Witness};
use crate::run::{Action, Budget, Choice, Point, StopFlag, Strategy, View, switches};

/// So many steps are made at most for one fact.
const MOST_STEPS: usize = 1_000_000;

/// A schedule for `fact` that costs no more than `costed`, and how many steps of the `effort` that
/// took.
pub(super) fn shrink(
    subject: &dyn Subject,
    budget: Budget,
    fact: &Fact,
    costed: Costed,
    effort: usize,
    due: &StopFlag,
) -> (Costed, usize) {
    let most = effort.min(MOST_STEPS);
    let mut shrinker = Shrinker {
        engine: subject.engine(budget, StepBound(u64::MAX)),
        fact,
        best: costed,
        steps: 0,
        most,
        due,
    };
    loop {
        let before = shrinker.best.clone();
        shrinker.leave_out();
        shrinker.bring_forward();
        if shrinker.best == before || shrinker.is_done() {
            return (shrinker.best, shrinker.steps.min(effort));
        }
    }
}

struct Shrinker<'a> {
    engine: Box<dyn Engine + 'a>,
    fact: &'a Fact,
    best: Costed,
    steps: usize,
    most: usize,
    due: &'a StopFlag,
}

impl Shrinker<'_> {
    fn is_done(&self) -> bool {
        self.steps >= self.most || self.due.is_set()
    }

    fn leave_out(&mut self) {
        let mut piece = self.best.choices.len() / 2;
        while piece > 0 {
            let mut at = 0;
            while at < self.best.choices.len() && !self.is_done() {
                let mut choices = self.best.choices.clone();
                choices.drain(at..(at + piece).min(choices.len()));
                if !self.attempt(&choices) {
                    at += piece;
                }
            }
            piece /= 2;
        }
    }

    fn bring_forward(&mut self) {
        let mut at = 1;
        while at < self.best.choices.len() && !self.is_done() {
            let worker = self.best.choices[at - 1].worker;
            if self.best.choices[at].worker != worker {
                let later = self.best.choices[at..]
                    .iter()
                    .position(|c| c.worker == worker);
                if let Some(distance) = later {
                    let mut choices = self.best.choices.clone();
                    let moved = choices.remove(at + distance);
                    choices.insert(at, moved);
                    self.attempt(&choices);
                }
            }
            at += 1;
        }
    }

    /// Runs the choices as far as they can be made; whether that is better.
    fn attempt(&mut self, choices: &[Choice]) -> bool {
        self.steps += choices.len().max(1);
        let lenient = Lenient {
            choices: choices.to_vec(),
            next: 0,
            due: self.due.clone(),
        };
        let watch = Rc::new(RefCell::new(Watch {
            fact: self.fact.clone(),
            choices: Vec::new(),
            shown: None,
        }));
        self.engine.execute(
            &(Rc::new(RefCell::new(lenient)) as _),
            &(watch.clone() as _),
        );
        let shown = watch.borrow_mut().shown.take();
        match shown {
            Some(costed) if costed < self.best => {
                self.best = costed;
                true
            }
            _ => false,
        }
    }
}

/// Takes the choices that are on offer, passes over the others.
struct Lenient {
    choices: Vec<Choice>,
    next: usize,
    due: StopFlag,
}

impl Strategy for Lenient {
    fn begin(&mut self, _run: u64) -> bool {
        true
    }

    fn choose(&mut self, point: &Point<'_>) -> Option<Choice> {
        while !self.due.is_set() {
            let choice = self.choices.get(self.next)?.offered();
            self.next += 1;
            if point.enabled.iter().any(|e| e.choice == choice) {
                return Some(choice);
            }
        }
        None
    }

    fn stops_at_spawn(&mut self) -> bool {
        let last = self.next.checked_sub(1).map(|at| self.choices[at].action);
        last == Some(Action::ToSpawn)
    }
}

/// Watches for the first point at which a fact shows.
struct Watch {
    fact: Fact,
    choices: Vec<Choice>,
    shown: Option<Costed>,
}

impl Witness for Watch {
    fn state(&mut self, _view: &dyn View, _situation: Situation, step: &Step<'_>) {
        self.choices.extend(step.choice());
        if self.shown.is_some() {
            return;
        }
        if step.facts.contains(&self.fact) {
            self.shown = Some(Costed {
                faults: step.spent.faults(),
                steps: self.choices.len(),
                switches: switches(&self.choices),
                choices: self.choices.clone(),
            });
        }
    }
}
