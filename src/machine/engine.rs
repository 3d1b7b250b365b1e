//! Runs a program under a strategy, one run after the other.

use super::model::Machine;
use super::state::{Offer, State};
use super::step::Sink;
use crate::property::{
    Engine, Fact, Judge, SharedStrategy, SharedWitness, Situation, Step, StepBound, Witness,
};
use crate::run::{
    Action, Budget, Choice, Enabled, Event, Outcome, Point, Spent, StopFlag, Strategy, WorkerId,
};

/// Executes runs of one machine; keeps its memory from run to run.
pub struct Run<'a> {
    machine: &'a Machine,
    budget: Budget,
    bound: StepBound,
    state: Vec<u64>,
    offers: Vec<Offer>,
    enabled: Vec<Enabled>,
    path: Vec<Choice>,
    log: Log,
    judge: Judge,
    facts: Vec<Fact>,
    stop: StopFlag,
}

/// Keeps what a step made happen.
#[derive(Default)]
pub(crate) struct Log {
    pub(crate) events: Vec<Event>,
    pub(crate) moved: Vec<WorkerId>,
}

impl Sink for Log {
    fn event(&mut self, event: Event) {
        self.events.push(event);
    }

    fn moved(&mut self, worker: WorkerId) {
        self.moved.push(worker);
    }
}

impl Log {
    fn clear(&mut self) {
        self.events.clear();
        self.moved.clear();
    }
}

impl<'a> Run<'a> {
    /// Runs of a machine within a budget and a step bound.
    pub fn new(machine: &'a Machine, budget: Budget, bound: StepBound) -> Run<'a> {
        let state = vec![0; machine.words()];
        Run {
            machine,
            budget,
            bound,
            judge: Judge::new(&machine.view_words(&state)),
            facts: Vec::new(),
            state,
            offers: Vec::new(),
            enabled: Vec::new(),
            path: Vec::new(),
            log: Log::default(),
            stop: StopFlag::default(),
        }
    }

    /// One run from the initial state.
    pub fn execute(&mut self, strategy: &mut dyn Strategy, witness: &mut dyn Witness) -> Outcome {
        self.state.fill(0);
        self.log.clear();
        self.path.clear();
        self.machine.reset(&mut self.state, &mut self.log);
        let mut spent = Spent::default();
        let mut last: Option<Enabled> = None;
        let outcome = loop {
            let situation = self.look();
            if matches!(situation, Situation::Finished | Situation::Stuck) {
                self.machine.judge_deferred(&self.state, &mut self.log);
            }
            for event in &self.log.events {
                strategy.observe(event);
            }
            let view = self.machine.view_words(&self.state);
            let (events, moved) = (&self.log.events, &self.log.moved);
            let facts = &mut self.facts;
            facts.clear();
            self.judge
                .step(&view, situation, events, moved, |fact| facts.push(fact));
            let step = Step {
                taken: last.as_ref(),
                path: &self.path,
                events,
                facts,
                spent: &spent,
            };
            witness.state(&view, situation, &step);
            match situation {
                Situation::Finished => break Outcome::Finished,
                Situation::StepBound => break Outcome::StepBound,
                Situation::Going | Situation::Stuck => {}
            }
            let held_up = goes_on(&self.offers, spent.last);
            let budget = &self.budget;
            self.offers
                .retain(|o| spent.allows(o.choice, o.draws, held_up, budget));
            self.machine
                .enabled(&self.state, &self.offers, &mut self.enabled);
            if self.enabled.is_empty() {
                break Outcome::Stuck;
            }
            let point = Point {
                enabled: &self.enabled,
                view: &view,
                last: last.map(|taken| taken.choice),
            };
            if self.stop.is_set() {
                break Outcome::Abandoned;
            }
            let Some(at) = strategy.choose_place(&point) else {
                break Outcome::Abandoned;
            };
            let taken = self.enabled[at];
            let choice = taken.choice;
            spent = spent.after(choice, taken.draws, held_up);
            self.log.clear();
            self.machine.apply(&mut self.state, choice, &mut self.log);
            last = Some(taken);
            self.path.push(choice);
        };
        strategy.end(outcome);
        outcome
    }

    fn look(&mut self) -> Situation {
        let bounded = self.path.len() as u64 >= self.bound.0;
        self.machine.offers(&self.state, &mut self.offers);
        self.machine.situation(&self.state, &self.offers, bounded)
    }
}

impl Engine for Run<'_> {
    fn execute(&mut self, strategy: &SharedStrategy, witness: &SharedWitness) -> Outcome {
        Run::execute(
            self,
            &mut *strategy.borrow_mut(),
            &mut *witness.borrow_mut(),
        )
    }

    fn stop_by(&mut self, flag: &StopFlag) {
        self.stop = flag.clone();
    }

    fn steps(&self) -> u64 {
        self.path.len() as u64
    }
}

/// Whether a worker has a choice that is neither a fault nor a timer.
pub(crate) fn goes_on(offers: &[Offer], worker: Option<WorkerId>) -> bool {
    offers
        .iter()
        .any(|o| Some(o.choice.worker) == worker && o.choice.is_progress())
}

impl Machine {
    /// The choices that a state offers, budgets aside, each with the state that it leads to.
    pub fn successors(&self, state: &State) -> Vec<(Choice, State)> {
        let mut offers = Vec::new();
        self.offers(&state.0, &mut offers);
        offers
            .into_iter()
            .map(|offer| {
                let mut next = state.clone();
                self.apply(&mut next.0, offer.choice, &mut ());
                (offer.choice, next)
            })
            .collect()
    }

    /// The choices that a state offers, budgets aside, each with its op; in the order of
    /// [`Machine::successors`].
    pub fn choices(&self, state: &State) -> Vec<Enabled> {
        let mut offers = Vec::new();
        self.offers(&state.0, &mut offers);
        let mut enabled = Vec::with_capacity(offers.len());
        self.enabled(&state.0, &offers, &mut enabled);
        enabled
    }

    /// How many of the choices of a run draw on a budget, from the initial state on.
    pub(crate) fn faults_of(&self, choices: &[Choice]) -> u32 {
        let mut state = self.initial(&mut ());
        let mut offers = Vec::new();
        let mut faults = 0;
        for &choice in choices {
            self.offers(&state.0, &mut offers);
            let drawn = offers
                .iter()
                .any(|o| o.choice == choice && o.draws.is_some());
            faults += u32::from(drawn);
            self.apply(&mut state.0, choice, &mut ());
        }
        faults
    }

    /// Whether somebody is unfinished in a state and nothing can happen but cancellations.
    pub fn is_stuck(&self, state: &State) -> bool {
        let mut offers = Vec::new();
        self.offers(&state.0, &mut offers);
        self.situation(&state.0, &offers, false) == Situation::Stuck
    }

    /// What comes after a state, given all that it offers, budgets aside.
    pub(crate) fn situation(&self, state: &[u64], offers: &[Offer], bounded: bool) -> Situation {
        let something = offers.iter().any(|o| o.choice.action != Action::Cancel);
        if something {
            if bounded {
                Situation::StepBound
            } else {
                Situation::Going
            }
        } else if self.view_words(state).is_finished() {
            Situation::Finished
        } else {
            Situation::Stuck
        }
    }
}
