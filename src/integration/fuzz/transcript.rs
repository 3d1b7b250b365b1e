//! A run, line by line, so that those of two engines can be laid side by side.

use std::cell::RefCell;
use std::fmt::Write;
use std::rc::Rc;

use crate::property::{Engine, Fact, SharedStrategy, SharedWitness, Situation, Step, Witness};
use crate::run::{Choice, Event, Outcome, SemaphoreId, Strategy, View, WorkerId};

/// How much is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Detail {
    /// What happened: enough for two runs of one engine, whose states follow from it.
    #[default]
    Events,
    /// A line for each state besides.
    States,
}

/// One run.
#[derive(Debug, Default)]
pub(super) struct Transcript {
    detail: Detail,
    events: Vec<Event>,
    /// One for each state: the step that led to it, what happened, what that shows, and all that can
    /// be seen of the state.
    pub(super) lines: Vec<String>,
    pub(super) choices: Vec<Choice>,
    pub(super) facts: Vec<Fact>,
    pub(super) outcome: Option<Outcome>,
}

impl Transcript {
    /// The run that an engine makes under a strategy.
    pub(super) fn of(
        detail: Detail,
        engine: &mut dyn Engine,
        strategy: impl Strategy + 'static,
    ) -> Transcript {
        let transcript = Rc::new(RefCell::new(Transcript {
            detail,
            ..Transcript::default()
        }));
        let strategy: SharedStrategy = Rc::new(RefCell::new(strategy));
        let witness: SharedWitness = transcript.clone();
        strategy.borrow_mut().begin(0);
        let outcome = engine.execute(&strategy, &witness);
        let mut transcript = transcript.take();
        transcript.outcome = Some(outcome);
        transcript
    }

    /// # Panics
    ///
    /// If another engine, or the same once more, did not make the same run.
    #[track_caller]
    pub(super) fn is(&self, other: &Transcript, whose: &str, of: &dyn std::fmt::Display) {
        let mut lines = self.lines.iter().zip(&other.lines).enumerate();
        if let Some((step, (one, another))) = lines.find(|(_, (a, b))| a != b) {
            panic!("{whose}: step {step} is\n  {one}\nbut\n  {another}\nin\n{of}");
        }
        let happened = |t: &Transcript| (t.choices == self.choices, t.events == self.events);
        assert_eq!(
            happened(other),
            (true, true),
            "{whose}: what happens, in\n{of}"
        );
        assert_eq!(self.facts, other.facts, "{whose}: what it shows, in\n{of}");
        let ends = |t: &Transcript| (t.lines.len(), t.outcome);
        assert_eq!(ends(self), ends(other), "{whose}: how it ends, in\n{of}");
    }
}

impl Witness for Transcript {
    fn state(&mut self, view: &dyn View, situation: Situation, step: &Step<'_>) {
        let mut facts = step.facts.to_vec();
        facts.sort_unstable();
        facts.dedup();
        if self.detail == Detail::States {
            let mut line = String::new();
            write!(
                line,
                "{:?} {:?} {:?} {:?} {facts:?} {situation:?}",
                step.choice(),
                step.op(),
                step.spent.drawn,
                step.events
            )
            .expect("a text takes all");
            state(&mut line, view);
            self.lines.push(line);
        }
        self.events.extend_from_slice(step.events);
        self.choices.extend(step.choice());
        self.facts.extend(facts);
    }
}

fn state(line: &mut String, view: &dyn View) {
    for s in (0..view.semaphores()).map(SemaphoreId) {
        let capacity = (!view.is_signal(s)).then(|| view.capacity(s));
        let counts = (view.available(s), capacity, view.debt(s), view.is_closed(s));
        write!(line, " {counts:?} {:?}", view.queue(s)).expect("a text takes all");
    }
    for w in (0..view.workers()).map(WorkerId) {
        let stands = (view.status(w), view.statement(w), view.op(w));
        let waits = (view.wait(w), view.acquires(w));
        write!(line, " {stands:?} {waits:?}").expect("a text takes all");
        for s in (0..view.semaphores()).map(SemaphoreId) {
            write!(line, " {}", view.held(w, s)).expect("a text takes all");
        }
    }
}
