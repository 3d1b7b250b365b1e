//! Whether a changed program shows the finding still.
//!
//! First the schedule that is known is tried, as far as it can be followed: each of its choices
//! belongs to a statement, and goes with it. Then the states are searched, a few thousand of them,
//! and if that was not all of them, some runs at random are made.
//!
//! **Invariants**
//!
//! 1. A yes comes with choices that were made and that showed the finding, but for a cycle in the
//!    order of semaphores, which no single run shows.
//! 2. What is answered depends on the drafts that were asked about, in their order, and on no clock.

use std::cell::RefCell;
use std::rc::Rc;

use super::edits::marks;
use super::target::{Labels, Mark, Target};
use crate::explore::explorer::budget_of;
use crate::explore::replay::replay;
use crate::explore::runs::make_runs;
use crate::machine::{Machine, Run};
use crate::program::{BudgetDecl, Draft, Program};
use crate::property::{Engine, SharedStrategy, Situation, Step, StepBound, Witness};
use crate::report::Reduction;
use crate::run::{Action, Budget, Choice, Point, StopFlag, Strategy, View, WorkerId};
use crate::search::{Exhaustive, Keep, Seen};
use crate::strategy::{Settings, StrategyName, make};

/// States that are looked at for one candidate.
const STATES: u64 = 4_000;

/// Runs that are made where those were not all.
const RUNS: u64 = 60;

/// What looking at one candidate costs besides the states and steps, for each of its statements:
/// printing, reading and compiling it.
const STATEMENT: u64 = 10;

/// A choice, in words that mean the same in a smaller program.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Told {
    worker: String,
    action: Action,
    /// The statement that it performs.
    mark: Mark,
}

/// Asked about one draft after the other.
pub(super) struct Oracle {
    target: Target,
    bound: StepBound,
    /// The schedule that showed the target last.
    choices: Vec<Choice>,
    told: Vec<Told>,
    /// States, steps and candidates that may still be looked at.
    effort: u64,
    candidates: u64,
}

/// A program that shows the target.
pub(super) struct Candidate {
    pub(super) program: Program,
    pub(super) machine: Machine,
    pub(super) labels: Labels,
    pub(super) budget: Budget,
}

impl Candidate {
    pub(super) fn of(draft: &Draft) -> Option<Candidate> {
        let program = draft.build().ok()?;
        let machine = Machine::new(&program);
        let labels = Labels {
            semaphores: draft
                .semaphores
                .iter()
                .map(|s| s.name.to_string())
                .collect(),
            marks: marks(draft),
        };
        let budget = budget_of(&program, &BudgetDecl::default());
        Some(Candidate {
            program,
            machine,
            labels,
            budget,
        })
    }
}

impl Oracle {
    /// Will look for `target`, which these choices of the candidate show.
    pub(super) fn new(
        target: Target,
        bound: StepBound,
        effort: u64,
        candidate: &Candidate,
        choices: &[Choice],
    ) -> Oracle {
        let mut oracle = Oracle {
            target,
            bound,
            choices: Vec::new(),
            told: Vec::new(),
            effort,
            candidates: 0,
        };
        oracle.remember(candidate, choices);
        oracle
    }

    pub(super) fn candidates(&self) -> u64 {
        self.candidates
    }

    /// The choices that showed the target last.
    pub(super) fn choices(&self) -> &[Choice] {
        &self.choices
    }

    /// The marks of the statements that they perform.
    pub(super) fn performed(&self) -> impl Iterator<Item = Mark> {
        self.told.iter().map(|told| told.mark)
    }

    /// Whether a draft shows the target; `None` when no more can be asked.
    pub(super) fn shows(&mut self, draft: &Draft) -> Option<bool> {
        if self.effort == 0 {
            return None;
        }
        self.candidates += 1;
        self.spend(STATEMENT * u64::from(1 + draft.size()));
        let Some(candidate) = Candidate::of(draft) else {
            return Some(false);
        };
        if self.target.is_of_one_run()
            && let Some(choices) = self.follow(&candidate)
        {
            self.remember(&candidate, &choices);
            return Some(true);
        }
        let (found, complete) = self.search(&candidate);
        let found = match found {
            None if !complete => self.at_random(&candidate),
            found => found,
        };
        if let Some(choices) = &found {
            self.remember(&candidate, choices);
        }
        Some(found.is_some())
    }

    fn spend(&mut self, effort: u64) {
        self.effort = self.effort.saturating_sub(effort);
    }

    /// Follows the known schedule as far as it goes, and then whoever can go on.
    fn follow(&mut self, candidate: &Candidate) -> Option<Vec<Choice>> {
        let names = candidate.program.instance_names();
        let choice = |told: &Told| {
            let worker = names.iter().position(|name| *name == told.worker)?;
            candidate
                .labels
                .marks
                .contains(&told.mark)
                .then_some(Choice {
                    worker: WorkerId(worker as u32),
                    action: told.action,
                })
        };
        let choices: Vec<Choice> = self.told.iter().filter_map(choice).collect();
        let most = 2 * choices.len() + 20;
        let guided = Rc::new(RefCell::new(Guided {
            choices,
            next: 0,
            left: most,
        }));
        let watch = Rc::new(RefCell::new(Watch {
            target: &self.target,
            labels: &candidate.labels,
            choices: Vec::new(),
            shown: None,
        }));
        let mut run = Run::new(&candidate.machine, candidate.budget, self.bound);
        run.execute(&mut *guided.borrow_mut(), &mut *watch.borrow_mut());
        let (steps, shown) = {
            let mut watch = watch.borrow_mut();
            (watch.choices.len(), watch.shown.take())
        };
        self.spend(steps as u64);
        shown
    }

    /// Searches some states; whether those were all.
    fn search(&mut self, candidate: &Candidate) -> (Option<Vec<Choice>>, bool) {
        let exhaustive = Exhaustive {
            machine: &candidate.machine,
            budget: candidate.budget,
            bound: self.bound,
            reduction: Reduction::Sound,
            keep: Keep::Whole,
        };
        let (target, labels) = (&self.target, &candidate.labels);
        let sought = exhaustive.seek(STATES, &mut |facts, seen| {
            target.is_shown_by(facts, seen, labels)
        });
        let choices = sought.facts.map(|facts| {
            let fact = target.shown_by(facts.keys(), labels);
            fact.map_or(Vec::new(), |fact| facts[fact].choices.clone())
        });
        self.spend(sought.states);
        (choices, sought.complete)
    }

    fn at_random(&mut self, candidate: &Candidate) -> Option<Vec<Choice>> {
        let settings = Settings {
            seed: 0,
            budget: candidate.budget,
            depth: Settings::DEPTH,
        };
        let strategy = make(StrategyName::Random, &settings)
            .unwrap_or_else(|| unreachable!("only the exhaustive search makes no runs"));
        let strategy: SharedStrategy = Rc::new(RefCell::new(strategy));
        let mut engine: Box<dyn Engine + '_> =
            Box::new(Run::new(&candidate.machine, candidate.budget, self.bound));
        let (target, labels) = (&self.target, &candidate.labels);
        let (ran, _) = make_runs(
            &mut *engine,
            &strategy,
            (0, 1),
            &StopFlag::default(),
            |number, ran| {
                number.is_some_and(|n| n >= RUNS)
                    || target.is_shown_by(ran.facts.keys(), Seen::Part, labels)
            },
        );
        let found = target.is_shown_by(ran.facts.keys(), Seen::Part, labels);
        let choices = found.then(|| {
            let fact = target.shown_by(ran.facts.keys(), labels);
            fact.map_or(Vec::new(), |fact| ran.facts[fact].choices.clone())
        });
        self.spend(ran.steps);
        choices
    }

    /// Keeps the choices that showed the target, in words that outlive the candidate.
    fn remember(&mut self, candidate: &Candidate, choices: &[Choice]) {
        let replayed = replay(&candidate.program, &candidate.machine, choices, self.bound);
        let names = candidate.program.instance_names();
        let steps = replayed.trace.steps.iter();
        self.choices = choices.to_vec();
        self.told = steps
            .map(|step| Told {
                worker: names[step.choice.worker.index()].clone(),
                action: step.choice.action,
                mark: candidate.labels.marks[step.statement.index()],
            })
            .collect();
        self.spend(choices.len() as u64);
    }
}

/// Takes the choices that are on offer and passes over the others; then lets whoever is first go on.
struct Guided {
    choices: Vec<Choice>,
    next: usize,
    /// Steps that it may still take.
    left: usize,
}

impl Strategy for Guided {
    fn begin(&mut self, _run: u64) -> bool {
        true
    }

    fn choose(&mut self, point: &Point<'_>) -> Option<Choice> {
        self.left = self.left.checked_sub(1)?;
        while let Some(&choice) = self.choices.get(self.next) {
            self.next += 1;
            if point.enabled.iter().any(|e| e.choice == choice) {
                return Some(choice);
            }
        }
        let plain = point.enabled.iter().find(|e| e.choice.is_progress());
        plain.map(|e| e.choice)
    }
}

/// Watches for the first point at which the target shows.
struct Watch<'t> {
    target: &'t Target,
    labels: &'t Labels,
    choices: Vec<Choice>,
    shown: Option<Vec<Choice>>,
}

impl Witness for Watch<'_> {
    fn state(&mut self, _view: &dyn View, _situation: Situation, step: &Step<'_>) {
        self.choices.extend(step.choice());
        if self.shown.is_none()
            && self
                .target
                .shown_by(step.facts.iter(), self.labels)
                .is_some()
        {
            self.shown = Some(self.choices.clone());
        }
    }
}
